package watch

import (
	"cmp"
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Config is the cadence of watching.
type Config struct {
	// Interval is how often signals are asked and judged; it is also the width of the youngest tiles. It must divide a minute
	// or be a whole number of minutes. Zero means 15 s.
	Interval time.Duration `yaml:"interval"`
	// History is how far back missing tiles are asked for. Zero means 30 days; Retention bounds it.
	History time.Duration `yaml:"history"`
	// Retention is how long tiles are kept. Zero means 35 days.
	Retention time.Duration `yaml:"retention"`
	// Settle is how long samples may come late: tiles that ended within it are asked for again with the next tick.
	// Zero means one base tile.
	Settle time.Duration `yaml:"settle"`
	// Timeout bounds each query. Zero means 10 s.
	Timeout time.Duration `yaml:"timeout"`
	// Refresh is how often a finding that keeps firing is handed on with fresh numbers. Zero means one minute.
	Refresh time.Duration `yaml:"refresh"`
	// SaveEvery is how often changed tiles are saved. Zero means one minute.
	SaveEvery time.Duration `yaml:"save_every"`
	// StaleAfter is how old the newest sight of a series may be before its detectors are blind. Zero means 5 minutes.
	StaleAfter time.Duration `yaml:"stale_after"`
	// Parallel is how many queries run at a time. Zero means 4.
	Parallel int `yaml:"parallel"`
	// CatchUp is how many queries for missing stretches one tick sends for each signal. Zero means 8.
	CatchUp int `yaml:"catch_up"`

	// Now tells the time. Nil means the clock of the machine.
	Now func() time.Time `yaml:"-"`
	// Wait waits for a duration of the time that Now tells, or until the context ends. Nil means the clock of the machine.
	Wait func(ctx context.Context, d time.Duration) error `yaml:"-"`
}

// pieceTiles is how many tiles one query for a missing stretch asks for at most. Prometheus refuses more than 11,000 points.
const pieceTiles = 240

// WithDefaults fills what was left zero.
func (c Config) WithDefaults() Config {
	c.Interval = cmp.Or(c.Interval, 15*time.Second)
	c.History = cmp.Or(c.History, 30*24*time.Hour)
	c.Retention = cmp.Or(c.Retention, 35*24*time.Hour)
	c.Settle = cmp.Or(c.Settle, c.base())
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.Refresh = cmp.Or(c.Refresh, time.Minute)
	c.SaveEvery = cmp.Or(c.SaveEvery, time.Minute)
	c.StaleAfter = cmp.Or(c.StaleAfter, 5*time.Minute)
	c.Parallel = cmp.Or(c.Parallel, 4)
	c.CatchUp = cmp.Or(c.CatchUp, 8)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	return c
}

// base is the width of the youngest tiles.
func (c Config) base() time.Duration { return min(c.Interval, time.Minute) }

// Check reports every fault of the configuration.
func (c Config) Check(r *diag.Report) {
	d := c.WithDefaults()
	if base := d.base(); d.Interval < time.Second || base%time.Second != 0 || time.Minute%base != 0 || d.Interval%base != 0 {
		r.Faultf("interval", "bad-interval", "an interval of %s does not divide a minute evenly", d.Interval).
			Allow("1s", "2s", "5s", "10s", "15s", "20s", "30s", "1m", "2m", "5m").
			Suggest("write interval: 15s")
	}
	for _, f := range []struct {
		name     string
		value    time.Duration
		min, max time.Duration
	}{
		{"history", d.History, time.Hour, d.Retention},
		{"retention", d.Retention, 2 * time.Hour, 400 * 24 * time.Hour},
		{"settle", d.Settle, time.Second, 10 * time.Minute},
		{"timeout", d.Timeout, 100 * time.Millisecond, 5 * time.Minute},
		{"refresh", d.Refresh, time.Second, time.Hour},
		{"save_every", d.SaveEvery, time.Second, time.Hour},
		{"stale_after", d.StaleAfter, time.Second, time.Hour},
	} {
		if f.value < f.min || f.value > f.max {
			r.Faultf(f.name, "out-of-range", "%s is not between %s and %s", f.value, f.min, f.max)
		}
	}
	if d.Parallel < 1 || d.Parallel > 64 {
		r.Faultf("parallel", "out-of-range", "%d is not between 1 and 64", d.Parallel)
	}
	if d.CatchUp < 1 || d.CatchUp > 1000 {
		r.Faultf("catch_up", "out-of-range", "%d is not between 1 and 1000", d.CatchUp)
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
