package absent

import (
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// sent writes five weeks of a source that sends on working days from 8 to 18 UTC, twelve an hour, until it falls silent.
func sent(t *testing.T, until, now time.Time) *window.Store {
	t.Helper()
	w, err := window.New(window.Config{Base: time.Minute}, []detectors.Signal{{Name: "deliveries", Shape: detectors.Count}})
	if err != nil {
		t.Fatal(err)
	}
	id := detectors.SeriesID{Signal: "deliveries", Service: "firebreak", Slice: SourceSlice("github")}
	for at := now.Add(-5 * week).Truncate(time.Hour); !at.After(now); at = at.Add(time.Minute) {
		n := 0.
		if day := at.Weekday(); day != time.Saturday && day != time.Sunday && at.Hour() >= 8 && at.Hour() < 18 && at.Minute()%5 == 0 && !at.After(until) {
			n = 1
		}
		if err := w.Put(id, window.Tile{End: at, Width: time.Minute, Total: n}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestASourceThatFallsSilent(t *testing.T) {
	friday := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	at := func(days, hours int) time.Time { return friday.Add(time.Duration(24*days+hours) * time.Hour) }
	for _, test := range []struct {
		name       string
		until, now time.Time
		want       detectors.Verdict
	}{
		{"it sends", at(0, 14), at(0, 14), detectors.Quiet},
		{"half an hour without deliveries", at(0, 14), at(0, 14).Add(30 * time.Minute), detectors.Quiet},
		{"two hours of a working day", at(0, 14), at(0, 16), detectors.Firing},
		{"a night", at(0, 18), at(1, 3), detectors.Quiet},
		{"a weekend", at(0, 18), at(2, 20), detectors.Quiet},
		{"Monday morning after a silent weekend", at(0, 18), at(3, 8).Add(10 * time.Minute), detectors.Quiet},
		{"Monday noon after a silent weekend", at(0, 18), at(3, 12), detectors.Firing},
		{"silent since for ever", at(-30, 0), at(0, 14), detectors.Blind},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := NewDeliveries("deliveries", "firebreak", []string{"github"}, time.Minute)
			f := d.Judge(test.now, sent(t, test.until, test.now))[0]
			if f.Verdict != test.want {
				t.Errorf("%s: %s, %+v", f.Verdict, f.Title, f.Evidence)
			}
			if f.Verdict == detectors.Firing && (f.Onset.At.Before(test.until.Add(-time.Hour)) || f.Onset.Latest.Before(f.Onset.At)) {
				t.Errorf("it began at %+v", f.Onset)
			}
		})
	}
}

func TestDeliveriesPassTheExam(t *testing.T) {
	now := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	detectorstest.Exam(t, func(t *testing.T) detectorstest.Subject {
		t.Helper()
		return detectorstest.Subject{
			Detector: NewDeliveries("deliveries", "firebreak", []string{"github"}, time.Minute), Now: now, Firing: sent(t, now.Add(-2*time.Hour), now),
		}
	})
}
