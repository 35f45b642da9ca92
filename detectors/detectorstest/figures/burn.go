package figures

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// The traces: four days of the past, and eight hours that are judged every minute, scraped every 15 seconds.
const (
	scrape   = 15 * time.Second
	evaluate = time.Minute
	past     = 4 * 24 * time.Hour
	judged   = 8 * time.Hour
	// stale is how long the metrics store answers with the last sample of a series that is not scraped any more.
	stale = 5 * time.Minute
)

var traced = detectors.SeriesID{Signal: "errors", Service: "assistant"}

// Sort is what is special about a trace.
type Sort string

// The sorts of traces; all have an episode of errors but the steady ones.
const (
	Steady  Sort = "steady"
	Bursty  Sort = "bursty"
	Outages Sort = "outages"
	Resets  Sort = "resets"
	Gaps    Sort = "gaps"
)

// Sorts lists all.
func Sorts() []Sort { return []Sort{Steady, Bursty, Outages, Resets, Gaps} }

// trace is a seeded course of traffic.
type trace struct {
	sort             Sort
	random           *rand.Rand
	rate             float64 // events a scrape by day
	night            float64 // share of it by night
	healthy          float64
	from             time.Time
	episodes         []episode
	bad, total       float64 // counters
	resetAt, gapFrom time.Time
	gapTo            time.Time
}

type episode struct {
	from, to time.Time
	share    float64
}

func newTrace(sort Sort, seed uint64) *trace {
	r := rand.New(rand.NewPCG(seed, uint64(len(sort))))
	t := &trace{sort: sort, random: r, rate: math.Exp(5 * r.Float64()), night: 1, healthy: .001 * r.Float64()}
	t.from = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(24*60)) * time.Minute)
	begin := t.from.Add(past)
	some := func(most int) time.Duration { return time.Duration(r.IntN(most)) * time.Second }
	n := 1
	switch sort {
	case Steady:
		n = r.IntN(2)
	case Bursty:
		t.night = .01
	case Outages:
		n = 1 + r.IntN(3)
	default:
	}
	for range n {
		e := episode{from: begin.Add(some(6 * 3600)), share: math.Exp(-5 * r.Float64())}
		e.to = e.from.Add(time.Duration(math.Exp(r.Float64()*6)) * time.Minute)
		if sort == Outages {
			e.share = 1
		}
		t.episodes = append(t.episodes, e)
	}
	if len(t.episodes) > 0 {
		t.resetAt = t.episodes[0].from.Add(some(3600))
		t.gapFrom = t.episodes[0].from.Add(some(3600) - 30*time.Minute)
		t.gapTo = t.gapFrom.Add(time.Duration(15+r.IntN(900)) * time.Second)
	}
	return t
}

// counted draws what happens in the scrape interval that ends at a time.
func (t *trace) counted(end time.Time) (bad, total float64) {
	rate := t.rate
	if h := end.Hour(); h < 7 || h > 21 {
		rate *= t.night
	}
	if t.sort == Bursty && t.random.IntN(200) == 0 {
		rate *= 20
	}
	total = max(0, math.Floor(rate+math.Sqrt(rate)*t.random.NormFloat64()+t.random.Float64()))
	share := t.healthy
	for _, e := range t.episodes {
		if end.After(e.from) && !end.After(e.to) {
			share = max(share, e.share)
		}
	}
	for range int(min(total, 200)) {
		if t.random.Float64() < share {
			bad += max(1, total/200)
		}
	}
	return min(math.Floor(bad), total), total
}

// sample is what the metrics store answers at a scrape: two counters, or nothing.
type sample struct {
	bad, total float64
	there      bool
}

// next counts on and scrapes. Counters begin anew after a reset; within a gap nothing is scraped, and after five minutes of it the
// metrics store knows the series no more.
func (t *trace) next(end time.Time, last sample) (now sample, scraped bool) {
	bad, total := t.counted(end)
	if t.sort == Resets && end.Sub(t.resetAt) >= 0 && end.Sub(t.resetAt) < scrape {
		t.bad, t.total = 0, 0
	}
	t.bad, t.total = t.bad+bad, t.total+total
	if t.sort == Gaps && end.After(t.gapFrom) && !end.After(t.gapTo) {
		return sample{last.bad, last.total, end.Sub(t.gapFrom) <= stale}, false
	}
	return sample{t.bad, t.total, true}, true
}

// increase is what a counter says between two samples: all that it has where it went down.
func increase(before, now float64) float64 {
	if now < before {
		return now
	}
	return now - before
}

// TraceOutcome is how decisions over kept tiles compare with those over exact windows.
type TraceOutcome struct {
	Traces, Judged int
	// Changes are those of a rule's verdict over exact windows; Same are those that tiles made within one evaluation.
	Changes, Same int
	// Extra are pages over tiles alone.
	Extra int
	// Equal are traces without any difference, even of one evaluation.
	Equal int
}

func (o *TraceOutcome) add(other TraceOutcome) {
	o.Traces, o.Judged, o.Changes = o.Traces+other.Traces, o.Judged+other.Judged, o.Changes+other.Changes
	o.Same, o.Extra, o.Equal = o.Same+other.Same, o.Extra+other.Extra, o.Equal+other.Equal
}

// Share of the changes that tiles made in the same minute, give or take one evaluation.
func (o TraceOutcome) Share() float64 {
	if o.Changes == 0 {
		return 1
	}
	return float64(o.Same) / float64(o.Changes)
}

// Trace lets the detector judge one trace side by side: over the tiles of a store that folds them with age, and over exact windows of
// everything that was scraped.
func Trace(sort Sort, seed uint64) (TraceOutcome, error) {
	t := newTrace(sort, seed)
	d, err := burn.New(burn.Config{Name: "traced", Service: traced.Service, Signal: traced.Signal, Target: .999}, "errors", scrape)
	if err != nil {
		return TraceOutcome{}, err
	}
	store, err := window.New(window.Config{Base: scrape}, []detectors.Signal{{Name: traced.Signal, Shape: detectors.Ratio}})
	if err != nil {
		return TraceOutcome{}, err
	}
	truth := &exact{id: traced, from: t.from, step: scrape}
	var here, exactly timeline
	var last, scraped sample
	begin := t.from.Add(past)
	for end := t.from.Add(scrape); !end.After(begin.Add(judged)); end = end.Add(scrape) {
		now, fresh := t.next(end, last)
		tile := window.Tile{End: end, Width: scrape, State: window.Empty}
		switch {
		case now.there && last.there:
			tile = window.Tile{End: end, Width: scrape, Bad: increase(last.bad, now.bad), Total: increase(last.total, now.total)}
		case now.there: // it appears: what it had before it went away is looked up
			tile = window.Tile{End: end, Width: scrape, Bad: increase(scraped.bad, now.bad), Total: increase(scraped.total, now.total)}
		}
		if err := store.Put(traced, tile); err != nil {
			return TraceOutcome{}, err
		}
		if fresh {
			truth.add(increase(scraped.bad, now.bad), increase(scraped.total, now.total))
			scraped = now
		} else {
			truth.add(0, 0)
		}
		last = now
		if end.After(begin) && end.Sub(begin)%evaluate == 0 {
			exactly.add(d.Judge(end, sums{truth}))
			here.add(d.Judge(end, sums{store}))
		}
	}
	return compare(exactly, here), nil
}

// sums are windows without points: when it began is not asked here, and to find it takes most of the time.
type sums struct{ detectors.Windows }

func (sums) Points(detectors.SeriesID, time.Time, time.Time, time.Duration) []detectors.Point {
	return nil
}

// timeline are the verdicts of each rule at each evaluation; what is blind is as it was, for nothing recovers unseen.
type timeline struct{ rules [][]detectors.Severity }

func (t *timeline) add(found []detectors.Finding) {
	if t.rules == nil {
		t.rules = make([][]detectors.Severity, len(found))
	}
	for i, f := range found {
		said := f.Severity
		if n := len(t.rules[i]); f.Verdict == detectors.Blind && n > 0 {
			said = t.rules[i][n-1]
		}
		t.rules[i] = append(t.rules[i], said)
	}
}

func compare(exactly, here timeline) TraceOutcome {
	out := TraceOutcome{Traces: 1, Equal: 1}
	for r, want := range exactly.rules {
		got := here.rules[r]
		out.Judged = len(want)
		changed := func(t []detectors.Severity, i int) bool {
			return i >= 0 && i < len(t) && (i == 0 && t[i] != "" || i > 0 && t[i] != t[i-1])
		}
		near := func(t []detectors.Severity, i int, to detectors.Severity) bool {
			for j := i - 1; j <= i+1; j++ {
				if changed(t, j) && t[j] == to {
					return true
				}
			}
			return false
		}
		for i := range want {
			if want[i] != got[i] {
				out.Equal = 0
			}
			if changed(want, i) {
				out.Changes++
				if near(got, i, want[i]) || i+1 == len(want) {
					out.Same++
				}
			}
			if changed(got, i) && got[i] == detectors.Page && !near(want, i, detectors.Page) {
				out.Extra++
			}
		}
	}
	return out
}

// Traces lets the detector judge many traces, in equal parts of each sort.
func Traces(count int) (TraceOutcome, error) {
	var out TraceOutcome
	var mu sync.Mutex
	var failed error
	parallel(count, func(i int) {
		sorts := Sorts()
		one, err := Trace(sorts[i%len(sorts)], uint64(i))
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failed = err
		}
		out.add(one)
	})
	return out, failed
}

// parallel does things on all processors.
func parallel(count int, do func(i int)) {
	next := make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	wait.Wait()
}

// PeriodError is how far the error ratio of 30 days is off, as a share of the true one, where there is a hundred times more traffic by
// day than by night and most errors are by night: over kept tiles, and as the mean of five-minute ratios that recording rules take.
func PeriodError(seed uint64, late time.Duration) (ours, rules float64, err error) {
	const day = 24 * time.Hour
	store, err := window.New(window.Config{Base: time.Minute}, nil)
	if err != nil {
		return 0, 0, err
	}
	random := rand.New(rand.NewPCG(seed, 4))
	to := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	var bad, total, badSlice, totalSlice, ratios, slices float64
	asked := to.Add(-late)
	for end := to.Add(-34*day + time.Minute); !end.After(to); end = end.Add(time.Minute) {
		n, share := 10+float64(random.IntN(5)), .02
		if h := end.Hour(); h >= 8 && h < 20 {
			n, share = 1000+float64(random.IntN(500)), .0005
		}
		b := math.Round(n * share * (1 + random.Float64()))
		if err := store.Put(traced, window.Tile{End: end, Width: time.Minute, Bad: b, Total: n}); err != nil {
			return 0, 0, err
		}
		if end.After(asked) || !end.After(asked.Add(-30*day)) {
			continue
		}
		bad, total = bad+b, total+n
		badSlice, totalSlice = badSlice+b, totalSlice+n
		if end.Minute()%5 == 0 && totalSlice > 0 {
			ratios, slices = ratios+badSlice/totalSlice, slices+1
			badSlice, totalSlice = 0, 0
		}
	}
	truth := bad / total
	return math.Abs(store.Sum(traced, asked, 30*day).Ratio()-truth) / truth, math.Abs(ratios/slices-truth) / truth, nil
}

// LowTraffic tells whether one error in ten requests pages anybody, and how long a service takes to be ticketed of whose 37 requests a
// day 90 % fail.
func LowTraffic() (paged bool, ticketed time.Duration, err error) {
	const day = 24 * time.Hour
	d, err := burn.New(burn.Config{Name: "traced", Service: traced.Service, Signal: traced.Signal, Target: .999}, "errors", time.Minute)
	if err != nil {
		return false, 0, err
	}
	says := func(w *exact, now time.Time, severity detectors.Severity) bool {
		for _, f := range d.Judge(now, w) {
			if f.Severity == severity {
				return true
			}
		}
		return false
	}
	from := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	few := &exact{id: traced, from: from, step: time.Minute}
	for m := time.Minute; m <= 4*day; m += time.Minute {
		total, bad := 0., 0.
		if last := 4*day - m; last < 10*time.Minute {
			total = 1
			if last == 3*time.Minute {
				bad = 1
			}
		}
		few.add(bad, total)
		paged = paged || m > 4*day-time.Hour && says(few, from.Add(m), detectors.Page)
	}
	failing := &exact{id: traced, from: from, step: time.Minute}
	between, n := day/37, 0
	for m := time.Minute; m <= 8*day; m += time.Minute {
		total, bad := 0., 0.
		if m/between != (m-time.Minute)/between {
			total = 1
			if n++; m > 4*day && n%10 != 0 {
				bad = 1
			}
		}
		failing.add(bad, total)
		if m > 4*day && says(failing, from.Add(m), detectors.Ticket) {
			return paged, m - 4*day, nil
		}
	}
	return paged, math.MaxInt64, nil
}

func burnFigures(traces int) ([]Figure, error) {
	o, err := Traces(traces)
	if err != nil {
		return nil, err
	}
	worst, rules := 0., 0.
	for seed := range uint64(8) {
		for _, late := range []time.Duration{0, 17 * time.Minute, 43 * time.Minute} {
			ours, usual, err := PeriodError(seed, late)
			if err != nil {
				return nil, err
			}
			worst, rules = max(worst, ours), max(rules, usual)
		}
	}
	paged, ticketed, err := LowTraffic()
	if err != nil {
		return nil, err
	}
	pages := 0.
	if paged {
		pages = 1
	}
	detail := fmt.Sprintf("%d traces, %d changes of verdict, %d traces equal at every evaluation", o.Traces, o.Changes, o.Equal)
	return label("burn", "", []Figure{
		{What: "decisions as of exact windows, within one evaluation", Unit: "%", Got: 100 * o.Share(), Bar: atLeast(99), Better: atLeast(100), Detail: detail},
		{What: "pages that exact windows do not have", Unit: "pages", Got: float64(o.Extra), Bar: atMost(0), Better: atMost(0), Detail: detail},
		{
			What: "error of the period's ratio at bursts of 100:1, worst", Unit: "%", Got: 100 * worst, Bar: atMost(1), Better: atMost(.1),
			Baselines: []Baseline{{"mean of five-minute ratios", 100 * rules, false}},
		},
		{What: "pages for one error in ten requests", Unit: "pages", Got: pages, Bar: atMost(0), Better: atMost(0)},
		{What: "ticket for 90 % failing of 37 requests a day", Unit: "h", Got: ticketed.Hours(), Bar: atMost(24), Better: atMost(24)},
	}), nil
}
