package watch_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/watch"
)

var (
	t0 = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	id = detectors.SeriesID{Signal: "refusal_ratio", Service: "support-assistant"}
)

// source answers from a function of time; it notes what it was asked.
type source struct {
	mu    sync.Mutex
	fail  error
	asked []watch.Query
	since time.Time // it knows nothing before
	share func(at time.Time) float64
	// slice is that of a part of the series in a tile, or empty.
	slice func(at time.Time) string
}

func (s *source) Ask(ctx context.Context, q watch.Query) (watch.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, q)
	if s.fail != nil {
		return watch.Answer{}, s.fail
	}
	var a watch.Answer
	for end := q.From.Add(q.Step); !end.After(q.To); end = end.Add(q.Step) {
		if !end.After(s.since) {
			continue
		}
		n := 10 * q.Step.Seconds()
		a.Readings = append(a.Readings, watch.Reading{Series: id, At: end, Bad: n * s.share(end), Total: n})
		if s.slice != nil && s.slice(end) != "" {
			part := id
			part.Slice = s.slice(end)
			a.Readings = append(a.Readings, watch.Reading{Series: part, At: end, Bad: 1, Total: 2})
		}
		a.Samples += 7
	}
	return a, ctx.Err()
}

// behind is a source whose clock is late.
type behind struct {
	source
	by time.Duration
}

func (s *behind) Ahead() time.Duration { return -s.by }

func TestWhatTheSourceHasNotSeenYetIsAskedForLater(t *testing.T) {
	s := &behind{source: source{share: func(time.Time) float64 { return 0 }}, by: 3 * time.Minute}
	w, err := watch.New(watch.Config{Now: func() time.Time { return t0 }}, watch.Parts{
		Source: s, Sink: &sink{}, Registry: prometheus.NewRegistry(),
		Signals: []watch.Watched{{Signal: detectors.Signal{Name: id.Signal, Shape: detectors.Ratio}, Series: []detectors.SeriesID{id}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, q := range s.take() {
		if q.To.After(t0.Add(-s.by)) {
			t.Errorf("it was asked for tiles up to %s, its clock says %s", q.To, t0.Add(-s.by))
		}
	}
	if got := w.Status(); !got.Ticked.Equal(t0.Add(-s.by)) || got.Behind != s.by {
		t.Errorf("%+v", got)
	}
}

// take forgets and returns what was asked.
func (s *source) take() []watch.Query {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.asked
	s.asked = nil
	return out
}

func (s *source) set(fail error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

// sink keeps what it heard.
type sink struct {
	mu    sync.Mutex
	fail  error
	heard []detectors.Finding
}

func (s *sink) Observe(_ context.Context, found []detectors.Finding) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.heard = append(s.heard, found...)
	return nil
}

// take forgets what was heard and says it as "rule verdict severity".
func (s *sink) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, f := range s.heard {
		out = append(out, strings.TrimSpace(strings.Join([]string{f.Detector, f.Rule, string(f.Verdict), string(f.Severity), string(f.Blind)}, " ")))
	}
	s.heard = nil
	return out
}

// tiles keep chunks as a store would.
type tiles struct {
	mu     sync.Mutex
	fail   error
	chunks map[string]detectors.Chunk
}

func (k *tiles) SaveChunks(_ context.Context, chunks []detectors.Chunk) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		return k.fail
	}
	if k.chunks == nil {
		k.chunks = map[string]detectors.Chunk{}
	}
	for _, c := range chunks {
		k.chunks[fmt.Sprintf("%s %v", c.Start.Format(time.RFC3339), c.Series)] = c
	}
	return nil
}

func (k *tiles) LoadChunks(_ context.Context, since time.Time, each func(detectors.Chunk) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(k.chunks)) {
		if c := k.chunks[key]; !c.Start.Before(since) {
			if err := each(c); err != nil {
				return err
			}
		}
	}
	return k.fail
}

// bench is a Watch with everything around it and a clock that stands still until it is moved.
type bench struct {
	*watch.Watch
	now    time.Time
	source *source
	sink   *sink
	tiles  *tiles
	reg    *prometheus.Registry
}

func newBench(t testing.TB, kept *tiles, change ...func(*watch.Config)) *bench {
	t.Helper()
	b := &bench{now: t0, source: &source{share: func(time.Time) float64 { return 0 }}, sink: &sink{}, tiles: kept, reg: prometheus.NewRegistry()}
	d, err := burn.New(burn.Config{Name: "useful-answers", Service: id.Service, Signal: id.Signal, Target: .999}, "refusal ratio", 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c := watch.Config{Now: func() time.Time { return b.now }}
	for _, f := range change {
		f(&c)
	}
	parts := watch.Parts{
		Source: b.source, Sink: b.sink, Registry: b.reg, Detectors: []detectors.Detector{d},
		Signals: []watch.Watched{{Signal: detectors.Signal{Name: id.Signal, Shape: detectors.Ratio}, Series: []detectors.SeriesID{id}}},
	}
	if kept != nil {
		parts.Tiles = kept
	}
	if b.Watch, err = watch.New(c, parts); err != nil {
		t.Fatal(err)
	}
	return b
}

// tick moves the clock and ticks.
func (b *bench) tick(t testing.TB, after time.Duration) {
	t.Helper()
	b.now = b.now.Add(after)
	if err := b.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// catchUp ticks until nothing is missing.
func (b *bench) catchUp(t testing.TB) {
	t.Helper()
	for range 10 {
		b.tick(t, 15*time.Second)
		if b.Status().CaughtUp {
			b.sink.take()
			b.source.take()
			return
		}
	}
	t.Fatal("the past is not known after ten ticks")
}

func TestAsksOnceAnInterval(t *testing.T) {
	b := newBench(t, nil)
	b.catchUp(t)
	b.tick(t, 15*time.Second)
	asked := b.source.take()
	if len(asked) != 1 {
		t.Fatalf("it asked %d times: %+v", len(asked), asked)
	}
	// The tile before is asked for again, since its samples may have come late.
	want := watch.Query{Signal: id.Signal, From: b.now.Add(-30 * time.Second), To: b.now, Step: 15 * time.Second}
	if diff := cmp.Diff(want, asked[0]); diff != "" {
		t.Error(diff)
	}
}

func TestTheNewestIsAskedFirstAndThePastInPieces(t *testing.T) {
	b := newBench(t, nil)
	b.tick(t, 0)
	asked := b.source.take()
	if first := asked[0]; !first.To.Equal(t0) || first.To.Sub(first.From) != 5*time.Minute {
		t.Errorf("the first question is %+v", first)
	}
	if len(asked) > 9 {
		t.Errorf("the first tick asks %d times", len(asked))
	}
	for i, q := range asked[1:] {
		if q.To.After(asked[i].From) || q.To.Sub(q.From)/q.Step > 240 {
			t.Errorf("question %d is %+v after %+v", i+1, q, asked[i])
		}
	}
	b.catchUp(t)
}

func TestHandsOnWhatChanged(t *testing.T) {
	b := newBench(t, nil)
	b.catchUp(t)
	outage := b.now
	b.source.share = func(at time.Time) float64 {
		if at.After(outage) && !at.After(outage.Add(10*time.Minute)) {
			return 1
		}
		return 0
	}
	var story []string
	for range 100 {
		b.tick(t, 15*time.Second)
		for _, heard := range b.sink.take() {
			if strings.Contains(heard, " 1h ") {
				story = append(story, fmt.Sprintf("%s %s", b.now.Sub(outage), heard))
			}
		}
	}
	if len(story) < 8 || story[0] != "1m0s burn 1h firing page" {
		t.Fatalf("%s", strings.Join(story, "\n"))
	}
	last := story[len(story)-1]
	if !strings.HasSuffix(last, "quiet") {
		t.Errorf("the last word is %q", last)
	}
	if n := len(story); n > 40 {
		t.Errorf("in 25 minutes it handed on %d times:\n%s", n, strings.Join(story, "\n"))
	}
}

func TestAQuietFindingIsToldOnce(t *testing.T) {
	b := newBench(t, nil)
	b.tick(t, 0)
	b.tick(t, 15*time.Second)
	b.sink.take()
	for range 10 {
		b.tick(t, 15*time.Second)
		if heard := b.sink.take(); len(heard) > 0 {
			t.Fatalf("it told again: %v", heard)
		}
	}
}

func TestWhatTheSinkRefusedComesAgain(t *testing.T) {
	b := newBench(t, nil)
	b.sink.fail = errors.New("disk full")
	if err := b.Tick(t.Context()); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Fatalf("the tick says %v", err)
	}
	b.sink.fail = nil
	b.tick(t, 15*time.Second)
	if heard := b.sink.take(); len(heard) != 5 {
		t.Errorf("it told %v", heard)
	}
}

func TestBlindnessIsTold(t *testing.T) {
	for _, test := range []struct {
		name string
		fail error
		want detectors.Blindness
	}{
		{"the source is down", errors.New("connection refused"), detectors.Unreachable},
		{"the source is slow", context.DeadlineExceeded, detectors.Timeout},
		{"half an answer", &watch.Sightless{Reason: detectors.Partial, Err: errors.New("store gateway missing")}, detectors.Partial},
		{"too expensive", &watch.Sightless{Reason: detectors.TooExpensive, Err: errors.New("too many samples")}, detectors.TooExpensive},
		{"nonsense", fmt.Errorf("ask: %w", &watch.Sightless{Reason: detectors.Garbage, Err: errors.New("not JSON")}), detectors.Garbage},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, nil)
			b.catchUp(t)
			b.source.set(test.fail)
			b.tick(t, 15*time.Second)
			want := []string{}
			for _, rule := range []string{"1h", "6h", "1d", "3d"} {
				want = append(want, fmt.Sprintf("burn %s blind  %s", rule, test.want))
			}
			if diff := cmp.Diff(want, b.sink.take()); diff != "" {
				t.Errorf("after one interval: %s", diff)
			}
			b.tick(t, 15*time.Second)
			if diff := cmp.Diff([]string{"absent  firing page"}, b.sink.take()); diff != "" {
				t.Errorf("after two intervals: %s", diff)
			}
			if got := b.Status().Blind[id.Signal]; got != test.want {
				t.Errorf("the status says %q", got)
			}
			b.source.set(nil)
			b.tick(t, 15*time.Second)
			heard := b.sink.take()
			if !slices.Contains(heard, "absent  quiet") || !slices.Contains(heard, "burn 1h quiet") {
				t.Errorf("sight is back: %v", heard)
			}
		})
	}
}

func TestAServiceThatIsNotThereIsBlindWithNoData(t *testing.T) {
	b := newBench(t, nil)
	b.source.since = t0.Add(24 * time.Hour)
	b.catchUp(t)
	for range 3 {
		b.tick(t, 15*time.Second)
	}
	for _, f := range b.Findings() {
		if f.Detector == "burn" && (f.Verdict != detectors.Blind || f.Blind != detectors.NoData) {
			t.Errorf("%s is %s (%s)", f.Key, f.Verdict, f.Blind)
		}
		if f.Detector == watch.Absent && (f.Verdict != detectors.Firing || !strings.Contains(f.Title, "no such series")) {
			t.Errorf("%+v", f)
		}
	}
}

func TestAnOutageOfTheSourceIsFilledAfterwards(t *testing.T) {
	b := newBench(t, nil)
	b.catchUp(t)
	b.source.share = func(time.Time) float64 { return .25 }
	b.source.set(errors.New("down"))
	for range 8 * 4 {
		b.tick(t, 15*time.Second)
	}
	b.source.set(nil)
	b.tick(t, 15*time.Second)
	if s := b.Windows().Sum(id, b.now, 8*time.Minute); s.Blind != "" || s.Covered != 8*time.Minute || s.Ratio() != .25 {
		t.Errorf("%+v", s)
	}
}

func TestARestartReadsOnlyWhatIsMissing(t *testing.T) {
	kept := &tiles{}
	b := newBench(t, kept)
	b.source.share = func(at time.Time) float64 { return float64(at.Minute()) / 6000 }
	b.catchUp(t)
	for range 8 {
		b.tick(t, 15*time.Second)
	}
	saved := b.now
	again := newBench(t, kept)
	again.source.share = b.source.share
	again.now = saved.Add(2 * time.Minute)
	again.tick(t, 0)
	again.tick(t, 15*time.Second)
	asked := again.source.take()
	missing := time.Duration(0)
	for _, q := range asked {
		missing += q.To.Sub(q.From)
	}
	if !again.Status().CaughtUp || missing > 6*time.Minute || len(asked) > 3 {
		t.Errorf("after a restart it asked for %s in %d questions: %+v", missing, len(asked), asked)
	}
	for range 9 {
		b.tick(t, 15*time.Second)
	}
	for _, span := range []time.Duration{5 * time.Minute, time.Hour, 6 * time.Hour, 72 * time.Hour, 30 * 24 * time.Hour} {
		near := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-6*max(a, 1) && b-a < 1e-6*max(a, 1) })
		if diff := cmp.Diff(b.Windows().Sum(id, b.now, span), again.Windows().Sum(id, b.now, span), near); diff != "" {
			t.Errorf("over %s: %s", span, diff)
		}
	}
}

func TestAFailedSaveIsRepeatedAndToldOnce(t *testing.T) {
	kept := &tiles{}
	b := newBench(t, kept)
	b.tick(t, 0)
	kept.fail = errors.New("read-only")
	b.now = b.now.Add(time.Minute)
	if err := b.Tick(t.Context()); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Fatalf("the tick says %v", err)
	}
	kept.fail = nil
	b.tick(t, time.Minute)
	if len(kept.chunks) < 2 {
		t.Errorf("%d stretches were saved", len(kept.chunks))
	}
}

func TestExpensivePiecesAreHalved(t *testing.T) {
	b := newBench(t, nil)
	b.tick(t, 0)
	b.source.take()
	longest := func() (n int64) {
		for _, q := range b.source.take() {
			if tiles := int64(q.To.Sub(q.From) / q.Step); q.To.Before(b.now) {
				n = max(n, tiles)
			}
		}
		return n
	}
	limited := &limit{source: b.source, most: 100}
	b2, err := watch.New(watch.Config{Now: func() time.Time { return b.now }}, watch.Parts{
		Source: limited, Sink: b.sink,
		Signals: []watch.Watched{{Signal: detectors.Signal{Name: id.Signal, Shape: detectors.Ratio}, Series: []detectors.SeriesID{id}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		b.now = b.now.Add(15 * time.Second)
		if err := b2.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if !b2.Status().CaughtUp || longest() > 100 {
		t.Errorf("caught up: %v", b2.Status().CaughtUp)
	}
}

// limit refuses long questions as a server with limits does.
type limit struct {
	*source
	most int64
}

func (l *limit) Ask(ctx context.Context, q watch.Query) (watch.Answer, error) {
	if int64(q.To.Sub(q.From)/q.Step) > l.most {
		return watch.Answer{}, &watch.Sightless{Reason: detectors.TooExpensive, Err: errors.New("too many samples")}
	}
	return l.source.Ask(ctx, q)
}

func TestRunTicksOnTheMarksAndSavesAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &tiles{}
		var at []time.Time
		b := newBench(t, kept, func(c *watch.Config) {
			c.Now = time.Now
			c.SaveEvery = time.Hour
		})
		b.source.share = func(time.Time) float64 { return 0 }
		ctx, cancel := context.WithTimeout(t.Context(), 61*time.Second)
		defer cancel()
		if err := b.Run(ctx); err != nil {
			t.Fatal(err)
		}
		for _, q := range b.source.take() {
			if q.To.After(time.Now().Add(-62*time.Second)) && (len(at) == 0 || q.To.After(at[len(at)-1])) {
				at = append(at, q.To)
			}
		}
		if len(at) != 5 {
			t.Errorf("in a minute it ticked for %v", at)
		}
		if len(kept.chunks) == 0 {
			t.Error("nothing was saved at the end")
		}
	})
}

func TestMetricsBeginAtZero(t *testing.T) {
	b := newBench(t, nil)
	if n, err := testutil.GatherAndCount(b.reg, "firebreak_watch_queries_total"); err != nil || n != 9 {
		t.Errorf("%d outcomes of queries (%v)", n, err)
	}
	b.tick(t, 0)
	if problems, err := testutil.GatherAndLint(b.reg); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	r := diag.New()
	watch.Config{}.Check(r)
	if r.Len() > 0 {
		t.Errorf("the defaults are refused: %+v", r.Faults())
	}
	watch.Config{Interval: 7 * time.Second, History: time.Second, Timeout: time.Hour, Parallel: -1, CatchUp: -1}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path)
	}
	if diff := cmp.Diff([]string{"interval", "history", "timeout", "parallel", "catch_up"}, got); diff != "" {
		t.Error(diff)
	}
}
