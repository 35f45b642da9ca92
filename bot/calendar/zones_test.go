package calendar_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/firebreak-dev/firebreak/bot/calendar"
)

// twentyZones have transitions in both halves of the year, at midnight, by half an hour, around Ramadan, backwards in winter, and none.
func twentyZones() []string {
	return []string{
		"Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Chisinau", "America/New_York", "America/Los_Angeles",
		"America/Havana", "America/Santiago", "America/Asuncion", "America/St_Johns", "America/Nuuk", "Africa/Casablanca", "Africa/Cairo",
		"Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham",
	}
}

// transitions lists when the clocks of a zone are put forward or back within ten years.
func transitions(tb testing.TB, name string) (*time.Location, []time.Time) {
	tb.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	var out []time.Time
	last := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for t := time.Date(2020, 1, 1, 0, 0, 0, 0, zone); ; {
		_, end := t.ZoneBounds()
		if end.IsZero() || end.After(last) {
			return zone, out
		}
		out = append(out, end)
		t = end.In(zone)
	}
}

// TestSchedulesAroundEveryTransitionOfTenYears holds each minute of two days around every transition against an oracle that knows
// no zones: a time has come once the latest that the wall clock has ever shown reaches it. So none is skipped and none comes twice.
func TestSchedulesAroundEveryTransitionOfTenYears(t *testing.T) {
	t.Parallel()
	schedules := []struct {
		cron  string
		lasts time.Duration
	}{{"30 2 * * *", 45 * time.Minute}, {"15 0 * * *", 90 * time.Minute}, {"*/40 1-2 * * *", 10 * time.Minute}, {"30 23 * * *", 4 * time.Hour}}
	seen := 0
	for _, name := range twentyZones() {
		zone, changes := transitions(t, name)
		for _, s := range schedules {
			c := open(t, fmt.Sprintf("zone: %s\nallow: [{name: w, cron: '%s', lasts: %s}]\n", name, s.cron, s.lasts))
			spec, err := cron.ParseStandard("TZ=UTC " + s.cron)
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range changes {
				follow(t, c, s.cron, change.Add(-24*time.Hour), begun(zone, spec, change, s.lasts))
				seen++
			}
		}
	}
	t.Logf("%d schedules around transitions", seen)
	if seen < 1000 {
		t.Errorf("only %d transitions were looked at", seen)
	}
}

// begun tells for each minute of two days around a change of the clock whether a schedule's window is open.
func begun(zone *time.Location, spec cron.Schedule, change time.Time, lasts time.Duration) []bool {
	const lead = 24 * 60 // minutes before what is told, in which windows may have begun
	from := change.Add(-24 * time.Hour)
	wall := func(t time.Time) time.Time {
		l := t.In(zone)
		return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
	}
	latest := wall(from.Add(-lead * time.Minute))
	next := spec.Next(latest)
	var until time.Time
	var out []bool
	for i := -lead + 1; i < 48*60; i++ {
		now := from.Add(time.Duration(i) * time.Minute)
		if w := wall(now); w.After(latest) {
			latest = w
		}
		for !next.After(latest) {
			until, next = now.Add(lasts), spec.Next(next)
		}
		if i >= 0 {
			out = append(out, now.Before(until))
		}
	}
	return out
}

// follow compares a calendar with what is wanted for each minute: at every edge it flips and before it does not, and it has said so.
func follow(t *testing.T, c *calendar.Calendar, what string, from time.Time, want []bool) {
	t.Helper()
	v := c.At(from, "")
	for i, open := range want {
		now := from.Add(time.Duration(i) * time.Minute)
		flips := i > 0 && open != want[i-1]
		if i > 0 && flips != now.Equal(v.Until) {
			t.Fatalf("%s: at %v it flips: %v; promised was %v", what, now.In(v.Local.Location()), flips, v.Until.In(v.Local.Location()))
		}
		if before := now.Add(-time.Nanosecond); flips && c.At(before, "").Open == open {
			t.Fatalf("%s: it flips before %v", what, now)
		}
		if flips || i%360 == 0 {
			if v = c.At(now, ""); v.Open != open {
				t.Fatalf("%s: at %v open %v, want %v", what, v.Local, v.Open, open)
			}
		}
	}
}

// TestClocksAroundEveryTransitionOfTenYears does the same for windows of from and to, which are what the clock on the wall shows.
func TestClocksAroundEveryTransitionOfTenYears(t *testing.T) {
	t.Parallel()
	for _, name := range twentyZones() {
		zone, changes := transitions(t, name)
		for _, w := range [][2]string{{"01:30", "02:30"}, {"22:00", "00:45"}} {
			c := open(t, fmt.Sprintf("zone: %s\ndeny: [{name: w, days: 'fri,sun', from: '%s', to: '%s'}]\n", name, w[0], w[1]))
			for _, change := range changes {
				want := make([]bool, 0, 48*60)
				for i := range 48 * 60 {
					want = append(want, expected(change.Add(time.Duration(i-24*60)*time.Minute).In(zone), w[0], w[1]))
				}
				follow(t, c, fmt.Sprint(name, w), change.Add(-24*time.Hour), want)
			}
		}
	}
}
