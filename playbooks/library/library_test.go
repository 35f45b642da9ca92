package library_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/library"
)

// catalogue names the actions that shipped playbooks and the docs may call, as the integrations define them.
func catalogue() []playbooks.Action {
	text := func(name string, allowed ...string) playbooks.Param {
		return playbooks.Param{Name: name, Type: playbooks.String, Allowed: allowed}
	}
	needed := func(p playbooks.Param) playbooks.Param {
		p.Required, p.Doc = true, "It is needed."
		return p
	}
	list := []playbooks.Action{
		{Name: "pagerduty.page", Idempotent: true, Verifies: true, Params: []playbooks.Param{text("severity", "critical", "error", "warning", "info"), text("summary")}},
		{Name: "pagerduty.resolve", Idempotent: true, Verifies: true, Params: []playbooks.Param{text("as", "resolve", "acknowledge")}},
		{Name: "pagerduty.escalate", Idempotent: true, Verifies: true, Params: []playbooks.Param{text("reason")}},
		{
			Name: "slack.post", Idempotent: true, Verifies: true, Params: []playbooks.Param{text("card", "incident"), text("text"), text("channel")},
			Outputs: map[string]playbooks.Type{"channel": playbooks.String, "ts": playbooks.String},
		},
		{
			Name: "approval.ask", Waits: true, Idempotent: true,
			Params:  []playbooks.Param{text("question"), text("of"), {Name: "expires", Type: playbooks.Duration}},
			Outputs: map[string]playbooks.Type{"by": playbooks.String, "via": playbooks.String},
		},
		{
			Name: "github.revert", Rollback: true, Verifies: true,
			Params: []playbooks.Param{needed(text("change")), {Name: "merge", Type: playbooks.Bool}},
			Outputs: map[string]playbooks.Type{
				"pull_request": playbooks.Int, "url": playbooks.String, "merged": playbooks.Bool, "revision": playbooks.String,
			},
		},
		{
			Name:    "github.dispatch",
			Params:  []playbooks.Param{needed(text("repository")), needed(text("workflow")), needed(text("ref")), {Name: "inputs", Type: playbooks.Map}},
			Outputs: map[string]playbooks.Type{"url": playbooks.String},
		},
		{
			Name: "signal.wait", Waits: true, Idempotent: true,
			Params: []playbooks.Param{
				needed(playbooks.Param{Name: "until", Type: playbooks.Condition}),
				{Name: "hold", Type: playbooks.Duration},
				{Name: "timeout", Type: playbooks.Duration},
			},
			Outputs: map[string]playbooks.Type{"waited": playbooks.Duration},
		},
		{
			Name: "report.write", Idempotent: true, Params: []playbooks.Param{text("format", "markdown")},
			Outputs: map[string]playbooks.Type{"document": playbooks.String, "url": playbooks.String},
		},
	}
	for i := range list {
		list[i].Configured = true
	}
	return list
}

// bench is what a story needs.
type bench struct {
	compiler *playbooks.Compiler
	eval     *playbooks.Evaluator
}

func newBench(tb testing.TB) bench {
	tb.Helper()
	env := expr.New()
	return bench{playbooks.NewCompiler(env, catalogue(), []string{"github.revert"}), playbooks.NewEvaluator(env, catalogue())}
}

func (b bench) read(tb testing.TB, file string, data []byte) playbooks.Plan {
	tb.Helper()
	plan, diagnostics := b.compiler.Read(file, data)
	if len(diagnostics) > 0 {
		var text bytes.Buffer
		_ = configs.Render(&text, diagnostics, false)
		tb.Fatal(text.String())
	}
	return plan
}

func (b bench) plan(tb testing.TB, name string) playbooks.Plan {
	tb.Helper()
	data, file, found := library.Get(name)
	if !found {
		tb.Fatalf("there is no shipped playbook %q", name)
	}
	return b.read(tb, file, data)
}

func TestShippedPlaybooksCompile(t *testing.T) {
	want := []string{"blind", "closing", "cost-surge", "generic", "model-regression", "prompt-regression"}
	if diff := cmp.Diff(want, library.Names()); diff != "" {
		t.Error(diff)
	}
	b := newBench(t)
	for _, name := range library.Names() {
		if plan := b.plan(t, name); plan.Name != name {
			t.Errorf("the file %s.yaml holds the playbook %q", name, plan.Name)
		}
		data, _, _ := library.Get(name)
		if !strings.HasPrefix(string(data), "# ") || !strings.Contains(string(data), "\ndoc: ") {
			t.Errorf("%s does not say what it is for", name)
		}
	}
	for _, name := range []string{"", "x", "../library", "doc.go", "generic.yaml"} {
		if _, _, found := library.Get(name); found {
			t.Errorf("Get(%q) found something", name)
		}
	}
}

func TestWithoutARollbackPathOnlyThePlaybookThatIsAboutItIsRefused(t *testing.T) {
	compiler := playbooks.NewCompiler(expr.New(), catalogue(), []string{})
	for _, name := range library.Names() {
		data, file, _ := library.Get(name)
		_, diagnostics := compiler.Read(file, data)
		if refused := len(diagnostics) > 0; refused != (name == "prompt-regression") {
			t.Errorf("%s: %v", name, diagnostics)
		}
	}
}
