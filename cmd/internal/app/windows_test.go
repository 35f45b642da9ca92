package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs"
)

const companyDay = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:all hands\nDTSTART:20200101T000000Z\nDURATION:P1D\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n"

// loadWith reads a configuration in an environment.
func loadWith(t *testing.T, text string, env map[string]string) Config {
	t.Helper()
	var c Config
	if faults := c.read("firebreak.yaml", []byte(text), t.TempDir(), configs.MapEnv(env)); len(faults) > 0 {
		t.Fatal(faults)
	}
	return c
}

// TestTheCalendarOfARunningBot follows a calendar that fails after it was read once, across a restart, and freezes of this and of
// another replica.
func TestTheCalendarOfARunningBot(t *testing.T) {
	var broken atomic.Bool
	company := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(companyDay))
	}))
	defer company.Close()
	c := loadWith(t, fmt.Sprintf(`
services: [{name: support, match: {service_name: support}}, {name: search, match: {service_name: search}}]
calendars: [{name: company, services: [support], url: "${env:COMPANY}"}]
server: {listen: "127.0.0.1:0"}
store: {url: %q}
`, "sqlite:"+filepath.Join(t.TempDir(), "firebreak.db")), map[string]string{"COMPANY": company.URL})
	begin := func() *App {
		a, err := New(t.Context(), c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	end := func(a *App) {
		if err := a.Abandon(context.Background()); err != nil {
			t.Error(err)
		}
	}
	tell := func(a *App, service string) bot.Opening {
		t.Helper()
		found, err := almanac{a}.Openings(t.Context(), service, time.Now())
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		return found[0]
	}

	a := begin()
	if o := tell(a, "support"); !o.Open || len(o.Unseen) != 1 || !strings.Contains(o.Unseen[0], "it was not read yet; there is no copy of it") {
		t.Errorf("before it was read: %+v", o)
	}
	a.rules.calendar.fetch(t.Context())
	if o := tell(a, "support"); o.Open || len(o.Unseen) > 0 {
		t.Errorf("read: %+v", o)
	}
	if o := tell(a, "search"); !o.Open || len(o.Unseen) > 0 {
		t.Errorf("another service: %+v", o)
	}
	end(a)

	broken.Store(true)
	a = begin()
	a.rules.calendar.fetch(t.Context())
	if o := tell(a, "support"); o.Open || len(o.Unseen) != 1 || !strings.Contains(o.Unseen[0], "it answered 502 Bad Gateway; the copy of ") {
		t.Errorf("failing after a restart: %+v", o)
	}

	freeze, err := almanac{a}.StartFreeze(t.Context(), bot.Freeze{Services: []string{"search"}, Reason: "audit", By: "ana", Via: "cli"})
	if err != nil {
		t.Fatal(err)
	}
	if o := tell(a, "search"); o.Open || !o.Until.IsZero() || len(o.Reasons) != 1 || o.Reasons[0].Code != "freeze" {
		t.Errorf("frozen: %+v", o)
	}
	if flags := a.rules.Flags(bot.Change{Kind: bot.Prompt, Services: []string{"search"}, MergedAt: time.Now()}); len(flags) == 0 || flags[0].Code != "freeze" {
		t.Errorf("a change that lands meanwhile carries %+v", flags)
	}
	if _, err = a.db.EndFreeze(t.Context(), freeze.ID, "ben", "api", "", time.Now()); err != nil { // as another replica does
		t.Fatal(err)
	}
	if err := a.rules.calendar.lookAtFreezes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o := tell(a, "search"); !o.Open {
		t.Errorf("after its end: %+v", o)
	}
	if flags := a.rules.Flags(bot.Change{Kind: bot.Prompt, Services: []string{"search"}, MergedAt: freeze.From}); len(flags) == 0 || flags[0].Code != "freeze" {
		t.Errorf("a change that landed while it held carries %+v", flags)
	}
	end(a)
}

// TestWithoutAServerItsFreezesAreAskedForWhereItIsNamed judges by the file, and tells what the server that the file names does not answer.
func TestWithoutAServerItsFreezesAreAskedForWhereItIsNamed(t *testing.T) {
	var asked, broken atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.Path == "/api/v1/freezes" && r.Header.Get("Authorization") == "Bearer a-token-that-nobody-guesses")
		if broken.Load() {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		_, _ = fmt.Fprintf(w, `{"freezes": [{"id": "frz-1", "reason": "audit", "by": "ana", "from": "2026-11-24T09:00:00Z"}]}`)
	}))
	defer server.Close()
	c := loadWith(t, `
services: [{name: support, match: {service_name: support}}]
server: {url: "`+server.URL+`", token: "${env:TOKEN}"}
`, map[string]string{"TOKEN": "a-token-that-nobody-guesses"})
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	found, err := c.Openings(t.Context(), "", at, at)
	if err != nil || len(found) != 1 || found[0].Open || len(found[0].Unseen) > 0 || !asked.Load() {
		t.Errorf("%+v, %v", found, err)
	}
	broken.Store(true)
	found, err = c.Openings(t.Context(), "", at, at)
	if err != nil || !found[0].Open || len(found[0].Unseen) != 1 || !strings.Contains(found[0].Unseen[0], "502") {
		t.Errorf("%+v, %v", found, err)
	}
}
