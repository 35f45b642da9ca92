package playbooks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

const hostile = `<!channel> ${service.token} {{.}} "; rm -rf / <script>`

var night = time.Date(2026, 3, 6, 17, 40, 0, 0, time.UTC)

func scope() expr.Scope {
	return expr.Scope{
		Incident: expr.Incident{ID: "inc-1", Service: "support", Signal: "refusal_ratio", Severity: "page", Title: "refusals burn"},
		Service:  expr.Service{Name: "support", Owner: "team-support-ai"},
		Suspects: []expr.Suspect{
			{Change: "github:acme/assistants#482", Kind: "prompt", Title: hostile, Probability: 0.83, Rollback: "github.revert"},
		},
		None:  0.17,
		Steps: map[string]expr.Result{"start": {Status: "done", Output: map[string]any{"id": 7.0}}},
		Now:   night,
	}
}

func TestRenderGivesTheTypesOfTheCatalogue(t *testing.T) {
	e := playbooks.NewEvaluator(environment(t), catalogue())
	step := playbooks.Step{ID: "x", Action: "github.dispatch", With: map[string]any{
		"repository": "acme/${service.name}",
		"depth":      "${steps.start.output.id}",
		"share":      1,
		"labels":     []any{"${suspects[0].kind}", "$${literal}", 3, true},
		"inputs":     map[string]any{"title": "${suspects[0].title}", "deep": map[string]any{"when": "${10m}", "n": "${size(suspects)}"}},
	}}
	want := map[string]any{
		"repository": "acme/support",
		"depth":      int64(7),
		"share":      1.0,
		"labels":     []any{"prompt", "${literal}", 3, true},
		"inputs":     map[string]any{"title": hostile, "deep": map[string]any{"when": 10 * time.Minute, "n": int64(1)}},
	}
	got, err := e.Render(step, scope())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	wait := playbooks.Step{ID: "w", Action: "signal.wait", With: map[string]any{"until": `burn(1h) < 1 && "${" != "x"`, "hold": "5m", "timeout": "${5m + 25m}"}}
	got, err = e.Render(wait, scope())
	if err != nil {
		t.Fatal(err)
	}
	want = map[string]any{"until": `burn(1h) < 1 && "${" != "x"`, "hold": 5 * time.Minute, "timeout": 30 * time.Minute}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a condition is handed over as it is (-want +got):\n%s", diff)
	}
}

func TestRenderIsTheSameAfterStorage(t *testing.T) {
	data := `
  - id: start
    action: github.dispatch
    with: {repository: a/b, depth: 3, share: 0.5, labels: [1, x], inputs: {a: 2, b: "${none}"}}
  - {id: ask, action: approval.ask, with: {expires: 1h30m, of: "${service.owner}"}}
`
	plan := read(t, head+data)
	stored, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	var again playbooks.Plan
	if err := json.Unmarshal(stored, &again); err != nil {
		t.Fatal(err)
	}
	e := playbooks.NewEvaluator(environment(t), catalogue())
	for i := range plan.Steps {
		before, err := e.Render(plan.Steps[i], scope())
		if err != nil {
			t.Fatal(err)
		}
		after, err := e.Render(again.Steps[i], scope())
		if err != nil {
			t.Fatal(err)
		}
		// Where the catalogue says no type, JSON turns whole numbers into doubles; they are written the same.
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("before %v, after %v", before, after)
		}
	}
}

func TestRenderRefusesWhatTheActionWouldNotTake(t *testing.T) {
	e := playbooks.NewEvaluator(environment(t), catalogue())
	for _, c := range []struct {
		action string
		with   map[string]any
		say    string
	}{
		{"pagerduty.page", map[string]any{"severity": "${suspects[0].kind}"}, `severity of step x is "prompt", allowed are critical, error, warning, info`},
		{"github.revert", map[string]any{"change": "${suspects[1].change}"}, "index out of bounds: 1"},
		{"github.dispatch", map[string]any{"inputs": map[string]any{"a": []any{"${steps.gone.output.b}"}}}, "inputs of step x: a: [0]: steps.gone.output.b: no such key: gone"},
		{"github.dispatch", map[string]any{"depth": "many"}, `depth of step x: it is the text "many", wanted is a whole number`},
		{"github.dispatch", map[string]any{"depth": "${"}, "is not understood"},
	} {
		_, err := e.Render(playbooks.Step{ID: "x", Action: c.action, With: c.with}, scope())
		if err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%v: %v, want %q", c.with, err, c.say)
		}
	}
}

func TestConditionsOfPlans(t *testing.T) {
	e := playbooks.NewEvaluator(environment(t), catalogue())
	for range 2 { // the second time from what is kept
		if ok, err := e.Condition("", scope()); !ok || err != nil {
			t.Error("no condition always holds", ok, err)
		}
		if ok, err := e.Condition(`steps.start.status == "done"`, scope()); !ok || err != nil {
			t.Error(ok, err)
		}
		if _, err := e.Condition(`burn(1h) < 1`, scope()); !errors.Is(err, expr.ErrBlind) {
			t.Error("without readings it cannot be told", err)
		}
		if _, err := e.Condition(`burn(1h`, scope()); err == nil || !strings.Contains(err.Error(), "is not understood") {
			t.Error(err)
		}
		holds, why, err := e.Holds(`none < 0.1`, scope())
		if holds || err != nil || why != "none < 0.1 is false: none is 0.17" {
			t.Error(holds, why, err)
		}
	}
}

func TestManyExpressionsAreNotKeptForEver(t *testing.T) {
	e := playbooks.NewEvaluator(environment(t), catalogue())
	for i := range 1100 {
		if ok, err := e.Condition(fmt.Sprintf("none < 1 && %d == %d", i, i), scope()); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
}

func TestSetSaysWhatStartsAndWhyTheOthersDoNot(t *testing.T) {
	e := playbooks.NewEvaluator(environment(t), catalogue())
	text := func(name, rest string) string {
		return "name: " + name + "\n" + rest + "\nsteps: [{id: a, action: slack.post}]\n"
	}
	plans := []playbooks.Plan{
		read(t, text("generic", "on: {incident: [opened]}\notherwise: true")),
		read(t, text("prompt", "on: {incident: [opened]}\nwhen: suspects.exists(s, s.kind == \"prompt\" && s.probability > 0.6)")),
		read(t, text("cost", "on: {incident: [opened]}\nwhen: incident.signal == \"cost_rate\" && incident.severity == \"page\"")),
		read(t, text("blind", "on: {incident: [blind]}")),
		read(t, text("burning", "on: {incident: [opened]}\nwhen: burn(1h) > 10")),
	}
	set := playbooks.NewSet(plans, e)
	started, others := set.Choose("opened", scope())
	var names []string
	for _, p := range started {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"prompt"}, names); diff != "" {
		t.Error(diff)
	}
	want := []string{
		"playbook generic was not started: it starts only when no other playbook does: prompt",
		`playbook cost was not started: incident.signal == "cost_rate" is false: incident.signal is "refusal_ratio"`,
		"playbook blind was not started: it starts on blind, not on opened",
		"playbook burning was not started: burn(1h) > 10: burn(1h): the signal cannot be seen: nothing answers readings here",
	}
	if diff := cmp.Diff(want, others); diff != "" {
		t.Error(diff)
	}
	if len(set.Plans()) != 5 {
		t.Error("the set has lost plans")
	}

	quiet := scope()
	quiet.Suspects = nil
	started, _ = set.Choose("opened", quiet)
	if len(started) != 1 || started[0].Name != "generic" {
		t.Errorf("where nothing else starts, generic does: %+v", started)
	}
	for _, c := range e.Consider(plans, "opened", scope()) {
		if (c.Broken != nil) != (c.Plan.Name == "burning") || c.Why == "" {
			t.Errorf("%s: %+v", c.Plan.Name, c)
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	e := playbooks.NewEvaluator(environment(b), catalogue())
	plans := make([]playbooks.Plan, 20)
	for i := range plans {
		plans[i] = playbooks.Plan{Name: fmt.Sprint(i), On: []string{"opened"}, When: fmt.Sprintf(`incident.signal == "s%d" && suspects.exists(s, s.kind == "prompt")`, i)}
	}
	set := playbooks.NewSet(plans, e)
	s := scope()
	b.ReportAllocs()
	for b.Loop() {
		if started, _ := set.Choose("opened", s); len(started) != 0 {
			b.Fatal("none is meant")
		}
	}
}
