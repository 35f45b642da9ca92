package library_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/library"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

func TestStories(t *testing.T) {
	prompt := scope("prompt", "github.revert", 0.83)
	model, vendor := scope("model", "github.revert", 0.7), scope("vendor", "", 0.79)
	cost := scope("prompt", "github.revert", 0.7)
	cost.Incident.Signal, cost.Incident.Severity = "cost", "ticket"
	nobody := cost
	nobody.Suspects = nil
	dark := scope("prompt", "", 0.1)
	dark.Incident.Blind = "no_data"
	ticket := scope("code", "", 0.3)
	ticket.Incident.Severity = "ticket"

	for _, c := range []struct {
		name, playbook string
		scope          expr.Scope
		script         map[string][]answer
		told           []string
		state          run.State
	}{
		{
			"a prompt is taken back and it helps", "prompt-regression", prompt,
			map[string][]answer{"ask": {pending, pending, done}, "proven": {pending, done}},
			[]string{"page", "tell", "ask", "revert", "proven", "report"},
			run.Succeeded,
		},
		{
			"the owner says no, and a person has it", "prompt-regression", prompt,
			map[string][]answer{"ask": {pending, denied}},
			[]string{"page", "tell", "ask"},
			run.Succeeded,
		},
		{
			"nobody answers, so it is escalated", "prompt-regression", prompt,
			map[string][]answer{"ask": {pending, expired}},
			[]string{"page", "tell", "ask", "on_failure_1", "on_failure_2", "on_failure_3"},
			run.Failed,
		},
		{
			"the revert is refused", "prompt-regression", prompt,
			map[string][]answer{"revert": {refused}},
			[]string{"page", "tell", "ask", "revert", "on_failure_1", "on_failure_2", "on_failure_3"},
			run.Failed,
		},
		{
			"nobody knows whether the revert took effect, so people are asked", "prompt-regression", prompt,
			map[string][]answer{"revert": {unknown}},
			[]string{"page", "tell", "ask", "revert", "ask revert", "proven", "report"},
			run.Succeeded,
		},
		{
			"the rollback does not help", "prompt-regression", prompt,
			map[string][]answer{"proven": {pending, expired}},
			[]string{"page", "tell", "ask", "revert", "proven", "on_failure_1", "on_failure_2", "on_failure_3"},
			run.Failed,
		},
		{
			"the pager is down, so the channel hears it and the work goes on", "prompt-regression", prompt,
			map[string][]answer{"page": {refused}},
			[]string{"page", "tell", "shout", "ask", "revert", "proven", "report"},
			run.Succeeded,
		},
		{
			"Slack is down, and the work goes on", "prompt-regression", prompt,
			map[string][]answer{"tell": {refused}},
			[]string{"page", "tell", "mention", "ask", "revert", "proven", "report"},
			run.Succeeded,
		},
		{
			"nobody knows whether Slack has the card, and nobody is asked", "prompt-regression", prompt,
			map[string][]answer{"tell": {unknown}},
			[]string{"page", "tell", "mention", "ask", "revert", "proven", "report"},
			run.Succeeded,
		},
		{
			"a pinned model is taken back", "model-regression", model, nil,
			[]string{"page", "tell", "ask", "revert", "proven", "report"},
			run.Succeeded,
		},
		{
			"what a vendor changed cannot be taken back", "model-regression", vendor, nil,
			[]string{"page", "tell", "report"},
			run.Succeeded,
		},
		{
			"cost is told, not paged, and taken back", "cost-surge", cost, nil,
			[]string{"tell", "ask", "revert", "proven", "report"},
			run.Succeeded,
		},
		{
			"cost without a suspect is told", "cost-surge", nobody, nil, []string{"tell", "report"}, run.Succeeded,
		},
		{
			"sight is lost and comes back", "blind", dark,
			map[string][]answer{"seen": {pending, pending, done}},
			[]string{"page", "tell", "seen", "report"},
			run.Succeeded,
		},
		{
			"sight does not come back", "blind", dark,
			map[string][]answer{"seen": {pending, expired}},
			[]string{"page", "tell", "seen", "on_failure_1"},
			run.Failed,
		},
		{"anything else pages", "generic", scope("code", "", 0.3), nil, []string{"page", "tell", "report"}, run.Succeeded},
		{"anything else that is not urgent does not page", "generic", ticket, nil, []string{"tell", "report"}, run.Succeeded},
		{"an incident that paged is closed", "closing", scope("code", "", 0.3), nil, []string{"silence", "report", "tell"}, run.Succeeded},
		{"one that woke nobody is closed", "closing", ticket, nil, []string{"report", "tell"}, run.Succeeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := story{bench: newBench(t), script: c.script}
			ending := s.play(t, c.playbook, c.scope)
			if diff := cmp.Diff(c.told, s.told); diff != "" || ending.State != c.state {
				t.Errorf("it ended as %s (%s), want %s; steps (-want +got):\n%s", ending.State, ending.Sentence, c.state, diff)
			}
		})
	}
}

func TestTheRollbackIsOfThePrimeSuspect(t *testing.T) {
	s := story{bench: newBench(t)}
	s.play(t, "prompt-regression", scope("prompt", "github.revert", 0.83))
	if got := s.with["revert"]["change"]; got != "github:acme/assistants#482" {
		t.Errorf("reverts %v", got)
	}
	if got := s.with["ask"]; got["of"] != "team-support-ai" || got["expires"] != 10*time.Minute {
		t.Errorf("asks %v", got)
	}
}

func TestHostileTitlesStayText(t *testing.T) {
	const hostile = `<!channel> ${service.token} {{.}} "; rm -rf / <script>`
	sc := scope("prompt", "github.revert", 0.83)
	sc.Incident.Title, sc.Suspects[0].Title = hostile, hostile
	s := story{bench: newBench(t), script: map[string][]answer{"page": {refused}}}
	s.play(t, "prompt-regression", sc)
	want := "PagerDuty did not take the page for support: " + hostile + ". Nobody has been woken."
	if got := s.with["shout"]["text"]; got != want {
		t.Errorf("got %q", got)
	}
}

func TestWhichShippedPlaybooksStart(t *testing.T) {
	b := newBench(t)
	var plans []playbooks.Plan
	for _, name := range library.Names() {
		plans = append(plans, b.plan(t, name))
	}
	set := playbooks.NewSet(plans, b.eval)
	ticket := scope("prompt", "github.revert", 0.9)
	ticket.Incident.Severity = "ticket"
	cost := scope("code", "", 0.2)
	cost.Incident.Signal = "cost"
	dark := scope("code", "", 0.2)
	dark.Incident.Blind = "stale"
	for _, c := range []struct {
		name, trigger string
		scope         expr.Scope
		want          []string
	}{
		{"a likely prompt", "opened", scope("prompt", "github.revert", 0.83), []string{"prompt-regression"}},
		{"a prompt that nothing can take back", "opened", scope("prompt", "", 0.83), []string{"generic"}},
		{"an unlikely prompt", "opened", scope("prompt", "github.revert", 0.5), []string{"generic"}},
		{"a prompt that is not urgent", "opened", ticket, []string{"generic"}},
		{"a model", "worsened", scope("model", "", 0.7), []string{"model-regression"}},
		{"cost", "opened", cost, []string{"cost-surge"}},
		{"lost sight", "blind", dark, []string{"blind"}},
		{"it is over", "resolved", scope("prompt", "github.revert", 0.83), []string{"closing"}},
		{"it recovers", "recovered", scope("prompt", "github.revert", 0.83), nil},
	} {
		started, others := set.Choose(c.trigger, c.scope)
		var names []string
		for _, p := range started {
			names = append(names, p.Name)
		}
		if diff := cmp.Diff(c.want, names); diff != "" || len(started)+len(others) != len(plans) {
			t.Errorf("%s:\n%s\n%s", c.name, diff, strings.Join(others, "\n"))
		}
	}
}
