package playbooks

import (
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// step checks one step by itself and fills in its defaults.
func (p *compilation) step(s StepSource, i int, failure bool) Step {
	field := "steps"
	if failure {
		field = "on_failure"
	}
	r := p.report.At(field).Index(i)
	action, known := p.action(r, s.Action)
	out := Step{
		ID: s.ID, Action: s.Action, With: s.With, When: s.When, Needs: s.Needs, Timeout: s.Timeout,
		Retry:   Retry{Attempts: s.Retry.Attempts, Backoff: s.Retry.Backoff, Max: s.Retry.Max},
		OnError: s.OnError, OnExpiry: s.OnExpiry, OnDenied: s.OnDenied, OnUnknown: s.OnUnknown,
	}
	p.policies(r, &out, action, known, failure)
	p.bounds(r, &out, action, known)
	if known {
		p.with(r.At("with"), s, action)
	}
	switch {
	case failure && len(s.Needs) > 0:
		r.Faultf("needs", "needs-in-on-failure", "the steps of on_failure run one after the other and need nothing")
	case failure, s.Needs == nil && i == 0:
		out.Needs = nil
	case s.Needs == nil:
		out.Needs = []string{p.raw.Steps[i-1].ID}
	case len(s.Needs) == 0:
		out.Needs = nil
	}
	return out
}

// action finds a step's action in the catalogue and says what is wrong when it cannot be called.
func (p *compilation) action(r *diag.Report, name string) (Action, bool) {
	if name == "" {
		return Action{}, false // the reader has said that it is missing
	}
	a, known := p.actions[name]
	if !known {
		f := r.Faultf("action", "unknown-action", "unknown action %q", name).Allow(p.names...)
		integration, _, dotted := strings.Cut(name, ".")
		near := diag.Nearest(name, p.names)
		switch {
		case near != "":
			f.Suggest("did you mean %q?", near)
		case dotted && !slices.ContainsFunc(p.names, func(n string) bool { return strings.HasPrefix(n, integration+".") }):
			f.Suggest("if %s is an integration, configure it", integration)
		}
		return Action{}, false
	}
	if !a.Configured {
		integration, _, _ := strings.Cut(name, ".")
		r.Faultf("action", "not-configured", "%s cannot be carried out: %s is not configured", name, integration)
	}
	return a, true
}

// policies checks and fills in what happens when a step does not simply succeed.
func (p *compilation) policies(r *diag.Report, s *Step, action Action, known, failure bool) {
	words := []string{Fail, Continue, End, Escalate}
	for _, x := range []struct {
		field string
		value *string
		usual string
	}{{"on_error", &s.OnError, Fail}, {"on_expiry", &s.OnExpiry, Escalate}, {"on_denied", &s.OnDenied, End}} {
		switch {
		case *x.value == "" && failure:
			*x.value = Continue
		case *x.value == "":
			*x.value = x.usual
		case failure && *x.value != Continue:
			r.OneOf(x.field, "unknown-policy", "policy in on_failure", *x.value, []string{Continue})
		default:
			r.OneOf(x.field, "unknown-policy", "policy", *x.value, words)
		}
	}
	if s.OnUnknown == "" {
		s.OnUnknown = usualOnUnknown(action)
		return
	}
	if !r.OneOf("on_unknown", "unknown-policy", "policy", s.OnUnknown, []string{RetryIt, VerifyIt, AskFirst}) || !known {
		return
	}
	switch {
	case s.OnUnknown == VerifyIt && !action.Verifies:
		f := r.Faultf("on_unknown", "cannot-verify", "%s cannot look up whether it took effect", s.Action)
		if action.Idempotent {
			f.Allow(RetryIt)
		}
		f.Allow(AskFirst)
	case s.OnUnknown == RetryIt && !action.Idempotent && !action.Verifies:
		r.Faultf("on_unknown", "unsafe-retry", "%s is not safe to repeat when nobody knows whether it took effect", s.Action).
			Suggest("write ask")
	}
}

func usualOnUnknown(a Action) string {
	switch {
	case a.Rollback:
		return AskFirst
	case a.Idempotent:
		return RetryIt
	case a.Verifies:
		return VerifyIt
	default:
		return AskFirst
	}
}

// bounds checks and fills in a step's times.
func (p *compilation) bounds(r *diag.Report, s *Step, action Action, known bool) {
	most := maxCallTimeout
	if action.Waits || !known {
		most = max(p.plan.Timeout, minStepTimeout)
	}
	switch {
	case s.Timeout != 0:
		within(r, "timeout", s.Timeout, minStepTimeout, most)
	case action.Waits:
		s.Timeout = p.plan.Timeout
	default:
		s.Timeout = defaultCallTimeout
	}
	retry := r.At("retry")
	if s.Retry.Attempts == 0 {
		s.Retry.Attempts = defaultAttempts
	}
	if s.Retry.Attempts < 1 || s.Retry.Attempts > maxAttempts {
		retry.Faultf("attempts", "out-of-range", "%d attempts are not between 1 and %d", s.Retry.Attempts, maxAttempts)
	}
	if s.Retry.Backoff == 0 {
		s.Retry.Backoff = defaultBackoff
	}
	if within(retry, "backoff", s.Retry.Backoff, minBackoff, maxBackoff) && s.Retry.Max == 0 {
		s.Retry.Max = max(defaultMax, s.Retry.Backoff)
	}
	if s.Retry.Max != 0 {
		within(retry, "max", s.Retry.Max, s.Retry.Backoff, maxBackoff)
	}
}

// with checks a step's parameters against those of its action; what is inside of expressions is checked later, when it is
// known which steps are over by then.
func (p *compilation) with(r *diag.Report, s StepSource, action Action) {
	names := make([]string, 0, len(action.Params))
	for _, param := range action.Params {
		names = append(names, param.Name)
		value, given := s.With[param.Name]
		switch {
		case !given && param.Required:
			r.Faultf(param.Name, "missing-field", "%s needs %q: %s", action.Name, param.Name, strings.TrimSuffix(param.Doc, "."))
		case given:
			p.constant(r, param, value, action)
		}
	}
	for _, name := range sortedKeys(s.With) {
		if slices.Contains(names, name) {
			continue
		}
		f := r.Keyf(name, "unknown-field", "%s has no field %q", action.Name, name).Allow(names...)
		if near := diag.Nearest(name, names); near != "" {
			f.Suggest("did you mean %q?", near)
		}
	}
}

// constant checks a parameter that holds no expression.
func (p *compilation) constant(r *diag.Report, param Param, value any, action Action) {
	if text, ok := value.(string); ok && expr.HasHole(text) && param.Type != Condition {
		return
	}
	v, ok := coerce(value, param.Type)
	if !ok {
		f := r.Faultf(param.Name, "wrong-type", "%s is %s, wanted is %s", param.Name, describe(value), describeType(param.Type))
		if param.Type == String && value != nil {
			f.Suggest("put it in quotes")
		}
		return
	}
	if text, ok := v.(string); ok && len(param.Allowed) > 0 {
		r.OneOf(param.Name, "unknown-value", param.Name, text, param.Allowed)
	}
	if d, ok := v.(time.Duration); ok {
		if d < 0 {
			r.Faultf(param.Name, "out-of-range", "%s is negative", param.Name)
		} else if action.Waits && d > p.plan.Timeout {
			r.Faultf(param.Name, "out-of-range", "%s is longer than the playbook's timeout of %s",
				expr.FormatDuration(d), expr.FormatDuration(p.plan.Timeout)).Suggest("raise the playbook's timeout")
		}
	}
}
