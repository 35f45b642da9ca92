package peers_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const (
	webhookSecret = "a-secret-of-webhooks"
	repository    = "acme/assistants"
)

// between stands between the bot and emulate's GitHub. For the bot it is GitHub Enterprise Server, whose API stands below /api/v3/. On
// the way back it gives every delivery a GUID of its own, as GitHub's documentation promises; emulate names them by the millisecond.
type between struct {
	url string

	mu         sync.Mutex
	hub, bot   *url.URL
	deliveries atomic.Int64
	// asked counts the bot's requests, by method and path.
	asked map[string]int
}

func newBetween(t *testing.T) *between {
	t.Helper()
	b := &between{asked: map[string]int{}}
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: b.rewrite, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusBadGateway)
	}})
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *between) rewrite(r *httputil.ProxyRequest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	path, isAPI := strings.CutPrefix(r.In.URL.Path, "/api/v3")
	if !isAPI {
		r.SetURL(b.bot)
		r.Out.Header.Set("X-GitHub-Delivery", fmt.Sprintf("72d3162e-cc78-11e3-81ab-%012d", b.deliveries.Add(1)))
		return
	}
	b.asked[r.In.Method+" "+path]++
	r.Out.URL.Path, r.Out.URL.RawPath = path, ""
	r.SetURL(b.hub)
}

func (b *between) times(request string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked[request]
}

func (b *between) connect(t *testing.T, hub, bot string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for at, to := range map[string]**url.URL{hub: &b.hub, bot: &b.bot} {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		*to = u
	}
}

// emulatedGitHub is emulate's GitHub with our App installed, and ana, who may write.
func emulatedGitHub(t *testing.T, hook string) *emulated {
	t.Helper()
	return emulate(t, "github", "ghp_ana", map[string]any{
		"tokens": map[string]any{"ghp_ana": map[string]any{"login": "ana", "scopes": []string{"repo", "user"}}},
		"github": map[string]any{
			"users": []any{map[string]any{"login": "ana", "name": "Ana"}},
			"orgs":  []any{map[string]any{"login": "acme", "members": []any{map[string]any{"login": "ana", "role": "admin"}}}},
			"repos": []any{map[string]any{"owner": "acme", "name": "assistants", "private": true}},
			"apps": []any{map[string]any{
				"app_id": 12345, "slug": "firebreak", "name": "Firebreak", "webhook_url": hook, "webhook_secret": webhookSecret,
				// What our manual asks for, and no more.
				"permissions":   map[string]string{"metadata": "read", "contents": "write", "pull_requests": "write", "checks": "write"},
				"events":        []string{"pull_request", "pull_request_review", "issue_comment", "push", "check_run", "check_suite"},
				"installations": []any{map[string]any{"installation_id": 100, "account": "acme", "repository_selection": "all"}},
			}},
		},
	})
}

// open pushes a file to a branch of its own and opens a pull request of it.
func (e *emulated) open(branch, path, text, title string) (pull struct {
	Number int
	Head   struct{ SHA string }
},
) {
	e.t.Helper()
	var main struct{ Object struct{ SHA string } }
	e.call(http.MethodGet, "/repos/"+repository+"/git/ref/heads/main", nil, &main)
	e.call(http.MethodPost, "/repos/"+repository+"/git/refs", map[string]any{"ref": "refs/heads/" + branch, "sha": main.Object.SHA}, nil)
	e.call(http.MethodPut, "/repos/"+repository+"/contents/"+path, map[string]any{
		"message": title, "content": base64.StdEncoding.EncodeToString([]byte(text)), "branch": branch,
	}, nil)
	e.call(http.MethodPost, "/repos/"+repository+"/pulls", map[string]any{"title": title, "head": branch, "base": "main"}, &pull)
	return pull
}

// checkRun is a check as GitHub tells of it.
type checkRun struct {
	ID                       int64
	Name, Status, Conclusion string
	Output                   struct{ Title, Summary string }
}

func (e *emulated) checks(sha string) (out []checkRun) {
	e.t.Helper()
	var list struct {
		CheckRuns []checkRun `json:"check_runs"`
	}
	e.call(http.MethodGet, "/repos/"+repository+"/commits/"+sha+"/check-runs", nil, &list)
	return list.CheckRuns
}

// TestTheBotBetweenEmulatedVendors has the whole bot live between a GitHub and a Slack that we did not build: the App's token, signed
// webhooks, a check on a pull request, its merge as a change, and that change as the suspect on the card of an incident. What emulate has not is left out: the files of a pull request (it lists none), further
// pushes to one, GraphQL and with it reverts, deployments, the App's list of deliveries, and the buttons of checks (it reads "id" where
// GitHub's description says "identifier").
func TestTheBotBetweenEmulatedVendors(t *testing.T) {
	way := newBetween(t)
	hub := emulatedGitHub(t, way.url+"/webhooks/github")
	key := ""
	for _, s := range hub.secrets {
		if s.Kind == "github.app_private_key" {
			key = s.Value
		}
	}
	file := filepath.Join(t.TempDir(), "app.pem")
	write(t, file, key)
	t.Setenv("GITHUB_WEBHOOK_SECRET", webhookSecret)
	slack := emulatedSlack(t)
	t.Setenv("SLACK_TOKEN", botToken)
	t.Setenv("SLACK_SIGNING_SECRET", signingSecret)
	way.connect(t, hub.url, "http://127.0.0.1:1") // nobody is there yet
	b := runBot(t, `
services:
  - name: support-assistant
    owner: team-support-ai
    match: {service_name: support-assistant}
    repositories: [{name: `+repository+`, paths: ["prompts/**"]}]
    rollback: {prompt: github.revert}
github:
  url: `+way.url+`
  webhook_secret: ${env:GITHUB_WEBHOOK_SECRET}
  backfill: 0s
  app: {id: 12345, installation: 100, private_key: "${file:`+file+`}"}
checks: {repositories: [`+repository+`]}
slack:
  token: ${env:SLACK_TOKEN}
  signing_secret: ${env:SLACK_SIGNING_SECRET}
  channel: incidents
  api_url: `+slack.url+`/api/
playbooks: {files: [tell.yaml]}
`, map[string]string{"tell.yaml": "name: tell\non: {incident: [opened]}\nsteps:\n  - {id: card, action: slack.post, with: {card: incident}}\n"})
	way.connect(t, hub.url, b.url)

	pull := hub.open("stricter", "prompts/system.md", "Be strict.\n", "Be stricter")
	var check checkRun
	await(t, "a check on the pull request", func() bool {
		all := hub.checks(pull.Head.SHA)
		if len(all) > 0 {
			check = all[0]
		}
		return len(all) > 0
	})
	if check.Name != "firebreak/risk" || check.Status != "completed" || check.Conclusion == "" || check.Output.Title == "" || check.Output.Summary == "" {
		t.Errorf("%+v", check)
	}

	hub.call(http.MethodPut, fmt.Sprintf("/repos/%s/pulls/%d/merge", repository, pull.Number), map[string]any{}, nil)
	change := fmt.Sprintf("github:%s#%d", repository, pull.Number)
	b.shows(t, "/api/v1/changes?service=support-assistant", `"`+change+`"`)
	if text := b.get(t, "/api/v1/changes?service=support-assistant"); !strings.Contains(text, `"Be stricter"`) || !strings.Contains(text, `"merged_by": "ana"`) {
		t.Errorf("%s", text)
	}

	people := http.Header{"Content-Type": {"application/json"}}
	status, said := request(t, http.MethodPost, b.url+"/api/v1/incidents", `{"service": "support-assistant", "title": "it answers in French", "by": "ana"}`, people)
	if status != http.StatusOK && status != http.StatusCreated {
		t.Fatalf("%d %s", status, said)
	}
	channel := slack.channel("incidents")
	await(t, "the card", func() bool { return len(slack.said(channel).Messages) == 1 })
	if card := slack.said(channel).Messages[0]; !strings.Contains(card.Text, "it answers in French") || !strings.Contains(string(card.Blocks), "Be stricter") {
		t.Errorf("%s %s", card.Text, card.Blocks)
	}
	id := b.incidents(t)[0].ID
	if status, said = request(t, http.MethodPost, b.url+"/api/v1/incidents/"+id+"/resolve", `{"by": "ana", "reason": "taken back"}`, people); status != http.StatusOK {
		t.Fatalf("%d %s", status, said)
	}
	await(t, "the card edited in place", func() bool {
		all := slack.said(channel).Messages
		return len(all) == 1 && all[0].Edited != nil && strings.Contains(strings.ToLower(string(all[0].Blocks)), "resolved")
	})
	const token = "POST /app/installations/100/access_tokens"
	if n := way.times(token); n != 1 {
		t.Errorf("the App asked %d times for a token that holds for an hour", n)
	}
	if metrics := b.get(t, "/metrics"); strings.Contains(metrics, `firebreak_webhook_deliveries_total{result="unauthorized",source="github"} 1`) {
		t.Error("a delivery that emulate signed was refused")
	}
}
