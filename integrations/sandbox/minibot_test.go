package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/google/go-github/v62/github"
	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/integrations/sandbox"
)

// minibot is the smallest bot that a story needs: it hears GitHub, watches one ratio, pages, posts a card with a button, reverts
// when the button is pressed and says when it is over. It speaks through the real client libraries.
type minibot struct {
	t      testing.TB
	sb     *sandbox.Sandbox
	env    map[string]string
	web    *httptest.Server
	http   *http.Client
	slack  *slack.Client
	pager  *pd.Client
	github *github.Client
	prom   v1.API
	// twice makes the bot forgetful: it does every outside effect twice.
	twice bool

	mu       sync.Mutex
	state    string
	merged   map[string]string // change → node ID, of what GitHub told
	suspects []string
	channel  string
	ts       string
	pressed  chan struct{}
}

const incidentID = "inc-01kaminibot"

func newMinibot(t testing.TB, sb *sandbox.Sandbox) *minibot {
	t.Helper()
	env := sb.Config().Env
	transport := &http.Transport{}
	b := &minibot{
		t: t, sb: sb, env: env, http: &http.Client{Transport: transport, Timeout: 10 * time.Second}, merged: map[string]string{},
		pressed: make(chan struct{}, 10),
	}
	u := sb.URLs()
	b.slack = slack.New(env["SANDBOX_SLACK_TOKEN"], slack.OptionAPIURL(u.Slack), slack.OptionHTTPClient(b.http))
	b.pager = pd.NewClient("", pd.WithV2EventsAPIEndpoint(u.PagerDuty))
	b.pager.HTTPClient = b.http
	hub, err := github.NewClient(b.http).WithAuthToken(installationToken(t, b.http, sb)).WithEnterpriseURLs(u.GitHub, u.GitHub)
	if err != nil {
		t.Fatal(err)
	}
	b.github = hub
	prom, err := api.NewClient(api.Config{Address: u.Prometheus, RoundTripper: transport})
	if err != nil {
		t.Fatal(err)
	}
	b.prom = v1.NewAPI(prom)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /api/v1/incidents", b.incidents)
	mux.HandleFunc("POST /webhooks/github", b.hear)
	mux.HandleFunc("POST /slack/interactions", b.interaction)
	b.web = httptest.NewServer(mux)
	t.Cleanup(func() {
		b.web.Close()
		transport.CloseIdleConnections()
	})
	return b
}

func (b *minibot) incidents(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := []any{}
	if b.state != "" {
		suspects := []any{}
		for _, s := range b.suspects {
			suspects = append(suspects, map[string]any{"change": s, "probability": 0.9})
		}
		list = append(list, map[string]any{
			"id": incidentID, "service": sandbox.Service, "title": "refuses too much", "severity": "page", "state": b.state,
			"opened_at": b.sb.Clock().Now(), "ranking": map[string]any{"none": 0.1, "suspects": suspects},
		})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"incidents": list})
}

func (b *minibot) hear(w http.ResponseWriter, r *http.Request) {
	payload, err := github.ValidatePayload(r, []byte(b.env["SANDBOX_GITHUB_WEBHOOK_SECRET"]))
	if err != nil {
		b.t.Errorf("webhook: %v", err)
		http.Error(w, "signature", http.StatusUnauthorized)
		return
	}
	event, err := github.ParseWebHook(github.WebHookType(r), payload)
	if err != nil {
		b.t.Errorf("webhook %s: %v", github.WebHookType(r), err)
		return
	}
	if e, ok := event.(*github.PullRequestEvent); ok && e.GetAction() == "closed" && e.GetPullRequest().GetMerged() {
		id := fmt.Sprintf("github:%s#%d", e.GetRepo().GetFullName(), e.GetNumber())
		b.mu.Lock()
		b.merged[id] = e.GetPullRequest().GetNodeID()
		b.mu.Unlock()
	}
	w.WriteHeader(http.StatusAccepted)
}

func (b *minibot) interaction(w http.ResponseWriter, r *http.Request) {
	verifier, err := slack.NewSecretsVerifier(r.Header, b.env["SANDBOX_SLACK_SIGNING_SECRET"])
	if err != nil {
		b.t.Errorf("interaction: %v", err)
		return
	}
	body, _ := io.ReadAll(io.TeeReader(r.Body, &verifier))
	if err := verifier.Ensure(); err != nil {
		b.t.Errorf("interaction: %v", err)
		http.Error(w, "signature", http.StatusUnauthorized)
		return
	}
	form, _ := url.ParseQuery(string(body))
	var callback slack.InteractionCallback
	if err := json.Unmarshal([]byte(form.Get("payload")), &callback); err != nil {
		b.t.Errorf("interaction: %v", err)
		return
	}
	if len(callback.ActionCallback.BlockActions) == 1 && callback.ActionCallback.BlockActions[0].Value == "apr-1" {
		b.pressed <- struct{}{}
	}
}

// ratio asks for the refusals of the last minutes.
func (b *minibot) ratio(ctx context.Context) (float64, error) {
	const sum = `sum(increase(gen_ai_client_operation_duration_seconds_count{service_name="support-assistant"%s}[3m]))`
	query := fmt.Sprintf(sum, `,gen_ai_response_finish_reasons="refusal"`) + " / " + fmt.Sprintf(sum, "")
	value, _, _, err := b.prom.Query(ctx, query, b.sb.Clock().Now())
	if err != nil {
		return 0, err
	}
	if v, ok := value.(model.Vector); ok && len(v) == 1 {
		return float64(v[0].Value), nil
	}
	return 0, nil
}

// until waits for a condition on the ratio.
func (b *minibot) until(ctx context.Context, is func(float64) bool) error {
	for {
		r, err := b.ratio(ctx)
		if err == nil && is(r) {
			return nil
		}
		if err := b.sb.Clock().Wait(ctx, 15*time.Second); err != nil {
			return err
		}
	}
}

// run is the bot's whole life.
func (b *minibot) run(ctx context.Context) error {
	if err := b.until(ctx, func(r float64) bool { return r > 0.03 }); err != nil {
		return err
	}
	b.set("open")
	if err := b.times(func() error { return b.page(ctx, "trigger") }); err != nil {
		return err
	}
	if err := b.times(func() error { return b.post(ctx) }); err != nil {
		return err
	}
	select {
	case <-b.pressed:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := b.times(func() error { return b.revert(ctx) }); err != nil {
		return err
	}
	if err := b.until(ctx, func(r float64) bool { return r < 0.01 }); err != nil {
		return err
	}
	_, _, _, err := b.slack.UpdateMessageContext(ctx, b.channel, b.ts, slack.MsgOptionText("over", false),
		slack.MsgOptionBlocks(b.blocks("It is over")...))
	if err != nil {
		return err
	}
	b.set("mitigated")
	return b.page(ctx, "resolve")
}

func (b *minibot) set(state string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = state
	b.suspects = []string{"github:acme/assistants#479", "github:acme/assistants#482"}
}

func (b *minibot) times(do func() error) error {
	if err := do(); err != nil || !b.twice {
		return err
	}
	return do()
}

func (b *minibot) page(ctx context.Context, action string) error {
	_, err := b.pager.ManageEventWithContext(ctx, &pd.V2Event{
		RoutingKey: b.env["SANDBOX_PAGERDUTY_ROUTING_KEY"], Action: action, DedupKey: incidentID,
		Payload: &pd.V2Payload{Summary: "support-assistant refuses", Source: "firebreak", Severity: "critical"},
	})
	return err
}

func (b *minibot) blocks(title string) []slack.Block {
	return []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, title, false, false)),
		slack.NewActionBlock("ask",
			slack.NewButtonBlockElement("approve", "apr-1", slack.NewTextBlockObject(slack.PlainTextType, "Approve", false, false)),
			slack.NewButtonBlockElement("deny", "apr-1", slack.NewTextBlockObject(slack.PlainTextType, "Deny", false, false))),
	}
}

func (b *minibot) post(ctx context.Context) error {
	channel, ts, err := b.slack.PostMessageContext(ctx, "#support-ai", slack.MsgOptionText("support-assistant refuses", false),
		slack.MsgOptionBlocks(b.blocks("support-assistant refuses too much")...),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "card", EventPayload: map[string]any{"incident": incidentID}}))
	b.channel, b.ts = channel, ts
	return err
}

func (b *minibot) revert(ctx context.Context) error {
	b.mu.Lock()
	nodeID := b.merged["github:acme/assistants#482"]
	b.mu.Unlock()
	if nodeID == "" {
		return errors.New("GitHub never told of #482")
	}
	req, err := b.github.NewRequest(http.MethodPost, strings.TrimSuffix(b.github.BaseURL.String(), "v3/")+"graphql", map[string]any{
		"query": `mutation($input: RevertPullRequestInput!) { revertPullRequest(input: $input) {
			revertPullRequest { id number url headRefOid } } }`,
		"variables": map[string]any{"input": map[string]any{"pullRequestId": nodeID, "body": "key: run-1"}},
	})
	if err != nil {
		return err
	}
	var answer struct {
		Data struct {
			RevertPullRequest struct{ RevertPullRequest struct{ Number int } }
		}
		Errors []struct{ Message string }
	}
	if _, err := b.github.Do(ctx, req, &answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return errors.New(answer.Errors[0].Message)
	}
	number := answer.Data.RevertPullRequest.RevertPullRequest.Number
	_, _, err = b.github.PullRequests.Merge(ctx, "acme", "assistants", number, "", nil)
	return err
}

// installationToken is the token that the hub gives to the App; it takes whoever asks for the App.
func installationToken(t testing.TB, c *http.Client, sb *sandbox.Sandbox) string {
	t.Helper()
	if token := sb.Config().Env["SANDBOX_GITHUB_TOKEN"]; token != "" {
		return token
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(sb.URLs().GitHub, "/")+"/api/v3/app/installations/1/access_tokens", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Token string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no token: %v", err)
	}
	return answer.Token
}
