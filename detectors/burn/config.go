package burn

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Config is one objective. The events are those of a named signal, or of two queries of its own (Bad and Total).
type Config struct {
	// Name is the objective's name, unique among objectives, as "useful-answers".
	Name string `yaml:"name"`
	// Service is the service that it promises something of.
	Service string `yaml:"service"`
	// Environment narrows it to one environment of the service; empty means each that the service has, apart.
	Environment string `yaml:"environment"`
	// Signal is a counted signal, as "refusal_ratio". Empty when Bad and Total are given.
	Signal string `yaml:"signal"`
	// Bad and Total are counter queries for an objective with events of its own.
	Bad   string `yaml:"bad"`
	Total string `yaml:"total"`
	// Scope says how Bad and Total are taken: ScopeMatch or empty narrows them to the labels of the service, ScopeAsIs takes them
	// as they stand.
	Scope string `yaml:"scope" enum:"match,as_is"`
	// Target is the share of good events that is promised, between 0 and 1 (99% is 0.99).
	Target float64 `yaml:"target,percent"`
	// Period is the time over which it is promised. Zero means 30 days.
	Period time.Duration `yaml:"period"`
	// MinEvents is how many events the long window must hold before a page. Zero means 30.
	MinEvents float64 `yaml:"min_events"`
	// Rules replaces the four usual pairs.
	Rules []Rule `yaml:"rules"`
}

// The scopes of an objective's own queries.
const (
	ScopeMatch = "match"
	ScopeAsIs  = "as_is"
)

// Rule is one pair of windows.
type Rule struct {
	// Long and Short are the windows that must both burn. A zero Short means a twelfth of Long.
	Long  time.Duration `yaml:"long"`
	Short time.Duration `yaml:"short"`
	// Factor is the burn that both must exceed; 1 spends the budget in exactly one period.
	Factor float64 `yaml:"factor"`
	// Severity is page or ticket.
	Severity detectors.Severity `yaml:"severity"`
}

// shares are the usual pairs by the share of the period's budget that each lets pass.
var shares = [...]struct {
	long     time.Duration
	share    float64
	severity detectors.Severity
}{
	{time.Hour, .02, detectors.Page},
	{6 * time.Hour, .05, detectors.Page},
	{24 * time.Hour, .10, detectors.Ticket},
	{72 * time.Hour, .10, detectors.Ticket},
}

// Factor is the burn that spends the given share of a period's budget within the long window.
func Factor(share float64, period, long time.Duration) float64 {
	return share * float64(period) / float64(long)
}

// Rules are the usual four pairs for a period. Where a factor would fall below 1 the window is shortened to the one in which a
// burn of 1 spends the share; pairs that become the same are told once.
func Rules(period time.Duration) []Rule {
	var out []Rule
	for _, s := range shares {
		r := Rule{Long: s.long, Severity: s.severity, Factor: math.Round(100*Factor(s.share, period, s.long)) / 100}
		if r.Factor < 1 {
			r.Long = max(time.Duration(s.share*float64(period)).Truncate(time.Minute), time.Minute)
			r.Factor = 1
		}
		r.Short = short(r.Long)
		if n := len(out); n > 0 && out[n-1] == r {
			continue
		}
		out = append(out, r)
	}
	return out
}

// short is a twelfth of the long window in whole minutes.
func short(long time.Duration) time.Duration {
	return max((long / 12).Truncate(time.Minute), time.Minute)
}

// WithDefaults fills what was left zero.
func (c Config) WithDefaults() Config {
	c.Period = cmp.Or(c.Period, 30*24*time.Hour)
	c.MinEvents = cmp.Or(c.MinEvents, 30)
	if c.Signal == "" {
		c.Signal = c.Name
	}
	if len(c.Rules) == 0 {
		c.Rules = Rules(c.Period)
		return c
	}
	rules := make([]Rule, len(c.Rules))
	for i, r := range c.Rules {
		r.Short = cmp.Or(r.Short, short(r.Long))
		r.Severity = cmp.Or(r.Severity, detectors.Page)
		rules[i] = r
	}
	c.Rules = rules
	return c
}

// OwnEvents tells that the objective brings queries of its own.
func (c Config) OwnEvents() bool { return c.Bad != "" || c.Total != "" }

var nameShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$`)

// Check reports every fault of the objective. Whether its service and signal exist, and whether its queries are good, is for
// those to check who know them.
func (c Config) Check(r *diag.Report) {
	if !nameShape.MatchString(c.Name) {
		r.Faultf("name", "bad-name", "an objective needs a name of lower-case letters, digits, - and _, not %q", c.Name)
	}
	if c.Service == "" {
		r.Faultf("service", "missing", "an objective needs the service that it is about")
	}
	c.checkEvents(r)
	if c.Period < 0 || (c.Period > 0 && c.Period < time.Hour) || c.Period > 366*24*time.Hour {
		r.Faultf("period", "out-of-range", "a period of %s is not between 1h and 366d", c.Period).Suggest("write period: 30d")
	}
	if c.MinEvents < 0 {
		r.Faultf("min_events", "out-of-range", "%g events cannot be had", c.MinEvents)
	}
	if !(c.Target > 0 && c.Target < 1) {
		f := r.Faultf("target", "bad-target", "a target of %s is not above 0%% and below 100%%", percent(c.Target))
		if c.Target == 1 {
			f.Suggest("no service is perfect, and a budget of nothing is always spent: write 99.9%%")
		}
		return
	}
	c.checkRules(r)
}

func (c Config) checkEvents(r *diag.Report) {
	switch {
	case c.OwnEvents() && c.Signal != "":
		r.Faultf("signal", "both-events", "give either a signal or bad and total, not both")
	case !c.OwnEvents() && c.Signal == "":
		r.Faultf("", "missing-events", "an objective needs its events: a signal, or bad and total").
			Suggest("write signal: refusal_ratio")
	case c.OwnEvents() && c.Bad == "":
		r.Faultf("", "missing-bad", "total is given without bad: which events are bad?")
	case c.OwnEvents() && c.Total == "":
		r.Faultf("", "missing-total", "bad is given without total: out of how many?")
	}
	if c.Scope == "" || !r.OneOf("scope", "bad-scope", "scope", c.Scope, []string{ScopeMatch, ScopeAsIs}) {
		return
	}
	if !c.OwnEvents() {
		r.Faultf("scope", "own-events-only", "a scope is that of bad and total; a signal has its own")
	}
}

func (c Config) checkRules(r *diag.Report) {
	d := c.WithDefaults()
	largest := Largest(c.Target)
	for i, rule := range d.Rules {
		at := r
		if len(c.Rules) > 0 {
			at = r.At("rules").Index(i)
			rule.check(at, d.Period)
		}
		if rule.Factor*(1-c.Target) < 1-1e-9 {
			continue
		}
		field := "factor"
		if len(c.Rules) == 0 {
			field = "target"
		}
		at.Faultf(field, "impossible-objective",
			"a target of %s can never burn %s times too fast (%s window): even a full outage burns only %.4g times",
			percent(c.Target), number(rule.Factor), words(rule.Long), 1/(1-c.Target)).
			Suggest("the largest factor that works is %s; write rules: [%s]", number(largest), c.repaired(d.Rules, largest))
		if len(c.Rules) == 0 {
			return // the others have the same place and the same remedy
		}
	}
}

// repaired writes the rules with every factor that is out of reach lowered.
func (c Config) repaired(rules []Rule, largest float64) string {
	parts := make([]string, 0, len(rules))
	for _, r := range rules {
		parts = append(parts, fmt.Sprintf("{long: %s, short: %s, factor: %s, severity: %s}",
			words(r.Long), words(r.Short), number(min(r.Factor, largest)), r.Severity))
	}
	return strings.Join(parts, ", ")
}

// Largest is the largest factor, in tenths, that a target can reach with some outages short of full ones.
func Largest(target float64) float64 {
	return math.Floor(.9*10/(1-target)+1e-9) / 10
}

func (rule Rule) check(r *diag.Report, period time.Duration) {
	if rule.Long < time.Minute || rule.Long > period {
		r.Faultf("long", "out-of-range", "a long window of %s is not between 1m and the period of %s", words(rule.Long), words(period))
	}
	if rule.Short >= rule.Long || rule.Short < time.Second {
		r.Faultf("short", "short-not-shorter", "the short window of %s must be below the long one of %s", words(rule.Short), words(rule.Long)).
			Suggest("write short: %s", words(short(rule.Long)))
	}
	if !(rule.Factor > 0) || math.IsInf(rule.Factor, 0) {
		r.Faultf("factor", "out-of-range", "a factor of %s is not above zero", number(rule.Factor))
	}
	r.OneOf("severity", "bad-severity", "severity", string(rule.Severity), []string{"page", "ticket", "info"})
}

// number writes a factor as people do.
func number(v float64) string { return string(appendNumber(nil, v)) }

func appendNumber(b []byte, v float64) []byte {
	return strconv.AppendFloat(b, math.Round(100*v)/100, 'f', -1, 64)
}

// percent writes a share with as many digits as it needs.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*1e8)/1e6, 'f', -1, 64) + "%"
}

// words writes a window as YAML does: the largest units first and none that is zero.
func words(d time.Duration) string {
	if d <= 0 {
		return d.String()
	}
	var b strings.Builder
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n, rest := d/u.unit, d%u.unit; n > 0 && (u.name != "d" || rest == 0 || n > 3) {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d = rest
		}
	}
	if b.Len() == 0 {
		return d.String()
	}
	return b.String()
}
