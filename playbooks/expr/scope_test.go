package expr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

var night = time.Date(2026, 3, 6, 17, 40, 0, 0, time.UTC)

// hostile is a title that is expression, template, mark-up and shell at once.
const hostile = `<!channel> ${service.token} {{.}} "; rm -rf / <script>`

func scope() expr.Scope {
	return expr.Scope{
		Incident: expr.Incident{
			ID: "inc-1", Service: "support", Environment: "production", Signal: "refusal_ratio", Detector: "burn",
			Severity: "page", State: "open", Title: "refusals burn the budget 22 times too fast",
			Onset: night.Add(-12 * time.Minute), OpenedAt: night.Add(-2 * time.Minute),
		},
		Service: expr.Service{
			Name: "support", Owner: "team-support-ai", Slack: "#support-ai", Environments: []string{"production", "staging"},
			Rollback: map[string]string{"prompt": "github.revert"},
		},
		Suspects: []expr.Suspect{
			{
				Change: "github:acme/assistants#482", Kind: "prompt", Title: hostile, URL: "https://example.com/482",
				Author: "mona", Probability: 0.83, Rollback: "github.revert",
			},
			{Change: "github:acme/assistants#480", Kind: "code", Title: "Tidy", Probability: 0.05},
		},
		None:     0.12,
		Steps:    map[string]expr.Result{"revert": {Status: "done", Output: map[string]any{"number": 483.0, "url": "https://example.com/483"}}},
		Now:      night,
		Readings: meter{},
	}
}

// meter answers readings by rules that a reader can check: burn is the window in hours, ratio the window in minutes / 100.
type meter struct{ asked *[]string }

func (m meter) note(s string) {
	if m.asked != nil {
		*m.asked = append(*m.asked, s)
	}
}

func (m meter) Burn(in expr.Incident, now time.Time, w time.Duration) (float64, error) {
	m.note(fmt.Sprintf("burn %s %s %s", in.Service, now.Format("15:04"), w))
	return w.Hours(), nil
}

func (m meter) Ratio(_ expr.Incident, _ time.Time, signal string, w time.Duration) (float64, error) {
	if signal == "dark" {
		return 0, fmt.Errorf("no samples for 5m: %w", expr.ErrBlind)
	}
	return w.Minutes() / 100, nil
}

func (m meter) Value(_ expr.Incident, _ time.Time, signal string) (float64, error) {
	return float64(len(signal)), nil
}

func env(tb testing.TB) *expr.Env {
	tb.Helper()
	return expr.New()
}

func TestScopeSurvivesStorage(t *testing.T) {
	before := scope()
	data, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	after, err := expr.ScopeFrom(data)
	if err != nil {
		t.Fatal(err)
	}
	before.Readings = nil
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the stored scope differs (-before +after):\n%s", diff)
	}
	for _, bad := range []string{"", "{", "[]"} {
		if _, err := expr.ScopeFrom([]byte(bad)); err == nil {
			t.Errorf("ScopeFrom(%q) gave no error", bad)
		}
	}
}

func TestOutputsOfAnyShapeCanBeRead(t *testing.T) {
	type verdict string
	s := scope()
	s.Steps["ask"] = expr.Result{Status: "done", Output: map[string]any{
		"decision": verdict("approved"), "voters": []string{"mona"}, "took": 90 * time.Second,
		"at": night, "count": 3, "nested": map[string]any{"deep": []any{1.5}}, "nothing": nil,
	}}
	for src, want := range map[string]string{
		`${steps.ask.output.decision}`:               "approved",
		`${steps.ask.output.voters[0]}`:              "mona",
		`${steps.ask.output.took}`:                   "1m30s",
		`${steps.ask.output.at}`:                     "2026-03-06T17:40:00Z",
		`${steps.ask.output.count + 1}`:              "4",
		`${steps["ask"].output["nested"].deep[0]}`:   "1.5",
		`${has(steps.ask.output.absent)}`:            "false",
		`${steps.ask.status == "done" ? "y" : "n"}`:  "y",
		`${steps.ask.output.nothing == null}`:        "true",
		`${has(steps.wait) ? "waited" : "not"} then`: "not then",
	} {
		tpl, problems := env(t).Template(src, expr.String)
		if len(problems) > 0 {
			t.Errorf("%s: %+v", src, problems)
			continue
		}
		got, err := tpl.Render(s)
		if err != nil || got != want {
			t.Errorf("%s = %v, %v; want %q", src, got, err, want)
		}
	}
}

func TestReadingsAreAskedOnceAndAboutTheIncident(t *testing.T) {
	var asked []string
	s := scope()
	s.Readings = meter{&asked}
	c, problems := env(t).Condition(`burn(1h) < 2 && burn(1h) > 0.5 && burn(5m) < 1`)
	if problems != nil {
		t.Fatal(problems)
	}
	if ok, err := c.Eval(s); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if diff := cmp.Diff([]string{"burn support 17:40 1h0m0s", "burn support 17:40 5m0s"}, asked); diff != "" {
		t.Error(diff)
	}
}

func TestBlindReadingsAreNeitherTrueNorFalse(t *testing.T) {
	e := env(t)
	for src, want := range map[string]string{
		`ratio("dark", 5m) < 0.1`:  `ratio("dark", 5m) < 0.1: ratio("dark", 5m): no samples for 5m: the signal cannot be seen`,
		`!(ratio("dark", 5m) < 1)`: `!(ratio("dark", 5m) < 1): ratio("dark", 5m): no samples for 5m: the signal cannot be seen`,
	} {
		c, problems := e.Condition(src)
		if problems != nil {
			t.Fatal(problems)
		}
		_, err := c.Eval(scope())
		if !errors.Is(err, expr.ErrBlind) || err.Error() != want {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
	c, _ := e.Condition(`ratio("dark", 5m) < 0.1 || burn(1h) == 1.0`)
	if ok, err := c.Eval(scope()); !ok || err != nil {
		t.Errorf("a true arm decides although the other one is blind: %v, %v", ok, err)
	}
	unread := scope()
	unread.Readings = nil
	c, _ = e.Condition(`burn(1h) < 1`)
	if _, err := c.Eval(unread); !errors.Is(err, expr.ErrBlind) {
		t.Errorf("without readings: %v", err)
	}
}
