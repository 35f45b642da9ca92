package run

import (
	"fmt"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// Expressions is the Evaluator of real runs: the language of playbooks over the scope that was stored with the run, what came
// of its steps, and readings of signals as they are now.
type Expressions struct {
	evaluator *playbooks.Evaluator
	readings  expr.Readings
}

var _ Evaluator = (*Expressions)(nil)

// NewExpressions makes the evaluator of runs. Without readings, what reads a signal cannot be evaluated.
func NewExpressions(evaluator *playbooks.Evaluator, readings expr.Readings) *Expressions {
	return &Expressions{evaluator: evaluator, readings: readings}
}

// Condition tells whether a condition is true now.
func (x *Expressions) Condition(src string, scope Scope) (bool, error) {
	seen, err := x.see(scope)
	if err != nil {
		return false, err
	}
	return x.evaluator.Condition(src, seen)
}

// With gives a step's parameters their values.
func (x *Expressions) With(step playbooks.Step, scope Scope) (map[string]any, error) {
	seen, err := x.see(scope)
	if err != nil {
		return nil, err
	}
	return x.evaluator.Render(step, seen)
}

// see makes the scope of the language. It shows the results of steps that are over, and no others.
func (x *Expressions) see(scope Scope) (expr.Scope, error) {
	seen, err := expr.ScopeFrom(scope.Run)
	if err != nil {
		return seen, err
	}
	seen.Now, seen.Readings = scope.Now, x.readings
	seen.Steps = make(map[string]expr.Result, len(scope.Steps))
	for id, state := range scope.Steps {
		if state.Phase.Over() {
			seen.Steps[id] = expr.Result{Status: string(state.Phase), Output: state.Output}
		}
	}
	return seen, nil
}

// guarded takes a panic of an evaluator for what it means to the step: its expression cannot be evaluated.
type guarded struct{ Evaluator }

// Condition is the evaluator's, or an error.
func (g guarded) Condition(src string, scope Scope) (yes bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			yes, err = false, fmt.Errorf("the evaluation broke off: %v", p)
		}
	}()
	return g.Evaluator.Condition(src, scope)
}

// With is the evaluator's, or an error.
func (g guarded) With(step playbooks.Step, scope Scope) (with map[string]any, err error) {
	defer func() {
		if p := recover(); p != nil {
			with, err = nil, fmt.Errorf("the evaluation broke off: %v", p)
		}
	}()
	return g.Evaluator.With(step, scope)
}
