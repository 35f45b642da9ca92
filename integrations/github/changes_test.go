package github

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

// merged is a delivery of a merged pull request, made of GitHub's own sample.
func merged(t *testing.T, edit func(pr, repo map[string]any)) bot.Delivery {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "github", "payloads", "pull_request.closed.1.json"), &v); err != nil {
		t.Fatal(err)
	}
	pr, repo := v["pull_request"].(map[string]any), v["repository"].(map[string]any)
	repo["full_name"], repo["default_branch"] = "acme/assistants", "main"
	pr["number"], pr["merged"], pr["merged_at"], pr["merge_commit_sha"] = 482, true, "2026-11-20T14:00:00Z", merge482
	pr["title"], pr["user"], pr["merged_by"] = "Be stricter\u202e\n", map[string]any{"login": "alice"}, map[string]any{"login": "bob"}
	pr["base"].(map[string]any)["ref"], pr["head"].(map[string]any)["ref"] = "main", "stricter"
	pr["html_url"], pr["node_id"], pr["body"] = "https://github.com/acme/assistants/pull/482", "PR_482", "why"
	if edit != nil {
		edit(pr, repo)
	}
	body, _ := json.Marshal(v)
	return bot.Delivery{ID: "1", Source: "github", Event: "pull_request", Body: body, ReceivedAt: today}
}

func TestAMergedPullRequestIsAChange(t *testing.T) {
	want := bot.Change{
		ID: "github:acme/assistants#482", Source: "github", Repository: "acme/assistants", Number: 482, Revision: merge482, Branch: "main",
		Title: "Be stricter", Author: "alice", MergedBy: "bob", URL: "https://github.com/acme/assistants/pull/482",
		MergedAt: time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC), Handle: "PR_482", Seen: today,
	}
	t.Run("without credentials", func(t *testing.T) {
		told, err := newClient(t, nil, noCredentials).Changes(t.Context(), merged(t, nil))
		if diff := cmp.Diff(Told{Changes: []bot.Change{want}}, told); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
	t.Run("with its paths and reviewers from the API", func(t *testing.T) {
		v := newVendor(t)
		v.files[482] = []string{"prompts/support/system.md", "prompts/support/a.md"}
		review := func(who, state string) map[string]any {
			return map[string]any{"user": map[string]any{"login": who}, "state": state}
		}
		v.reviews[482] = []map[string]any{
			review("carol", "COMMENTED"), review("dave", "APPROVED"), review("alice", "APPROVED"), review("erin", "APPROVED"),
			review("erin", "DISMISSED"), review("bob", "APPROVED"), review("bob", "COMMENTED"),
		}
		told, err := newClient(t, v, nil).Changes(t.Context(), merged(t, nil))
		full := want
		full.Paths, full.Reviewers = []string{"prompts/support/a.md", "prompts/support/system.md"}, []string{"bob", "dave"}
		if diff := cmp.Diff(Told{Changes: []bot.Change{full}}, told); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
	t.Run("an API that is down costs the paths and not the change", func(t *testing.T) {
		v := newVendor(t)
		v.answers["GET /api/v3/repos/acme/assistants/pulls/482/files"] = []reply{{502, nil, "<html>"}}
		v.answers["GET /api/v3/repos/acme/assistants/pulls/482/reviews"] = []reply{{502, nil, "<html>"}}
		told, err := newClient(t, v, nil).Changes(t.Context(), merged(t, nil))
		wantTold := Told{Changes: []bot.Change{want}, Incomplete: "paths and reviewers of github:acme/assistants#482 could not be asked"}
		if diff := cmp.Diff(wantTold, told); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
	for name, tt := range map[string]struct {
		edit func(pr, repo map[string]any)
		want int
	}{
		"closed without merging":    {func(pr, _ map[string]any) { pr["merged"], pr["merged_at"] = false, nil }, 0},
		"merged into a side branch": {func(pr, _ map[string]any) { pr["base"].(map[string]any)["ref"] = "feature" }, 0},
		"merged into a configured branch": {func(pr, _ map[string]any) {
			pr["base"].(map[string]any)["ref"] = "release/2026.11"
		}, 1},
		"merged at an odd time": {func(pr, _ map[string]any) { pr["merged_at"] = "2026-11-20 14:00:00" }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, nil, func(c *Config, o *Options) {
				noCredentials(c, o)
				c.Branches = []string{"release/*"}
			})
			told, err := c.Changes(t.Context(), merged(t, tt.edit))
			if err != nil || len(told.Changes) != tt.want {
				t.Errorf("%+v, %v", told, err)
			}
			for _, ch := range told.Changes {
				if !ch.MergedAt.Equal(want.MergedAt) {
					t.Errorf("merged at %s", ch.MergedAt)
				}
			}
		})
	}
}

func TestRevertsAreRecognised(t *testing.T) {
	for _, tt := range []struct{ name, body, branch, want string }{
		{"by GitHub's own body", "Reverts acme/assistants#482", "x", "github:acme/assistants#482"},
		{"by its short form", "Because.\n\nReverts #482\n", "x", "github:acme/assistants#482"},
		{"by the branch", "", "revert-482-stricter", "github:acme/assistants#482"},
		{"the body wins over the branch", "Reverts acme/assistants#481", "revert-482-stricter", "github:acme/assistants#481"},
		{"a revert of another repository is none of ours", "Reverts acme/other#482", "x", ""},
		{"words within a sentence are none", "This almost Reverts #482", "x", ""},
		{"a branch of that name without a number is none", "", "revert-stricter", ""},
	} {
		if got := revertedPull("acme/assistants", tt.body, tt.branch); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := revertedCommit("a/b", "Revert \"x\"\n\nThis reverts commit "+merge482+"."); got != "github:a/b@"+merge482 {
		t.Errorf("a reverted commit is %q", got)
	}
}

// pushed is a delivery of a push, made of GitHub's own sample.
func pushed(t *testing.T, ref, message, committer string) bot.Delivery {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "github", "payloads", "push.none.5.json"), &v); err != nil {
		t.Fatal(err)
	}
	repo, head := v["repository"].(map[string]any), v["head_commit"].(map[string]any)
	repo["full_name"], repo["default_branch"], repo["pushed_at"] = "acme/assistants", "main", 1795183200
	v["ref"], v["after"] = ref, merge482
	v["pusher"], v["sender"] = map[string]any{"name": "bob"}, map[string]any{"login": "bob"}
	head["message"], head["committer"] = message, map[string]any{"username": committer}
	head["author"], head["url"] = map[string]any{"username": "alice"}, "https://github.com/acme/assistants/commit/"+merge482
	v["commits"] = []any{
		map[string]any{"added": []any{"b.md"}, "modified": []any{"a.md"}}, map[string]any{"removed": []any{"c.md"}, "modified": []any{"a.md"}},
	}
	body, _ := json.Marshal(v)
	return bot.Delivery{ID: "1", Source: "github", Event: "push", Body: body, ReceivedAt: today}
}

func TestADirectPushIsAChange(t *testing.T) {
	want := bot.Change{
		ID: "github:acme/assistants@" + merge482, Source: "github", Repository: "acme/assistants", Revision: merge482, Branch: "main",
		Title: "Fix the prompt", Author: "alice", MergedBy: "bob", URL: "https://github.com/acme/assistants/commit/" + merge482,
		Paths: []string{"a.md", "b.md", "c.md"}, MergedAt: time.Unix(1795183200, 0).UTC(), Seen: today,
	}
	told, err := newClient(t, nil, noCredentials).Changes(t.Context(), pushed(t, "refs/heads/main", "Fix the prompt\n\nLong story", "alice"))
	if diff := cmp.Diff(Told{Changes: []bot.Change{want}}, told); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestOneRevisionIsOneChange(t *testing.T) {
	listed := "GET /api/v3/repos/acme/assistants/commits/" + merge482 + "/pulls"
	for _, tt := range []struct {
		name           string
		ref, message   string
		committer      string
		setup          func(v *vendor)
		alone, withAPI int // changes without and with credentials
	}{
		{"a merge commit by GitHub", "refs/heads/main", "Merge pull request #482 from acme/stricter", "web-flow", nil, 0, 0},
		{"a squash by GitHub", "refs/heads/main", "Be stricter (#482)\n\nbody", "web-flow", nil, 0, 0},
		{"a rebase that only the API knows of", "refs/heads/main", "Be stricter", "alice", nil, 1, 0},
		{
			"a message that lies about a pull request", "refs/heads/main", "Harmless (#9)", "alice",
			func(v *vendor) { v.commits[merge482] = nil }, 1, 1,
		},
		{
			"one that lies and claims to be made by GitHub", "refs/heads/main", "Harmless (#9)", "web-flow",
			func(v *vendor) { v.commits[merge482] = nil }, 0, 1,
		},
		{
			"a merge that the API's list lags behind", "refs/heads/main", "Be stricter (#482)", "web-flow",
			func(v *vendor) { v.commits[merge482] = nil }, 0, 0,
		},
		{
			"a commit of a pull request that was merged as another one", "refs/heads/main", "Hotfix", "alice",
			func(v *vendor) { v.pulls[482].mergeSHA = "other" }, 1, 1,
		},
		{
			"an API that is down", "refs/heads/main", "Be stricter (#482)", "web-flow",
			func(v *vendor) { v.answers[listed] = []reply{{500, nil, ""}} }, 0, 0,
		},
		{"a tag", "refs/tags/v1", "x", "alice", nil, 0, 0},
		{"a side branch", "refs/heads/feature", "x", "alice", nil, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVendor(t)
			v.commits[merge482] = []int{482}
			if tt.setup != nil {
				tt.setup(v)
			}
			d := pushed(t, tt.ref, tt.message, tt.committer)
			for c, want := range map[*Client]int{newClient(t, nil, noCredentials): tt.alone, newClient(t, v, nil): tt.withAPI} {
				told, err := c.Changes(t.Context(), d)
				if err != nil || len(told.Changes) != want {
					t.Errorf("credentials %v: %d changes, want %d (%+v, %v)", c.token != nil, len(told.Changes), want, told, err)
				}
			}
		})
	}
}

func TestDeploymentsTellWhenARevisionBeganToServe(t *testing.T) {
	deliver := func(event, state string) bot.Delivery {
		v := map[string]any{
			"repository": map[string]any{"full_name": "acme/assistants"},
			"deployment": map[string]any{"sha": merge482, "environment": "prod", "created_at": "2026-11-20T14:01:00Z"},
		}
		if state != "" {
			v["deployment_status"] = map[string]any{
				"state": state, "environment": "production", "created_at": "2026-11-20T14:02:00Z", "updated_at": "2026-11-20 14:03:00",
				"log_url": "javascript:alert(1)",
			}
		}
		body, _ := json.Marshal(v)
		return bot.Delivery{Event: event, Body: body, ReceivedAt: today}
	}
	base := bot.Deployment{Source: "github", Repository: "acme/assistants", Revision: merge482, Environment: "production", At: time.Date(2026, 11, 20, 14, 3, 0, 0, time.UTC)}
	succeeded := base
	succeeded.Succeeded = true
	created := base
	created.Environment, created.At = "prod", time.Date(2026, 11, 20, 14, 1, 0, 0, time.UTC)
	for _, tt := range []struct {
		event, state string
		want         []bot.Deployment
	}{
		{"deployment", "", []bot.Deployment{created}},
		{"deployment_status", "success", []bot.Deployment{succeeded}},
		{"deployment_status", "failure", []bot.Deployment{base}},
		{"deployment_status", "in_progress", []bot.Deployment{base}},
		{"deployment_status", "inactive", nil},
		{"deployment_status", "", nil},
	} {
		told, err := newClient(t, nil, noCredentials).Changes(t.Context(), deliver(tt.event, tt.state))
		if diff := cmp.Diff(tt.want, told.Deployments); err != nil || diff != "" {
			t.Errorf("%s %s: %v %s", tt.event, tt.state, err, diff)
		}
	}
}
