package sandbox

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/promapi"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// DefaultSpeed makes an hour of a story pass in 48 seconds. Stories that last many hours are told faster.
const DefaultSpeed = 75

// Options say what kind of sandbox to start. The zero value is the default story at the default speed on a free port.
type Options struct {
	// Scenario is one of ScenarioNames.
	Scenario string
	// Speed is how many times faster than the wall clock simulated time runs; at most 600. Zero is the story's own.
	Speed float64
	// Seed decides every simulated number; 0 is seed 1.
	Seed uint64
	// Listen is a loopback host:port; default "127.0.0.1:0".
	Listen string
	// BotURL is where the bot listens; it may be set later with SetBotURL. The story begins when the bot is ready.
	BotURL string
	// Narrate takes the story's lines, one by one, from one goroutine at a time. It must not block.
	Narrate func(line string)
}

func (o Options) withDefaults() Options {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Narrate == nil {
		o.Narrate = func(string) {}
	}
	return o
}

// URLs are the addresses of the stand-ins, without a slash at the end.
type URLs struct {
	// Slack is what the client library calls the API URL, with a slash at the end: method names follow it.
	Slack string `json:"slack"`
	// PagerDuty is the address before /v2/enqueue.
	PagerDuty string `json:"pagerduty"`
	// GitHub is the address of the server: REST stands below /api/v3/, GraphQL at /api/graphql.
	GitHub string `json:"github"`
	// Prometheus is the address before /api/v1/.
	Prometheus string `json:"prometheus"`
	// Clock serves the Clock as JSON; Control is the address of /summary, /state, /config, /bot and /fault.
	Clock   string `json:"clock"`
	Control string `json:"control"`
}

// Sandbox is a running sandbox.
type Sandbox struct {
	options  Options
	scenario Scenario
	clock    Clock
	urls     URLs
	keys     keys

	world   *assistant.World
	store   *promapi.Store
	prom    *promapi.Server
	slack   *slackfake.Workspace
	pager   *pagerdutyfake.Pager
	hub     *githubfake.Hub
	view    botView
	story   *director
	hooks   *courier // GitHub's deliveries
	presses *courier // Slack's

	server  *http.Server
	stop    context.CancelCauseFunc
	running sync.WaitGroup
	over    chan struct{}
	narrate func(string)
}

// keys are the secrets of this sandbox; they open nothing else.
type keys struct{ slackToken, slackSigning, githubToken, githubKey, githubWebhook, routing, events, flags string }

func newKeys(app bool) (keys, error) {
	word := func(n int) string {
		b := make([]byte, n)
		_, _ = rand.Read(b) // never fails (crypto/rand)
		return hex.EncodeToString(b)
	}
	out := keys{
		slackToken: "xoxb-sandbox-" + word(12), slackSigning: word(16), githubToken: "ghs_sandbox" + word(16),
		githubWebhook: word(20), routing: word(16), events: word(16), flags: word(16),
	}
	if !app {
		return out, nil
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return out, fmt.Errorf("make the key of the GitHub App: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
	out.githubKey = base64.StdEncoding.EncodeToString(text) // one line: it stands in a file of variables
	return out, nil
}

var errStopped = errors.New("the sandbox was stopped")

// Start opens the listener, lets the history of the services pass, and begins the story once the bot is ready. The context ends
// the sandbox; so does Close.
func Start(ctx context.Context, options Options) (*Sandbox, error) {
	o := options.withDefaults()
	scenario, err := scenarioOf(o.Scenario)
	if err != nil {
		return nil, err
	}
	if o.Speed == 0 {
		o.Speed = scenario.speed
	}
	if o.Speed < 0.1 || o.Speed > 600 {
		return nil, fmt.Errorf("speed %g is not between 0.1 and 600", o.Speed)
	}
	listener, err := listen(ctx, o.Listen)
	if err != nil {
		return nil, err
	}
	secrets, err := newKeys(scenario.wishes.app)
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	s := &Sandbox{
		options: o, scenario: scenario, keys: secrets, view: newBotView(), hooks: newCourier(), presses: newCourier(),
		over: make(chan struct{}), narrate: o.Narrate, urls: urlsAt("http://" + listener.Addr().String()),
	}
	s.SetBotURL(o.BotURL)
	s.store = promapi.NewStore(80*time.Hour, assistant.Spacing)
	var cast []assistant.Service
	if scenario.cast != nil {
		cast = scenario.cast()
	}
	s.world = assistant.New(assistant.Config{Seed: o.Seed, Origin: scenario.begins, Services: cast, Store: s.store})
	s.clock = NewClock(scenario.begins, o.Speed)
	s.furnish()
	s.story = newDirector(s, scenario)
	for _, p := range append(usualPulls(scenario.begins), scenario.pulls...) {
		s.hub.Seed(p)
	}
	ctx, s.stop = context.WithCancelCause(ctx)
	s.server = &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.run(ctx, listener)
	return s, nil
}

// listen opens a listener on loopback and refuses any other address: the stand-ins believe everybody.
func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("listen on %q: the sandbox listens on loopback only, as 127.0.0.1:8020", address)
	}
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", address)
}

func urlsAt(base string) URLs {
	return URLs{
		Slack: base + "/slack/api/", PagerDuty: base + "/pagerduty", GitHub: base + "/github", Prometheus: base + "/prometheus",
		Clock: base + "/clock", Control: base,
	}
}

// furnish makes the stand-ins.
func (s *Sandbox) furnish() {
	now := s.clock.Now
	base := s.urls.Control
	s.prom = promapi.NewServer(s.store, now, func() { s.world.Advance(now()) })
	s.slack = slackfake.New(slackfake.Config{
		Base: base + "/slack", Token: s.keys.slackToken, SigningSecret: s.keys.slackSigning, Now: now,
		Channels: []string{"support-ai", "search-ai", "billing-ai", "incidents"}, Users: []slackfake.User{onCall()},
	})
	s.pager = pagerdutyfake.New(pagerdutyfake.Config{RoutingKeys: []string{s.keys.routing}, Now: now})
	s.hub = githubfake.New(githubfake.Config{
		Base: base + "/github", Token: s.keys.githubToken, WebhookSecret: s.keys.githubWebhook, Now: now,
		Repositories: []string{repoAssistants, repoSearch, repoContracts, repoGateway},
		Deliver:      s.deliver,
		Merged:       func(p githubfake.Pull) { s.story.landed(p) },
	})
}

// deliver sends a GitHub delivery.
func (s *Sandbox) deliver(d githubfake.Delivery) {
	s.hooks.send(parcel{
		path: "/webhooks/github", about: d.Event + ": " + d.About, body: d.Body,
		headers: func() http.Header { return s.hub.Headers(d) },
	})
}

// press sends a Slack interaction.
func (s *Sandbox) press(body []byte, about string, done func(status int)) {
	s.presses.send(parcel{
		path: "/slack/interactions", about: "press: " + about, body: body, done: done,
		headers: func() http.Header { return s.slack.Sign(body, time.Now()) },
	})
}

// run starts everything that runs until Close.
func (s *Sandbox) run(ctx context.Context, listener net.Listener) {
	s.running.Go(func() { _ = s.server.Serve(listener) }) // it returns when Close closes it
	s.running.Go(func() { s.hooks.run(ctx) })
	s.running.Go(func() { s.presses.run(ctx) })
	s.running.Go(func() { s.story.follow(ctx) })
	s.running.Go(func() {
		s.story.run(ctx)
		close(s.over)
		s.after(ctx)
	})
	s.running.Go(func() {
		<-ctx.Done()
		_ = s.server.Close() // cuts what is open; nobody waits for an answer any more
	})
}

// after keeps the world turning once the story is over, for whoever stays to look around.
func (s *Sandbox) after(ctx context.Context) {
	for pause(ctx, beat) == nil {
		s.story.step()
	}
}

// Close stops everything and waits until it has stopped. It may be called twice.
func (s *Sandbox) Close() error {
	s.stop(errStopped)
	s.running.Wait()
	s.view.close()
	return s.prom.Close()
}

// URLs tells where the stand-ins are.
func (s *Sandbox) URLs() URLs { return s.urls }

// Clock is the simulated time that all share.
func (s *Sandbox) Clock() Clock { return s.clock }

// SetBotURL tells where the bot listens, as "http://127.0.0.1:8010".
func (s *Sandbox) SetBotURL(url string) {
	url = strings.TrimSuffix(url, "/")
	s.hooks.address(url)
	s.presses.address(url)
}

// Wait waits for the end of the story and tells how it went. When the context or the sandbox ends first, it tells how far it
// came, with the error.
func (s *Sandbox) Wait(ctx context.Context) (Summary, error) {
	select {
	case <-s.over:
		return s.Summary(), nil
	case <-ctx.Done():
		return s.Summary(), context.Cause(ctx)
	}
}

// Over is closed when the story has ended.
func (s *Sandbox) Over() <-chan struct{} { return s.over }

// Summary counts what has happened so far.
func (s *Sandbox) Summary() Summary {
	incidents := s.story.known()
	alerts, messages := s.pager.Alerts(), s.slack.Messages()
	cards, doubledCards := cardsOf(messages, incidents)
	out := Summary{
		Scenario: s.scenario.Name, Truth: s.scenario.Truth, Cause: s.scenario.Cause, Suspects: []Suspect{},
		Incidents: len(incidents), Pages: len(alerts), Cards: len(cards),
		Rollback: rollbackOf(s.hub.Pulls(), s.hub.Deployments(), s.scenario.Cause), Recovered: s.story.answersAsBefore(),
		Duplicates: doubledCards + doubledAlerts(alerts) + s.hub.SecondReverts(),
	}
	for _, m := range cards {
		out.CardEdits += m.Edits
	}
	if in, ok := mainIncident(incidents, s.scenario.service); ok {
		out.Incident = Incident{ID: in.ID, State: in.State, Severity: in.Severity}
		for i, suspect := range in.Ranking.Suspects {
			out.Suspects = append(out.Suspects, suspect)
			if suspect.Change == s.scenario.Cause {
				out.CauseRank = i + 1
			}
		}
		out.Last = s.scenario.named(in.Ranking)
		if told := s.story.rankings(); len(told) > 0 {
			out.First = s.scenario.named(told[0])
		}
	}
	out.Seconds, out.Approvals = s.story.measures()
	out.Promises = s.story.judged(out)
	return out
}

// Unexpected lists requests that no stand-in knows or that a vendor would have called wrong, by stand-in, oldest first.
func (s *Sandbox) Unexpected() []string {
	var out []string
	for _, v := range s.vendors() {
		out = append(out, v.gate.Unexpected()...)
	}
	return out
}

// Fault makes a stand-in ("github", "pagerduty", "prometheus", "slack") misbehave from its next call on.
func (s *Sandbox) Fault(vendor string, f wire.Fault) error {
	if err := f.Check(); err != nil {
		return err
	}
	g := s.gate(vendor)
	if g == nil {
		return errNoVendor
	}
	g.Set(f)
	return nil
}

var errNoVendor = errors.New("unknown stand-in; known are github, pagerduty, prometheus, slack")

// vendor is a stand-in and its gate.
type vendor struct {
	name string
	gate *wire.Gate
}

func (s *Sandbox) vendors() []vendor {
	return []vendor{
		{"github", s.hub.Gate}, {"pagerduty", s.pager.Gate}, {"prometheus", s.prom.Gate}, {"slack", s.slack.Gate},
	}
}

func (s *Sandbox) gate(name string) *wire.Gate {
	for _, v := range s.vendors() {
		if v.name == name {
			return v.gate
		}
	}
	return nil
}
