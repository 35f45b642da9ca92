package flagger_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/flagger"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

var (
	noon  = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	token = secret.New("a-token-that-nobody-guesses")
)

func receiver() *flagger.Receiver {
	return flagger.New(flagger.Config{Token: token}, func() time.Time { return noon })
}

// inAddress is what Flagger sends when the webhook's address is https://firebreak:TOKEN@host/webhooks/flagger.
func inAddress(password string) http.Header {
	r := &http.Request{Header: http.Header{"Content-Type": {"application/json"}}}
	r.SetBasicAuth("firebreak", password)
	return r.Header
}

func event(phase, message string) string {
	return fmt.Sprintf(`{"name": "support", "namespace": "prod", "phase": %q, "checksum": "85d557f47b", "metadata":
		{"eventMessage": %q, "eventType": "Normal", "timestamp": "1795175880000", "environment": "production", "kind": "model"}}`, phase, message)
}

func told(t *testing.T, body string) bot.Told {
	t.Helper()
	d, err := receiver().Receive(inAddress(token.Reveal()), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	out, err := receiver().Tell(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestACanaryIsOneChangeWhoseExposureGrows(t *testing.T) {
	begun := told(t, event("Progressing", "New revision detected! Scaling up support.prod")).Changes[0]
	twenty := told(t, event("Progressing", "Advance support.prod canary weight 20")).Changes[0]
	done := told(t, event("Succeeded", "Promotion completed! Scaling down support.prod")).Changes[0]
	if begun.ID != "flagger:prod/support/85d557f47b" || twenty.ID != begun.ID || done.ID != begun.ID {
		t.Errorf("%s, %s, %s", begun.ID, twenty.ID, done.ID)
	}
	if !begun.EffectiveAt.Equal(time.UnixMilli(1795175880000)) || begun.Kind != bot.Model || begun.Environment != "production" ||
		!twenty.EffectiveAt.IsZero() || twenty.Exposure != .2 || done.Exposure != 1 {
		t.Errorf("%+v\n%+v\n%+v", begun, twenty, done)
	}
	failed := told(t, event("Failed", "Canary failed! Scaling down support.prod")).Changes[0]
	if failed.Reverts != begun.ID || failed.ID == begun.ID || failed.EffectiveAt.IsZero() {
		t.Errorf("%+v", failed)
	}
}

func TestOddEvents(t *testing.T) {
	for phase, unused := range map[string]bool{"Initialized": false, "Terminated": false, "Dreaming": true, "": true} {
		if out := told(t, event(phase, "x")); len(out.Changes) > 0 || (out.Unused != "") != unused {
			t.Errorf("%s told %+v", phase, out)
		}
	}
	odd := told(t, `{"name": "support", "phase": "Progressing", "metadata": {"timestamp": "soon", "eventMessage": "New revision detected!"}}`).Changes[0]
	if !odd.EffectiveAt.Equal(noon) {
		t.Errorf("an odd time made %+v", odd)
	}
	for name, c := range map[string]struct {
		header http.Header
		body   string
		want   bot.ErrorCode
	}{
		"no password":   {http.Header{"Content-Type": {"application/json"}}, event("Failed", "x"), bot.Unauthorized},
		"a wrong one":   {inAddress("wrong"), event("Failed", "x"), bot.Unauthorized},
		"an empty body": {inAddress(token.Reveal()), "", bot.Invalid},
		"a large body":  {inAddress(token.Reveal()), string(make([]byte, 2<<20)), bot.TooLarge},
	} {
		if _, err := receiver().Receive(c.header, []byte(c.body)); bot.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if out, err := receiver().Tell(t.Context(), bot.Delivery{Body: []byte("hello")}); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("no JSON told %+v, %v", out, err)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	integrationstest.Exam(t, integrationstest.Subject{
		Config: flagger.Config{Token: token}, Secrets: []secret.Value{token},
		New: func(*testing.T, integrationstest.Env) []integrationstest.Op { return nil }, // it sends nothing
	})
}

func FuzzTell(f *testing.F) {
	f.Add([]byte(event("Progressing", "Advance support.prod canary weight 999")))
	f.Fuzz(func(t *testing.T, body []byte) {
		out, _ := receiver().Tell(t.Context(), bot.Delivery{Body: body, ReceivedAt: noon})
		for _, c := range out.Changes {
			if c.ID == "" || c.Title == "" || c.Exposure < 0 || c.Exposure > 1 {
				t.Errorf("%+v", c)
			}
		}
	})
}
