package suspect

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Check reports every fault of the table.
func (w Weights) Check(r *diag.Report) {
	if w.None < 0 || w.None >= 1 {
		r.Faultf("none", "out-of-range", "none must lie between 0%% and 100%%, it is %g%%", 100*w.None).Suggest("25%% is the default")
	}
	if w.Horizon < 0 || w.Horizon > 90*24*time.Hour {
		r.Faultf("horizon", "out-of-range", "horizon must lie between 0 and 90d, it is %s", w.Horizon).Suggest("7d is the default")
	}
	if w.Deploy != (Lag{}) {
		w.Deploy.check(r.At("deploy"))
	}
	for _, k := range slices.Sorted(maps.Keys(w.Lags)) {
		if checkKind(r.At("lags"), k) {
			w.Lags[k].check(r.At("lags").At(string(k)))
		}
	}
	w.Scope.check(r.At("scope"))
	w.checkAffinity(r.At("affinity"))
	for _, code := range slices.Sorted(maps.Keys(w.Flags)) {
		checkLogOdds(r.At("flags"), code, w.Flags[code])
	}
	for _, weight := range []struct {
		field string
		value float64
	}{
		{"environment", w.Environment},
		{"exposure", w.Exposure},
		{"together", w.Together},
		{"stepped", w.Stepped},
		{"unstepped", w.Unstepped},
		{"dose", w.Dose},
		{"slice_moved", w.SliceMoved},
		{"slice_stayed", w.SliceStayed},
		{"slice_shared", w.SliceShared},
		{"apart", w.Apart},
		{"reverted", w.Reverted},
		{"revert", w.Revert},
		{"replaced", w.Replaced},
		{"cured", w.Cured},
		{"uncured", w.Uncured},
		{"flags_at_most", w.FlagsAtMost},
	} {
		checkLogOdds(r, weight.field, weight.value)
	}
}

func (w Weights) checkAffinity(r *diag.Report) {
	for _, class := range slices.Sorted(maps.Keys(w.Affinity)) {
		if !slices.Contains(Classes(), class) {
			r.OneOf(string(class), "unknown-class", "class of signals", string(class), names(Classes()))
			continue
		}
		for _, k := range slices.Sorted(maps.Keys(w.Affinity[class])) {
			at := r.At(string(class))
			if v := w.Affinity[class][k]; checkKind(at, k) && (!(v > 0) || v > 1000) {
				at.Faultf(string(k), "out-of-range", "an affinity must be above 0 and at most 1000, it is %g", v)
			}
		}
	}
}

func checkKind(r *diag.Report, k bot.Kind) bool {
	return r.OneOf(string(k), "unknown-kind", "kind of change", string(k), names(bot.Kinds()))
}

func names[S ~string](of []S) []string {
	out := make([]string, 0, len(of))
	for _, s := range of {
		out = append(out, string(s))
	}
	return out
}

// checkLogOdds bounds a weight to what cannot drown everything else for ever: e^8 is one in three thousand.
func checkLogOdds(r *diag.Report, field string, v float64) {
	if math.IsNaN(v) || math.Abs(v) > 8 {
		r.Faultf(field, "out-of-range", "log-odds must lie between -8 and 8, it is %g", v)
	}
}

func (l Lag) check(r *diag.Report) {
	if l.Median < time.Second || l.Median > 30*24*time.Hour {
		r.Faultf("median", "out-of-range", "a median must lie between 1s and 30d, it is %s", l.Median)
	}
	if !(l.Spread >= 0.1) || l.Spread > 4 {
		r.Faultf("spread", "out-of-range", "a spread must lie between 0.1 and 4, it is %g", l.Spread)
	}
}

func (s Scope) check(r *diag.Report) {
	for _, share := range []struct {
		name  string
		value float64
	}{{"own", s.Own}, {"dependency", s.Dependency}, {"upstream", s.Upstream}, {"unknown", s.Unknown}, {"unrelated", s.Unrelated}} {
		if !(share.value >= 0) || share.value > 100 {
			r.Faultf(share.name, "out-of-range", "it must lie between 0 (the default) and 100, it is %g", share.value)
		}
	}
}
