package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// house is a bot between stand-ins for Slack and PagerDuty on loopback, which enforce their vendors' limits.
type house struct {
	app   *App
	slack *slackfake.Workspace
	pager *pagerdutyfake.Pager
	// took are the times that webhooks of PagerDuty waited for their answer.
	took []time.Duration
	mail chan pagerdutyfake.Webhook
	// hold has mail not be delivered any more; it waits for what is under way.
	hold func()
	// stop ends the bot, config is what it runs by.
	stop   func()
	config Config
	first  sync.Once
	// paged is when the first event came.
	paged chan time.Time
}

// plan says what a house is like.
type plan struct {
	services int
	// token has PagerDuty's REST API used, for notes and for looking.
	token bool
	// playbook is page.yaml.
	playbook string
}

const pageOnly = "name: page\ndoc: Wake somebody.\non: {incident: [opened]}\nsteps:\n- {id: page, action: pagerduty.page}\n"

const pageAndTell = `name: tell
doc: Wake somebody and show it.
on: {incident: [opened, reopened]}
steps:
- {id: page, action: pagerduty.page, needs: [], on_error: continue}
- {id: tell, action: slack.post, needs: [], with: {card: incident}, on_error: continue}
`

// newHouse runs one until the test ends. Every service has the routing key of all, and a service of its own at PagerDuty.
func newHouse(tb testing.TB, p plan) *house {
	tb.Helper()
	h := &house{mail: make(chan pagerdutyfake.Webhook, 10_000), paged: make(chan time.Time, 1)}
	slackServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.slack.ServeHTTP(w, r) }))
	tb.Cleanup(slackServer.Close)
	h.slack = slackfake.New(slackfake.Config{
		Base: slackServer.URL, Token: "xoxb-sandbox", SigningSecret: "signing", Channels: []string{"incidents"}, Now: time.Now, Limited: true,
	})
	const key, token = "93facc04764012d7bfb002500d5d1a6e", "y_NbAkKc66ryYTWUXYEu"
	services := map[string]pagerdutyfake.Service{}
	h.pager = pagerdutyfake.New(pagerdutyfake.Config{
		RoutingKeys: []string{key}, Now: time.Now, Token: token, WebhookSecret: "hook", Limited: true, Services: services,
		Deliver: func(w pagerdutyfake.Webhook) { h.mail <- w },
	})
	pagerServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.pager.ServeHTTP(w, r)
		h.first.Do(func() { h.paged <- time.Now() })
	}))
	tb.Cleanup(pagerServer.Close)

	var text strings.Builder
	text.WriteString("services:\n")
	for i := range p.services {
		id := fmt.Sprintf("PSERVICE%d", i)
		services["others-"+id] = pagerdutyfake.Service{ID: id, Name: fmt.Sprintf("service-%d", i), Policy: "PPOLICY", OnCall: []string{"Mara"}}
		fmt.Fprintf(&text, "- {name: service-%d, match: {service_name: service-%[1]d}, pagerduty: {service_id: %s}}\n", i, id)
	}
	fmt.Fprintf(&text, "slack: {token: \"${env:SLACK}\", signing_secret: \"${env:SIGNING}\", channel: \"#incidents\", api_url: %q}\n", slackServer.URL+"/api/")
	fmt.Fprintf(&text, "pagerduty: {routing_key: \"${env:KEY}\", events_url: %q, api_url: %[1]q, webhook_secrets: [\"${env:HOOK}\"]", pagerServer.URL)
	if p.token {
		text.WriteString(", api_token: \"${env:TOKEN}\", from: bot@acme.example")
	}
	dir := tb.TempDir()
	fmt.Fprintf(&text, "}\nserver: {listen: \"127.0.0.1:0\"}\nstore: {url: %q}\n", "sqlite:"+filepath.Join(dir, "firebreak.db"))
	if p.playbook != "" {
		if err := os.WriteFile(filepath.Join(dir, "page.yaml"), []byte(p.playbook), 0o600); err != nil {
			tb.Fatal(err)
		}
		text.WriteString("playbooks: {files: [page.yaml]}\n")
	}
	env := configs.MapEnv(map[string]string{"SLACK": "xoxb-sandbox", "SIGNING": "signing", "KEY": key, "HOOK": "hook", "TOKEN": token})
	if faults := h.config.read("firebreak.yaml", []byte(text.String()), dir, env); len(faults) > 0 {
		tb.Fatalf("%+v", faults)
	}
	h.app, h.stop = begin(tb, h.config, Options{})
	tb.Cleanup(func() { h.stop() })
	h.deliver(tb)
	return h
}

// restart stops the bot, and runs another one on what it has kept. What PagerDuty tells meanwhile waits.
func (h *house) restart(tb testing.TB) {
	tb.Helper()
	h.hold()
	h.stop()
	h.app, h.stop = begin(tb, h.config, Options{})
	h.deliver(tb)
}

// deliver hands on what PagerDuty tells, in its order, until it is taken, and notes how long each answer took.
func (h *house) deliver(tb testing.TB) {
	ctx, stop := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	h.hold = func() { stop(); running.Wait() }
	tb.Cleanup(h.hold)
	running.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case w := <-h.mail:
				for status := 0; status/100 != 2 && ctx.Err() == nil; {
					began := time.Now()
					status = h.hook(ctx, w)
					h.took = append(h.took, time.Since(began))
				}
			}
		}
	})
}

// hook is one delivery of a webhook; it gives the status, zero without one.
func (h *house) hook(ctx context.Context, w pagerdutyfake.Webhook) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+h.app.Addr()+"/webhooks/pagerduty", bytes.NewReader(w.Body))
	if err != nil {
		return 0
	}
	req.Header = w.Header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// burns is a finding of a service; several of one service are of several objectives.
func burns(service, objective int, verdict detectors.Verdict) detectors.Finding {
	now, name := time.Now(), fmt.Sprintf("service-%d", service)
	return detectors.Finding{
		Key: fmt.Sprintf("burn/%s//errors/answers-%d-1h", name, objective), Detector: "burn", Rule: "1h", Service: name, Signal: "errors",
		Objective: fmt.Sprintf("answers-%d", objective), Verdict: verdict, Severity: detectors.Page, At: now,
		Onset:    detectors.Onset{At: now.Add(-time.Minute), Earliest: now.Add(-2 * time.Minute), Latest: now},
		Title:    "errors burn the budget of answers 20 times too fast",
		Evidence: []detectors.Evidence{{Name: "ratio_1h", Sentence: "200 of 10000 events bad (2 %) over 1h, limit 1.44 %", Value: .02, Limit: .0144}},
	}
}

func (h *house) observe(tb testing.TB, findings ...detectors.Finding) {
	tb.Helper()
	if err := h.app.engine.Observe(tb.Context(), findings); err != nil {
		tb.Fatal(err)
	}
}

// incidents are ours, by ID.
func (h *house) incidents(tb testing.TB) map[string]bot.Incident {
	tb.Helper()
	all, err := h.app.db.Incidents(tb.Context(), bot.IncidentQuery{Limit: 1000})
	if err != nil {
		tb.Fatal(err)
	}
	out := make(map[string]bot.Incident, len(all))
	for _, in := range all {
		out[in.ID] = in
	}
	return out
}

// cards are the messages that are cards, by incident; more than one of an incident is told.
func (h *house) cards(tb testing.TB) map[string]slackfake.Message {
	tb.Helper()
	out := map[string]slackfake.Message{}
	for _, m := range h.slack.Messages() {
		var said struct {
			Payload struct{ Incident string } `json:"event_payload"`
		}
		if json.Unmarshal(m.Metadata, &said) != nil || said.Payload.Incident == "" || m.Thread != "" { // what stands below a card is no card
			continue
		}
		if _, twice := out[said.Payload.Incident]; twice {
			tb.Errorf("%s has two cards", said.Payload.Incident)
		}
		out[said.Payload.Incident] = m
	}
	return out
}

// unpaged says of which incident PagerDuty knows something else than we; empty when of none. It need not know of one that somebody was on, or that
// was over, before it could be told.
func (h *house) unpaged(tb testing.TB) string {
	alerts := map[string][]pagerdutyfake.Alert{}
	for _, a := range h.pager.Alerts() {
		alerts[a.DedupKey] = append(alerts[a.DedupKey], a)
	}
	for id, in := range h.incidents(tb) {
		page := alerts["firebreak/"+id]
		switch {
		case len(page) == 0 && in.State != bot.Open:
		case len(page) != 1:
			return fmt.Sprintf("%s has %d pages; ", id, len(page))
		case (page[0].State == pagerdutyfake.Resolved) != (in.State == bot.Resolved), (page[0].State == pagerdutyfake.Triggered) != (in.State == bot.Open):
			return fmt.Sprintf("%s is %s here and %s there; ", id, in.State, page[0].State)
		}
	}
	return ""
}

// unshown says which incident has no card that shows how it stands; empty when all have.
func (h *house) unshown(tb testing.TB) string {
	cards := h.cards(tb)
	for id, in := range h.incidents(tb) {
		switch card := cards[id]; {
		case card.TS == "":
			return id + " has no card; "
		case !strings.Contains(card.Text, " · "+string(in.State)+" · "):
			return fmt.Sprintf("%s is %s, its card says %q; ", id, in.State, card.Text)
		}
	}
	return ""
}

// until waits for something to become true, and fails with what is missing when it does not.
func until(tb testing.TB, within time.Duration, missing func() string) {
	tb.Helper()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	var last string
	for deadline := time.Now().Add(within); time.Now().Before(deadline); <-look.C {
		if last = missing(); last == "" {
			return
		}
	}
	tb.Fatalf("after %s: %s", within, last)
}
