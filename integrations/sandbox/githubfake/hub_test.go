package githubfake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v62/github"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token  = "ghs_test"
	secret = "a webhook secret"
	owner  = "acme"
	name   = "assistants"
)

var now = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)

// desk is a hub, a real client on it, and what it delivered.
type desk struct {
	*githubfake.Hub
	client *github.Client
	plain  *http.Client
	base   string

	mu         sync.Mutex
	deliveries []githubfake.Delivery
	merges     []githubfake.Pull
}

func newDesk(t *testing.T, transports ...func(http.RoundTripper) http.RoundTripper) *desk {
	t.Helper()
	d := &desk{}
	var hub http.Handler
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hub.ServeHTTP(w, r) }))
	d.base = web.URL + "/github"
	d.Hub = githubfake.New(githubfake.Config{
		Base: d.base, Token: token, WebhookSecret: secret, Repositories: []string{owner + "/" + name},
		Now:     func() time.Time { return now },
		Deliver: func(one githubfake.Delivery) { d.mu.Lock(); d.deliveries = append(d.deliveries, one); d.mu.Unlock() },
		Merged:  func(p githubfake.Pull) { d.mu.Lock(); d.merges = append(d.merges, p); d.mu.Unlock() },
	})
	hub = http.StripPrefix("/github", d.Hub)
	own := &http.Transport{}
	var transport http.RoundTripper = own
	for _, wrap := range transports {
		transport = wrap(transport)
	}
	t.Cleanup(func() {
		own.CloseIdleConnections()
		web.Close()
	})
	d.plain = &http.Client{Transport: transport}
	client, err := github.NewClient(d.plain).WithAuthToken(token).WithEnterpriseURLs(d.base, d.base)
	if err != nil {
		t.Fatal(err)
	}
	d.client = client
	d.Seed(githubfake.Pull{
		Repository: owner + "/" + name, Number: 482, Title: "Support prompt", Author: "lena", Branch: "refund-wording",
		CreatedAt: now.Add(-time.Hour),
		Files:     []githubfake.File{{Path: "prompts/support/system.md", Status: "modified", Additions: 11, Deletions: 3}},
		Reviews:   []githubfake.Review{{User: "mira", State: "APPROVED", At: now.Add(-time.Minute)}},
	})
	return d
}

func (d *desk) revert(ctx context.Context, query string, input map[string]any) (map[string]any, []string, error) {
	req, err := d.client.NewRequest(http.MethodPost, d.base+"/api/graphql", map[string]any{
		"query": query, "variables": map[string]any{"input": input},
	})
	if err != nil {
		return nil, nil, err
	}
	var answer struct {
		Data   map[string]any
		Errors []struct{ Message string }
	}
	_, err = d.client.Do(ctx, req, &answer)
	var messages []string
	for _, e := range answer.Errors {
		messages = append(messages, e.Message)
	}
	return answer.Data, messages, err
}

const mutation = `mutation Undo($input: RevertPullRequestInput!) {
  made: revertPullRequest(input: $input) { clientMutationId revertPullRequest { __typename number state url author { login } } }
}`

func TestAMergeARevertAndItsMerge(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	if _, err := d.Land(owner+"/"+name, 482, "lena"); err != nil {
		t.Fatal(err)
	}
	pr, _, err := d.client.PullRequests.Get(ctx, owner, name, 482)
	if err != nil || !pr.GetMerged() || pr.GetMergedBy().GetLogin() != "lena" || !pr.GetMergedAt().Equal(github.Timestamp{Time: now}) {
		t.Fatalf("%+v %v", pr, err)
	}
	data, messages, err := d.revert(ctx, mutation, map[string]any{
		"pullRequestId": pr.GetNodeID(), "body": "because", "clientMutationId": "key-1",
	})
	if err != nil || len(messages) > 0 {
		t.Fatalf("%v %v", messages, err)
	}
	want := map[string]any{"made": map[string]any{"clientMutationId": "key-1", "revertPullRequest": map[string]any{
		"__typename": "PullRequest", "number": 483.0, "state": "OPEN", "url": d.base + "/acme/assistants/pull/483",
		"author": map[string]any{"login": githubfake.BotLogin},
	}}}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Errorf("the mutation's answer (-want +got):\n%s", diff)
	}
	opened, _, err := d.client.PullRequests.List(ctx, owner, name, &github.PullRequestListOptions{Head: "acme:revert-482-refund-wording"})
	if err != nil || len(opened) != 1 || opened[0].GetTitle() != `Revert "Support prompt"` || opened[0].GetBody() != "because" {
		t.Fatalf("%+v %v", opened, err)
	}
	result, _, err := d.client.PullRequests.Merge(ctx, owner, name, 483, "", &github.PullRequestOptions{SHA: opened[0].GetHead().GetSHA()})
	if err != nil || !result.GetMerged() {
		t.Fatalf("%+v %v", result, err)
	}
	if _, resp, err := d.client.PullRequests.Merge(ctx, owner, name, 483, "", nil); err == nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a second merge gives %v", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.merges) != 2 || d.merges[1].Reverts != 482 || d.SecondReverts() != 0 {
		t.Errorf("merges %+v", d.merges)
	}
	var events []string
	for _, one := range d.deliveries {
		events = append(events, one.Event+" "+strings.TrimPrefix(one.About, "acme/assistants"))
	}
	wantEvents := []string{"pull_request #482 closed", "push", "pull_request #483 opened", "pull_request #483 closed", "push"}
	for i, w := range wantEvents {
		if i >= len(events) || !strings.HasPrefix(events[i], w) {
			t.Fatalf("deliveries %v, want %v", events, wantEvents)
		}
	}
}

func TestASecondRevertIsMadeAndCounted(t *testing.T) {
	d := newDesk(t)
	if _, err := d.Land(owner+"/"+name, 482, "lena"); err != nil {
		t.Fatal(err)
	}
	pr, _, err := d.client.PullRequests.Get(t.Context(), owner, name, 482)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, messages, err := d.revert(t.Context(), mutation, map[string]any{"pullRequestId": pr.GetNodeID()}); err != nil || len(messages) > 0 {
			t.Fatalf("%v %v", messages, err)
		}
	}
	if d.SecondReverts() != 1 {
		t.Errorf("%d second reverts", d.SecondReverts())
	}
	if p, ok := d.Pull(owner+"/"+name, 484); !ok || p.Branch != "revert-482-refund-wording-1" {
		t.Errorf("the second revert is %+v", p)
	}
}

func TestWhatGraphQLRefuses(t *testing.T) {
	for _, c := range []struct {
		name, query string
		input       map[string]any
		word        string
		unexpected  bool
	}{
		{"a pull request that is not merged", mutation, map[string]any{"pullRequestId": "482"}, "must be merged", false},
		{"a node that is none", mutation, map[string]any{"pullRequestId": "PR_none"}, "Could not resolve", false},
		{"a field that nobody has", `mutation($input: X!) { revertPullRequest(input: $input) { colour } }`, map[string]any{"pullRequestId": "merged"}, "Field 'colour' doesn't exist on type 'RevertPullRequestPayload'", true},
		{"an input that nobody takes", mutation, map[string]any{"pullRequestId": "482", "why": "x"}, "doesn't accept argument 'why'", true},
		{"another mutation", `mutation { deleteRepository(input: {repositoryId: "R_1"}) { clientMutationId } }`, nil, "doesn't exist on type 'Mutation'", true},
		{"no document", `mutation {`, nil, "syntax error", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			if c.input["pullRequestId"] == "merged" {
				if _, err := d.Land(owner+"/"+name, 482, "lena"); err != nil {
					t.Fatal(err)
				}
			}
			if id := c.input["pullRequestId"]; id == "482" || id == "merged" {
				pr, _, err := d.client.PullRequests.Get(t.Context(), owner, name, 482)
				if err != nil {
					t.Fatal(err)
				}
				c.input["pullRequestId"] = pr.GetNodeID()
			}
			_, messages, err := d.revert(t.Context(), c.query, c.input)
			if err != nil || len(messages) == 0 || !strings.Contains(messages[0], c.word) {
				t.Errorf("got %v %v, want a word of %q", messages, err, c.word)
			}
			if got := len(d.Unexpected()) > 0; got != c.unexpected {
				t.Errorf("remembered as unexpected: %v, want %v", d.Unexpected(), c.unexpected)
			}
		})
	}
}

func TestDeliveriesAreWhatTheRealClientDecodes(t *testing.T) {
	d := newDesk(t)
	merged, err := d.Land(owner+"/"+name, 482, "lena")
	if err != nil {
		t.Fatal(err)
	}
	dep, err := d.Deploy(owner+"/"+name, merged.MergeSHA, "production", "Support prompt", "acme-deploy[bot]")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Report(owner+"/"+name, dep.ID, "success"); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var kinds []string
	for _, one := range d.deliveries {
		r := httptest.NewRequest(http.MethodPost, "/webhooks/github", strings.NewReader(string(one.Body)))
		r.Header = d.Headers(one)
		body, err := github.ValidatePayload(r, []byte(secret))
		if err != nil {
			t.Fatalf("%s: %v", one.About, err)
		}
		event, err := github.ParseWebHook(github.WebHookType(r), body)
		if err != nil {
			t.Fatalf("%s: %v", one.About, err)
		}
		if id := github.DeliveryID(r); id == "" || seen[id] {
			t.Errorf("GUID %q is not unique", id)
		} else {
			seen[id] = true
		}
		kinds = append(kinds, one.Event)
		switch e := event.(type) {
		case *github.PullRequestEvent:
			if !e.GetPullRequest().GetMerged() || e.GetPullRequest().GetMergeCommitSHA() != merged.MergeSHA || e.GetRepo().GetDefaultBranch() != "main" {
				t.Errorf("pull_request: %s", one.Body)
			}
		case *github.PushEvent:
			if e.GetAfter() != merged.MergeSHA || e.GetRef() != "refs/heads/main" || len(e.Commits) != 1 ||
				!cmp.Equal(e.Commits[0].Modified, []string{"prompts/support/system.md"}) || !e.GetHeadCommit().GetTimestamp().Equal(github.Timestamp{Time: now}) {
				t.Errorf("push: %s", one.Body)
			}
		case *github.DeploymentEvent:
			if e.GetDeployment().GetSHA() != merged.MergeSHA || e.GetDeployment().GetEnvironment() != "production" {
				t.Errorf("deployment: %s", one.Body)
			}
		case *github.DeploymentStatusEvent:
			if e.GetDeployment().GetID() != dep.ID || e.GetDeploymentStatus().GetEnvironment() != "production" {
				t.Errorf("deployment_status: %s", one.Body)
			}
		}
	}
	if want := []string{"pull_request", "push", "deployment", "deployment_status", "deployment_status"}; !cmp.Equal(kinds, want) {
		t.Errorf("deliveries %v, want %v", kinds, want)
	}
}

// work is what a bot asks of GitHub, through the real client.
func work(ctx context.Context, c *github.Client) error {
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	_, _, err := c.PullRequests.ListFiles(ctx, owner, name, 482, &github.ListOptions{PerPage: 100})
	note(err)
	_, _, err = c.PullRequests.ListReviews(ctx, owner, name, 482, nil)
	note(err)
	pr, _, err := c.PullRequests.Get(ctx, owner, name, 482)
	note(err)
	_, _, err = c.PullRequests.ListCommits(ctx, owner, name, 482, nil)
	note(err)
	_, _, err = c.PullRequests.ListPullRequestsWithCommit(ctx, owner, name, pr.GetHead().GetSHA(), nil)
	note(err)
	_, _, err = c.Repositories.GetCommit(ctx, owner, name, pr.GetHead().GetSHA(), nil)
	note(err)
	run, _, err := c.Checks.CreateCheckRun(ctx, owner, name, github.CreateCheckRunOptions{
		Name: "firebreak", HeadSHA: pr.GetHead().GetSHA(), Status: github.String("in_progress"),
		Output: &github.CheckRunOutput{Title: github.String("risk"), Summary: github.String("high")},
	})
	note(err)
	_, _, err = c.Checks.UpdateCheckRun(ctx, owner, name, run.GetID(), github.UpdateCheckRunOptions{
		Name: "firebreak", Status: github.String("completed"), Conclusion: github.String("neutral"),
	})
	note(err)
	runs, _, err := c.Checks.ListCheckRunsForRef(ctx, owner, name, pr.GetHead().GetSHA(), nil)
	note(err)
	if runs.GetTotal() != 1 || runs.CheckRuns[0].GetConclusion() != "neutral" {
		note(errors.New("the check run is not what was written"))
	}
	_, _, err = c.Repositories.CreateStatus(ctx, owner, name, pr.GetHead().GetSHA(), &github.RepoStatus{State: github.String("success"), Context: github.String("firebreak")})
	note(err)
	dep, _, err := c.Repositories.CreateDeployment(ctx, owner, name, &github.DeploymentRequest{Ref: github.String("main"), Environment: github.String("production")})
	note(err)
	_, _, err = c.Repositories.CreateDeploymentStatus(ctx, owner, name, dep.GetID(), &github.DeploymentStatusRequest{State: github.String("success")})
	note(err)
	_, _, err = c.Repositories.ListDeploymentStatuses(ctx, owner, name, dep.GetID(), nil)
	note(err)
	_, _, err = c.Repositories.ListDeployments(ctx, owner, name, &github.DeploymentsListOptions{Environment: "production"})
	note(err)
	_, err = c.Actions.CreateWorkflowDispatchEventByFileName(ctx, owner, name, "rollback.yml", github.CreateWorkflowDispatchEventRequest{
		Ref: "main", Inputs: map[string]any{"to": "b71e04c"},
	})
	note(err)
	_, _, err = c.Repositories.Dispatch(ctx, owner, name, github.DispatchRequestOptions{EventType: "rollback"})
	note(err)
	_, _, err = c.Issues.CreateComment(ctx, owner, name, 482, &github.IssueComment{Body: github.String("risky")})
	note(err)
	_, _, err = c.PullRequests.Merge(ctx, owner, name, 482, "", &github.PullRequestOptions{MergeMethod: "squash"})
	note(err)
	return errors.Join(errs...)
}

func TestWhatABotAsksIsAnsweredAndAsGitHubDescribesIt(t *testing.T) {
	description := integrationstest.Read(t, "contracts", "github", "rest-openapi.trimmed.json")
	d := newDesk(t, func(next http.RoundTripper) http.RoundTripper {
		return wiretest.NewJudge(t, description, "/github/api/v3", next).Fields()
	})
	if err := work(t.Context(), d.client); err != nil {
		t.Error(err)
	}
	if got := d.Unexpected(); len(got) > 0 {
		t.Errorf("unexpected: %v", got)
	}
	if got := d.Dispatches(); len(got) != 2 || got[0].Workflow != "rollback.yml" || got[1].Event != "rollback" {
		t.Errorf("dispatches %+v", got)
	}
}

func TestWhatRESTRefuses(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	inputs := map[string]any{}
	for i := range 26 {
		inputs[string(rune('a'+i))] = i
	}
	for _, c := range []struct {
		name   string
		do     func() (*github.Response, error)
		status int
	}{
		{"a repository that is none", func() (*github.Response, error) {
			_, r, err := d.client.PullRequests.Get(ctx, owner, "none", 1)
			return r, err
		}, http.StatusNotFound},
		{"a merge of another head", func() (*github.Response, error) {
			_, r, err := d.client.PullRequests.Merge(ctx, owner, name, 482, "", &github.PullRequestOptions{SHA: "0000"})
			return r, err
		}, http.StatusConflict},
		{"too many inputs", func() (*github.Response, error) {
			return d.client.Actions.CreateWorkflowDispatchEventByFileName(ctx, owner, name, "x.yml", github.CreateWorkflowDispatchEventRequest{Ref: "main", Inputs: inputs})
		}, http.StatusUnprocessableEntity},
		{"a check run without a commit", func() (*github.Response, error) {
			_, r, err := d.client.Checks.CreateCheckRun(ctx, owner, name, github.CreateCheckRunOptions{Name: "x"})
			return r, err
		}, http.StatusUnprocessableEntity},
		{"another token", func() (*github.Response, error) {
			client, err := github.NewClient(d.plain).WithAuthToken("ghp_other").WithEnterpriseURLs(d.base, d.base)
			if err != nil {
				return nil, err
			}
			_, r, err := client.PullRequests.Get(ctx, owner, name, 482)
			return r, err
		}, http.StatusUnauthorized},
		{"a path that is none", func() (*github.Response, error) {
			_, r, err := d.client.Repositories.ListTags(ctx, owner, name, nil)
			return r, err
		}, http.StatusNotFound},
	} {
		resp, err := c.do()
		if err == nil || resp == nil || resp.StatusCode != c.status {
			t.Errorf("%s: got %v, want status %d", c.name, err, c.status)
		}
	}
	if got := d.Unexpected(); len(got) != 3 {
		t.Errorf("remembered %v", got)
	}
}

func TestMergeabilityIsComputedWhenItIsFirstAskedFor(t *testing.T) {
	d := newDesk(t)
	first, _, err := d.client.PullRequests.Get(t.Context(), owner, name, 482)
	if err != nil || first.Mergeable != nil || first.GetMergeableState() != "unknown" {
		t.Errorf("the first answer says %v %q, %v", first.Mergeable, first.GetMergeableState(), err)
	}
	second, _, err := d.client.PullRequests.Get(t.Context(), owner, name, 482)
	if err != nil || !second.GetMergeable() || second.GetMergeableState() != "clean" {
		t.Errorf("the second answer says %v %q, %v", second.Mergeable, second.GetMergeableState(), err)
	}
}

func TestAFaultHasGitHubsFace(t *testing.T) {
	d := newDesk(t)
	d.Set(wire.Fault{Mode: wire.Limited, RetryAfter: 3, Calls: 1})
	_, resp, err := d.client.PullRequests.Get(t.Context(), owner, name, 482)
	if err == nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "3" {
		t.Errorf("429 gives %v", err)
	}
	d.Set(wire.Fault{Mode: wire.Lost, Calls: 1, Match: "/merge"})
	if _, _, err := d.client.PullRequests.Get(t.Context(), owner, name, 482); err != nil {
		t.Errorf("a fault that is narrowed to merges hit another call: %v", err)
	}
	if _, _, err := d.client.PullRequests.Merge(t.Context(), owner, name, 482, "", nil); err == nil {
		t.Error("the answer was not lost")
	}
	if p, _ := d.Pull(owner+"/"+name, 482); !p.Merged() {
		t.Error("a merge whose answer was lost took no effect")
	}
}

func TestSignaturesAreThosePublished(t *testing.T) {
	hub := githubfake.New(githubfake.Config{WebhookSecret: "It's a Secret to Everybody", Now: time.Now})
	got := hub.Headers(githubfake.Delivery{Body: []byte("Hello, World!")}).Get("X-Hub-Signature-256")
	if want := "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"; got != want {
		t.Errorf("got %s, want GitHub's own example %s", got, want)
	}
}

func FuzzGraphQL(f *testing.F) {
	f.Add(mutation)
	f.Add(`{ repository(owner: "acme", name: "assistants") { pullRequests(states: [OPEN, MERGED], last: 3) { nodes { number ... on PullRequest { title } } } } }`)
	f.Add(`query { node(id: "x\"") { id } } # done`)
	hub := githubfake.New(githubfake.Config{Token: token, Repositories: []string{"acme/assistants"}, Now: func() time.Time { return now }})
	f.Fuzz(func(t *testing.T, query string) {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Skip()
		}
		r := httptest.NewRequest(http.MethodPost, "/api/graphql", bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		hub.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("status %d for %q", w.Code, query)
		}
	})
}
