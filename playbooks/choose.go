package playbooks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// Choice is a plan, whether a trigger starts it, and why or why not.
type Choice struct {
	Plan   Plan
	Starts bool
	// Why is a sentence: which condition held, or which term of it did not, with what it read.
	Why string
	// Broken is set when the plan's condition was neither true nor false; the plan does not start.
	Broken error
}

// Consider tells of every plan whether the trigger starts it, in the order of the plans. It is pure: the same plans, trigger
// and scope give the same choices.
func (e *Evaluator) Consider(plans []Plan, trigger string, scope expr.Scope) []Choice {
	out := make([]Choice, len(plans))
	var others []string
	for i, plan := range plans {
		if !plan.Otherwise {
			out[i] = e.consider(plan, trigger, scope)
			if out[i].Starts {
				others = append(others, plan.Name)
			}
		}
	}
	for i, plan := range plans {
		switch {
		case !plan.Otherwise:
		case len(others) > 0:
			out[i] = Choice{Plan: plan, Why: "it starts only when no other playbook does: " + strings.Join(others, ", ")}
		default:
			out[i] = e.consider(plan, trigger, scope)
		}
	}
	return out
}

func (e *Evaluator) consider(plan Plan, trigger string, scope expr.Scope) Choice {
	c := Choice{Plan: plan}
	if !slices.Contains(plan.On, trigger) {
		c.Why = fmt.Sprintf("it starts on %s, not on %s", strings.Join(plan.On, ", "), trigger)
		return c
	}
	c.Starts, c.Why, c.Broken = e.Holds(plan.When, scope)
	if c.Broken != nil {
		c.Starts = false
		c.Why = c.Broken.Error()
	}
	return c
}

// Set is the playbooks that are in use, with what it takes to choose among them. It never changes; a new configuration makes a
// new one.
type Set struct {
	plans []Plan
	eval  *Evaluator
}

// NewSet makes a set of plans.
func NewSet(plans []Plan, eval *Evaluator) *Set { return &Set{plans: slices.Clone(plans), eval: eval} }

// Plans lists the plans of the set in their order.
func (s *Set) Plans() []Plan { return slices.Clone(s.plans) }

// Choose returns the plans that the trigger starts, and for every other one a sentence that says why not.
func (s *Set) Choose(trigger string, scope expr.Scope) (plans []Plan, others []string) {
	for _, c := range s.eval.Consider(s.plans, trigger, scope) {
		if c.Starts {
			plans = append(plans, c.Plan)
			continue
		}
		others = append(others, fmt.Sprintf("playbook %s was not started: %s", c.Plan.Name, c.Why))
	}
	return plans, others
}
