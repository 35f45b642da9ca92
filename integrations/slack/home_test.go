package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// keep runs the keeper of pages until the test is over.
func (l *lobby) keep(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = l.homes.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
}

func TestThePageIsShownToWhoeverOpensIt(t *testing.T) {
	l := newLobby(t, time.Minute)
	l.keep(t)
	body, err := l.slack.OpenHome(ana)
	if status, _ := l.post(t, l.handler.Events(), body, err); status != http.StatusOK {
		t.Fatal(status)
	}
	v := l.view(t, "61 % of the budget is left")
	if v.Type != "home" || v.User != ana.ID {
		t.Errorf("%+v", v)
	}
	for _, b := range slackfake.Buttons(slackfake.Message{Blocks: v.Blocks()}) {
		if b.Text == "Declare an incident" {
			body, err := l.slack.PressIn(v, b, ana)
			l.post(t, l.handler, body, err)
		}
	}
	l.view(t, "What is wrong?")
	for _, b := range slackfake.Buttons(slackfake.Message{Blocks: v.Blocks()}) {
		if b.Text == "Approve" {
			body, err := l.slack.PressIn(v, b, ana)
			l.post(t, l.handler, body, err)
		}
	}
	ready(t, func() []string {
		l.office.mu.Lock()
		defer l.office.mu.Unlock()
		return append([]string(nil), l.done...)
	}, func(s string) bool { return s == "apr-1 approved by U0ANA" })
}

// pager is whoever makes pages, and counts.
type pager struct {
	Forms
	mu    sync.Mutex
	asked map[string]int
	says  string
}

func (p *pager) Home(_ context.Context, user string) (bot.Home, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[user]++
	return bot.Home{Sections: []bot.HomeSection{{Title: "x", Empty: p.says}}}, nil
}

// times is how often the page of somebody was made.
func (p *pager) times(user string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[user]
}

func (p *pager) say(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.says = s
}

func TestPagesAreShownAnewWhenTheySaySomethingElseAndNotTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		published := map[string]int{}
		var mu sync.Mutex
		c := New(Config{Token: botToken, SigningSecret: signingSecret}, Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			var body struct {
				User string `json:"user_id"`
			}
			_ = json.NewDecoder(r.Body).Decode(&body)
			mu.Lock()
			published[body.User]++
			mu.Unlock()
			return &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"ok":true,"view":{"id":"V1"}}`)),
			}, nil
		})})
		shown := func(user string) int {
			mu.Lock()
			defer mu.Unlock()
			return published[user]
		}
		p := &pager{asked: map[string]int{}, says: "quiet"}
		h := c.Homes(p)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = h.Run(ctx) })
		defer running.Wait()
		defer stop()
		h.Update() // nobody has it open
		synctest.Wait()
		if p.times("U1") != 0 {
			t.Error("asked for a page that nobody has open")
		}
		h.Opened("U1")
		synctest.Wait()
		p.say("loud")
		for range 50 { // a storm
			h.Update()
			<-time.After(100 * time.Millisecond)
		}
		<-time.After(homeEvery)
		synctest.Wait()
		if n := p.times("U1"); n > 3 {
			t.Errorf("looked at %d times", n)
		}
		if shown("U1") != 2 {
			t.Errorf("it was published %d times, and said two things", shown("U1"))
		}
		before := p.times("U1")
		<-time.After(homeLook + time.Second)
		synctest.Wait()
		if p.times("U1") == before {
			t.Error("what changes without a word is never looked at")
		}
		if shown("U1") != 2 {
			t.Error("what says the same is published again")
		}
		<-time.After(homeLife + homeLook)
		synctest.Wait()
		before = p.times("U1")
		h.Update()
		<-time.After(time.Hour)
		synctest.Wait()
		if p.times("U1") != before {
			t.Error("a page that was opened yesterday is still kept")
		}
		for i := range 3 * maxHomes {
			h.Opened(fmt.Sprint("U", i))
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.opened) > maxHomes {
			t.Errorf("%d pages are kept", len(h.opened))
		}
	})
}

// hostile is text that wants to be more than text, or too much of it.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringN(0, 4000, -1), rapid.SampledFrom([]string{
		"", "<!channel> <!here> <@U1> <#C1> <https://x|y>", "@channel @here", "*b* _i_ ~s~ `c`\n> q", "&amp;&lt;", "\u202egnp.exe\u202c", "a\u200bb\ufeff\u2060", "\x00\x1b[31m",
		strings.Repeat("🦊", 40_000), strings.Repeat("<!channel>", 4000), "\xff\xfe",
	}))
}

func TestHostileTextIsShownHarmless(t *testing.T) {
	limits := readLimits(t)
	c := New(Config{Token: botToken, SigningSecret: signingSecret}, Options{})
	t.Cleanup(c.Close)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) string { return hostile().Draw(t, name) }
		open := []bot.Incident{{ID: draw("id"), Service: draw("service"), Title: draw("title"), Severity: detectors.Page}}
		all := bot.Rollbacks{Incident: draw("incident"), Title: draw("title"), Service: draw("service"), Held: rapid.SliceOfN(hostile(), 0, 3).Draw(t, "held")}
		for range rapid.IntRange(0, 4).Draw(t, "paths") {
			all.Possible = append(all.Possible, bot.Rollback{
				Change: draw("change"), Title: draw("title"), Playbook: draw("playbook"), URL: "https://x.example/" + draw("url"), Probability: rapid.Float64().Draw(t, "p"),
				Steps: []string{draw("step")}, Asks: []string{draw("ask")}, Consequences: []string{draw("consequence")},
			})
			all.Refused = append(all.Refused, bot.NoRollback{Change: draw("change"), Title: draw("title"), Why: draw("why")})
		}
		home := bot.Home{Link: "https://x.example/" + draw("link"), Approvals: []bot.Approval{{ID: "apr-1", Question: draw("question")}}}
		for range rapid.IntRange(0, 4).Draw(t, "sections") {
			home.Sections = append(home.Sections, bot.HomeSection{Title: draw("title"), Empty: draw("empty"), Rows: []bot.Row{{Label: draw("label"), Text: draw("text"), Link: draw("link")}}})
		}
		answer := bot.Answer{Title: draw("title"), Rows: []bot.Row{{Label: draw("label"), Text: draw("text")}}}
		for _, v := range []view{
			rollbackView(all, 1), muteView("", open), muteView(draw("incident"), nil), declareView(draw("service"), []string{"a", draw("service")}),
			noteView("", open, bot.Quote{Text: spoken(draw("text"))}), answerView("x", answer),
		} {
			modal := c.modal(v)
			raw, err := json.Marshal(modal)
			if err != nil {
				t.Fatal(err)
			}
			checkView(t, limits, raw)
			harmlessJSON(t, raw)
			if strings.Contains(string(raw), "does not fit") && len(modal.PrivateMetadata) > maxMeta {
				t.Error("it is too large all the same")
			}
		}
		raw, _ := json.Marshal(map[string]any{"type": "home", "blocks": homeBlocks(home, true)})
		checkView(t, limits, raw)
		harmlessJSON(t, raw)
		for _, m := range []message{renderAnswer(answer), c.fit(renderAnswer(answer))} {
			valid(t, limits, m)
			if strings.ContainsAny(m.text, "<>") {
				t.Errorf("mark-up in %q", m.text)
			}
		}
	})
}

// harmlessJSON looks through what is shown: nothing of it may be mark-up, turn the reading direction, or be seen by nobody.
func harmlessJSON(t *rapid.T, raw []byte) {
	var v any
	_ = json.Unmarshal(raw, &v)
	noMarkup(t, v)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for key, e := range v {
				if s, is := e.(string); is && key == "text" && strings.ContainsAny(s, "\u202e\u202c\u200b\ufeff\u2060\x00\x1b") {
					t.Errorf("%q is not harmless", s)
				}
				walk(e)
			}
		}
	}
	walk(v)
}
