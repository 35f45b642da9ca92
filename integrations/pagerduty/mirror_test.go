package pagerduty_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/paging"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire/wiretest"
)

// timelines are incidents as their entries.
type timelines struct {
	mu      sync.Mutex
	entries map[string][]bot.Entry
}

func (l *timelines) add(entries ...bot.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		if e.Key == "" || !slices.ContainsFunc(l.entries[e.Incident], func(have bot.Entry) bool { return have.Key == e.Key }) {
			l.entries[e.Incident] = append(l.entries[e.Incident], e)
		}
	}
}

func (l *timelines) Incident(_ context.Context, id string) (bot.Incident, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries[id]) == 0 {
		return bot.Incident{}, bot.Errorf(bot.NotFound, "no incident %s", id)
	}
	in := bot.FoldIncident(l.entries[id])
	in.Service = "support-assistant"
	return in, nil
}

func (l *timelines) Incidents(ctx context.Context, _ bot.IncidentQuery) ([]bot.Incident, error) {
	l.mu.Lock()
	ids := slices.Sorted(maps.Keys(l.entries))
	l.mu.Unlock()
	var out []bot.Incident
	for _, id := range ids {
		in, err := l.Incident(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, nil
}

func (l *timelines) hear(ctx context.Context, news []bot.PageNews) error {
	for _, n := range news {
		if in, err := l.Incident(ctx, n.Incident); err == nil {
			l.add(paging.Hear(n.Page.At.Add(time.Second), in, n)...)
		}
	}
	return nil
}

// office is PagerDuty with a client of ours beside it.
type office struct {
	*pagerdutyfake.Pager
	config  pagerduty.Config
	options pagerduty.Options
	client  *pagerduty.Client
	lines   *timelines
	mirror  *pagerduty.Mirror
	mail    []pagerdutyfake.Webhook
	now     time.Time
	memory  *memory
	// emails are the addresses of people; one that begins with "?" was not accepted yet.
	emails map[string]string
}

const (
	officeKey   = "93facc04764012d7bfb002500d5d1a6e"
	officeToken = "y_NbAkKc66ryYTWUXYEu"
)

func newOffice(t *testing.T, lacks ...string) *office {
	t.Helper()
	o := &office{now: heardAt, lines: &timelines{entries: map[string][]bot.Entry{}}, memory: &memory{}, emails: map[string]string{}}
	now := func() time.Time { o.now = o.now.Add(10 * time.Millisecond); return o.now }
	o.Pager = pagerdutyfake.New(pagerdutyfake.Config{
		RoutingKeys: []string{officeKey}, Now: now, Token: officeToken, Lacks: lacks, Emails: o.emails, WebhookSecret: "hook-secret",
		Services: map[string]pagerdutyfake.Service{officeKey: {ID: "PF9KMXH", Name: "Support", Policy: "PPOLICY", OnCall: []string{"Mara", "Jo"}}},
		Deliver:  func(w pagerdutyfake.Webhook) { o.mail = append(o.mail, w) },
	})
	server := httptest.NewServer(o.Pager)
	events := wiretest.NewJudge(t, integrationstest.Read(t, "contracts", "pagerduty", "events-v2-openapi.json"), "/v2", http.DefaultTransport).Answers()
	asks := wiretest.NewJudge(t, patched(t), "/", http.DefaultTransport).Answers()
	o.config = pagerduty.Config{
		RoutingKey: secret.New(officeKey), EventsURL: server.URL, APIURL: server.URL, APIToken: secret.New(officeToken), From: "bot@acme.example",
		WebhookSecrets: []secret.Value{secret.New("hook-secret")},
	}
	o.options = pagerduty.Options{
		Cards: cards{"inc-1": refusals()}, Memory: o.memory, Incidents: o.lines, Now: now,
		Services: []pagerduty.Service{{Name: "support-assistant", ID: "PF9KMXH"}},
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			if len(r.URL.Path) > 4 && r.URL.Path[:4] == "/v2/" {
				return events.RoundTrip(r)
			}
			return asks.RoundTrip(r)
		}),
	}
	o.configure(t, func(*pagerduty.Config) {})
	t.Cleanup(func() {
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		for _, strange := range o.Unexpected() {
			t.Errorf("PagerDuty would have refused: %s", strange)
		}
	})
	return o
}

// configure has a client of another configuration.
func (o *office) configure(t *testing.T, change func(*pagerduty.Config)) {
	t.Helper()
	change(&o.config)
	o.client = pagerduty.New(o.config, o.options)
	t.Cleanup(o.client.Close)
	o.mirror = o.client.Mirror(pagerduty.MirrorOptions{
		Incidents: o.lines, Hear: o.lines.hear, Owed: func(in bot.Incident) string { return string(paging.Owed(in)) },
	})
}

// read hands the webhooks that wait to the client, or loses them.
func (o *office) read(t *testing.T, lose bool) {
	t.Helper()
	mail := o.mail
	o.mail = nil
	for _, w := range mail {
		if lose {
			continue
		}
		d, err := o.client.Receive(w.Header, w.Body)
		if err != nil {
			t.Fatal(err)
		}
		told, err := o.client.Tell(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.lines.hear(t.Context(), told.Pages); err != nil {
			t.Fatal(err)
		}
	}
}

func (o *office) page(t *testing.T) {
	t.Helper()
	o.lines.add(bot.Entry{Incident: "inc-1", At: o.now, Kind: bot.EntryOpened, Actor: bot.Self, Key: "opened"})
	if _, err := byName(o.client.Actions())["pagerduty.page"].Handler.Act(t.Context(), call("pagerduty.page", nil)); err != nil {
		t.Fatal(err)
	}
}

func (o *office) tell(t *testing.T) {
	t.Helper()
	if _, err := o.mirror.Tell(t.Context(), "inc-1"); err != nil {
		t.Fatal(err)
	}
}

func (o *office) standing(t *testing.T) (ours bot.Incident, theirs pagerdutyfake.Incident) {
	t.Helper()
	in, err := o.lines.Incident(t.Context(), "inc-1")
	if err != nil {
		t.Fatal(err)
	}
	all := o.Incidents()
	return in, all[len(all)-1]
}

func TestBothSidesOfAPage(t *testing.T) {
	o := newOffice(t)
	o.page(t)
	if err := o.Do("firebreak/inc-1", "acknowledge", "Mara", ""); err != nil {
		t.Fatal(err)
	}
	o.read(t, false)
	o.tell(t)
	if ours, _ := o.standing(t); ours.AcknowledgedBy != "Mara" || ours.State != bot.Acknowledged || ours.Page.Number == 0 {
		t.Errorf("after Mara took it: %+v", ours)
	}

	// It is dropped there, and taken here: that is told there, and its echo changes nothing.
	if err := o.Do("firebreak/inc-1", "unacknowledge", "", ""); err != nil {
		t.Fatal(err)
	}
	o.read(t, false)
	if ours, _ := o.standing(t); ours.State != bot.Open || ours.AcknowledgedBy != "" {
		t.Errorf("after it was dropped: %+v", ours)
	}
	o.now = o.now.Add(time.Minute)
	o.lines.add(bot.Entry{Incident: "inc-1", At: o.now, Kind: bot.EntryAcknowledged, Actor: "Omar", Key: "ack-2"})
	before := total(o)
	o.tell(t)
	o.tell(t)
	if got := total(o) - before; got != 1 {
		t.Errorf("PagerDuty was told %d times", got)
	}
	o.read(t, false)
	o.tell(t)
	if ours, theirs := o.standing(t); ours.AcknowledgedBy != "Omar" || theirs.State != pagerdutyfake.Acknowledged {
		t.Errorf("ours by %s, theirs %s", ours.AcknowledgedBy, theirs.State)
	}

	// It is resolved there, and nothing is sent back.
	if err := o.Do("firebreak/inc-1", "resolve", "Jo", ""); err != nil {
		t.Fatal(err)
	}
	o.read(t, false)
	before = total(o)
	o.tell(t)
	if ours, _ := o.standing(t); ours.State != bot.Resolved || ours.ResolvedBy != "Jo" || total(o) != before {
		t.Errorf("%s by %s, and %d sent", ours.State, ours.ResolvedBy, total(o)-before)
	}

	// Closing playbooks resolve: of a page that was opened again there meanwhile this would be wrong.
	if err := o.Do("firebreak/inc-1", "reopen", "Jo", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := byName(o.client.Actions())["pagerduty.resolve"].Handler.Act(t.Context(), call("pagerduty.resolve", nil)); err != nil {
		t.Fatal(err)
	}
	if _, theirs := o.standing(t); theirs.State != pagerdutyfake.Triggered {
		t.Errorf("our echo closed what Jo opened: %s", theirs.State)
	}
	o.read(t, false)
	if ours, _ := o.standing(t); ours.State != bot.Open {
		t.Errorf("after it was opened again: %s", ours.State)
	}
}

func TestWhatNoWebhookToldIsAskedFor(t *testing.T) {
	o := newOffice(t)
	o.page(t)
	o.read(t, true)
	o.now = o.now.Add(2 * time.Second)
	if err := o.Do("firebreak/inc-1", "acknowledge", "Mara", ""); err != nil {
		t.Fatal(err)
	}
	o.read(t, true)
	ask := func() {
		if err := o.mirror.Ask(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	ask()
	if ours, _ := o.standing(t); ours.AcknowledgedBy != "Mara" || ours.Page.ID == "" || len(o.lines.entries["inc-1"]) != 2 {
		t.Errorf("%+v with %d entries", ours, len(o.lines.entries["inc-1"]))
	}

	// Merged into an incident of another tool: it stays open here, and goes with that one.
	o.Raise(officeKey, "all is down", "other")
	o.now = o.now.Add(2 * time.Second)
	if err := o.Do("firebreak/inc-1", "merge", "Jo", "other"); err != nil {
		t.Fatal(err)
	}
	o.read(t, true)
	ask()
	if ours, theirs := o.standing(t); ours.State == bot.Resolved || ours.Page.ID != theirs.ID {
		t.Errorf("after the merge: %s of page %s", ours.State, ours.Page.ID)
	}
	o.now = o.now.Add(2 * time.Second)
	if err := o.Do("other", "resolve", "Jo", ""); err != nil {
		t.Fatal(err)
	}
	o.read(t, true)
	ask()
	if ours, _ := o.standing(t); ours.State != bot.Resolved || ours.ResolvedBy != "Jo" {
		t.Errorf("after the other one was resolved: %s by %s", ours.State, ours.ResolvedBy)
	}
}

func TestWhatCouldNotBeToldIsToldLater(t *testing.T) {
	o := newOffice(t)
	o.page(t)
	o.read(t, false)
	o.now = o.now.Add(time.Minute)
	o.lines.add(bot.Entry{Incident: "inc-1", At: o.now, Kind: bot.EntryResolved, Actor: bot.Self, Key: "resolved"})
	o.Set(wire.Fault{Mode: wire.Limited, Calls: 1, RetryAfter: 7})
	if after, err := o.mirror.Tell(t.Context(), "inc-1"); err == nil || after != 7*time.Second {
		t.Errorf("%v, again after %s", err, after)
	}
	o.tell(t)
	if _, theirs := o.standing(t); theirs.State != pagerdutyfake.Resolved {
		t.Errorf("theirs is %s", theirs.State)
	}
}

// total is how many requests PagerDuty has had.
func total(o *office) int {
	all, _ := o.Calls()
	return all
}
