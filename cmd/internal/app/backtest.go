package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/backtest"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors/watch"
)

// BacktestOptions say which past is looked at, and by what.
type BacktestOptions struct {
	// Series is a folder of recorded series; empty means the configured Prometheus.
	Series string
	// Since is how much of the past before Until is judged. Zero means all of a recording, and 30 days of a Prometheus.
	Since time.Duration
	// Until is where the past ends; zero means where the recording does, or now.
	Until time.Time
	// Step is how often is judged. Zero means a minute.
	Step time.Duration
	// Known are the incidents that people confirmed; nil when none were given.
	Known []backtest.Known
	// Changes is a file of changes that takes the place of the ledger.
	Changes string
	// Server is a running Firebreak whose ledger is read; nil means the configured store.
	Server *Client
	// Charts is a folder for a chart of each incident; empty means none.
	Charts string
	// Progress hears of the share that is done; nil when nobody wants to.
	Progress func(what string, done float64)
	// Now is the present; nil means the machine's.
	Now func() time.Time
}

// BacktestResult is what a backtest found.
type BacktestResult = backtest.Result

const (
	backtestStep  = time.Minute
	backtestSince = 30 * 24 * time.Hour
	// backtestMost bounds how many times is judged: 400 days by the minute.
	backtestMost = 400 * 24 * 60
)

// Backtest replays a past through the product's own detectors, grouping and ranking, and tells what would have been.
func Backtest(ctx context.Context, c Config, o BacktestOptions) (BacktestResult, error) {
	if o.Progress == nil {
		o.Progress = func(string, float64) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c.Watch.Interval = cmp.Or(o.Step, backtestStep)
	if err := checkStep(c.Watch); err != nil {
		return BacktestResult{}, err
	}
	p, err := c.past(ctx, o)
	if err != nil {
		return BacktestResult{}, err
	}
	defer p.close()
	b, err := newBacktesting(ctx, c, o, p)
	if err != nil {
		return BacktestResult{}, err
	}
	if err := b.run(ctx); err != nil {
		return BacktestResult{}, err
	}
	return b.result(), nil
}

func checkStep(c watch.Config) error {
	report := diag.New()
	c.Check(report)
	for _, f := range report.Faults() {
		if f.Path == "interval" {
			return fmt.Errorf("--step: %s; one of %s", f.Message, strings.Join(f.Allowed, ", "))
		}
	}
	return nil
}

// backtesting is a replay under way.
type backtesting struct {
	config  Config
	options BacktestOptions
	past    *past
	// from and to bound what is judged: the steps that end in (from, to].
	from, to time.Time
	step     time.Duration
	now      time.Time

	replay *watch.Replay
	judges int
	kept   *remembered
	engine *engine.Engine
	charts map[string]string
	notes  []string
	// noted are the remarks about answers, unnoted how many more there were.
	noted   map[string]bool
	unnoted int
}

func newBacktesting(ctx context.Context, c Config, o BacktestOptions, p *past) (*backtesting, error) {
	b := &backtesting{config: c, options: o, past: p, step: c.Watch.Interval, charts: map[string]string{}, notes: p.notes, noted: map[string]bool{}}
	if err := b.bound(); err != nil {
		return nil, err
	}
	judges, err := c.detectors(p.watched)
	if err != nil {
		return nil, err
	}
	if len(judges) == 0 {
		return nil, errors.New("the configuration has neither objectives nor detectors: there is nothing to judge")
	}
	b.judges = len(judges)
	b.replay, err = watch.NewReplay(c.Watch, watch.Parts{Signals: p.watched, Detectors: judges}, p.recorded)
	if err != nil {
		return nil, err
	}
	rules, err := newRules(c)
	if err != nil {
		return nil, err
	}
	settings := (&App{config: c, watched: p.watched}).settings()
	from := b.from.Add(-settings.Horizon - 24*time.Hour)
	changes, notes, err := c.backtestChanges(ctx, o, rules, from, b.to)
	if err != nil {
		return nil, err
	}
	b.notes = append(b.notes, notes...)
	b.kept = newRemembered(changes, func() time.Time { return b.now })
	b.engine = engine.New(engine.Parts{
		Timeline: b.kept, Findings: unkept{}, Ledger: ledgerThen{then: b.kept}, Approvals: noApprovals{}, Memory: unkept{},
		Playbooks: unkept{}, Announcer: unkept{}, Calendar: rules, Classifier: rules, Ranker: rules, Windows: b.replay.Windows(),
		Now: func() time.Time { return b.now }, Logger: discard(), Tracer: noop.NewTracerProvider().Tracer(""),
		Registry: prometheus.NewRegistry(),
	}, settings)
	if o.Charts != "" {
		if err := os.MkdirAll(o.Charts, 0o750); err != nil {
			return nil, fmt.Errorf("--charts: %w", err)
		}
	}
	return b, nil
}

// bound finds what is judged.
func (b *backtesting) bound() error {
	o, p := b.options, b.past
	b.to = cmp.Or(o.Until, p.last)
	if b.to.IsZero() {
		b.to = o.Now()
	}
	if !p.recorded && b.to.After(o.Now()) {
		return fmt.Errorf("--until %s has not been yet", b.to.UTC().Format(time.RFC3339))
	}
	b.to = b.to.UTC().Truncate(b.step)
	if p.recorded && o.Until.IsZero() && b.to.Before(p.last) {
		b.to = b.to.Add(b.step) // the last sample is judged too
	}
	switch {
	case o.Since > 0:
		b.from = b.to.Add(-o.Since)
	case p.recorded:
		b.from = p.first.Add(-time.Nanosecond)
	default:
		b.from = b.to.Add(-backtestSince)
	}
	b.from = b.from.UTC().Truncate(b.step)
	if p.recorded && (!b.from.Before(p.last) || !b.to.After(p.first)) {
		return fmt.Errorf("the recording is of %s to %s, and nothing of that is between %s and %s; --since and --until say what is judged",
			clockOf(p.first), clockOf(p.last), clockOf(b.from), clockOf(b.to))
	}
	if p.recorded && b.from.Before(p.first.Truncate(b.step)) {
		b.from = p.first.Add(-time.Nanosecond).UTC().Truncate(b.step)
	}
	if steps := b.to.Sub(b.from) / b.step; steps > backtestMost {
		return fmt.Errorf("%s at every %s are %d steps; at most %d are replayed: choose a shorter --since or a longer --step",
			b.to.Sub(b.from), b.step, steps, backtestMost)
	}
	return nil
}

func clockOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }

// run fills the windows up to the beginning, and goes on step by step.
func (b *backtesting) run(ctx context.Context) error {
	if err := b.catchUp(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	blocks, failed := b.blocks(ctx)
	for block := range blocks {
		if err := b.walk(ctx, block); err != nil {
			return err
		}
	}
	if err := <-failed; err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return b.draw(ctx, func(bot.Incident) bool { return true })
}

// walk goes through a block tile by tile.
func (b *backtesting) walk(ctx context.Context, k *block) error {
	base := b.replay.Base()
	for _, s := range k.signals {
		b.remarks(s.parts)
	}
	for at := k.from.Add(base); !at.After(k.to); at = at.Add(base) {
		if err := k.put(b.replay, at, base); err != nil {
			return err
		}
		if at.Sub(b.from)%b.step != 0 {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := b.judge(ctx, at); err != nil {
			return err
		}
	}
	b.replay.Forget(k.to)
	return nil
}

// judge does what one tick of the product does: judge, place, and let time pass.
func (b *backtesting) judge(ctx context.Context, at time.Time) error {
	b.now = at
	if changed := b.replay.Judge(at); len(changed) > 0 {
		if err := b.engine.Observe(ctx, changed); err != nil {
			return err
		}
	}
	if b.kept.unresolved > 0 {
		if err := b.engine.Tick(ctx, at); err != nil {
			return err
		}
		if err := b.draw(ctx, func(in bot.Incident) bool { return in.State == bot.Resolved }); err != nil {
			return err
		}
	}
	if at.Sub(b.from)/b.step%64 == 0 {
		b.options.Progress("replaying", at.Sub(b.from).Seconds()/b.to.Sub(b.from).Seconds())
	}
	return nil
}

// draw writes the charts of incidents that have none yet. An incident is drawn when it is resolved, while its windows are fine.
func (b *backtesting) draw(ctx context.Context, ready func(bot.Incident) bool) error {
	if b.options.Charts == "" {
		return nil
	}
	for _, id := range b.kept.order {
		in := b.kept.incidents[id]
		if _, drawn := b.charts[id]; drawn || !ready(in) {
			continue
		}
		b.charts[id] = ""
		card, err := b.engine.Card(ctx, id)
		if err != nil {
			return err
		}
		if len(card.Chart) == 0 {
			continue
		}
		file := filepath.Join(b.options.Charts, chartName(in))
		if slices.Contains(chartFiles(b.charts), file) {
			file = filepath.Join(b.options.Charts, id+".png")
		}
		if err := os.WriteFile(file, card.Chart, 0o600); err != nil {
			return fmt.Errorf("--charts: %w", err)
		}
		b.charts[id] = file
	}
	return nil
}

func chartFiles(of map[string]string) []string {
	out := make([]string, 0, len(of))
	for _, file := range of {
		out = append(out, file)
	}
	return out
}

// chartName is when and where: 20261120T1604Z_support-assistant_production.png.
func chartName(in bot.Incident) string {
	parts := []string{in.OpenedAt.UTC().Format("20060102T1504Z"), in.Service}
	if in.Environment != "" {
		parts = append(parts, in.Environment)
	}
	plain := func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return '-'
	}
	return strings.Map(plain, strings.Join(parts, "_")) + ".png"
}

// result tells what was found.
func (b *backtesting) result() BacktestResult {
	r := BacktestResult{
		From: b.from, To: b.to, StepSeconds: b.step.Seconds(), Steps: int(b.to.Sub(b.from) / b.step), Objectives: len(b.config.Objectives),
		Detectors: b.judges, Changes: len(b.kept.changes), Incidents: []backtest.Incident{}, Notes: NotNil(b.notes),
	}
	if b.unnoted > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d more remarks of this kind", b.unnoted))
	}
	known, outside := within(b.options.Known, b.from, b.to)
	r.Notes = slices.Concat(r.Notes, b.past.silent(b.replay), outside)
	for _, id := range b.kept.order {
		in := backtest.Tell(b.kept.incidents[id], b.kept.entries[id], b.to)
		in.Chart = b.charts[id]
		r.Incidents = append(r.Incidents, in)
	}
	slices.SortStableFunc(r.Incidents, func(a, b backtest.Incident) int { return a.OpenedAt.Compare(b.OpenedAt) })
	return backtest.Score(r, known)
}
