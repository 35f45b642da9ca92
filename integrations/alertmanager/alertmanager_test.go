package alertmanager_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/alertmanager"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

var (
	noon  = time.Date(2026, 12, 20, 12, 0, 0, 0, time.UTC)
	token = secret.New("a-token-that-nobody-guesses")
)

func receiver() *alertmanager.Receiver {
	services := []bot.Service{{Name: "checkout"}, {Name: "support", Match: map[string]string{"service_name": "support-assistant"}}}
	return alertmanager.New(alertmanager.Config{Token: token, Severities: map[string]string{"annoying": "info"}}, services, func() time.Time { return noon })
}

func bearer(t string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + t}}
}

func told(t *testing.T, body string) bot.Told {
	t.Helper()
	r := receiver()
	d, err := r.Receive(bearer(token.Reveal()), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Tell(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNotificationsOfRealAlertmanagers(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(integrationstest.Shared(t, "contracts", "alertmanager"), "*.json"))
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	seen := map[string]string{}
	for _, file := range files {
		body := string(integrationstest.Read(t, "contracts", "alertmanager", filepath.Base(file)))
		out := told(t, body)
		var words []string
		for _, f := range out.Findings {
			words = append(words, string(f.Verdict))
			if f.Service != "checkout" || f.Key == "" || f.Title == "" || (f.Verdict == detectors.Firing && f.Onset.IsZero()) {
				t.Errorf("%s: %+v", file, f)
			}
		}
		seen[filepath.Base(file)] = strings.Join(words, " ") + out.Unused
	}
	for file, want := range map[string]string{
		"v0.34.some-alerts-resolved.json": "quiet firing",
		"v0.34.first-notification.json":   "firing firing",
		"v0.25.mixed.json":                "quiet firing",
		"v0.25.firing-truncated.json":     "firing firing",
		"v0.25.firing-unicode.json":       "no alert belongs to a known service",
	} {
		if !strings.HasPrefix(seen[file], want) {
			t.Errorf("%s told %q, want %q", file, seen[file], want)
		}
	}
}

func body(status, extra string) string {
	return fmt.Sprintf(`{"version": "4", "groupKey": "{}", "status": "firing", "truncatedAlerts": 3, "alerts": [{"status": %q, "fingerprint": "f1",
		"labels": {"alertname": "Refusals", "service_name": "support-assistant", "severity": "critical", "environment": "production"},
		"annotations": {"summary": "refusals 7%%\u202e"}, "startsAt": "2026-12-20T11:50:00Z", "endsAt": "0001-01-01T00:00:00Z"%s}]}`, status, extra)
}

func TestAnAlertIsAFinding(t *testing.T) {
	f := told(t, body("firing", "")).Findings[0]
	if f.Service != "support" || f.Environment != "production" || f.Severity != detectors.Page || f.Verdict != detectors.Firing ||
		!f.Onset.At.Equal(noon.Add(-10*time.Minute)) || f.Title != "refusals 7%" || f.Key != "alertmanager/support/production/Refusals/f1" {
		t.Errorf("%+v", f)
	}
	if len(f.Evidence) != 1 || f.Evidence[0].Value != 3 {
		t.Errorf("what was cut off is not told: %+v", f.Evidence)
	}
	q := told(t, body("resolved", `, "endsAt": "2026-12-20T11:59:00Z", "annotations": null`)).Findings[0]
	if q.Key != f.Key || q.Verdict != detectors.Quiet || q.Severity != detectors.None {
		t.Errorf("resolved it is %+v", q)
	}
}

func TestARepetitionIsTheSameDeliveryAndAResolutionIsNot(t *testing.T) {
	id := func(body string) string {
		d, err := receiver().Receive(bearer(token.Reveal()), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return d.ID
	}
	first := id(body("firing", ""))
	if again := id(body("firing", `, "generatorURL": "http://x"`)); again != first {
		t.Error("a repetition is a new delivery")
	}
	if id(body("resolved", "")) == first || id(strings.Replace(body("firing", ""), "11:50", "11:51", 1)) == first {
		t.Error("what changed is not a new delivery")
	}
}

func TestOddNotifications(t *testing.T) {
	for name, c := range map[string]struct{ body, unused string }{
		"no alerts":                              {`{"alerts": []}`, "holds no alerts"},
		"an alert of somebody else":              {`{"alerts": [{"status": "firing", "labels": {"service": "billing"}}]}`, "no alert belongs to a known service"},
		"a status that nobody knows":             {strings.Replace(body("firing", ""), `"status": "firing", "fingerprint"`, `"status": "pending", "fingerprint"`, 1), "no alert belongs"},
		"odd times and a label that is a number": {`{"alerts": [{"status": "firing", "startsAt": "yesterday", "endsAt": 7, "labels": {"service": "checkout", "n": 1}}]}`, ""},
	} {
		out := told(t, c.body)
		if c.unused == "" && len(out.Findings) != 1 {
			t.Errorf("%s told %+v", name, out)
		}
		if !strings.Contains(out.Unused, c.unused) {
			t.Errorf("%s: %q", name, out.Unused)
		}
	}
	d, err := receiver().Receive(bearer(token.Reveal()), []byte("hello"))
	if err != nil || string(d.Body) != "hello" {
		t.Fatal("what is no JSON is not kept", err)
	}
	if _, err := receiver().Tell(t.Context(), d); bot.CodeOf(err) != bot.Invalid {
		t.Error(err)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		body   string
		want   bot.ErrorCode
	}{
		"no token":             {http.Header{"Content-Type": {"application/json"}}, "{}", bot.Unauthorized},
		"a wrong token":        {bearer("wrong"), "{}", bot.Unauthorized},
		"another content type": {http.Header{"Content-Type": {"text/plain"}, "Authorization": {"Bearer " + token.Reveal()}}, "{}", bot.Invalid},
		"a large body":         {bearer(token.Reveal()), strings.Repeat(" ", 2<<20), bot.TooLarge},
		"an empty body":        {bearer(token.Reveal()), "", bot.Invalid},
	} {
		if _, err := receiver().Receive(c.header, []byte(c.body)); bot.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	basic := &http.Request{Header: http.Header{"Content-Type": {"application/json"}}}
	basic.SetBasicAuth("firebreak", token.Reveal())
	if _, err := receiver().Receive(basic.Header, []byte("{}")); err != nil {
		t.Errorf("the token as a password: %v", err)
	}
}

func TestFaultsAndSecretsOfTheConfiguration(t *testing.T) {
	for name, c := range map[string]struct {
		config alertmanager.Config
		want   string
	}{
		"no token":            {alertmanager.Config{ServiceLabel: "app"}, "token missing-secret"},
		"a weak token":        {alertmanager.Config{Token: secret.New("x")}, "token weak-secret"},
		"an unknown severity": {alertmanager.Config{Token: token, Severities: map[string]string{"bad": "pager"}}, "severities.bad unknown-severity"},
	} {
		r := diag.New()
		c.config.Check(r)
		if r.Len() != 1 || r.Faults()[0].Path+" "+r.Faults()[0].Code != c.want {
			t.Errorf("%s: %+v", name, r.Faults())
		}
	}
	integrationstest.Exam(t, integrationstest.Subject{
		Config: alertmanager.Config{Token: token}, Secrets: []secret.Value{token},
		New: func(*testing.T, integrationstest.Env) []integrationstest.Op { return nil }, // it sends nothing
	})
}

func FuzzTell(f *testing.F) {
	f.Add([]byte(body("firing", "")))
	f.Add([]byte(`{"alerts": [{"status": "firing", "labels": null}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := receiver()
		if d, err := r.Receive(bearer(token.Reveal()), body); err == nil && d.ID == "" {
			t.Error("a delivery without an ID")
		}
		out, _ := r.Tell(t.Context(), bot.Delivery{Body: body, ReceivedAt: noon})
		for _, finding := range out.Findings {
			if finding.Key == "" || finding.Service == "" || finding.Onset.At.After(noon) {
				t.Errorf("%+v", finding)
			}
		}
	})
}
