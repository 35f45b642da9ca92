package calendar_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// load reads a configuration as people write it.
func load(tb testing.TB, text string) calendar.Config {
	tb.Helper()
	var c calendar.Config
	doc, diags := configs.Load("windows.yaml", []byte(text), &c, configs.Env{})
	r := diag.New()
	c.WithDefaults().Check(r)
	if diags = append(diags, doc.Resolve(r.Faults())...); len(diags) > 0 {
		tb.Fatalf("unexpected: %v", diags)
	}
	return c
}

func open(tb testing.TB, text string) *calendar.Calendar {
	tb.Helper()
	c, err := calendar.New(load(tb, text))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

const team = `
zone: Europe/Berlin
service_zones: {tokyo-bot: Asia/Tokyo}
deny:
  - {name: friday-afternoon, days: fri, from: 12:00}
  - {name: weekend, days: sat-sun}
  - {name: nights, days: mon-thu, from: "22:00", to: "06:00", services: [support]}
freezes:
  - {name: black-friday, from: 2026-11-27, to: 2026-11-30, reason: the shop earns its year}
  - {name: release, from: "2026-12-08 18:00", to: "2026-12-09T09:00:00+01:00", services: [support]}
holidays: [de, de-by]
`

func codes(reasons []bot.Reason) string {
	out := make([]string, 0, len(reasons))
	for _, r := range reasons {
		out = append(out, r.Code)
	}
	return strings.Join(out, " ")
}

func TestAt(t *testing.T) {
	c := open(t, team)
	for name, q := range map[string]struct {
		now, service string
		open, friday bool
		codes        string
		until        string
	}{
		"a Tuesday morning is open until the night":       {"2026-11-17T09:00:00Z", "support", true, false, "", "2026-11-17T22:00:00+01:00"},
		"a Tuesday morning is open until Friday":          {"2026-11-17T09:00:00Z", "search", true, false, "", "2026-11-20T12:00:00+01:00"},
		"a Friday afternoon is closed until Monday":       {"2026-11-20T15:50:00Z", "support", false, true, "out_of_window friday", "2026-11-23T00:00:00+01:00"},
		"a Friday morning is no Friday yet":               {"2026-11-20T10:59:59Z", "support", true, false, "", "2026-11-20T12:00:00+01:00"},
		"noon in Berlin is the first closed minute":       {"2026-11-20T11:00:00Z", "support", false, true, "out_of_window friday", "2026-11-23T00:00:00+01:00"},
		"a night window reaches into the next day":        {"2026-11-18T04:59:00Z", "support", false, false, "out_of_window", "2026-11-18T06:00:00+01:00"},
		"a night window belongs to the day it begins on":  {"2026-11-16T03:00:00Z", "support", true, false, "", "2026-11-16T22:00:00+01:00"},
		"a window of another service does not hold":       {"2026-11-18T04:59:00Z", "search", true, false, "", "2026-11-20T12:00:00+01:00"},
		"a freeze closes, and the weekend in it too":      {"2026-11-28T10:00:00Z", "search", false, false, "freeze out_of_window", "2026-12-01T00:00:00+01:00"},
		"the last minute of a freeze's last date":         {"2026-11-30T22:59:59Z", "search", false, false, "freeze", "2026-12-01T00:00:00+01:00"},
		"a freeze ends at its instant":                    {"2026-12-09T07:59:00Z", "support", false, false, "freeze", "2026-12-09T09:00:00+01:00"},
		"a holiday is closed; the next one is tomorrow":   {"2026-12-25T09:00:00Z", "search", false, false, "holiday holiday_eve", "2026-12-28T00:00:00+01:00"},
		"the eve of a holiday is open and told":           {"2026-12-24T09:00:00Z", "search", true, false, "holiday_eve", "2026-12-25T00:00:00+01:00"},
		"a state's holiday counts where it is named":      {"2026-01-06T09:00:00Z", "search", false, false, "holiday", "2026-01-07T00:00:00+01:00"},
		"another zone has its own Friday":                 {"2026-11-20T02:59:00Z", "tokyo-bot", true, false, "", "2026-11-20T12:00:00+09:00"},
		"and that begins eight hours earlier than Berlin": {"2026-11-20T03:00:00Z", "tokyo-bot", false, true, "out_of_window friday", "2026-11-23T00:00:00+09:00"},
	} {
		t.Run(name, func(t *testing.T) {
			v := c.At(at(t, q.now), q.service)
			if v.Open != q.open || v.Friday != q.friday || codes(v.Reasons) != q.codes {
				t.Errorf("open %v, Friday %v, %q; want %v, %v, %q", v.Open, v.Friday, codes(v.Reasons), q.open, q.friday, q.codes)
			}
			if !v.Until.Equal(at(t, q.until)) {
				t.Errorf("until %v, want %v", v.Until, q.until)
			}
		})
	}
}

func at(tb testing.TB, text string) time.Time {
	tb.Helper()
	out, err := time.Parse(time.RFC3339, text)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestReasonsAreSentencesWithAWayOut(t *testing.T) {
	v := open(t, team).At(at(t, "2026-11-20T15:50:00Z"), "support")
	want := []bot.Reason{
		{Code: "out_of_window", Sentence: "it is inside the closed window friday-afternoon", Lower: "wait until Mon 23 Nov 00:00"},
		{Code: "friday", Sentence: "it is Friday after 12:00 in Europe/Berlin", Lower: "land it on Monday"},
	}
	if d := cmp.Diff(want, v.Reasons); d != "" {
		t.Error(d)
	}
}

func TestWithoutWindowsItIsAlwaysOpen(t *testing.T) {
	v := open(t, "").At(at(t, "2026-11-18T10:00:00Z"), "any")
	if !v.Open || len(v.Reasons) > 0 || !v.Until.IsZero() || v.Local.Location().String() != "UTC" {
		t.Errorf("got %+v", v)
	}
}

func TestOpenWindowsCloseTheRest(t *testing.T) {
	c := open(t, "allow: [{name: office, days: mon-thu, from: '09:00', to: '16:00'}, {name: party, dates: [2026-12-31..2027-01-01]}]")
	for text, want := range map[string]bool{
		"2026-11-17T09:00:00Z": true, "2026-11-17T16:00:00Z": false, "2026-11-20T10:00:00Z": false, "2027-01-01T23:59:00Z": true, "2027-01-02T10:00:00Z": false,
	} {
		if got := c.At(at(t, text), ""); got.Open != want {
			t.Errorf("%s: open %v, want %v", text, got.Open, want)
		}
	}
}

// zones have transitions at night, at midnight, by half an hour, and one has skipped a whole day.
func zones() map[string][]string {
	return map[string][]string{
		"Europe/Berlin":       {"2026-03-29", "2026-10-25"},
		"America/New_York":    {"2026-03-08", "2026-11-01"},
		"America/Havana":      {"2026-03-08", "2026-11-01"},
		"America/Sao_Paulo":   {"2018-02-18", "2018-11-04"},
		"Australia/Lord_Howe": {"2026-04-05", "2026-10-04"},
		"Asia/Beirut":         {"2026-03-29", "2026-10-25"},
		"Pacific/Apia":        {"2011-12-30"},
		"Asia/Kathmandu":      {"2026-07-01"},
	}
}

// expected judges by the wall clock's own words, so that it shares nothing with the code that it tests.
func expected(local time.Time, from, to string) bool {
	clock, day := local.Format("15:04"), local.Format("2006-01-02")
	friday := func(day string) bool {
		t, _ := time.Parse("2006-01-02", day)
		return t.Weekday() == time.Friday || t.Weekday() == time.Sunday
	}
	before, _ := time.Parse("2006-01-02", day)
	yesterday := before.AddDate(0, 0, -1).Format("2006-01-02")
	if from < to {
		closed := friday(day) && from <= clock && clock < to
		return !closed
	}
	closed := friday(day) && clock >= from || friday(yesterday) && clock < to
	return !closed
}

func TestEveryMinuteAroundATransition(t *testing.T) {
	for zone, days := range zones() {
		for _, window := range [][2]string{{"12:00", "24:00"}, {"01:30", "02:30"}, {"02:00", "03:00"}, {"23:30", "00:30"}, {"22:00", "01:45"}, {"00:00", "24:00"}} {
			text := fmt.Sprintf("zone: %s\ndeny: [{name: w, days: 'fri,sun', from: '%s', to: '%s'}]\n", zone, window[0], window[1])
			c := open(t, text)
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			for _, day := range days {
				noon, err := time.ParseInLocation("2006-01-02 15:04", day+" 12:00", loc)
				if err != nil {
					t.Fatal(err)
				}
				walk(t, c, loc, noon, window)
			}
		}
	}
}

// walk compares each minute of two days with the oracle, and the promised next change with the one that comes.
func walk(t *testing.T, c *calendar.Calendar, loc *time.Location, noon time.Time, window [2]string) {
	t.Helper()
	promised := time.Time{}
	was := false
	for i := range 2 * 24 * 60 {
		now := noon.Add(time.Duration(i-24*60) * time.Minute)
		want := expected(now.In(loc), window[0], window[1])
		if i%10 == 0 || want != was || now.Equal(promised) {
			v := c.At(now, "")
			if v.Open != want {
				t.Fatalf("%v %v: open %v, want %v", window, now.In(loc), v.Open, want)
			}
			if i > 0 && want != was && !now.Equal(promised) {
				t.Fatalf("%v: it changed at %v, promised was %v", window, now.In(loc), promised.In(loc))
			}
			if i > 0 && want == was && now.Equal(promised) {
				t.Fatalf("%v: it did not change at %v as promised", window, now.In(loc))
			}
			promised = v.Until
		}
		was = want
	}
}

func TestUntilIsTheFirstChange(t *testing.T) {
	c := open(t, team)
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(1_767_225_600, 1_798_761_600).Draw(t, "now"), 0)
		service := rapid.SampledFrom([]string{"support", "search", "tokyo-bot"}).Draw(t, "service")
		v := c.At(now, service)
		if v.Until.IsZero() || !v.Until.After(now) {
			t.Fatalf("until %v", v.Until)
		}
		between := now.Add(time.Duration(rapid.Int64Range(0, int64(v.Until.Sub(now))-1).Draw(t, "between")))
		if got := c.At(between, service); got.Open != v.Open || !got.Until.Equal(v.Until) {
			t.Fatalf("at %v it is open %v until %v; from %v it was promised %v until %v", between, got.Open, got.Until, now, v.Open, v.Until)
		}
		if got := c.At(v.Until, service); got.Open == v.Open {
			t.Fatalf("nothing changes at %v", v.Until)
		}
	})
}

func TestEveryCountryHasHolidays(t *testing.T) {
	for _, country := range calendar.Countries() {
		c := open(t, "holidays: ["+yamlText(country)+"]")
		v := c.At(at(t, "2026-01-02T00:00:01Z"), "")
		closed := 0
		for range 40 {
			if v.Until.IsZero() || v.Until.After(at(t, "2027-01-01T00:00:00Z")) {
				break
			}
			if v = c.At(v.Until, ""); !v.Open {
				closed++
			}
		}
		if closed < 4 {
			t.Errorf("%s has only %d stretches of holidays in a year", country, closed)
		}
	}
}

func yamlText(s string) string { return `"` + s + `"` }

func TestCheckTellsEveryFault(t *testing.T) {
	text := `
zone: Europe/Berln
deny:
  - {name: a, days: fri, dates: [2026-12-24], from: "09:00", to: "09:00"}
  - {name: a, days: frs}
  - {days: fri, from: 9am, services: [nobody]}
freezes:
  - {name: f, from: 2026-12-24, to: 2026-12-20}
  - {name: g, from: soon}
  - {name: h, from: 2026-12-24, to: 2026-12-24}
holidays: [de, germany]
`
	var c calendar.Config
	doc, diags := configs.Load("f.yaml", []byte(text), &c, configs.Env{})
	r := diag.New()
	c.WithDefaults().Check(r)
	c.CheckServices(r, []string{"support"})
	var got []string
	for _, d := range append(diags, doc.Resolve(r.Faults())...) {
		got = append(got, fmt.Sprintf("%d:%d %s", d.Line, d.Col, d.Code))
	}
	want := []string{
		"5:21 bad-value", "6:23 bad-value", "9:21 bad-value",
		"2:7 unknown-zone", "4:33 bad-window", "4:66 bad-window", "5:12 duplicate-name", "6:5 missing", "6:39 unknown-service",
		"8:37 bad-freeze", "9:5 missing", "11:16 unknown-country",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"12:00", "24:00", "fri", "mon-thu,sun", "2026-12-24..2027-01-01", "2026-12-24 18:00", "2026-12-24T18:00:00+01:00"} {
		f.Add(s)
	}
	type word interface {
		UnmarshalText([]byte) error
		MarshalText() ([]byte, error)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, pair := range [][2]word{
			{new(calendar.Clock), new(calendar.Clock)},
			{new(calendar.Days), new(calendar.Days)},
			{new(calendar.Dates), new(calendar.Dates)},
			{new(calendar.Moment), new(calendar.Moment)},
		} {
			if pair[0].UnmarshalText([]byte(text)) != nil {
				continue
			}
			written, _ := pair[0].MarshalText()
			if err := pair[1].UnmarshalText(written); err != nil && string(written) != "" {
				t.Errorf("%T wrote %q of %q and cannot read it: %v", pair[0], written, text, err)
			}
			if again, _ := pair[1].MarshalText(); string(again) != string(written) {
				t.Errorf("%T: %q became %q", pair[0], written, again)
			}
		}
	})
}

func BenchmarkAt(b *testing.B) {
	c := open(b, team)
	now := at(b, "2026-11-17T09:00:00Z")
	b.ReportAllocs()
	for b.Loop() {
		c.At(now, "support")
	}
}
