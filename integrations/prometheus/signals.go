package prometheus

import (
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// SignalConfig is one signal of a user's own: counters (bad and total, or total alone) or a value.
type SignalConfig struct {
	// Name is the signal's name in objectives, findings and metrics, as "tool_failure_ratio".
	Name string `yaml:"name"`
	// Title is the name for people. Empty means the name with spaces.
	Title string `yaml:"title"`
	// Bad and Total are counter queries without rate or increase. Total alone makes a count.
	Bad   string `yaml:"bad"`
	Total string `yaml:"total"`
	// Value is any PromQL that gives one number for each service.
	Value string `yaml:"value"`
	// Unit is ratio, seconds, usd, requests, tokens or empty.
	Unit string `yaml:"unit"`
	// Worse is the direction in which the service gets worse: up, down or either. Empty means up.
	Worse detectors.Direction `yaml:"worse"`
	// Services narrows the signal to some services. Empty means all.
	Services []string `yaml:"services"`
	// Scope is "match" (empty means it too): the match labels of services narrow every selector of the query and tell the
	// answers apart; or "as_is": the query is taken as it stands, for one service.
	Scope string `yaml:"scope"`
	// Requires is a counter query without which a counted signal says nothing: where none of its series is there, the signal is
	// blind and not zero. A label that tells refusals apart is required by a ratio of refusals.
	Requires string `yaml:"requires"`
	// Slices are labels by which the signal is told apart beside its whole, as prompt_version. Detectors that compare slices add
	// the labels that they need.
	Slices []string `yaml:"slices"`
	// Prices weighs a count of tokens by model and kind of token, which makes dollars of it.
	Prices *PriceBy `yaml:"prices"`
}

// PriceBy says by which labels tokens are priced.
type PriceBy struct {
	// ModelLabels name the model; the first that a series carries counts.
	ModelLabels []string `yaml:"model_labels"`
	// TypeLabel tells input from output tokens.
	TypeLabel string `yaml:"type_label"`
	// Table are the prices; the first entry that fits counts.
	Table []Price `yaml:"table"`
}

// Price is what a million tokens of a model cost.
type Price struct {
	// Model is the name, or its beginning followed by *.
	Model string `yaml:"model"`
	// Input, Output, CachedInput and CacheWrite are US dollars for a million tokens. Zero CachedInput and CacheWrite mean Input.
	Input       float64 `yaml:"input"`
	Output      float64 `yaml:"output"`
	CachedInput float64 `yaml:"cached_input"`
	CacheWrite  float64 `yaml:"cache_write"`
}

// Target is a service, in one environment when environments are told apart, with the labels of its series.
type Target struct {
	Service     string
	Environment string
	Match       map[string]string
}

// The scopes of a query.
const (
	ScopeMatch = "match"
	ScopeAsIs  = "as_is"
)

// Units lists what a signal may be measured in.
func Units() []string { return []string{"ratio", "seconds", "usd", "requests", "tokens", ""} }

// Shape says what kind of numbers the signal is made of.
func (s SignalConfig) Shape() detectors.Shape {
	switch {
	case s.Value != "":
		return detectors.Value
	case s.Bad != "":
		return detectors.Ratio
	default:
		return detectors.Count
	}
}

// Check reports every fault of the signal; its queries are parsed, nothing is asked.
func (s SignalConfig) Check(r *diag.Report) {
	if !signalShape(s.Name) {
		r.Faultf("name", "bad-name", "a signal needs a name of lower-case letters, digits, - and _, not %q", s.Name)
	}
	switch {
	case s.Value != "" && (s.Bad != "" || s.Total != ""):
		r.Faultf("value", "both-shapes", "a signal is either a value or counted (bad and total), not both")
	case s.Value == "" && s.Total == "" && s.Bad == "":
		r.Faultf("", "missing-query", "a signal needs a query: value, or total, or bad and total")
	case s.Bad != "" && s.Total == "":
		r.Faultf("", "missing-total", "bad is given without total: out of how many?")
	}
	if s.Bad != "" {
		CheckCounter(r, "bad", s.Bad)
	}
	if s.Total != "" {
		CheckCounter(r, "total", s.Total)
	}
	if s.Value != "" {
		CheckValue(r, "value", s.Value)
	}
	s.checkSight(r)
	r.OneOf("unit", "bad-unit", "unit", s.Unit, Units())
	if s.Worse != "" {
		r.OneOf("worse", "bad-direction", "direction", string(s.Worse), []string{"up", "down", "either"})
	}
	if s.Scope != "" {
		r.OneOf("scope", "bad-scope", "scope", s.Scope, []string{ScopeMatch, ScopeAsIs})
	}
	if s.Scope == ScopeAsIs && len(s.Services) != 1 {
		r.Faultf("services", "as-is-needs-one", "a query that is taken as it is belongs to exactly one service")
	}
	if s.Prices != nil {
		s.Prices.check(r.At("prices"), s.Shape())
	}
}

// checkSight reports what is wrong with what the signal requires and is told apart by.
func (s SignalConfig) checkSight(r *diag.Report) {
	if s.Requires != "" {
		CheckCounter(r, "requires", s.Requires)
		if s.Value != "" {
			r.Faultf("requires", "counted-only", "a value that is not there is blind by itself; only a counted signal can require something").
				Suggest("remove requires")
		}
	}
	for i, l := range s.Slices {
		if !labelShape(l) {
			r.At("slices").Index(i).Faultf("", "bad-label", "%q cannot be the name of a label", l)
		}
	}
	if len(s.Slices) > mostSliceLabels {
		r.Faultf("slices", "too-many", "%d labels make too many slices: at most %d", len(s.Slices), mostSliceLabels)
	}
	if len(s.Slices) > 0 && s.Scope == ScopeAsIs {
		r.Faultf("slices", "as-is", "a query that is taken as it is gives one series and cannot be told apart by labels").
			Suggest("remove scope: as_is, and give the service labels to match")
	}
}

func (p *PriceBy) check(r *diag.Report, shape detectors.Shape) {
	if shape != detectors.Count {
		r.Faultf("", "prices-of-a-count", "only a count of tokens (total without bad) has prices")
	}
	if len(p.ModelLabels) == 0 {
		r.Faultf("model_labels", "missing", "prices need the label that names the model").Suggest("write model_labels: [gen_ai_response_model, gen_ai_request_model]")
	}
	for i, l := range p.ModelLabels {
		if !labelShape(l) {
			r.At("model_labels").Index(i).Faultf("", "bad-label", "%q cannot be the name of a label", l)
		}
	}
	if !labelShape(p.TypeLabel) {
		r.Faultf("type_label", "bad-label", "%q cannot be the name of a label", p.TypeLabel)
	}
	checkPrices(r.At("table"), p.Table)
}

func checkPrices(r *diag.Report, table []Price) {
	for i, p := range table {
		at := r.Index(i)
		if p.Model == "" {
			at.Faultf("model", "missing", "a price needs a model, or * for all")
		}
		for _, f := range []struct {
			name  string
			value float64
		}{{"input", p.Input}, {"output", p.Output}, {"cached_input", p.CachedInput}, {"cache_write", p.CacheWrite}} {
			if !(f.value >= 0 && f.value < 1e6) {
				at.Faultf(f.name, "out-of-range", "%g dollars for a million tokens are not between 0 and a million", f.value)
			}
		}
	}
}

// CheckCounter reports what is wrong with a counter query in the named field, with its place inside the query.
func CheckCounter(r *diag.Report, field, query string) {
	expr, f := parse(query)
	if f == nil {
		_, f = compile(expr, &selectors{})
	}
	report(r, field, f)
}

// CheckValue reports what is wrong with a value query in the named field, with its place inside the query.
func CheckValue(r *diag.Report, field, query string) {
	expr, f := parse(query)
	if f == nil {
		f = checkValue(expr)
	}
	report(r, field, f)
}

func report(r *diag.Report, field string, f *flaw) {
	if f == nil {
		return
	}
	fault := r.Faultf(field, f.code, "%s", f.message).Inside(f.offset)
	if f.fix != "" {
		fault.Suggest("%s", f.fix)
	}
}

func signalShape(name string) bool {
	for i, r := range name {
		if !lower(r) && !digit(r) && (i == 0 || r != '_' && r != '-') {
			return false
		}
	}
	return name != "" && len(name) <= 80
}
