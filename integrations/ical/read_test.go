package ical_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/integrations/ical"
)

// wrap makes a calendar of an event's lines.
func wrap(lines string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nSUMMARY:x\n" + lines + "\nEND:VEVENT\nEND:VCALENDAR\n"
}

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// begins lists when appointments begin, as configurations write moments.
func begins(tb testing.TB, text string) string {
	tb.Helper()
	busy, problems, err := ical.Read([]byte(text), day(2026, 1, 1), day(2027, 1, 1))
	if err != nil {
		tb.Fatal(err)
	}
	out := problems
	for _, b := range busy {
		begin, err := b.From.MarshalText()
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, strings.TrimSuffix(string(begin), " 00:00"))
	}
	return strings.Join(out, " ")
}

func TestRulesThatRepeat(t *testing.T) {
	for name, q := range map[string]struct{ lines, want string }{
		"a day":                        {"DTSTART;VALUE=DATE:20261224", "2026-12-24"},
		"daily, three times":           {"DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=DAILY;COUNT=3", "2026-12-24 2026-12-25 2026-12-26"},
		"daily with an interval":       {"DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=DAILY;INTERVAL=10;UNTIL=20261221", "2026-12-01 2026-12-11 2026-12-21"},
		"daily on working days":        {"DTSTART;VALUE=DATE:20261127\nRRULE:FREQ=DAILY;BYDAY=MO,FR;COUNT=3", "2026-11-27 2026-11-30 2026-12-04"},
		"weekly":                       {"DTSTART;VALUE=DATE:20261203\nRRULE:FREQ=WEEKLY;UNTIL=20261217", "2026-12-03 2026-12-10 2026-12-17"},
		"weekly on days":               {"DTSTART;VALUE=DATE:20261202\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,SU;COUNT=4", "2026-12-02 2026-12-06 2026-12-07 2026-12-09"},
		"every other week from Sunday": {"DTSTART;VALUE=DATE:20261202\nRRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,WE;COUNT=4", "2026-12-02 2026-12-13 2026-12-16 2026-12-27"},
		"every other week from Monday": {"DTSTART;VALUE=DATE:20261202\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,WE;COUNT=4", "2026-12-02 2026-12-06 2026-12-16 2026-12-20"},
		"monthly on the 31st":          {"DTSTART;VALUE=DATE:20260831\nRRULE:FREQ=MONTHLY", "2026-08-31 2026-10-31 2026-12-31"},
		"monthly on the last day":      {"DTSTART;VALUE=DATE:20261031\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1", "2026-10-31 2026-11-30 2026-12-31"},
		"the last Friday":              {"DTSTART;VALUE=DATE:20261030\nRRULE:FREQ=MONTHLY;BYDAY=-1FR", "2026-10-30 2026-11-27 2026-12-25"},
		"the second Tuesday":           {"DTSTART;VALUE=DATE:20261013\nRRULE:FREQ=MONTHLY;BYDAY=2TU", "2026-10-13 2026-11-10 2026-12-08"},
		"Friday the 13th":              {"DTSTART;VALUE=DATE:20260213\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-02-13 2026-03-13 2026-11-13"},
		"the last working day":         {"DTSTART;VALUE=DATE:20261030\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-10-30 2026-11-30 2026-12-31"},
		"yearly since long":            {"DTSTART;VALUE=DATE:19900229\nRRULE:FREQ=YEARLY", `line 3, "x": "19900229" is not a time such as 20261124T090000Z; it is left out`},
		"yearly on a leap day":         {"DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY", ""},
		"yearly by month and day":      {"DTSTART;VALUE=DATE:20001126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-26"},
		"the 20th Monday of the year":  {"DTSTART;VALUE=DATE:20000515\nRRULE:FREQ=YEARLY;BYDAY=20MO", "2026-05-18"},
		"exceptions":                   {"DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20261225", "2026-12-24 2026-12-26"},
		"dates beside the rule":        {"DTSTART;VALUE=DATE:20261224\nRDATE;VALUE=DATE:20261230,20261231", "2026-12-24 2026-12-30 2026-12-31"},
		"the wall clock of a zone": {
			"DTSTART;TZID=Europe/Berlin:20260327T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE:20260328T080000Z",
			"2026-03-27T09:00:00+01:00 2026-03-29T09:00:00+02:00 2026-03-30T09:00:00+02:00",
		},
		"a time that the clock is put over": {
			"DTSTART;TZID=\"W. Europe Standard Time\":20260328T023000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3",
			"2026-03-28T02:30:00+01:00 2026-03-29T03:30:00+02:00 2026-03-30T02:30:00+02:00",
		},
		"a time that is shown twice":        {"DTSTART;TZID=Europe/Berlin:20261025T023000\nDURATION:PT1H", "2026-10-25T02:30:00+02:00"},
		"a time of whoever looks":           {"DTSTART:20261224T180000\nDTEND:20261224T200000", "2026-12-24 18:00"},
		"until an instant":                  {"DTSTART:20261224T180000Z\nDURATION:PT2H\nRRULE:FREQ=DAILY;UNTIL=20261225T180000Z", "2026-12-24T18:00:00Z 2026-12-25T18:00:00Z"},
		"what is cancelled":                 {"DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED", ""},
		"what is shown as free":             {"DTSTART;VALUE=DATE:20261224\nTRANSP:TRANSPARENT", ""},
		"what lasts no time":                {"DTSTART:20261224T180000Z", ""},
		"folded lines":                      {"DTSTART;VALUE=DA\n TE:20261\n\t224", "2026-12-24"},
		"a zone of Mozilla's":               {"DTSTART;TZID=/mozilla.org/20050126_1/Europe/Berlin:20261224T180000\nDURATION:PT2H", "2026-12-24T18:00:00+01:00"},
		"an unknown zone is told":           {"DTSTART;TZID=Mars:20261224T180000\nDURATION:PT2H", `line 3, "x": the zone "Mars" is not known; it is left out`},
		"hours are not understood":          {"DTSTART:20261224T180000Z\nDURATION:PT2H\nRRULE:FREQ=HOURLY", `line 3, "x": it repeats HOURLY, which is not understood: DAILY, WEEKLY, MONTHLY and YEARLY are; it is left out`},
		"weeks of the year neither":         {"DTSTART:20261224T180000Z\nDURATION:PT2H\nRRULE:FREQ=YEARLY;BYWEEKNO=20", `line 3, "x": its rule has BYWEEKNO, which is not understood; it is left out`},
		"an end before the beginning":       {"DTSTART:20261224T180000Z\nDTEND:20261224T170000Z", `line 3, "x": it ends before it begins; it is left out`},
		"an event without a beginning":      {"DTEND:20261224T170000Z", `line 3, "x": it has no beginning; it is left out`},
		"a duration that is none":           {"DTSTART:20261224T180000Z\nDURATION:2H", `line 3, "x": "2H" is not a duration such as PT1H30M; it is left out`},
		"an occurrence that was moved":      {"DTSTART:20261224T180000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261225T180000Z\nDTSTART:20261226T180000Z\nDURATION:PT1H", "2026-12-24T18:00:00Z 2026-12-26T18:00:00Z"},
		"an occurrence that was called off": {"DTSTART:20261224T180000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261225T180000Z\nDTSTART:20261225T180000Z\nSTATUS:CANCELLED", "2026-12-24T18:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := begins(t, wrap(q.lines)); got != q.want {
				t.Errorf("got  %s\nwant %s", got, q.want)
			}
		})
	}
}

func TestWhatIsNoWholeCalendarIsRefused(t *testing.T) {
	whole := wrap("DTSTART;VALUE=DATE:20261224")
	for name, q := range map[string]struct{ text, want string }{
		"a page":                 {"<html>sign in</html>\n", "line 1 is none of iCalendar's: it has no value"},
		"nothing":                {"", "it is no iCalendar: BEGIN:VCALENDAR is missing"},
		"half of one":            {whole[:len(whole)-30], "it is cut off"},
		"other text":             {"a: b\n", "it is no iCalendar: BEGIN:VCALENDAR is missing"},
		"not UTF-8":              {whole + "\xff", "it is not UTF-8"},
		"too large":              {whole + strings.Repeat(" ", 5<<20), "it is larger than 4 MiB"},
		"a line without an end":  {"BEGIN:VCALENDAR\nX:" + strings.Repeat("x", 70<<10), "line 2 is longer than 64 KiB"},
		"nested without end":     {strings.Repeat("BEGIN:VEVENT\n", 30), "line 17: it is nested too deep"},
		"ends out of order":      {"BEGIN:VCALENDAR\nEND:VEVENT\n", "line 2: END:VEVENT ends nothing"},
		"years without end":      {"BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nDTSTART;VALUE=DATE:19700101\nRRULE:FREQ=YEARLY;BYDAY=53MO;COUNT=9999\nEND:VEVENT\n", 19_000) + "END:VCALENDAR\n", "its rules give too many appointments"},
		"exceptions without end": {"BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;VALUE=DATE:20260101\nEND:VEVENT\n", 9_000) + strings.Repeat("BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20260101\nEND:VEVENT\n", 9_000) + "END:VCALENDAR\n", "its rules give too many appointments"},
		"rules that never cease": {"BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY\nEND:VEVENT\n", 2000) + "END:VCALENDAR\n", "its rules give too many appointments"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := ical.Read([]byte(q.text), day(2026, 1, 1), day(2027, 1, 1))
			if err == nil || !strings.HasPrefix(err.Error(), q.want) {
				t.Errorf("got %v, want %s", err, q.want)
			}
		})
	}
}

// TestALongHistoryChangesNothing draws rules and compares those that began long ago with the same ones that began lately.
func TestALongHistoryChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.SampledFrom([]string{
			"FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SA", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=5,-3", "FREQ=YEARLY;BYMONTH=2,7;BYDAY=1MO",
			"FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=-2WE", "FREQ=YEARLY;INTERVAL=2",
		}).Draw(t, "rule")
		start := day(rapid.IntRange(1990, 2020).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"))
		text := []byte(wrap("DTSTART;VALUE=DATE:" + start.Format("20060102") + "\nRRULE:" + rule))
		whole, _, err := ical.Read(text, day(1990, 1, 1), day(2027, 1, 1))
		if err != nil {
			t.Fatal(err)
		}
		from := day(2021+rapid.IntRange(0, 4).Draw(t, "later"), 3, 9)
		part, _, err := ical.Read(text, from, day(2027, 1, 1))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, b := range whole {
			if begin, _ := b.From.MarshalText(); string(begin) >= from.AddDate(0, 0, -1).Format(time.DateOnly) {
				want = append(want, string(begin))
			}
		}
		var got []string
		for _, b := range part {
			begin, _ := b.From.MarshalText()
			if string(begin) >= from.AddDate(0, 0, -1).Format(time.DateOnly) {
				got = append(got, string(begin))
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%s from %s: (-want +got)\n%s", rule, start.Format(time.DateOnly), d)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(wrap("DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1"))
	f.Add(wrap("DTSTART;TZID=Europe/Berlin:20260327T090000\nDURATION:PT1H\nRRULE:FREQ=YEARLY;COUNT=4\nEXDATE:20260328T080000Z"))
	f.Fuzz(func(t *testing.T, text string) {
		busy, _, err := ical.Read([]byte(text), day(2026, 1, 1), day(2027, 1, 1))
		if err != nil {
			return
		}
		c, err := calendar.New(calendar.Config{})
		if err != nil {
			t.Fatal(err)
		}
		c.With(calendar.Known{Feeds: []calendar.Feed{{Name: "f", Means: calendar.Closed, Busy: busy}}}).At(day(2026, 6, 1), "")
	})
}
