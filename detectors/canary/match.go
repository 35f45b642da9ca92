package canary

import (
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/compare"
)

// versions are the series of a signal that belong to the canary and to the baseline, without their label.
func (d *Detector) versions(w detectors.Windows, signal, canary string) (ours, theirs []compare.Labelled) {
	for _, id := range w.Series(signal) {
		value, rest, ok := d.version(id)
		switch {
		case !ok:
		case value == canary:
			ours = append(ours, compare.Labelled{ID: id, Rest: rest})
		case d.config.Baseline == "" || value == d.config.Baseline:
			theirs = append(theirs, compare.Labelled{ID: id, Rest: rest})
		}
	}
	return ours, theirs
}

// version is the version that a series of the service belongs to.
func (d *Detector) version(id detectors.SeriesID) (value, rest string, ok bool) {
	if id.Service != d.config.Service || id.Environment != d.config.Environment {
		return "", "", false
	}
	return id.Label(d.config.Label)
}

// trial is a canary that runs: its version, and since when it is there.
type trial struct {
	version string
	from    time.Time
}

// trial finds the canary. Its version is the configured one, else the newest: the one that was first seen last, beside one that
// was there at least ten minutes earlier. It began when it was first seen within the last day, or as configured.
func (d *Detector) trial(now time.Time, w detectors.Windows) (t trial, why string) {
	since := d.config.Since
	if since.IsZero() {
		since = now.Add(-day)
	}
	first := map[string]time.Time{}
	for _, signal := range d.looked() {
		for _, id := range w.Series(signal) {
			if value, _, ok := d.version(id); ok {
				if at := firstSeen(w, id, since, now, d.step); !at.IsZero() && (first[value].IsZero() || at.Before(first[value])) {
					first[value] = at
				}
			}
		}
	}
	t.version = d.config.Canary
	if t.version == "" {
		var oldest time.Time
		for value, at := range first {
			if oldest.IsZero() || at.Before(oldest) {
				oldest = at
			}
			if t.version == "" || at.After(first[t.version]) || (at.Equal(first[t.version]) && value < t.version) {
				t.version = value
			}
		}
		if first[t.version].Sub(oldest) < head {
			return t, "no version came beside an older one within a day"
		}
	}
	if first[t.version].IsZero() {
		return t, "no series has " + d.config.Label + "=" + t.version
	}
	if t.from = first[t.version].Add(-d.step); !d.config.Since.IsZero() {
		t.from = d.config.Since
	}
	return t, ""
}

const (
	day = 24 * time.Hour
	// head is how much earlier the old version must have been there, for the new one to be new.
	head = 10 * time.Minute
)

// looked are the signals in which the canary is looked for.
func (d *Detector) looked() []string {
	out := make([]string, 0, len(d.signals)+1)
	if d.config.Requests != "" {
		out = append(out, d.config.Requests)
	}
	for _, s := range d.signals {
		out = append(out, s.Name)
	}
	return out
}

// firstSeen is the first step in which a series did anything: roughly first, and then closely.
func firstSeen(w detectors.Windows, id detectors.SeriesID, from, to time.Time, step time.Duration) time.Time {
	const rough = 5 * time.Minute
	did := func(points []detectors.Point) time.Time {
		for _, p := range points {
			if p.Total > 0 || p.Value != 0 {
				return p.At
			}
		}
		return time.Time{}
	}
	at := did(w.Points(id, from.Truncate(rough), to, rough))
	if at.IsZero() {
		// What began within the last minutes is in no whole stretch yet.
		return did(w.Points(id, to.Truncate(rough), to, step))
	}
	if fine := did(w.Points(id, at.Add(-rough), at, step)); !fine.IsZero() {
		return fine
	}
	return at
}
