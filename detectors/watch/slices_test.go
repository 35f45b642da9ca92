package watch_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// version is the slice of a version.
func version(v int) detectors.SeriesID {
	part := id
	part.Slice = fmt.Sprintf("version=%q", fmt.Sprint(v))
	return part
}

func TestSlicesAreKeptBesideTheWhole(t *testing.T) {
	kept := &tiles{}
	b := newBench(t, kept)
	b.source.slice = func(at time.Time) string {
		if at.Before(t0.Add(10 * time.Minute)) {
			return version(1).Slice
		}
		return version(2).Slice
	}
	b.catchUp(t)
	for b.now.Before(t0.Add(20 * time.Minute)) {
		b.tick(t, 15*time.Second)
	}
	for _, test := range []struct {
		name string
		id   detectors.SeriesID
		want detectors.Blindness
		sees float64
	}{
		{"a slice that went is known to be empty", version(1), detectors.NoData, 0},
		{"the slice that came has what it did", version(2), detectors.Sighted, 40},
		{"the whole is not disturbed", id, detectors.Sighted, 10 * 300},
	} {
		sum := b.Windows().Sum(test.id, b.now, 5*time.Minute)
		if sum.Blind != test.want || sum.Total != test.sees {
			t.Errorf("%s: %+v", test.name, sum)
		}
	}
	if err := b.Save(t.Context()); err != nil {
		t.Fatal(err)
	}

	again := newBench(t, kept)
	again.now = b.now
	again.source.slice = b.source.slice
	again.tick(t, 15*time.Second)
	if n := len(again.Windows().Series(id.Signal)); n != 3 {
		t.Errorf("after a restart %d series are known: %v", n, again.Windows().Series(id.Signal))
	}
	if points := again.Windows().Points(version(1), t0, again.now, time.Minute); len(points) < 9 {
		t.Errorf("of the slice that went %d minutes are remembered", len(points))
	}
}

func TestSlicesOutOfUseAreForgotten(t *testing.T) {
	b := newBench(t, nil)
	b.source.slice = func(at time.Time) string {
		if at.Before(t0.Add(time.Minute)) {
			return version(1).Slice
		}
		return ""
	}
	b.catchUp(t)
	b.tick(t, 24*time.Hour)
	if n := len(b.Windows().Series(id.Signal)); n != 2 {
		t.Errorf("after a day %d series are known", n)
	}
	b.tick(t, 8*24*time.Hour)
	if n := len(b.Windows().Series(id.Signal)); n != 1 {
		t.Errorf("after nine days %d series are known", n)
	}
}
