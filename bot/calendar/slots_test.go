package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot/calendar"
)

func schedule(t testing.TB, text string) calendar.Schedule {
	t.Helper()
	var s calendar.Schedule
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return s
}

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestASlotIsDueOnceWhateverHappensToTheClock(t *testing.T) {
	for name, q := range map[string]struct {
		zone, cron, from string
		hours            int
		want             []string
	}{
		"the clock is put over it": {"Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z", 48, []string{"2026-03-29T02:30 2026-03-29T01:00:00Z", "2026-03-30T02:30 2026-03-30T00:30:00Z"}},
		"the clock shows it twice": {"Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z", 48, []string{"2026-10-25T02:30 2026-10-25T00:30:00Z", "2026-10-26T02:30 2026-10-26T01:30:00Z"}},
		"in the morning of a change nothing is lost or doubled": {"Europe/Berlin", "0 8 * * *", "2026-03-28T00:00:00Z", 60, []string{
			"2026-03-28T08:00 2026-03-28T07:00:00Z", "2026-03-29T08:00 2026-03-29T06:00:00Z", "2026-03-30T08:00 2026-03-30T06:00:00Z",
		}},
		"where the clock moves by half an hour": {"Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z", 30, []string{"2026-10-04T02:15 2026-10-03T15:30:00Z"}},
		"where a whole day was left out":        {"Pacific/Apia", "0 9 * * *", "2011-12-29T00:00:00Z", 60, []string{"2011-12-29T09:00 2011-12-29T19:00:00Z", "2011-12-30T09:00 2011-12-30T10:00:00Z", "2011-12-31T09:00 2011-12-30T19:00:00Z"}},
		"in UTC":                                {"UTC", "0 7 * * mon-fri", "2026-11-27T00:00:00Z", 96, []string{"2026-11-27T07:00 2026-11-27T07:00:00Z", "2026-11-30T07:00 2026-11-30T07:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			zone, s := zoneOf(t, q.zone), schedule(t, q.cron)
			from, err := time.Parse(time.RFC3339, q.from)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			last := from
			for m := range q.hours * 60 { // a bot looks every minute
				now := from.Add(time.Duration(m) * time.Minute)
				if slot, due := s.Due(zone, last, now); due {
					got = append(got, slot.Wall+" "+slot.At.UTC().Format(time.RFC3339))
				}
				last = now
			}
			if len(got) != len(q.want) {
				t.Fatalf("due %q, want %q", got, q.want)
			}
			for i := range got {
				if got[i] != q.want[i] {
					t.Errorf("slot %d is %s, want %s", i, got[i], q.want[i])
				}
			}
		})
	}
}

func TestNoSlotIsDoubledOrLostHoweverOftenOneLooks(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"}
	crons := []string{"30 2 * * *", "0 8 * * mon-fri", "0 1,3 * * *", "59 23 * * sun"}
	rapid.Check(t, func(rt *rapid.T) {
		zone := zoneOf(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
		s := schedule(t, rapid.SampledFrom(crons).Draw(rt, "cron"))
		now := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(rt, "month")), rapid.IntRange(1, 28).Draw(rt, "day"), 0, 0, 0, 0, time.UTC)
		end := now.Add(9 * 24 * time.Hour)
		walls := map[string]bool{}
		days := map[string]int{}
		for last := now; now.Before(end); {
			now = now.Add(time.Duration(rapid.IntRange(1, 55).Draw(rt, "minutes")) * time.Minute)
			if slot, due := s.Due(zone, last, now); due {
				if walls[slot.Wall] {
					rt.Fatalf("%s is due twice", slot.Wall)
				}
				if slot.At.After(now) || !slot.At.After(last) {
					rt.Fatalf("%s (%s) is due between %s and %s", slot.Wall, slot.At, last, now)
				}
				walls[slot.Wall] = true
				days[slot.Wall[:10]]++
			}
			last = now
		}
		if text, _ := s.MarshalText(); string(text) == "30 2 * * *" && len(days) < 8 {
			rt.Fatalf("of nine days %d had their slot", len(days))
		}
	})
}

func TestOfManyMissedSlotsTheNewestIsDue(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	slot, due := schedule(t, "0 * * * *").Due(time.UTC, now.Add(-6*time.Hour), now)
	if !due || slot.Wall != "2026-11-28T12:00" {
		t.Errorf("%v, %t", slot, due)
	}
	if _, due := schedule(t, "0 * * * *").Due(time.UTC, now, now.Add(59*time.Minute)); due {
		t.Error("a slot is due again")
	}
	if _, due := (calendar.Schedule{}).Due(time.UTC, now.Add(-time.Hour), now); due {
		t.Error("no schedule has a slot")
	}
}
