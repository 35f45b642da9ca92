package calendar

import (
	"slices"
	"strconv"
	"time"
)

// Slot is one time at which something is due by a schedule.
type Slot struct {
	// Wall is what the clock on the wall shows then, as 2026-03-29T02:30. It names the slot: a wall clock shows it on one day only, whatever
	// happens to the clock on that day.
	Wall string
	// At is the one instant that it means: the first of two on the day on which the clock shows it twice, and the instant of the change on
	// the day on which the clock is put over it.
	At time.Time
}

// Due is the newest slot in (after, now]; false where there is none. Of several that were missed, only the newest is due.
func (s Schedule) Due(zone *time.Location, after, now time.Time) (Slot, bool) {
	var due Slot
	found := false
	s.each(zone, after, now, func(slot Slot) { due, found = slot, true })
	return due, found
}

// each tells the slots in (after, upTo] in the order of the wall.
func (s Schedule) each(zone *time.Location, after, upTo time.Time, tell func(Slot)) {
	if s.spec == nil || !after.Before(upTo) {
		return
	}
	first, last := earliest(zone, after), latest(zone, upTo)
	for wall := s.spec.Next(first); !wall.IsZero() && !wall.After(last); wall = s.spec.Next(wall) {
		if at := once(zone, wall); at.After(after) && !at.After(upTo) {
			tell(Slot{Wall: wall.Format("2006-01-02T15:04"), At: at})
		}
	}
}

// around is how far from a moment a change of the clock can bear on what the wall shows then: a clock was never put over more than a day.
const around = 26 * time.Hour

// earliest and latest bound what the wall shows around a moment, whichever way the clock is put there.
func earliest(zone *time.Location, t time.Time) time.Time {
	return slices.MinFunc(walls(zone, t), time.Time.Compare).Add(-time.Minute)
}

func latest(zone *time.Location, t time.Time) time.Time {
	return slices.MaxFunc(walls(zone, t), time.Time.Compare)
}

// walls are what the wall would show at a moment by the offsets that are in force around it.
func walls(zone *time.Location, t time.Time) []time.Time {
	out := make([]time.Time, 0, 3)
	for _, near := range []time.Time{t.Add(-around), t, t.Add(around)} {
		_, offset := near.In(zone).Zone()
		out = append(out, onWall(t.UTC().Add(time.Duration(offset)*time.Second)))
	}
	return out
}

// Apart is the shortest time between two slots on the wall, of some hundred; zero where there are fewer than two, and false where
// there is none at all.
func (s Schedule) Apart() (shortest time.Duration, ever bool) {
	begins := s.begins(reference, 300)
	for i := 1; i < len(begins); i++ {
		if d := begins[i].Sub(begins[i-1]); shortest == 0 || d < shortest {
			shortest = d
		}
	}
	return shortest, len(begins) > 0
}

// Every is a schedule of some weekdays at a time.
func Every(days string, at Clock) (Schedule, error) {
	var s Schedule
	err := s.UnmarshalText([]byte(cronOf(days, at)))
	return s, err
}

func cronOf(days string, at Clock) string {
	return strconv.Itoa(int(at)%60) + " " + strconv.Itoa(int(at)/60%24) + " * * " + days
}
