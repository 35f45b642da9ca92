package watch

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// first is how much the first question asks for: enough for the shortest windows to be whole.
const first = 5 * time.Minute

// askNewest asks for the tiles since the last answer, and for those that may have settled since.
func (w *Watch) askNewest(ctx context.Context, s *signal, to time.Time) {
	base := w.config.base()
	from := to.Add(-first)
	if !s.known.IsZero() {
		from = s.known.Add(-w.config.Settle).Truncate(base)
		// After a pause the newest part is asked for first; the rest is a gap like any other.
		if oldest := to.Add(-first - w.config.Settle).Truncate(base); from.Before(oldest) {
			from, s.whole = oldest, false
		}
	}
	s.err = w.ask(ctx, s, Query{Signal: s.Signal.Name, From: from, To: to, Step: base})
	w.metrics.sighted(s.Signal.Name, s.err != nil)
	if s.err == nil {
		s.known = to
		return
	}
	s.whole = false
	if ctx.Err() != nil {
		return // nobody waits for the answer any more: that says nothing about the source
	}
	w.parts.Log.WarnContext(ctx, "A signal cannot be seen.", "signal", s.Signal.Name, "reason", ReasonOf(s.err), "error", s.err)
	why := ReasonOf(s.err)
	for end := from.Add(base); !end.After(to); end = end.Add(base) {
		for _, id := range s.expected(to) {
			// A tile that was answered earlier stays: Unasked never replaces knowledge.
			_ = w.windows.Put(id, window.Tile{End: end, Width: base, State: window.Unasked, Why: why})
		}
	}
}

// askMissing asks for the newest missing stretches, a bounded number of pieces.
func (w *Watch) askMissing(ctx context.Context, s *signal, to time.Time) {
	if s.whole || s.err != nil {
		return
	}
	gaps := w.windows.Gaps(s.Series, to, min(w.config.History, w.config.Retention), s.piece)
	for i, gap := range gaps {
		if i == w.config.CatchUp || ctx.Err() != nil {
			return
		}
		err := w.ask(ctx, s, Query{Signal: s.Signal.Name, From: gap.From, To: gap.To, Step: gap.Width})
		if err == nil {
			continue
		}
		if why := ReasonOf(err); (why == detectors.TooExpensive || why == detectors.Timeout) && s.piece > 8 {
			s.piece /= 2
		}
		if ctx.Err() != nil {
			return
		}
		w.parts.Log.WarnContext(ctx, "A missing stretch cannot be read yet.", "signal", s.Signal.Name,
			"from", gap.From, "to", gap.To, "reason", ReasonOf(err), "error", err)
		return
	}
	s.whole = true
}

// ask sends one query and keeps its answer.
func (w *Watch) ask(ctx context.Context, s *signal, q Query) error {
	ctx, cancel := context.WithTimeout(ctx, w.config.Timeout)
	defer cancel()
	answer, err := w.parts.Source.Ask(ctx, q)
	w.metrics.asked(ReasonOf(err), answer.Samples)
	if err != nil {
		return err
	}
	w.note(ctx, s.Signal.Name, answer.Notes)
	return s.keep(w.windows, q, answer)
}

// keep puts an answer into windows: what was read, and that of the other series that are expected there was nothing.
func (s *signal) keep(windows *window.Store, q Query, answer Answer) error {
	type tile struct {
		id detectors.SeriesID
		at int64
	}
	read := make(map[tile]struct{}, len(answer.Readings))
	for _, r := range answer.Readings {
		if !r.At.After(q.From) || r.At.After(q.To) {
			continue
		}
		t := window.Tile{End: r.At, Width: q.Step, Bad: r.Bad, Total: r.Total}
		if err := windows.Put(r.Series, t); err != nil {
			return &Sightless{Reason: detectors.Garbage, Err: err}
		}
		read[tile{r.Series, r.At.Unix()}] = struct{}{}
		if r.Series.Slice != "" {
			s.met(r.Series, r.At)
		}
	}
	for _, id := range s.expected(q.To) {
		for end := q.From.Add(q.Step); !end.After(q.To); end = end.Add(q.Step) {
			if _, ok := read[tile{id, end.Unix()}]; ok {
				continue
			}
			if err := windows.Put(id, window.Tile{End: end, Width: q.Step, State: window.Empty}); err != nil {
				return &Sightless{Reason: detectors.Garbage, Err: err}
			}
		}
	}
	return nil
}

// mostNotes bounds what is remembered of remarks.
const mostNotes = 200

// note logs each remark of the source once.
func (w *Watch) note(ctx context.Context, signal string, notes []string) {
	w.seen.Lock()
	defer w.seen.Unlock()
	for _, n := range notes {
		if key := signal + ": " + n; !w.noted[key] && len(w.noted) < mostNotes {
			w.noted[key] = true
			w.parts.Log.WarnContext(ctx, "The source remarks on a signal.", "signal", signal, "remark", n)
		}
	}
}
