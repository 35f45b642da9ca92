package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/digest"
)

// TestADigestOfAnotherMomentTellsHowThingsStoodThen reads incidents as their timelines told at that moment, and windows as they are then.
func TestADigestOfAnotherMomentTellsHowThingsStoodThen(t *testing.T) {
	c := loadWith(t, fmt.Sprintf(`
services: [{name: support, match: {service_name: support}}, {name: search, match: {service_name: search}}]
windows:
  zone: Europe/Berlin
  deny: [{name: friday-afternoon, days: fri, from: 12:00}]
people:
  members: [{name: yui, email: yui@acme.example, zone: Asia/Tokyo}]
server: {listen: "127.0.0.1:0"}
store: {url: %q}
`, "sqlite:"+filepath.Join(t.TempDir(), "firebreak.db")), nil)
	a, err := New(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	berlin := c.zone()
	thursday := func(hour, minute int) time.Time { return time.Date(2026, 11, 26, hour, minute, 0, 0, berlin) }
	incident(t, a, "inc-1", "github:acme/a#1", thursday(3, 0))
	resolved := bot.Entry{ID: "inc-1-over", Incident: "inc-1", At: thursday(9, 0), Kind: bot.EntryResolved, Key: "over", Actor: "ana", Sentence: "resolved by ana"}
	if _, err := a.db.Append(t.Context(), resolved); err != nil {
		t.Fatal(err)
	}
	tell := func(kind, service string, at time.Time) string {
		t.Helper()
		d, err := composer{a}.Digest(t.Context(), kind, service, at)
		if err != nil {
			t.Fatal(err)
		}
		return digest.Text(d)
	}
	for name, q := range map[string]struct {
		said      string
		has, lack string
	}{
		"before it began":    {tell(digest.Morning, "", thursday(2, 0)), "nothing to tell", "inc-1"},
		"while it lasted":    {tell(digest.Morning, "", thursday(8, 30)), "1 incident is not over", "resolved"},
		"when it was over":   {tell(digest.Morning, "", thursday(10, 0)), "no incident is open", "Not over"},
		"and it is told":     {tell(digest.Weekly, "", thursday(10, 0)), "The week from Thu 19 Nov to Thu 26 Nov: 1 incident", "Not over"},
		"windows turn":       {tell(digest.Forecast, "search", thursday(15, 0)), "changes are welcome; from Fri 12:00 CET unwelcome (it is inside the closed window friday-afternoon", "support"},
		"until Sunday only":  {tell(digest.Forecast, "search", thursday(15, 0)), "from Sat 00:00 CET welcome", "4 Dec"},
		"it is said of when": {tell(digest.Morning, "", thursday(8, 30)), "they are told as of now", "nothing to tell"},
	} {
		if !strings.Contains(q.said, q.has) || strings.Contains(q.said, q.lack) {
			t.Errorf("%s: %q is wanted, and not %q, in\n%s", name, q.has, q.lack, q.said)
		}
	}
	if _, err := (composer{a}).Digest(t.Context(), digest.Morning, "nope", time.Time{}); bot.CodeOf(err) != bot.NotFound {
		t.Errorf("of no service: %v", err)
	}
	if leads, what := a.executing(); leads || what != "this process is starting" {
		t.Errorf("%t, %q", leads, what)
	}
}
