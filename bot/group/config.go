package group

import (
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Config says how patient the rules are. The zero value of a field means its default.
type Config struct {
	// RecoveredAfter is how long every finding must have been quiet before the incident counts as recovered. Default 5m.
	RecoveredAfter time.Duration `yaml:"recovered_after" doc:"how long all must be quiet before an incident is recovered (5m)"`
	// ResolvedAfter is how much longer it must stay quiet before the incident is closed. Default 30m.
	ResolvedAfter time.Duration `yaml:"resolved_after" doc:"how much longer it must stay quiet before it is resolved (30m)"`
	// RefreshEvery is the least time between two entries that only bring newer numbers of the same finding. Default 5m.
	RefreshEvery time.Duration `yaml:"refresh_every" doc:"the least time between two entries that only bring newer numbers (5m)"`
	// Apart has every incident speak for itself, also where several probably have one cause.
	Apart bool `yaml:"apart" doc:"every incident wakes somebody for itself, also where one cause hit several services (false)"`
}

// The defaults. Five minutes is the short window of the fastest page pair: what is quiet for that long has left the window that
// made it fire. Thirty more are the short window of the second pair, so that a slower burn of the same fault reopens the incident
// and does not open a second one.
const (
	defaultRecoveredAfter = 5 * time.Minute
	defaultResolvedAfter  = 30 * time.Minute
	defaultRefreshEvery   = 5 * time.Minute
)

// longest bounds every duration: an incident that cannot end within a week is never closed by anybody.
const longest = 7 * 24 * time.Hour

// WithDefaults returns the config with every zero field replaced by its default.
func (c Config) WithDefaults() Config {
	if c.RecoveredAfter == 0 {
		c.RecoveredAfter = defaultRecoveredAfter
	}
	if c.ResolvedAfter == 0 {
		c.ResolvedAfter = defaultResolvedAfter
	}
	if c.RefreshEvery == 0 {
		c.RefreshEvery = defaultRefreshEvery
	}
	return c
}

// Check reports every fault of the config.
func (c Config) Check(r *diag.Report) {
	checkDuration(r, "recovered_after", c.RecoveredAfter, defaultRecoveredAfter)
	checkDuration(r, "resolved_after", c.ResolvedAfter, defaultResolvedAfter)
	checkDuration(r, "refresh_every", c.RefreshEvery, defaultRefreshEvery)
}

func checkDuration(r *diag.Report, field string, d, usual time.Duration) {
	switch {
	case d < 0:
		r.Faultf(field, "bad-duration", "%s must not be negative, it is %s", field, d).
			Suggest("leave it out for the default %s", usual)
	case d > 0 && d < time.Second:
		r.Faultf(field, "bad-duration", "%s must be at least 1s, it is %s", field, d).
			Suggest("leave it out for the default %s", usual)
	case d > longest:
		r.Faultf(field, "bad-duration", "%s must be at most %s, it is %s", field, longest, d).
			Suggest("leave it out for the default %s", usual)
	}
}
