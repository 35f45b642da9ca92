package playbooks_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// catalogue is a small catalogue with one action of every kind.
func catalogue() []playbooks.Action {
	return []playbooks.Action{
		{
			Name: "approval.ask", Waits: true, Idempotent: true, Configured: true,
			Params: []playbooks.Param{
				{Name: "question", Type: playbooks.String},
				{Name: "of", Type: playbooks.String},
				{Name: "expires", Type: playbooks.Duration, Required: true, Doc: "How long the question stands."},
			},
			Outputs: map[string]playbooks.Type{"by": playbooks.String},
		},
		{
			Name: "github.dispatch", Configured: true,
			Params: []playbooks.Param{
				{Name: "repository", Type: playbooks.String, Required: true, Doc: "owner/name."},
				{Name: "inputs", Type: playbooks.Map},
				{Name: "labels", Type: playbooks.List},
				{Name: "depth", Type: playbooks.Int},
				{Name: "share", Type: playbooks.Double},
			},
			Outputs: map[string]playbooks.Type{"id": playbooks.Int, "url": playbooks.String, "jobs": playbooks.List},
		},
		{
			Name: "github.revert", Rollback: true, Verifies: true, Configured: true,
			Params: []playbooks.Param{
				{Name: "change", Type: playbooks.String, Required: true, Doc: "The ID of the change."},
				{Name: "merge", Type: playbooks.Bool},
			},
			Outputs: map[string]playbooks.Type{"pull_request": playbooks.Int, "url": playbooks.String},
		},
		{
			Name: "pagerduty.escalate", Idempotent: true, Verifies: true, Configured: true,
			Params: []playbooks.Param{{Name: "summary", Type: playbooks.String}},
		},
		{
			Name: "pagerduty.page", Idempotent: true, Verifies: true, Configured: true,
			Params: []playbooks.Param{
				{Name: "severity", Type: playbooks.String, Allowed: []string{"critical", "error", "warning", "info"}},
				{Name: "summary", Type: playbooks.String},
			},
			Outputs: map[string]playbooks.Type{"dedup_key": playbooks.String},
		},
		{Name: "pager.fax", Rollback: true},
		{
			Name: "signal.wait", Waits: true, Idempotent: true, Configured: true,
			Params: []playbooks.Param{
				{Name: "until", Type: playbooks.Condition, Required: true, Doc: "What must hold."},
				{Name: "hold", Type: playbooks.Duration},
				{Name: "timeout", Type: playbooks.Duration},
			},
		},
		{
			Name: "slack.post", Verifies: true, Configured: true,
			Params: []playbooks.Param{
				{Name: "card", Type: playbooks.String, Allowed: []string{"incident"}},
				{Name: "text", Type: playbooks.String},
				{Name: "channel", Type: playbooks.String},
			},
			Outputs: map[string]playbooks.Type{"ts": playbooks.String},
		},
	}
}

func environment(tb testing.TB) *expr.Env {
	tb.Helper()
	return expr.New()
}

func compiler(tb testing.TB) *playbooks.Compiler {
	tb.Helper()
	return playbooks.NewCompiler(environment(tb), catalogue(), []string{"github.revert"})
}
