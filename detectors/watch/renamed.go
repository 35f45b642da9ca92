package watch

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// gone is the rule of findings about signals that have vanished.
const gone = "gone"

// hintAgain is how long an answer about a vanished signal holds: an exporter may come back under its new name later.
const hintAgain = 10 * time.Minute

// hint is what the source said of a vanished signal, and when.
type hint struct {
	sentence string
	at       time.Time
}

// hints tells of signals that have vanished which new name looks like theirs. The source is asked about one signal of a detector at a time, and
// seldom again, since it has to look at all names.
func (w *Watch) hints(ctx context.Context, now time.Time, found []detectors.Finding) {
	renamer, ok := w.parts.Source.(Renamer)
	if !ok {
		return
	}
	asked := false
	for i := range found {
		f := &found[i]
		if f.Detector != Absent || f.Rule != gone || f.Verdict != detectors.Firing {
			delete(w.hinted, f.Key)
			continue
		}
		h, known := w.hinted[f.Key]
		if stale := now.Sub(h.at) >= hintAgain; !asked && (!known || stale) {
			asked = true
			if sentence, err := renamer.Renamed(ctx, f.Signal, now); err == nil {
				h = hint{sentence: sentence, at: now}
				w.hinted[f.Key] = h
			}
		}
		if h.sentence != "" {
			f.Evidence = append(f.Evidence, detectors.Evidence{Name: "renamed", Value: 1, Sentence: h.sentence})
			f.Title += "; " + h.sentence
		}
	}
}
