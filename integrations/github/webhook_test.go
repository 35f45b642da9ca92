package github

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func noCredentials(c *Config, _ *Options) { c.Token, c.AllowMerge = secret.Value{}, false }

func TestOnlyWhatGitHubSignedIsHeard(t *testing.T) {
	c := newClient(t, nil, noCredentials)
	body := []byte(`{"ref":"refs/heads/main"}`)
	with := func(edit func(h http.Header)) http.Header {
		h := sign(body)
		edit(h)
		return h
	}
	form := []byte(url.Values{"payload": {string(body)}}.Encode())
	formHeader := sign(form)
	formHeader.Set("Content-Type", "application/x-www-form-urlencoded")
	empty := []byte("other=1")
	emptyHeader := sign(empty)
	emptyHeader.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, tt := range []struct {
		name   string
		header http.Header
		body   []byte
		want   bot.ErrorCode
	}{
		{"a signed delivery", sign(body), body, ""},
		{"a signed form", formHeader, form, ""},
		{"a form without a payload", emptyHeader, empty, bot.Invalid},
		{"an unsigned delivery", with(func(h http.Header) { h.Del("X-Hub-Signature-256") }), body, bot.Unauthorized},
		{"one that is signed with SHA-1 only", with(func(h http.Header) {
			h.Del("X-Hub-Signature-256")
			h.Set("X-Hub-Signature", "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6")
		}), body, bot.Unauthorized},
		{"a tampered body", sign(body), []byte(`{"ref":"refs/heads/evil"}`), bot.Unauthorized},
		{"a signature without its scheme", with(func(h http.Header) {
			h.Set("X-Hub-Signature-256", strings.TrimPrefix(h.Get("X-Hub-Signature-256"), "sha256="))
		}), body, bot.Unauthorized},
		{"a short signature", with(func(h http.Header) { h.Set("X-Hub-Signature-256", "sha256=00") }), body, bot.Unauthorized},
		{"a signature that is no number", with(func(h http.Header) { h.Set("X-Hub-Signature-256", "sha256=zz") }), body, bot.Unauthorized},
		{"a delivery without its GUID", with(func(h http.Header) { h.Del("X-Github-Delivery") }), body, bot.Invalid},
		{"a delivery without its event", with(func(h http.Header) { h.Del("X-Github-Event") }), body, bot.Invalid},
		{"an event that is no name", with(func(h http.Header) { h.Set("X-Github-Event", "../x") }), body, bot.Invalid},
		{"a body beyond GitHub's largest", sign(body), make([]byte, MaxBody+1), bot.TooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := c.Receive(tt.header, tt.body)
			if bot.CodeOf(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			want := bot.Delivery{}
			if tt.want == "" {
				want = bot.Delivery{ID: "72d3162e-cc78-11e3-81ab-4c9367dc0958", Source: "github", Event: "push", Body: body, ReceivedAt: today}
			}
			if diff := cmp.Diff(want, d); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := New(Config{Token: apiToken}, Options{}); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("an empty webhook secret is taken: %v", err)
	}
}

func TestGitHubsPublishedSignatureIsUnderstood(t *testing.T) {
	var vectors []struct {
		Scheme, Secret, Body string
		Headers              map[string]string
	}
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "signatures", "vectors.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(vectors, func(v struct {
		Scheme, Secret, Body string
		Headers              map[string]string
	},
	) bool {
		return v.Scheme == "github-sha256"
	})
	c := newClient(t, nil, func(c *Config, o *Options) {
		noCredentials(c, o)
		c.WebhookSecret = secret.New(vectors[i].Secret)
	})
	header := sign(nil)
	for name, value := range vectors[i].Headers {
		header.Set(name, value)
	}
	if _, err := c.Receive(header, []byte(vectors[i].Body)); err != nil {
		t.Error(err)
	}
}

func samples(t testing.TB) map[string][]byte {
	t.Helper()
	root := integrationstest.Shared(t, "contracts", "github", "payloads")
	files, err := filepath.Glob(filepath.Join(root, "*.json"))
	if err != nil || len(files) < 70 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(f)] = content
	}
	return all
}

func eventOf(file string) string {
	event, _, _ := strings.Cut(file, ".")
	return event
}

func TestEverySampleOfGitHubsIsTakenFromEndToEnd(t *testing.T) {
	c := newClient(t, nil, noCredentials)
	want := map[string]int{ // samples that tell of changes or deployments
		"push.none.5.json": 1, "deployment.created.1.json": 1, "deployment.created.2.json": 1, "deployment.created.4.json": 1,
		"deployment_status.created.1.json": 1, "deployment_status.created.2.json": 1, "deployment_status.created.4.json": 1,
	}
	for name, body := range samples(t) {
		header := sign(body)
		header.Set("X-Github-Event", eventOf(name))
		d, err := c.Receive(header, body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		told, err := c.Changes(t.Context(), d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(told.Changes) + len(told.Deployments); n != want[name] {
			t.Errorf("%s tells of %d things, want %d: %+v", name, n, want[name], told)
		}
	}
}

func TestOddFieldsNeverCostADelivery(t *testing.T) {
	c := newClient(t, nil, noCredentials)
	all := samples(t)
	var names []string
	for name := range all {
		if e := eventOf(name); e == "push" || e == "pull_request" || strings.HasPrefix(e, "deployment") || e == "check_run" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(names).Draw(rt, "sample")
		var v map[string]any
		_ = json.Unmarshal(all[name], &v)
		for range rapid.IntRange(1, 8).Draw(rt, "changes") {
			twist(rt, v)
		}
		body, _ := json.Marshal(v)
		d := bot.Delivery{Event: eventOf(name), Body: body, ReceivedAt: today}
		told, err := c.Changes(context.Background(), d)
		if err != nil {
			rt.Fatalf("%v\n%s", err, body)
		}
		for _, ch := range told.Changes {
			if ch.ID == "" || ch.Source != "github" || ch.Repository == "" || ch.MergedAt.IsZero() {
				rt.Fatalf("half a change: %+v", ch)
			}
		}
	})
}

// twist drops, adds or changes one field somewhere in a body.
func twist(t *rapid.T, v map[string]any) {
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		return
	}
	key := rapid.SampledFrom(keys).Draw(t, "key")
	if inner, ok := v[key].(map[string]any); ok && rapid.IntRange(0, 3).Draw(t, "deeper") > 0 {
		twist(t, inner)
		return
	}
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		delete(v, key)
	case 1:
		v[key] = rapid.SampledFrom([]any{nil, 7, -1.5, "2018-04-25 20:42:10", true, []any{}, map[string]any{}, []any{1, "x"}}).Draw(t, "value")
	case 2:
		v["something_new"] = map[string]any{"a": 1}
	default:
		v["action"] = rapid.SampledFrom([]string{"closed", "created", "dreamt_up"}).Draw(t, "action")
	}
}

func TestABodyThatIsNoObjectIsToldAsSuch(t *testing.T) {
	c := newClient(t, nil, noCredentials)
	for _, body := range []string{"", "{", "[]", `"x"`, "7"} {
		if _, err := c.Changes(t.Context(), bot.Delivery{Event: "push", Body: []byte(body)}); bot.CodeOf(err) != bot.Invalid {
			t.Errorf("%q: %v", body, err)
		}
	}
}

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

func key(t testing.TB) secret.Value {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return secret.New(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})))
}

func TestAnAppActsWithItsInstallationsToken(t *testing.T) {
	private := key(t)
	const path = "POST /api/v3/app/installations/7/access_tokens"
	made := func(v *vendor) *Client {
		return newClient(t, v, func(c *Config, _ *Options) {
			c.Token, c.App = secret.Value{}, App{ID: 5, Installation: 7, PrivateKey: private}
		})
	}
	t.Run("fetched once, as GitHub's description asks", func(t *testing.T) {
		v := newVendor(t)
		v.token = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
		v.answers[path] = []reply{{201, nil, fmt.Sprintf(`{"token":%q,"expires_at":%q}`, v.token, time.Now().Add(time.Hour).Format(time.RFC3339))}}
		c := made(v)
		outcome, err := action(c, "github.revert").Act(t.Context(), revertCall(nil))
		if err != nil || outcome.Output["merged"] != true {
			t.Fatal(outcome, err)
		}
		if n := len(slices.DeleteFunc(slices.Clone(v.asked), func(s string) bool { return s != path })); n != 1 {
			t.Errorf("the token was fetched %d times", n)
		}
		if text := c.rest.Redact("bad " + v.token); strings.Contains(text, v.token) {
			t.Errorf("an installation's token is told: %s", text)
		}
	})
	for status, want := range map[int]playbooks.Fate{401: playbooks.Permanent, 404: playbooks.Permanent, 429: playbooks.Transient, 500: playbooks.Transient} {
		v := newVendor(t)
		v.answers[path] = []reply{{status, nil, `{"message":"no"}`}}
		_, err := action(made(v), "github.dispatch").Act(t.Context(), dispatchCall(map[string]any{
			"repository": "acme/assistants", "workflow": "a.yaml", "ref": "main",
		}))
		if fate, _ := playbooks.FateOf(err); fate != want || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("a token refused with %d: %s %v, want %s", status, fate, err, want)
		}
	}
}

func TestConfigTellsAllItsFaults(t *testing.T) {
	r := diag.New()
	Config{
		URL: "github.com", Token: apiToken, App: App{ID: -1, PrivateKey: secret.New("x")}, MergeMethod: "octopus",
		Branches: []string{"["}, Timeout: -1,
	}.Check(r)
	Config{WebhookSecret: webhookSecret, AllowMerge: true}.Check(r)
	Config{}.Check(r)
	Config{WebhookSecret: webhookSecret, App: App{ID: 1, Installation: 2, PrivateKey: key(t)}}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+": "+f.Code)
	}
	want := []string{
		"webhook_secret: missing-secret", "url: bad-url", "token: conflict", "app.id: missing", "app.installation: missing",
		"app.private_key: bad-key", "merge_method: unknown-merge-method", "branches[0]: bad-glob", "timeout: bad-duration",
		"allow_merge: missing-credentials",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheServersAddressesFollowFromItsURL(t *testing.T) {
	for _, tt := range []struct{ url, rest, graphql, web string }{
		{"", "https://api.github.com/", "https://api.github.com/graphql", "https://github.com/"},
		{"https://ghe.example", "https://ghe.example/api/v3/", "https://ghe.example/api/graphql", "https://ghe.example/"},
		{"https://ghe.example/api/v3/", "https://ghe.example/api/v3/", "https://ghe.example/api/graphql", "https://ghe.example/"},
		{"https://api.acme.ghe.com", "https://api.acme.ghe.com/", "https://api.acme.ghe.com/graphql", "https://acme.ghe.com/"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3/", "http://127.0.0.1:8080/api/graphql", "http://127.0.0.1:8080/"},
	} {
		c := Config{URL: tt.url, WebhookSecret: webhookSecret}
		rest, graphql := c.endpoints()
		client, err := New(c, Options{})
		if err != nil || rest != tt.rest || graphql != tt.graphql || client.web() != tt.web {
			t.Errorf("%q: %s %s %s %v", tt.url, rest, graphql, client.web(), err)
		}
	}
}

func FuzzDelivery(f *testing.F) {
	for _, s := range []string{
		`{}`, `null`, `{"pull_request":7}`, `{"action":"closed","pull_request":{"number":1,"merged":true},"repository":{"full_name":"a/b"}}`,
		`{"ref":"refs/heads/main","after":"1","head_commit":{},"repository":{"full_name":"a/b","default_branch":"main"}}`,
		`{"deployment":{"sha":"1"},"deployment_status":{"state":"success"},"repository":{"full_name":"a/b"}}`,
	} {
		f.Add("pull_request", []byte(s))
		f.Add("push", []byte(s))
		f.Add("deployment_status", []byte(s))
	}
	c, err := New(Config{WebhookSecret: webhookSecret}, Options{Now: func() time.Time { return today }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		header := sign(body)
		header.Set("X-Github-Event", event)
		d, err := c.Receive(header, body)
		if err != nil {
			return
		}
		told, err := c.Changes(context.Background(), d)
		if err != nil && len(told.Changes) > 0 {
			t.Error("an error tells of changes")
		}
		for _, ch := range told.Changes {
			if ch.MergedAt.IsZero() || strings.ContainsAny(ch.Title, "\n\r\x00") || (ch.URL != "" && !strings.HasPrefix(ch.URL, "http")) {
				t.Errorf("%+v", ch)
			}
		}
	})
}

func BenchmarkChanges(b *testing.B) {
	c, err := New(Config{WebhookSecret: webhookSecret}, Options{Now: func() time.Time { return today }})
	if err != nil {
		b.Fatal(err)
	}
	body := integrationstest.Read(b, "contracts", "github", "payloads", "pull_request.closed.1.json")
	header := sign(body)
	header.Set("X-Github-Event", "pull_request")
	b.ReportAllocs()
	for b.Loop() {
		d, err := c.Receive(header, body)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Changes(context.Background(), d); err != nil {
			b.Fatal(err)
		}
	}
}
