package learn

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
)

// YAML is the suspects section of a configuration with such weights: what differs from the shipped ones, rounded to what matters.
func YAML(w suspect.Weights) string {
	w, d := w.WithDefaults(), suspect.DefaultWeights()
	var b strings.Builder
	b.WriteString("suspects:\n")
	line := func(name, value string) { fmt.Fprintf(&b, "  %s: %s\n", name, value) }
	if number(w.None) != number(d.None) {
		line("none", number(100*w.None)+"%")
	}
	if w.Horizon != d.Horizon {
		line("horizon", w.Horizon.String())
	}
	if w.Deploy != d.Deploy {
		line("deploy", lagYAML(w.Deploy))
	}
	if rows := changedLags(w, d); len(rows) > 0 {
		b.WriteString("  lags:\n    " + strings.Join(rows, "\n    ") + "\n")
	}
	if fields := numbers([]named{
		{"own", w.Scope.Own, d.Scope.Own},
		{"dependency", w.Scope.Dependency, d.Scope.Dependency},
		{"upstream", w.Scope.Upstream, d.Scope.Upstream},
		{"unknown", w.Scope.Unknown, d.Scope.Unknown},
		{"unrelated", w.Scope.Unrelated, d.Scope.Unrelated},
	}); len(fields) > 0 {
		line("scope", "{"+strings.Join(fields, ", ")+"}")
	}
	if rows := changedAffinities(w, d); len(rows) > 0 {
		b.WriteString("  affinity:\n    " + strings.Join(rows, "\n    ") + "\n")
	}
	for _, field := range numbers([]named{
		{"environment", w.Environment, d.Environment},
		{"exposure", w.Exposure, d.Exposure},
		{"reverted", w.Reverted, d.Reverted},
		{"revert", w.Revert, d.Revert},
		{"replaced", w.Replaced, d.Replaced},
		{"cured", w.Cured, d.Cured},
		{"uncured", w.Uncured, d.Uncured},
		{"flags_at_most", w.FlagsAtMost, d.FlagsAtMost},
	}) {
		b.WriteString("  " + field + "\n")
	}
	flags := make([]named, 0, len(w.Flags))
	for _, code := range slices.Sorted(maps.Keys(w.Flags)) {
		flags = append(flags, named{code, w.Flags[code], d.Flags[code]})
	}
	if fields := numbers(flags); len(fields) > 0 {
		line("flags", "{"+strings.Join(fields, ", ")+"}")
	}
	return b.String()
}

type named struct {
	name       string
	value, was float64
}

// numbers are the fields that differ.
func numbers(fields []named) []string {
	var out []string
	for _, f := range fields {
		if number(f.value) != number(f.was) {
			out = append(out, f.name+": "+number(f.value))
		}
	}
	return out
}

func changedLags(w, d suspect.Weights) []string {
	var out []string
	for _, k := range bot.Kinds() {
		if lagYAML(w.Lags[k]) != lagYAML(d.Lags[k]) {
			out = append(out, string(k)+": "+lagYAML(w.Lags[k]))
		}
	}
	return out
}

func changedAffinities(w, d suspect.Weights) []string {
	var out []string
	for _, class := range suspect.Classes() {
		row := make([]named, 0, len(bot.Kinds()))
		for _, k := range bot.Kinds() {
			row = append(row, named{string(k), w.Affinity[class][k], d.Affinity[class][k]})
		}
		if fields := numbers(row); len(fields) > 0 {
			out = append(out, string(class)+": {"+strings.Join(fields, ", ")+"}")
		}
	}
	return out
}

func lagYAML(l suspect.Lag) string {
	to := time.Second
	if l.Median >= 10*time.Minute {
		to = time.Minute
	}
	median := strings.TrimSuffix(l.Median.Round(to).String(), "0s")
	if median == "" || !strings.HasSuffix(median, "m") {
		median = l.Median.Round(to).String()
	}
	return fmt.Sprintf("{median: %s, spread: %s}", median, number(l.Spread))
}

// number is a value to three digits.
func number(v float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if err != nil {
		rounded = v
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
