package landing

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot/check"
)

// Parts are what a Landing stands on. All are needed.
type Parts struct {
	Config   check.Config
	Memory   Memory
	Audit    Audit
	Forge    Forge
	Policies Policies
	Rules    Rules
	Now      func() time.Time
	Logger   *slog.Logger
	Registry prometheus.Registerer
	// URL leads to more about a service or an incident, empty for nowhere.
	URL string
}

// Landing keeps checks true. Heard and Wake may be called from anywhere; Run is called once at a time.
type Landing struct {
	parts   Parts
	metrics metrics
	pace    pace
	woken   chan struct{}
	// written is when the last write went out, in microseconds.
	written atomic.Int64

	// mu guards what is known.
	mu       sync.Mutex
	loaded   bool
	pulls    map[string]*kept
	waiting  map[string]*protected
	policies map[branch]policy
	// readings counts how often a policy was read.
	readings int
	// evaluated are verdicts of release gates that no check tells of yet.
	evaluated map[string]*evaluated
	// loading is held while what is kept is read, once.
	loading sync.Mutex
	// later are those that could not be read or written, until when they wait. Only Run touches it.
	later map[string]delay
	// judged are the verdicts that were made last. Only Run touches them.
	judged map[string]*verdicts
	teams  map[membership]member
}

// New makes a Landing.
func New(p Parts) *Landing {
	return &Landing{
		parts: p, metrics: newMetrics(p.Registry), woken: make(chan struct{}, 1), pulls: map[string]*kept{}, waiting: map[string]*protected{},
		policies: map[branch]policy{}, evaluated: map[string]*evaluated{}, later: map[string]delay{}, judged: map[string]*verdicts{}, teams: map[membership]member{},
	}
}

// lookEvery is how often everything is judged again when nobody wakes it. Judging asks nobody outside.
const lookEvery = 5 * time.Second

// Run judges and publishes until the context ends.
func (l *Landing) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.woken:
		case <-timer.C:
		}
		timer.Reset(l.guarded(ctx))
	}
}

// guarded is a Step that outlives a fault over what a stranger sent: pages must not end because a pull request is odd.
func (l *Landing) guarded(ctx context.Context) (pause time.Duration) {
	defer func() {
		if r := recover(); r != nil {
			l.metrics.failed.WithLabelValues("panic").Inc()
			l.parts.Logger.ErrorContext(ctx, "judging pull requests panicked; what stands on them stays", "panic", r, "stack", string(debug.Stack()))
			pause = lookEvery
		}
	}()
	return l.Step(ctx)
}

// Step does the most urgent thing that there is to do, if any, and tells when to look again: at once while there may be more.
func (l *Landing) Step(ctx context.Context) time.Duration {
	if err := l.load(ctx); err != nil {
		l.parts.Logger.ErrorContext(ctx, "what is kept of pull requests cannot be read", "error", err)
		return lookEvery
	}
	now := l.parts.Now()
	if l.postponed(now, outage) {
		return min(lookEvery, l.later[outage].until.Sub(now))
	}
	l.command(ctx, now)
	read := l.readNext(ctx, now)
	jobs, err := l.judge(ctx, now)
	if err != nil {
		l.parts.Logger.WarnContext(ctx, "pull requests cannot be judged now; what stands on them stays", "error", err)
		return lookEvery
	}
	if len(jobs) > 0 {
		if pause := l.pace.pause(now); pause > 0 {
			if read {
				return 0
			}
			return min(pause, lookEvery)
		}
		l.do(ctx, now, jobs[0])
		return 0
	}
	if read {
		return 0
	}
	return lookEvery
}

// delay is how long something waits that could not be done.
type delay struct {
	until time.Time
	times int
}

const (
	// longestDelay bounds the time between two attempts.
	longestDelay = 5 * time.Minute
	// mostLater bounds what is known to wait: of commits that nobody looks at any more nobody says that they are over.
	mostLater = 10_000
)

// postpone has something wait after a failure, longer each time, and as long as the forge asks for.
func (l *Landing) postpone(now time.Time, what string, after time.Duration) {
	if len(l.later) >= mostLater {
		clear(l.later) // what fails still is postponed again
	}
	d := l.later[what]
	d.times++
	wait := min(longestDelay, 5*time.Second<<min(d.times-1, 10))
	d.until = now.Add(max(wait, after))
	l.later[what] = d
}

func (l *Landing) postponed(now time.Time, what string) bool { return now.Before(l.later[what].until) }
