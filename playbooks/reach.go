package playbooks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// reachable refuses a step whose `when` asks for a status in which another step never is by then: because the run ends there,
// or because a step that is over is not waiting any more.
func (p *compilation) reachable(r *diag.Report, when *expr.Condition, index int) {
	for _, test := range when.StatusTests() {
		target, known := p.order[test.Step]
		if !known || target == index || !p.overBefore(target, index) || len(test.Statuses) == 0 {
			continue // told elsewhere
		}
		var why []string
		for _, status := range test.Statuses {
			because := p.impossible(p.stepAt(target), status, index >= len(p.plan.Steps))
			if because == "" {
				why = nil
				break
			}
			if !slices.Contains(why, because) {
				why = append(why, because)
			}
		}
		if why == nil {
			continue
		}
		f := r.Faultf("when", "unreachable", "this is never true: %s", strings.Join(why, ", and ")).Inside(test.Offset)
		if field, ends := policyOf(test.Statuses[0]); ends {
			f.Suggest("write %s: continue at step %s", field, test.Step)
		}
	}
}

// impossible says why a step is never in a status when another one begins; "" when it can be.
func (p *compilation) impossible(s Step, status string, failure bool) string {
	action, known := p.actions[s.Action]
	var policy string
	switch status {
	case "done":
		return ""
	case "skipped":
		if s.When == "" && !failure {
			return fmt.Sprintf("%s has no `when`, so it is never skipped", s.ID)
		}
		return ""
	case "failed":
		policy = s.OnError
	case "expired", "denied":
		if known && !action.Waits {
			return fmt.Sprintf("%s does not wait for anybody, so it is never %s", s.ID, status)
		}
		policy = s.OnExpiry
		if status == "denied" {
			policy = s.OnDenied
		}
	default: // not a final status
		if !failure {
			return fmt.Sprintf("%s is over by then", s.ID)
		}
		return ""
	}
	if failure || policy == Continue {
		return ""
	}
	field, _ := policyOf(status)
	return fmt.Sprintf("the run ends when %s is %s, since its %s is %s", s.ID, status, field, policy)
}

// rollbackPaths refuses a step that rolls back by an action that no service names as a rollback path: it could never do so. A
// step that asks for a rollback path first, by itself or in one that it needs, is meant to be left out where there is none.
func (p *compilation) rollbackPaths() {
	if p.rollbacks == nil {
		return
	}
	asks := func(i int) bool { return strings.Contains(p.raw.Steps[i].When, ".rollback") }
	for i, s := range p.plan.Steps {
		if !p.actions[s.Action].Rollback || p.rollbacks[s.Action] || asks(i) {
			continue
		}
		if p.before != nil && slices.ContainsFunc(slices.Collect(maps.Keys(p.before[i])), asks) {
			continue
		}
		p.noRollbackPath(p.report.At("steps").Index(i), s.Action)
	}
	for i, s := range p.plan.OnFailure {
		if p.actions[s.Action].Rollback && !p.rollbacks[s.Action] && !strings.Contains(p.raw.OnFailure[i].When, ".rollback") {
			p.noRollbackPath(p.report.At("on_failure").Index(i), s.Action)
		}
	}
}

func (p *compilation) noRollbackPath(r *diag.Report, action string) {
	r.Faultf("action", "no-rollback-path", "no service names %s as a rollback path", action).
		Suggest("add it to a service, as rollback: {prompt: %s}, or ask in the step's when: suspects[0].rollback == %q", action, action)
}

// policyOf names the field that says what happens in a status.
func policyOf(status string) (field string, is bool) {
	switch status {
	case "failed":
		return "on_error", true
	case "expired":
		return "on_expiry", true
	case "denied":
		return "on_denied", true
	}
	return "", false
}
