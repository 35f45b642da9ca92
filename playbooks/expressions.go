package playbooks

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// expressions checks every expression of the playbook, now that it is known which steps are over where.
func (p *compilation) expressions() {
	if p.when != nil {
		tell(p.report, "when", p.when.Unguarded())
		for _, ref := range p.when.Refers() {
			p.report.Faultf("when", "too-early", "no step has begun when a playbook's `when` is asked, so steps.%s is not there", ref.Step).
				Inside(ref.Offset)
		}
	}
	for i := range p.plan.Steps {
		p.stepExpressions(p.report.At("steps").Index(i), p.raw.Steps[i], &p.plan.Steps[i], i)
	}
	for i := range p.plan.OnFailure {
		p.stepExpressions(p.report.At("on_failure").Index(i), p.raw.OnFailure[i], &p.plan.OnFailure[i], len(p.plan.Steps)+i)
	}
}

// place is where an expression stands: what it may read, and what is known to be true by then.
type place struct {
	index int
	when  *expr.Condition
	// tested are the results whose presence the step's `when` asks about: steps, or steps and outputs.
	tested map[string]bool
	given  []*expr.Condition
	// unsure tells that one of the conditions is broken, so that nothing can be said of what is not guarded.
	unsure bool
}

func (p *compilation) stepExpressions(r *diag.Report, raw StepSource, s *Step, index int) {
	at := place{index: index, tested: map[string]bool{}, given: []*expr.Condition{p.when}, unsure: p.unsure}
	if raw.When != "" {
		if at.when = p.condition(r, "when", raw.When); at.when == nil {
			at.unsure = true
		} else {
			if !at.unsure {
				tell(r, "when", at.when.Unguarded(p.when))
			}
			p.references(r, "when", at.when.Refers(), at)
			p.reachable(r, at.when, index)
			at.given = append(at.given, at.when)
			for _, ref := range at.when.Refers() {
				at.tested[ref.Step] = true
			}
		}
	}
	action, known := p.actions[s.Action]
	if !known {
		return
	}
	for _, param := range action.Params {
		if value, given := raw.With[param.Name]; given {
			p.value(r.At("with"), param.Name, value, param.Type, at)
		}
	}
}

// value checks the expressions in one value of a `with`, at any depth.
func (p *compilation) value(r *diag.Report, field string, value any, t Type, at place) {
	switch v := value.(type) {
	case string:
		switch {
		case t == Condition:
			// It is asked again and again while the step waits, with suspects as they are then.
			if c := p.condition(r, field, v); c != nil {
				tell(r, field, c.Unguarded())
				p.laterCondition(r, field, c)
			}
		case expr.HasHole(v):
			p.template(r, field, v, t, at)
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			p.value(r.At(field), key, v[key], "", at)
		}
	case []any:
		for i, item := range v {
			p.value(r.At(field), "["+strconv.Itoa(i)+"]", item, "", at)
		}
	}
}

// laterCondition refuses what a waiting action cannot see: it asks about signals, not about the steps of its run.
func (p *compilation) laterCondition(r *diag.Report, field string, c *expr.Condition) {
	for _, ref := range c.Refers() {
		r.Faultf(field, "too-late", "a condition that is waited for sees the incident and its signals, not the steps").Inside(ref.Offset).
			Suggest("put what is asked about steps.%s into the step's `when`", ref.Step)
	}
}

func (p *compilation) template(r *diag.Report, field, text string, t Type, at place) {
	tpl, problems := p.env.Template(text, expr.Type(t))
	tell(r, field, problems)
	if tpl == nil {
		return
	}
	if !at.unsure {
		tell(r, field, tpl.Unguarded(at.given...))
	}
	p.references(r, field, tpl.Refers(), at)
	if ref, whole := tpl.Whole(); whole {
		p.outputType(r, field, ref, t)
	}
}

// outputType checks ${steps.ID.output.NAME}, whose type only the catalogue knows.
func (p *compilation) outputType(r *diag.Report, field string, ref expr.Reference, want Type) {
	gives, known := p.outputsOf(ref.Step)[ref.Output]
	if !known || want == "" || want == gives {
		return
	}
	scalar := gives != Map && gives != List
	if want == String && scalar || want == Double && gives == Int || want == Duration && gives == String {
		return
	}
	r.Faultf(field, "wrong-type", "steps.%s.output.%s is %s, wanted is %s", ref.Step, ref.Output, describeType(gives), describeType(want)).
		Inside(ref.Offset)
}

func (p *compilation) stepAt(i int) Step {
	if i < len(p.plan.Steps) {
		return p.plan.Steps[i]
	}
	return p.plan.OnFailure[i-len(p.plan.Steps)]
}

// outputsOf are the outputs of a step's action, nil when the step or the action is not known.
func (p *compilation) outputsOf(id string) map[string]Type {
	i, known := p.order[id]
	if !known {
		return nil
	}
	return p.actions[p.stepAt(i).Action].Outputs
}

// references checks the results of steps that an expression reads.
func (p *compilation) references(r *diag.Report, field string, refs []expr.Reference, at place) {
	tested := map[string]bool{}
	for _, ref := range refs {
		if ref.Tested {
			tested[ref.Step+"."+ref.Output] = true
			tested[ref.Step] = true
		}
	}
	for _, ref := range refs {
		target, known := p.order[ref.Step]
		switch {
		case !known:
			p.unknownReference(r, field, ref)
			continue
		case target == at.index:
			r.Faultf(field, "too-early", "step %s reads its own result", ref.Step).Inside(ref.Offset)
			continue
		case !p.overBefore(target, at.index):
			r.Faultf(field, "too-early", "step %s is not over yet when this is asked", ref.Step).Inside(ref.Offset).
				Suggest("add needs: [%s], or put this step behind it", ref.Step)
			continue
		}
		if ref.Output == "" {
			continue
		}
		if !p.hasOutput(r, field, ref, target) || ref.Tested || tested[ref.Step+"."+ref.Output] || at.tested[ref.Step] {
			continue
		}
		if why := p.maybeAbsent(target, at); why != "" {
			r.Faultf(field, "may-be-absent", "steps.%s.output.%s is not there when %s", ref.Step, ref.Output, why).Inside(ref.Offset).
				Suggest(`ask for it in the step's when, as has(steps.%s.output.%s)`, ref.Step, ref.Output)
		}
	}
}

func (p *compilation) unknownReference(r *diag.Report, field string, ref expr.Reference) {
	names := sortedKeys(p.order)
	f := r.Faultf(field, "unknown-step", "there is no step %q", ref.Step).Inside(ref.Offset).Allow(names...)
	if near := diag.Nearest(ref.Step, names); near != "" {
		f.Suggest("did you mean %q?", near)
	}
}

// hasOutput tells, and reports otherwise, that the step's action gives the output.
func (p *compilation) hasOutput(r *diag.Report, field string, ref expr.Reference, target int) bool {
	action, known := p.actions[p.stepAt(target).Action]
	if !known {
		return false // told at the step itself
	}
	if _, ok := action.Outputs[ref.Output]; ok {
		return true
	}
	names := sortedKeys(action.Outputs)
	f := r.Faultf(field, "unknown-output", "%s gives no output %q", action.Name, ref.Output).Inside(ref.Offset).Allow(names...)
	if near := diag.Nearest(ref.Output, names); near != "" {
		f.Suggest("did you mean %q?", near)
	}
	return false
}

// overBefore tells whether the step at target is over when the step at index begins. All steps of a plan are settled when
// its on_failure begins.
func (p *compilation) overBefore(target, index int) bool {
	switch {
	case index >= len(p.plan.Steps):
		return target < index
	case target >= len(p.plan.Steps):
		return false
	case p.before == nil:
		return true // the needs are broken, which is told there
	default:
		return p.before[index][target]
	}
}

// maybeAbsent says why a step that is over may have no output; "" when it surely has.
func (p *compilation) maybeAbsent(target int, at place) string {
	s := p.stepAt(target)
	switch {
	case at.index >= len(p.plan.Steps):
		return fmt.Sprintf("%s did not succeed", s.ID)
	case s.When != "" && (at.when == nil || at.when.String() != s.When):
		return fmt.Sprintf("%s is skipped", s.ID)
	case slices.Contains([]string{s.OnError, s.OnExpiry, s.OnDenied}, Continue):
		return fmt.Sprintf("%s did not succeed and the run goes on", s.ID)
	}
	return ""
}
