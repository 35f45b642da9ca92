package github

import (
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

const commit40 = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

func deploying(t *testing.T, v *vendor) *Client {
	return newClient(t, v, func(c *Config, _ *Options) {
		c.Deploys = Deploys{Workflows: []string{"deploy*.yaml"}, Releases: true, Environment: "production"}
	})
}

func TestAWorkflowThatDeploysIsADeployment(t *testing.T) {
	const good = `{"action": "completed", "repository": {"full_name": "acme/assistants", "default_branch": "main"}, "workflow_run": {
		"path": ".github/workflows/deploy-prod.yaml@refs/heads/main", "event": "push", "conclusion": "success", "head_sha": "` + commit40 + `",
		"head_branch": "main", "html_url": "https://github.com/x", "updated_at": "2026-11-20T14:05:00Z"}}`
	c := deploying(t, newVendor(t))
	for name, body := range map[string]string{
		"a success":        good,
		"a failure":        strings.Replace(good, `"success"`, `"failure"`, 1),
		"another workflow": strings.Replace(good, "deploy-prod", "test", 1),
		"another branch":   strings.Replace(good, `"head_branch": "main"`, `"head_branch": "try"`, 1),
		"a pull request's": strings.Replace(good, `"event": "push"`, `"event": "pull_request"`, 1),
		"a request":        strings.Replace(good, "completed", "requested", 1),
	} {
		told, err := c.Changes(t.Context(), bot.Delivery{Event: "workflow_run", Body: []byte(body), ReceivedAt: today})
		if err != nil {
			t.Fatal(err)
		}
		if name != "a success" {
			if len(told.Deployments) > 0 {
				t.Errorf("%s told %+v", name, told)
			}
			continue
		}
		if len(told.Deployments) != 1 || told.Deployments[0].Revision != commit40 || !told.Deployments[0].Succeeded ||
			told.Deployments[0].Environment != "production" || told.Deployments[0].At.Format("15:04") != "14:05" {
			t.Errorf("%s told %+v", name, told)
		}
	}
}

func TestAReleaseIsADeploymentOfItsTagsCommit(t *testing.T) {
	body := func(target, rest string) []byte {
		return []byte(`{"action": "published", "repository": {"full_name": "acme/assistants", "default_branch": "main"}, "release": {
			"tag_name": "v1.2", "target_commitish": "` + target + `", "published_at": "2026-11-20T14:05:00Z"` + rest + `}}`)
	}
	const list = "GET /api/v3/repos/acme/assistants/commits"
	for name, c := range map[string]struct {
		body       []byte
		answers    map[string][]reply
		want       string
		incomplete bool
	}{
		"of a commit":          {body(commit40, ""), nil, commit40, false},
		"of a tag":             {body("main", ""), map[string][]reply{list: {{200, nil, `[{"sha": "beef"}]`}}}, "beef", false},
		"of a tag gone":        {body("main", ""), map[string][]reply{list: {{404, nil, `{}`}}}, "", false},
		"while GitHub is away": {body("main", ""), map[string][]reply{list: {{502, nil, `{}`}}}, "", true},
		"before its time":      {body(commit40, `, "prerelease": true`), nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			for what, replies := range c.answers {
				v.answers[what] = replies
			}
			told, err := deploying(t, v).Changes(t.Context(), bot.Delivery{Event: "release", Body: c.body, ReceivedAt: today})
			if err != nil || (told.Incomplete != "") != c.incomplete {
				t.Fatalf("%+v, %v", told, err)
			}
			got := ""
			if len(told.Deployments) == 1 {
				got = told.Deployments[0].Revision
			}
			if got != c.want {
				t.Errorf("told %+v, want %q", told, c.want)
			}
		})
	}
}

func TestWithoutAWordNeitherIsADeployment(t *testing.T) {
	c := newClient(t, newVendor(t), nil)
	for event, body := range map[string]string{
		"release":      `{"action": "published", "repository": {"full_name": "a/b"}, "release": {"tag_name": "v1", "target_commitish": "` + commit40 + `"}}`,
		"workflow_run": `{"action": "completed", "repository": {"full_name": "a/b"}, "workflow_run": {"path": "deploy.yaml", "conclusion": "success", "head_sha": "x"}}`,
	} {
		if told, err := c.Changes(t.Context(), bot.Delivery{Event: event, Body: []byte(body), ReceivedAt: today}); err != nil || len(told.Deployments) > 0 {
			t.Errorf("%s told %+v, %v", event, told, err)
		}
	}
	r := diag.New()
	Deploys{Workflows: []string{"a/b.yaml"}}.check(r)
	Deploys{Environment: "production"}.check(r)
	if r.Len() != 2 {
		t.Errorf("%+v", r.Faults())
	}
}
