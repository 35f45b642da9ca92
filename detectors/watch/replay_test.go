package watch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/watch"
)

// told is what a sink hears of a finding.
type told struct {
	At       time.Time
	Key      string
	Verdict  detectors.Verdict
	Severity detectors.Severity
	Title    string
}

// notes keeps what a watch hands on.
type notes struct{ all []told }

func (n *notes) Observe(_ context.Context, found []detectors.Finding) error {
	for _, f := range found {
		n.all = append(n.all, told{f.At, f.Key, f.Verdict, f.Severity, f.Title})
	}
	return nil
}

var errAway = &watch.Sightless{Reason: detectors.Unreachable, Err: errors.New("away")}

// away is a source that does not answer for twenty minutes.
type away struct{ source }

func (s *away) Ask(ctx context.Context, q watch.Query) (watch.Answer, error) {
	if s.gone(q.To) {
		return watch.Answer{}, errAway
	}
	return s.source.Ask(ctx, q)
}

func (*away) gone(at time.Time) bool {
	return at.After(t0.Add(4*time.Hour)) && !at.After(t0.Add(4*time.Hour+20*time.Minute))
}

// outage is bad from 1h to 1h30 after t0.
func outage(at time.Time) float64 {
	if at.After(t0.Add(time.Hour)) && !at.After(t0.Add(90*time.Minute)) {
		return .3
	}
	return .002
}

// TestAReplayTellsWhatAWatchTold lets a Watch live through six hours with an outage and a source that is away, and replays them.
func TestAReplayTellsWhatAWatchTold(t *testing.T) {
	detector := func() []detectors.Detector {
		d, err := burn.New(burn.Config{Name: "useful", Service: id.Service, Signal: id.Signal, Target: .99}, "refusals", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return []detectors.Detector{d}
	}
	signals := []watch.Watched{{Signal: detectors.Signal{Name: id.Signal, Shape: detectors.Ratio}, Series: []detectors.SeriesID{id}}}
	end := t0.Add(6 * time.Hour)

	now := t0
	config := watch.Config{Interval: time.Minute, CatchUp: 1000, Now: func() time.Time { return now }}
	var heard notes
	w, err := watch.New(config, watch.Parts{Source: &away{source{share: outage}}, Sink: &heard, Signals: signals, Detectors: detector()})
	if err != nil {
		t.Fatal(err)
	}
	for ; !now.After(end); now = now.Add(time.Minute) {
		if err := w.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	past := &away{source{share: outage}}
	r, err := watch.NewReplay(config, watch.Parts{Signals: signals, Detectors: detector()}, false)
	if err != nil {
		t.Fatal(err)
	}
	put := func(q watch.Query) {
		a, err := past.Ask(t.Context(), q)
		if err != nil {
			r.Unanswered(q, err)
			return
		}
		if err := r.Put(q, a); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range r.Behind(id.Signal, t0, 240) {
		put(q)
	}
	var again notes
	for at := t0; !at.After(end); at = at.Add(time.Minute) {
		if at.After(t0) {
			put(watch.Query{Signal: id.Signal, From: at.Add(-time.Minute), To: at, Step: time.Minute})
		}
		_ = again.Observe(t.Context(), r.Judge(at))
	}

	// At its first tick a Watch judges before it has caught up; and what it could not ask it asks for once the source is back.
	during := func(all []told) []told {
		var out []told
		for _, f := range all {
			if f.At.After(t0) && !f.At.After(t0.Add(4*time.Hour+20*time.Minute)) {
				out = append(out, f)
			}
		}
		return out
	}
	if len(during(heard.all)) < 50 {
		t.Fatalf("only %d findings were handed on", len(during(heard.all)))
	}
	if diff := cmp.Diff(during(heard.all), during(again.all)); diff != "" {
		t.Errorf("-watch +replay:\n%s", diff)
	}
}

// TestARecordedSeriesIsExpectedFromItsFirstReadingOn and one that was not recorded is not missed, but named.
func TestARecordedSeriesIsExpectedFromItsFirstReadingOn(t *testing.T) {
	other := detectors.SeriesID{Signal: id.Signal, Service: "retrieval"}
	var judges []detectors.Detector
	for _, service := range []string{id.Service, other.Service} {
		d, err := burn.New(burn.Config{Name: "useful-" + service, Service: service, Signal: id.Signal, Target: .99}, "refusals", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		judges = append(judges, d)
	}
	r, err := watch.NewReplay(watch.Config{Interval: time.Minute}, watch.Parts{
		Signals:   []watch.Watched{{Signal: detectors.Signal{Name: id.Signal, Shape: detectors.Ratio}, Series: []detectors.SeriesID{id, other}}},
		Detectors: judges,
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	blind := 0
	var last detectors.Finding
	for minute := range 600 {
		at := t0.Add(time.Duration(minute+1) * time.Minute)
		var a watch.Answer
		if minute >= 60 && minute < 500 { // it begins late and falls silent
			a.Readings = []watch.Reading{{Series: id, At: at, Bad: 0, Total: 100}}
		}
		if err := r.Put(watch.Query{Signal: id.Signal, From: at.Add(-time.Minute), To: at, Step: time.Minute}, a); err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Judge(at) {
			switch {
			case f.Service == other.Service:
				t.Fatalf("it judges what was not recorded: %+v", f)
			case f.Service == watch.Self && f.Verdict == detectors.Firing:
				blind++
				last = f
			}
		}
		if minute < 500 && blind > 0 {
			t.Fatalf("it misses a series before it began, at %s: %s", at, last.Title)
		}
	}
	if blind == 0 {
		t.Error("nobody heard that the series fell silent")
	}
	if diff := cmp.Diff([]detectors.SeriesID{other}, r.Missed()); diff != "" {
		t.Errorf("not recorded (-want +got):\n%s", diff)
	}
}
