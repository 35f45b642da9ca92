package run_test

import (
	"encoding/json"
	"testing"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

func TestExpressionsSeeTheStoredScopeAndWhatCameOfSteps(t *testing.T) {
	stored, err := json.Marshal(expr.Scope{Incident: expr.Incident{ID: "inc-1", Severity: "page"}})
	if err != nil {
		t.Fatal(err)
	}
	action := playbooks.Action{Name: "test.tell", Params: []playbooks.Param{{Name: "text", Type: playbooks.String}}}
	x := run.NewExpressions(playbooks.NewEvaluator(expr.New(), []playbooks.Action{action}), nil)
	scope := run.Scope{Run: stored, Now: t0, Steps: map[string]run.StepState{
		"page": {Phase: run.PhaseDone, Output: map[string]any{"key": "k1"}},
		"ask":  {Phase: run.PhasePending},
	}}
	for src, want := range map[string]bool{
		`incident.severity == "page" && steps.page.status == "done"`: true,
		`steps.page.output.key == "k2"`:                              false,
		`"ask" in steps`:                                             false,
	} {
		got, err := x.Condition(src, scope)
		if err != nil || got != want {
			t.Errorf("%s is %v, %v", src, got, err)
		}
	}
	with, err := x.With(playbooks.Step{Action: "test.tell", With: map[string]any{"text": "paged as ${steps.page.output.key}"}}, scope)
	if err != nil || with["text"] != "paged as k1" {
		t.Errorf("with %v, %v", with, err)
	}
	if _, err := x.Condition("burn(1h) < 1", scope); err == nil {
		t.Error("a signal is read without readings")
	}
	scope.Run = json.RawMessage(`[`)
	if _, err := x.Condition("true", scope); err == nil {
		t.Error("a broken scope is evaluated")
	}
	if _, err := x.With(playbooks.Step{}, scope); err == nil {
		t.Error("a broken scope is rendered")
	}
}
