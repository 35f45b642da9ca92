package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

var (
	ana = slackfake.User{ID: "U0ANA", Name: "ana"}
	eve = slackfake.User{ID: "U0EVE", Name: "eve"} // may nothing
)

// counter is whoever serves people who fill in forms, and writes down what it was told to do.
type counter struct {
	*office
	mu     sync.Mutex
	filled []bot.Filled
	open   []bot.Incident
	all    bot.Rollbacks
	home   bot.Home
	rooms  map[string]string // channel → incident
	// hold has looking things up stand still, like a database that does not answer; fillHold has carrying out.
	hold, fillHold chan struct{}
	refuseFill     error
}

func (c *counter) wait(ctx context.Context, on chan struct{}) error {
	if on == nil {
		return nil
	}
	select {
	case <-on:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *counter) May(_ context.Context, form bot.FormName, user string) error {
	if user == eve.ID {
		return bot.Errorf(bot.Forbidden, "eve is a viewer, and %q is for responders; who could: ana", form)
	}
	return nil
}

func (c *counter) Unresolved(ctx context.Context) ([]bot.Incident, error) {
	return c.open, c.wait(ctx, c.hold)
}

func (c *counter) Services() []string { return []string{"search", "support-assistant"} }

func (c *counter) Rollbacks(ctx context.Context, incident, user string) (bot.Rollbacks, error) {
	all := c.all
	all.Incident = incident
	if err := c.May(ctx, bot.RollbackForm, user); err != nil {
		all.Held = append(all.Held, bot.MessageOf(err))
	}
	return all, c.wait(ctx, c.hold)
}

func (c *counter) Fill(ctx context.Context, f bot.Filled, user string) (bot.Answer, error) {
	if err := c.wait(ctx, c.fillHold); err != nil {
		return bot.Answer{}, err
	}
	if err := c.May(ctx, f.Name, user); err != nil {
		return bot.Answer{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuseFill != nil {
		return bot.Answer{}, c.refuseFill
	}
	if f.Incident == "" && f.Name == bot.NoteForm {
		if len(c.open) != 1 {
			return bot.Answer{}, bot.Errorf(bot.Invalid, "%d incidents are open; name one", len(c.open))
		}
		f.Incident = c.open[0].ID
	}
	c.filled = append(c.filled, f)
	return bot.Answer{Title: "Done: " + string(f.Name), Rows: []bot.Row{{Label: "Incident", Text: f.Incident}}, Link: "https://firebreak.example/", Incident: f.Incident}, nil
}

func (c *counter) Home(_ context.Context, user string) (bot.Home, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.home, nil
}

func (c *counter) Room(_ context.Context, channel string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rooms[channel]
}

func (c *counter) Name(_ context.Context, user string) string {
	return strings.ToLower(strings.TrimPrefix(user, "U0"))
}

func (c *counter) did() []bot.Filled {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]bot.Filled(nil), c.filled...)
}

func openOnes() []bot.Incident {
	return []bot.Incident{
		{ID: "inc-1", Service: "support-assistant", Severity: detectors.Page, Title: "refusals burn the budget 22 times too fast", State: bot.Open},
		{ID: "inc-2", Service: "search", Severity: detectors.Ticket, Title: "finds nothing <!channel>", State: bot.Open},
	}
}

func rollbacks() bot.Rollbacks {
	return bot.Rollbacks{
		Service: "support-assistant", Title: "refusals burn the budget 22 times too fast",
		Possible: []bot.Rollback{{
			Change: "github:acme/assistants#482", Kind: bot.Prompt, Title: "Be <b>stricter</b> <!channel>", URL: "https://github.com/acme/assistants/pull/482", Author: "alice",
			Probability: .82, Playbook: "prompt-regression", Action: "github.revert",
			Asks:         []string{"asks mona, jo: Revert the prompt change?"},
			Steps:        []string{"page: pagerduty.page", "asks mona, jo: Revert the prompt change?", "revert: takes github:acme/assistants#482 back (github.revert)"},
			Consequences: []string{"Undoes prompt #482 by alice, in effect since 40 min ago, 4 min before it began", "Of useful answers: 61 % of the budget is left"},
		}, {
			Change: "github:acme/rag#7", Kind: bot.Retrieval, Title: "Reindex", Probability: .06, Playbook: "prompt-regression", Action: "github.revert",
			Steps:        []string{"revert: takes github:acme/rag#7 back (github.revert)"},
			Consequences: []string{"It is not the likely cause: 6 %, against 12 % for none of the known changes"},
		}},
		Refused: []bot.NoRollback{{Change: "vendor:model", Title: "gpt-4o-2026-11", Why: "no way back is named for vendor changes of its service"}},
	}
}

func atHome() bot.Home {
	return bot.Home{
		Link: "https://firebreak.example/", Forms: []bot.FormName{bot.DeclareForm, bot.NoteForm},
		Approvals: refusals().Approvals,
		Sections: []bot.HomeSection{
			{Title: "Open incidents", Rows: []bot.Row{{Label: "PAGE support-assistant", Text: "open, refusals burn the budget, since 14:02 UTC (inc-1)", Link: "https://firebreak.example/incidents/inc-1"}}},
			{Title: "Error budgets", Rows: []bot.Row{{Label: "support-assistant", Text: "useful answers: 99 % over 30 days; 61 % of the budget is left"}}},
			{Title: "Are changes welcome?", Rows: []bot.Row{{Label: "Now: changes", Text: "are welcome"}, {Label: "Fri 27 Nov 16:00: changes", Text: "of support-assistant are unwelcome: late on a Friday"}}},
			{Title: "Stopped", Empty: "Nothing is stopped."},
		},
	}
}

// lobby is a handler with a strict Slack on the other side of a socket.
type lobby struct {
	*counter
	slack    *slackfake.Workspace
	client   *Client
	handler  *Handler
	homes    *Homes
	base     string
	registry *prometheus.Registry
}

func newLobby(t testing.TB, triggers time.Duration) *lobby {
	t.Helper()
	var w *slackfake.Workspace
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	w = slackfake.New(slackfake.Config{
		Base: server.URL, Token: botToken.Reveal(), AppToken: "xapp-1-A1-2-abcdef", SigningSecret: signingSecret.Reveal(), Channels: []string{"incidents", "support-ai"},
		Users: []slackfake.User{ana, eve}, Now: time.Now, TriggerLife: triggers,
	})
	l := &lobby{slack: w, base: server.URL, registry: prometheus.NewRegistry(), counter: &counter{office: &office{}, open: openOnes(), all: rollbacks(), home: atHome()}}
	l.client = New(Config{Token: botToken, SigningSecret: signingSecret, AppToken: secret.New("xapp-1-A1-2-abcdef"), Channel: "#incidents", APIURL: server.URL + "/api/"}, Options{
		Cards: &deck{cards: map[string]bot.Card{"inc-1": refusals()}}, Memory: &memory{places: map[string]Place{}}, Registerer: l.registry,
		Channel: func(service string) string { return map[string]string{"support-assistant": "#support-ai"}[service] },
	})
	l.homes = l.client.Homes(l)
	l.handler = l.client.Handler(HandlerOptions{Commander: l, Decider: l, Acknowledger: l, Judge: l, Updater: l, Forms: l, Homes: l.homes, Registerer: l.registry})
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // what stands still on purpose is broken off
		_ = l.handler.Close(ctx)
		l.client.Close()
		for _, odd := range w.Unexpected() {
			t.Errorf("Slack wonders: %v", odd)
		}
	})
	return l
}

// post posts what Slack would, signed now.
func (l *lobby) post(t testing.TB, h http.Handler, body []byte, err error) (status int, answer []byte) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/slack", strings.NewReader(string(body)))
	r.Header = l.slack.Sign(body, time.Now())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out, _ := io.ReadAll(w.Body)
	return w.Code, out
}

// ready waits until what is there for somebody fits, and gives it.
func ready[T any](t testing.TB, look func() []T, fits func(T) bool) T {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		all := look()
		for i := len(all) - 1; i >= 0; i-- {
			if fits(all[i]) {
				return all[i]
			}
		}
		select {
		case <-deadline:
			seen, _ := json.Marshal(all)
			t.Fatalf("it does not come; there is %.4000s", readable(seen))
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (l *lobby) view(t testing.TB, fits string) slackfake.View {
	t.Helper()
	return ready(t, l.slack.Views, func(v slackfake.View) bool { return strings.Contains(readable(v.View), fits) })
}

func (l *lobby) message(t testing.TB, fits string) slackfake.Message {
	t.Helper()
	return ready(t, l.slack.Messages, func(m slackfake.Message) bool { return strings.Contains(m.Text+string(m.Blocks), fits) })
}

// readable is JSON without the escapes that Go's encoder writes for HTML.
func readable(raw json.RawMessage) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(raw))
}

// card posts the card of inc-1.
func (l *lobby) card(t testing.TB) slackfake.Message {
	t.Helper()
	if _, err := l.client.Actions()[0].Handler.Act(t.Context(), cardCall()); err != nil {
		t.Fatal(err)
	}
	return l.message(t, "burn the budget 22 times")
}

func (l *lobby) press(t testing.TB, m slackfake.Message, label string, by slackfake.User) {
	t.Helper()
	for _, b := range slackfake.Buttons(m) {
		if b.Text == label {
			body, err := l.slack.Press(m, b, by)
			if status, answer := l.post(t, l.handler, body, err); status != http.StatusOK || len(answer) > 0 {
				t.Fatalf("%d %s", status, answer)
			}
			return
		}
	}
	t.Fatalf("the card has no button %q", label)
}

func (l *lobby) submit(t testing.TB, v slackfake.View, by slackfake.User, values map[string]string) slackfake.View {
	t.Helper()
	body, err := l.slack.Submit(v, values, by)
	status, answer := l.post(t, l.handler, body, err)
	if err := l.slack.Answered(v, status, answer); err != nil {
		t.Fatal(err)
	}
	return ready(t, l.slack.Views, func(now slackfake.View) bool { return now.ID == v.ID })
}

func TestFormsAreOpenedFilledInAndCarriedOut(t *testing.T) {
	for name, q := range map[string]struct {
		open   func(t *testing.T, l *lobby)
		shows  string
		values map[string]string
		want   bot.Filled
	}{
		"a rollback from the card": {
			func(t *testing.T, l *lobby) { l.press(t, l.card(t), "Plan rollback", ana) }, "Take a change back",
			map[string]string{fieldPath: "path-1"},
			bot.Filled{Form: bot.Form{Name: bot.RollbackForm, Incident: "inc-1"}, Change: "github:acme/rag#7", Playbook: "prompt-regression"},
		},
		"a mute from the card": {
			func(t *testing.T, l *lobby) { l.press(t, l.card(t), "Mute", ana) }, "Mute an incident",
			map[string]string{fieldLasts: "4 hours", fieldReason: " known "},
			bot.Filled{Form: bot.Form{Name: bot.MuteForm, Incident: "inc-1"}, Lasts: 4 * time.Hour, Text: "known"},
		},
		"a mute of one that is chosen": {
			func(t *testing.T, l *lobby) { l.form = bot.Form{Name: bot.MuteForm}; l.slash(t, "mute") }, "Mute an incident",
			map[string]string{fieldIncident: "inc-2", fieldReason: "known"},
			bot.Filled{Form: bot.Form{Name: bot.MuteForm, Incident: "inc-2"}, Lasts: time.Hour, Text: "known"},
		},
		"a declaration by a command": {
			func(t *testing.T, l *lobby) {
				l.form = bot.Form{Name: bot.DeclareForm, Service: "support-assistant"}
				l.slash(t, "declare support-assistant")
			}, "Declare an incident",
			map[string]string{fieldTitle: "it answers in French", fieldSeverity: "ticket"},
			bot.Filled{Form: bot.Form{Name: bot.DeclareForm, Service: "support-assistant"}, Severity: detectors.Ticket, Text: "it answers in French"},
		},
		"a note by a command": {
			func(t *testing.T, l *lobby) {
				l.form = bot.Form{Name: bot.NoteForm, Incident: "inc-2"}
				l.slash(t, "note")
			}, "Add to the timeline",
			map[string]string{fieldText: "the vendor\nis told"},
			bot.Filled{Form: bot.Form{Name: bot.NoteForm, Incident: "inc-2"}, Text: "the vendor\nis told"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLobby(t, time.Minute)
			q.open(t, l)
			v := l.view(t, q.shows)
			after := l.submit(t, v, ana, q.values)
			if diff := cmp.Diff([]bot.Filled{q.want}, l.did()); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(string(after.View), "Done: "+string(q.want.Name)) {
				t.Errorf("what came of it is not shown: %s", after.View)
			}
		})
	}
}

// slash writes a slash command.
func (l *lobby) slash(t testing.TB, line string) {
	t.Helper()
	body, err := l.slack.Command("incidents", line, ana)
	if status, answer := l.post(t, l.handler.Commands(), body, err); status != http.StatusOK || len(answer) > 0 {
		t.Fatalf("%d %s", status, answer)
	}
}

func TestWhatIsMissingIsSaidAtItsField(t *testing.T) {
	l := newLobby(t, time.Minute)
	for _, q := range []struct {
		form   bot.Form
		shows  string
		values map[string]string
		refuse error
		want   map[string]string
	}{
		{bot.Form{Name: bot.MuteForm, Incident: "inc-1"}, "For how long", map[string]string{fieldReason: " \u200b "}, nil, map[string]string{fieldReason: "say why, for those who look at it meanwhile"}},
		{bot.Form{Name: bot.DeclareForm}, "Which service", map[string]string{fieldTitle: "x"}, nil, map[string]string{fieldService: "say which service"}},
		{bot.Form{Name: bot.NoteForm, Incident: "inc-1"}, "note?", map[string]string{fieldText: " "}, nil, map[string]string{fieldText: "say what there is to note"}},
		{bot.Form{Name: bot.NoteForm, Incident: "inc-1"}, "note?", map[string]string{fieldText: "x"}, bot.Errorf(bot.Invalid, "a note has at most 3 letters"), map[string]string{fieldText: "a note has at most 3 letters"}},
	} {
		l.form, l.refuseFill = q.form, q.refuse
		l.slash(t, string(q.form.Name))
		v := ready(t, l.slack.Views, func(v slackfake.View) bool { return strings.Contains(string(v.View), q.shows) && v.Errors == nil })
		if after := l.submit(t, v, ana, q.values); !cmp.Equal(q.want, after.Errors) {
			t.Errorf("%s: %s", q.form.Name, cmp.Diff(q.want, after.Errors))
		}
	}
	if len(l.did()) != 0 {
		t.Errorf("done %+v", l.did())
	}
}

func TestWhoMayNotIsToldSoInTheForm(t *testing.T) {
	l := newLobby(t, time.Minute)
	l.press(t, l.card(t), "Mute", eve)
	v := l.view(t, "who could: ana")
	if strings.Contains(string(v.View), `"submit"`) {
		t.Error("it can be sent off")
	}
	l.press(t, l.card(t), "Mute", ana)
	v = l.view(t, "For how long")
	if after := l.submit(t, v, eve, map[string]string{fieldReason: "x"}); !strings.Contains(string(after.View), "who could: ana") || len(l.did()) != 0 {
		t.Errorf("%s", after.View) // whoever sends it off counts, not whoever opened it
	}
	l.all.Held = []string{"No action starts: stopped by jo: circles"}
	l.press(t, l.card(t), "Plan rollback", ana)
	if v = l.view(t, "stopped by jo"); strings.Contains(string(v.View), `"submit"`) {
		t.Error("a rollback can be begun while it is stopped")
	}
}

func TestAnotherChoiceShowsItsPlan(t *testing.T) {
	l := newLobby(t, time.Minute)
	l.press(t, l.card(t), "Plan rollback", ana)
	v := l.view(t, "4 min before it began")
	body, err := l.slack.Choose(v, fieldPath, "path-1", ana)
	if status, _ := l.post(t, l.handler, body, err); status != http.StatusOK {
		t.Fatal(status)
	}
	v = l.view(t, "It is not the likely cause: 6 %")
	l.submit(t, v, ana, nil) // what is chosen stays chosen
	if did := l.did(); len(did) != 1 || did[0].Change != "github:acme/rag#7" {
		t.Errorf("%+v", did)
	}
}

func TestWhatTakesLongIsShownWhenItIsThere(t *testing.T) {
	l := newLobby(t, time.Minute)
	l.hold, l.fillHold = make(chan struct{}), make(chan struct{})
	l.press(t, l.card(t), "Plan rollback", ana)
	waiting := l.view(t, "One moment")
	close(l.hold)
	v := l.view(t, "4 min before it began")
	if v.ID != waiting.ID {
		t.Error("another form was opened")
	}
	after := l.submit(t, v, ana, nil)
	if !strings.Contains(string(after.View), "One moment") {
		t.Errorf("%s", after.View)
	}
	close(l.fillHold)
	if v = l.view(t, "Done: rollback"); v.ID != waiting.ID || len(l.did()) != 1 {
		t.Errorf("%+v", l.did())
	}
}

func TestWithoutAFormThereAreWords(t *testing.T) {
	l := newLobby(t, time.Nanosecond) // every trigger comes too late
	l.form = bot.Form{Name: bot.RollbackForm, Incident: "inc-1"}
	l.slash(t, "rollback")
	m := l.message(t, "You wrote rollback")
	if m.Ephemeral != ana.ID {
		t.Errorf("everybody reads it: %+v", m)
	}
	l.press(t, l.card(t), "Mute", ana)
	l.message(t, "the form could not be opened in time")
}

func TestButtonsOfOtherVersionsSaySo(t *testing.T) {
	l := newLobby(t, time.Minute)
	m := l.card(t)
	body, err := l.slack.Press(m, slackfake.Button{ActionID: "firebreak_snooze_v0", Value: "inc-1", Text: "Snooze"}, ana)
	if status, _ := l.post(t, l.handler, body, err); status != http.StatusOK {
		t.Fatal(status)
	}
	if told := l.message(t, "of another version of Firebreak"); told.Ephemeral != ana.ID {
		t.Errorf("%+v", told)
	}
	if n := testutil.ToFloat64(l.handler.presses.WithLabelValues("ignored")); n != 1 {
		t.Errorf("%v ignored", n)
	}
	v := slackfake.View{ID: "V0OLD", View: json.RawMessage(`{"type":"modal","callback_id":"firebreak_old","private_metadata":"{}","blocks":[]}`)}
	body, err = l.slack.Submit(v, nil, ana)
	if status, answer := l.post(t, l.handler, body, err); status != http.StatusOK || !strings.Contains(string(answer), "another version") {
		t.Errorf("%d %s", status, answer)
	}
	if body, err = l.slack.CloseView(v, ana); err == nil {
		if status, answer := l.post(t, l.handler, body, err); status != http.StatusOK || len(answer) > 0 {
			t.Errorf("%d %s", status, answer)
		}
	}
}

func TestFormsComeOverASocketToo(t *testing.T) {
	l := newLobby(t, time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = l.client.Socket(l.handler).Run(ctx) })
	defer running.Wait()
	defer stop()
	ready(t, func() []int { return []int{l.slack.Sockets()} }, func(n int) bool { return n == 1 })
	l.press(t, l.card(t), "Mute", ana)
	v := l.view(t, "For how long")
	body, err := l.slack.Submit(v, map[string]string{fieldReason: "known"}, ana)
	if err != nil {
		t.Fatal(err)
	}
	id, err := l.slack.PushInteraction(body)
	if err != nil {
		t.Fatal(err)
	}
	answer := ready(t, func() []json.RawMessage { _, p := l.slack.Acknowledged(id); return []json.RawMessage{p} }, func(p json.RawMessage) bool { return p != nil })
	if err := l.slack.Answered(v, http.StatusOK, answer); err != nil || len(l.did()) != 1 {
		t.Errorf("%v, %+v", err, l.did())
	}
	m, _ := l.slack.Write("support-ai", "look at this", l.card(t).TS, ana)
	body, err = l.slack.React(m, "pushpin", ana)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.slack.PushEvent(body, 3); err != nil {
		t.Fatal(err)
	}
	ready(t, l.did, func(f bot.Filled) bool { return f.Quote.Text == "look at this" })
	if n := len(l.did()); n != 2 {
		t.Errorf("%d things were done", n)
	}
}

func TestTheFormsAsPeopleSeeThem(t *testing.T) {
	limits := readLimits(t)
	l := newLobby(t, time.Minute)
	held := rollbacks()
	held.Held, held.Possible = []string{"No action starts: stopped by jo: it rolls back in circles"}, nil
	for name, v := range map[string]view{
		"view-rollback":      rollbackView(withIncident(rollbacks()), 0),
		"view-rollback-held": rollbackView(withIncident(held), 0),
		"view-mute":          muteView("inc-1", openOnes()),
		"view-mute-which":    muteView("", openOnes()),
		"view-declare":       declareView("", l.Services()),
		"view-note":          noteView("", nil, bot.Quote{}),
		"view-note-message":  noteView("", openOnes(), bot.Quote{Key: "slack/C1/1.2", Text: "the vendor says it is them", Author: "jo", Link: "https://acme.slack.com/archives/C1/p12"}),
		"view-answer":        answerView("Mute an incident", bot.Answer{Title: "Muted until 18:00 UTC", Rows: []bot.Row{{Label: "Incident", Text: "inc-1"}}, Link: "https://firebreak.example/"}),
		"view-waiting":       waitingView("Take a change back"),
	} {
		modal := l.client.modal(v)
		raw, err := json.MarshalIndent(modal, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		integrationstest.Golden(t, "testdata/"+name+".json", append(raw, '\n'))
		checkView(t, limits, raw)
	}
	raw, err := json.MarshalIndent(map[string]any{"type": "home", "blocks": homeBlocks(atHome(), true)}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	integrationstest.Golden(t, "testdata/home.json", append(raw, '\n'))
	checkView(t, limits, raw)
}

func withIncident(r bot.Rollbacks) bot.Rollbacks {
	r.Incident = "inc-1"
	return r
}

// checkView validates a view by Slack's own list of limits.
func checkView(t interface {
	Errorf(string, ...any)
	Helper()
}, l limits, raw []byte,
) {
	t.Helper()
	var v map[string]any
	_ = json.Unmarshal(raw, &v)
	k := &kit{limits: l}
	k.view(v)
	k.unique(list(v["blocks"]))
	for _, f := range k.faults {
		t.Errorf("%s", f)
	}
}

func TestOurLimitsAreSlacks(t *testing.T) {
	l := readLimits(t)
	for what, q := range map[string][2]int{
		"header": {maxHeader, l.max("header", "text", "max_length")}, "section": {maxSection, l.max("section", "text", "max_length")},
		"field": {maxField, l.max("section", "fields", "item_max_length")}, "fields": {maxFields, l.max("section", "fields", "max_items")},
		"alt": {maxAlt, l.max("image", "alt_text", "max_length")}, "button": {maxButton, l.max("button", "text", "max_length")},
		"value": {maxValue, l.max("button", "value", "max_length")}, "url": {maxURL, l.max("button", "url", "max_length")},
		"block_id": {maxBlockID, l.max("block_id", "", "max_length")}, "action_id": {maxActionID, l.max("action_id", "", "max_length")},
		"context": {maxContext, l.max("context", "elements", "max_items")}, "actions": {maxActions, l.max("actions", "elements", "max_items")},
		"view blocks": {maxViewBlocks, l.max("view", "blocks", "max_items")}, "title": {maxViewTitle, l.max("view", "title", "max_length")},
		"meta": {maxMeta, l.max("view", "private_metadata", "max_length")}, "label": {maxLabel, l.max("input", "label", "max_length")},
		"options": {maxOptions, l.max("select", "options", "max_items")}, "option": {maxOption, l.max("option", "text", "max_length")},
		"option value": {maxOptionValue, l.max("option", "value", "max_length")}, "placeholder": {maxPlaceholder, l.max("select", "placeholder", "max_length")},
	} {
		if q[0] != q[1] {
			t.Errorf("%s: %d, and Slack's is %d", what, q[0], q[1])
		}
	}
	if maxInput != int(l["plain_text_input"]["max_length"].(map[string]any)["max"].(float64)) {
		t.Error("what can be written")
	}
}

func TestWhatDoesNotFitIsShownShortened(t *testing.T) {
	l := newLobby(t, time.Minute)
	big := message{text: "what is wrong &lt;here&gt;", blocks: sayBlocks("x")}
	for len(big.blocks) <= maxMessageBlocks {
		big.blocks = append(big.blocks, sayBlocks("x")...)
	}
	m := l.client.fit(big)
	raw, _ := json.Marshal(m.blocks)
	if len(m.blocks) != 1 || !strings.Contains(readable(raw), "what is wrong <here> … there is more on the page") {
		t.Errorf("%s", raw)
	}
	modal := l.client.modal(view{title: "x", meta: meta{Incident: strings.Repeat("x", 3000)}, blocks: sayBlocks("x")})
	if raw, _ := json.Marshal(modal); len(modal.PrivateMetadata) > 10 || !strings.Contains(string(raw), "does not fit") {
		t.Errorf("%s", raw)
	}
	if n := testutil.ToFloat64(l.client.oversize.WithLabelValues("message")); n != 1 {
		t.Errorf("%v counted", n)
	}
	if fit := l.client.fit(message{text: "x", blocks: sayBlocks("y")}); fmt.Sprint(fit.text) != "x" || len(fit.blocks) != 1 {
		t.Errorf("what fits is changed: %+v", fit)
	}
}
