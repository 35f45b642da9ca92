package group

import (
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Tick says what time alone does to an incident: it gives the entry that makes it recovered or resolved, or nothing.
//
// Judged is when the detectors last looked at the incident's signals; quiet time counts only up to then, so that a bot that slept
// for an hour does not call an hour of not looking an hour of health. The zero time means that they look all the time.
func Tick(now, judged time.Time, in bot.Incident, cfg Config) []bot.Entry {
	cfg = cfg.WithDefaults()
	if in.ID == "" || in.State == bot.Resolved || !allQuiet(in) {
		return nil
	}
	seen := now
	if !judged.IsZero() && judged.Before(now) {
		seen = judged
	}
	if in.State != bot.Mitigated {
		return recovered(now, seen, in, cfg)
	}
	quiet := in.QuietSince
	if in.MitigatedAt.After(quiet) {
		quiet = in.MitigatedAt
	}
	if seen.Sub(quiet) < cfg.ResolvedAfter {
		return nil
	}
	sentence := fmt.Sprintf("resolved: quiet since %s", clock(in.QuietSince))
	return []bot.Entry{entry(now, in.ID, bot.EntryResolved, key("resolved", "", quiet), sentence, nil)}
}

func recovered(now, seen time.Time, in bot.Incident, cfg Config) []bot.Entry {
	if seen.Sub(in.QuietSince) < cfg.RecoveredAfter {
		return nil
	}
	sentence := fmt.Sprintf("recovered: everything quiet since %s", clock(in.QuietSince))
	if !in.Onset.IsZero() && in.QuietSince.After(in.Onset.At) {
		sentence += fmt.Sprintf(", %s after it began", span(in.QuietSince.Sub(in.Onset.At)))
	}
	return []bot.Entry{entry(now, in.ID, bot.EntryRecovered, key("recovered", "", in.QuietSince), sentence, nil)}
}

// allQuiet tells whether every finding of the incident was judged and found quiet, or only echoes what ended.
func allQuiet(in bot.Incident) bool {
	if in.QuietSince.IsZero() {
		return false
	}
	for _, f := range in.Findings {
		if f.Verdict != detectors.Quiet && !in.Echo(f) {
			return false
		}
	}
	return true
}
