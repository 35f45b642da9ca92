package flags_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/flags"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

var (
	noon    = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	token   = secret.New("a-token-that-nobody-guesses")
	signing = secret.New("launchdarkly-signs-with-this")
)

func config() flags.Config {
	return flags.Config{
		Token: token, LaunchDarkly: flags.LaunchDarkly{Secret: signing, Environments: []string{"production"}},
		Services: map[string]string{"^support-": "support-assistant"},
	}
}

func sources() (*flags.Signed, *flags.Forwarded) {
	return flags.Sources(config(), func() time.Time { return noon })
}

// toggled has the fields of an entry of LaunchDarkly's audit log.
const toggled = `{"_id": "65bb6662837cea0fc2bf0f3d", "date": 1795175880000, "kind": "flag", "name": "New prompt", "titleVerb": "turned on the flag",
	"accesses": [{"action": "updateOn", "resource": "proj/default:env/test:flag/support-new-prompt"}, {"action": "updateOn", "resource": "proj/default:env/production:flag/support-new-prompt;tag"}],
	"member": {"email": "mona@example.com", "firstName": "Mona", "lastName": "Doe"}, "_links": {"site": {"href": "https://app.launchdarkly.com/x"}},
	"currentVersion": {"variations": [{"value": "You are a helpful assistant"}]}}`

func signed(body string) http.Header {
	mac := hmac.New(sha256.New, []byte(signing.Reveal()))
	mac.Write([]byte(body))
	return http.Header{"Content-Type": {"application/json"}, "X-Ld-Signature": {hex.EncodeToString(mac.Sum(nil))}}
}

func TestAFlagOfLaunchDarkly(t *testing.T) {
	s, _ := sources()
	d, err := s.Receive(signed(toggled), []byte(toggled))
	if err != nil || d.ID != "65bb6662837cea0fc2bf0f3d" {
		t.Fatal(d.ID, err)
	}
	out, err := s.Tell(t.Context(), d)
	if err != nil || len(out.Changes) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	c := out.Changes[0]
	if c.ID != "flags:launchdarkly/65bb6662837cea0fc2bf0f3d/production/support-new-prompt" || c.Kind != bot.Flag || c.Author != "Mona Doe" ||
		c.Environment != "production" || c.Services[0] != "support-assistant" || !c.EffectiveAt.Equal(time.UnixMilli(1795175880000)) ||
		c.Title != "flag New prompt (support-new-prompt): turned on the flag updateOn" {
		t.Errorf("%+v", c)
	}
	if want := (bot.Input{Kind: bot.Flag, Name: "support-new-prompt", Old: "off", New: "on"}); len(c.Inputs) != 1 || c.Inputs[0] != want {
		t.Errorf("it was switched from off to on: %+v", c.Inputs)
	}
}

func TestOnlyASwitchIsKnownToBeUndoneByTheOppositeOne(t *testing.T) {
	s, _ := sources()
	for name, c := range map[string]struct{ body, old, now string }{
		"turned off":              {strings.ReplaceAll(toggled, "turned on", "turned off"), "on", "off"},
		"switched and retargeted": {strings.Replace(toggled, `"updateOn", "resource": "proj/default:env/production`, `"updateRules", "resource": "proj/default:env/production`, 1), "", ""},
		"words that nobody knows": {strings.ReplaceAll(toggled, "turned on the flag", "updated the flag"), "", ""},
	} {
		d, err := s.Receive(signed(c.body), []byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.Tell(t.Context(), d)
		if err != nil || len(out.Changes) != 1 {
			t.Fatalf("%s: %+v, %v", name, out, err)
		}
		var got bot.Input
		if in := out.Changes[0].Inputs; len(in) > 0 {
			got = in[0]
		}
		if got.Old != c.old || got.New != c.now {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestEntriesThatAlterNoFlagAreKeptWithAReason(t *testing.T) {
	s, _ := sources()
	for name, body := range map[string]string{
		"another kind":         `{"_id": "1", "kind": "webhook"}`,
		"no flag":              `{"_id": "1", "kind": "flag"}`,
		"another environment":  strings.ReplaceAll(toggled, "env/production", "env/staging"),
		"an odd date and list": `{"_id": "1", "kind": "flag", "date": "soon", "accesses": {"a": 1}}`,
	} {
		d, err := s.Receive(signed(body), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := s.Tell(t.Context(), d); err != nil || out.Unused == "" || len(out.Changes) > 0 {
			t.Errorf("%s told %+v, %v", name, out, err)
		}
	}
}

func TestForwardedEvents(t *testing.T) {
	_, f := sources()
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token.Reveal()}}
	for name, c := range map[string]struct{ body, title, id string }{
		"of flagd": {
			`{"type": "configuration_change", "environment": "production", "data": {"flags": {"support-b": {"type": "update"}, "a": {"type": "write"}}}}`,
			"flags changed: a, support-b", "",
		},
		"of an OpenFeature provider": {`{"id": "e-1", "flagsChanged": ["support-b"], "time": "soon"}`, "flag changed: support-b", "flags:openfeature/e-1"},
		"of a ready provider":        {`{"type": "provider_ready"}`, "", ""},
	} {
		d, err := f.Receive(header, []byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		out, err := f.Tell(t.Context(), d)
		if err != nil || out.Unused != "" {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
		if c.title == "" {
			if len(out.Changes) > 0 {
				t.Errorf("%s told %+v", name, out)
			}
			continue
		}
		got := out.Changes[0]
		if got.Title != c.title || (c.id != "" && got.ID != c.id) || got.Services[0] != "support-assistant" || !got.EffectiveAt.Equal(noon) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, body := range []string{`{"type": "unheard"}`, `{}`} {
		if out, err := f.Tell(t.Context(), bot.Delivery{Body: []byte(body), ReceivedAt: noon}); err != nil || out.Unused == "" {
			t.Errorf("%s told %+v, %v", body, out, err)
		}
	}
}

func TestStrangersAreRefused(t *testing.T) {
	s, f := sources()
	other := signed(toggled + " ")
	sha1 := http.Header{"Content-Type": {"application/json"}, "X-Ld-Signature": {strings.Repeat("a", 40)}}
	for name, header := range map[string]http.Header{"unsigned": {"Content-Type": {"application/json"}}, "signed for another body": other, "a short signature": sha1} {
		if _, err := s.Receive(header, []byte(toggled)); bot.CodeOf(err) != bot.Unauthorized {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := f.Receive(header, []byte("{}")); bot.CodeOf(err) != bot.Unauthorized {
			t.Errorf("forwarded, %s: %v", name, err)
		}
	}
	plain := signed(toggled)
	plain.Set("Content-Type", "text/plain")
	if _, err := s.Receive(plain, []byte(toggled)); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("plain text: %v", err)
	}
	if _, err := s.Receive(signed(toggled), make([]byte, 2<<20)); bot.CodeOf(err) != bot.TooLarge {
		t.Errorf("two megabytes: %v", err)
	}
	if out, err := s.Tell(t.Context(), bot.Delivery{Body: []byte("hello")}); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("no JSON told %+v, %v", out, err)
	}
}

func TestFaultsAndSecretsOfTheConfiguration(t *testing.T) {
	for name, c := range map[string]struct {
		config flags.Config
		want   string
	}{
		"a weak token":            {flags.Config{Token: secret.New("x")}, "token weak-secret"},
		"environments, no secret": {flags.Config{LaunchDarkly: flags.LaunchDarkly{Environments: []string{"x"}}}, "launchdarkly.secret missing-secret"},
		"a pattern that is none":  {flags.Config{Services: map[string]string{"(": "support"}}, "services.( bad-pattern"},
	} {
		r := diag.New()
		c.config.Check(r)
		if r.Len() != 1 || r.Faults()[0].Path+" "+r.Faults()[0].Code != c.want {
			t.Errorf("%s: %+v", name, r.Faults())
		}
	}
	integrationstest.Exam(t, integrationstest.Subject{
		Config: config(), Secrets: []secret.Value{token, signing},
		New: func(*testing.T, integrationstest.Env) []integrationstest.Op { return nil }, // it sends nothing
	})
}

func FuzzTell(f *testing.F) {
	f.Add([]byte(toggled))
	f.Add([]byte(`{"flagsChanged": ["a", ""], "data": {"flags": {"b": 1}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, forwarded := sources()
		one, _ := s.Tell(t.Context(), bot.Delivery{ID: "1", Body: body, ReceivedAt: noon})
		two, _ := forwarded.Tell(t.Context(), bot.Delivery{ID: "1", Body: body, ReceivedAt: noon})
		for _, c := range append(one.Changes, two.Changes...) {
			if c.ID == "" || c.Title == "" || c.At().IsZero() {
				t.Errorf("%+v", c)
			}
		}
	})
}
