package events_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
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
	"github.com/firebreak-dev/firebreak/integrations/events"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

var (
	noon     = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	standard = secret.New("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G")
	token    = secret.New("a-token-that-nobody-guesses")
	vendor   = secret.New("lf-whsec_0123456789abcdef")
)

// langfuseBody has the fields of a prompt version's webhook.
const langfuseBody = `{"id": "550e8400-e29b-41d4-a716-446655440000", "timestamp": "2026-11-20T11:59:00Z", "type": "prompt-version",
	"action": "updated", "user": {"id": "u1", "name": "Mona", "email": "mona@example.com"}, "prompt": {"id": "p1", "name": "support", "version": 12, "projectId": "x",
	"labels": ["production", "latest"], "prompt": "You are a helpful assistant that never promises a refund.", "type": "text", "tags": []}}`

// mlflowBody has the fields of an alias' webhook.
const mlflowBody = `{"entity": "model_version_alias", "action": "created", "timestamp": "2026-11-20T11:59:00+00:00",
	"data": {"name": "support-ranker", "alias": "champion", "version": "7"}}`

func config() events.Config {
	return events.Config{
		Secret: standard, Token: token,
		Mappings: []events.Mapping{
			{Name: "langfuse", Preset: "langfuse", Secret: vendor},
			{Name: "mlflow", Preset: "mlflow", Secret: vendor},
			{Name: "corpus", Sign: "hmac-sha256", Header: "X-Signature", Secret: vendor, When: `body.event == "indexed"`, Change: events.Fields{
				ID: "${body.run}", Kind: "retrieval", Title: "corpus ${body.corpus} indexed", Services: []string{"${body.services}", "search"},
				EffectiveAt: "${body.?at.orValue('')}", Exposure: "0.25", URL: "${body.?link.orValue('')}",
			}},
			{Name: "prices", Types: []string{"com.acme.price.*"}, Change: events.Fields{
				ID: "${body.id}", Kind: "price", Title: "price of ${body.data.model}", EffectiveAt: "${body.time}",
			}},
		},
	}
}

func source(t *testing.T, name string) events.Source {
	t.Helper()
	s := events.Sources(config(), func() time.Time { return noon })[name]
	if s == nil {
		t.Fatalf("%s is not served", name)
	}
	return s
}

func mac(key []byte, parts ...string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(strings.Join(parts, "")))
	return m.Sum(nil)
}

// signed makes the headers of a Standard Webhooks message.
func signed(id string, at time.Time, body string) http.Header {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(standard.Reveal(), "whsec_"))
	if err != nil {
		panic(err)
	}
	stamp := fmt.Sprint(at.Unix())
	return header("Content-Type", "application/cloudevents+json", "webhook-id", id, "webhook-timestamp", stamp,
		"webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac(key, id, ".", stamp, ".", body)))
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// by makes the headers that a mapping's sender sends.
func by(name, body string, at time.Time) http.Header {
	key, stamp := []byte(vendor.Reveal()), fmt.Sprint(at.Unix())
	switch name {
	case "langfuse":
		return header("Content-Type", "application/json", "x-langfuse-signature", "t="+stamp+",v1="+hex.EncodeToString(mac(key, stamp, ".", body)))
	case "mlflow":
		return header("Content-Type", "application/json", "X-MLflow-Delivery-Id", "d-1", "X-MLflow-Timestamp", stamp,
			"X-MLflow-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac(key, "d-1", ".", stamp, ".", body)))
	default:
		return header("Content-Type", "application/json; charset=utf-8", "X-Signature", "sha256="+hex.EncodeToString(mac(key, body)))
	}
}

// told sends a body through a source.
func told(t *testing.T, s events.Source, h http.Header, body string) bot.Told {
	t.Helper()
	d, err := s.Receive(h, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Tell(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPublishedStandardWebhooksVector(t *testing.T) {
	var vectors []struct {
		Scheme, Secret, Body string
		Headers              map[string]string
	}
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "signatures", "vectors.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if v.Scheme != "standard-webhooks-v1" {
			continue
		}
		at := time.Unix(1614265330, 0)
		s := events.Sources(events.Config{Secret: secret.New(v.Secret)}, func() time.Time { return at })["events"]
		h := header("Content-Type", "application/json")
		for name, value := range v.Headers {
			h.Set(name, value)
		}
		d, err := s.Receive(h, []byte(v.Body))
		if err != nil || d.ID != v.Headers["webhook-id"] {
			t.Errorf("the published vector: %+v, %v", d, err)
		}
		at = at.Add(6 * time.Minute)
		if _, err := s.Receive(h, []byte(v.Body)); bot.CodeOf(err) != bot.Unauthorized {
			t.Errorf("six minutes later: %v", err)
		}
		return
	}
	t.Fatal("the vectors hold no Standard Webhooks signature")
}

func TestNothingIsTakenFromStrangers(t *testing.T) {
	event := `{"specversion": "1.0", "id": "1", "source": "/x", "type": "dev.firebreak.change.v1", "data": {"title": "t", "kind": "model"}}`
	for name, c := range map[string]struct {
		source string
		header http.Header
		body   string
		want   bot.ErrorCode
	}{
		"no signature and no token":           {"events", header("Content-Type", "application/cloudevents+json"), event, bot.Unauthorized},
		"a wrong token":                       {"events", header("Content-Type", "application/json", "Authorization", "Bearer wrong"), event, bot.Unauthorized},
		"an empty token":                      {"events", header("Content-Type", "application/json", "Authorization", "Bearer "), event, bot.Unauthorized},
		"another body than was signed":        {"events", signed("m1", noon, event), event + " ", bot.Unauthorized},
		"a signature of yesterday":            {"events", signed("m1", noon.Add(-24*time.Hour), event), event, bot.Unauthorized},
		"a signature of tomorrow":             {"events", signed("m1", noon.Add(6*time.Minute), event), event, bot.Unauthorized},
		"an empty body":                       {"events", signed("m1", noon, ""), "", bot.Invalid},
		"a body of two megabytes":             {"events", signed("m1", noon, event), strings.Repeat("x", 2<<20), bot.TooLarge},
		"a batch":                             {"events", header("Content-Type", "application/cloudevents-batch+json", "Authorization", "Bearer "+token.Reveal()), "[]", bot.Invalid},
		"a signed picture":                    {"corpus", header("Content-Type", "image/png", "X-Signature", hex.EncodeToString(mac([]byte(vendor.Reveal()), "{}"))), "{}", bot.Invalid},
		"Langfuse's signature of another":     {"langfuse", by("langfuse", "{}", noon), langfuseBody, bot.Unauthorized},
		"Langfuse's signature of an hour ago": {"langfuse", by("langfuse", langfuseBody, noon.Add(-time.Hour)), langfuseBody, bot.Unauthorized},
		"MLflow's signature of an hour ago":   {"mlflow", by("mlflow", mlflowBody, noon.Add(-time.Hour)), mlflowBody, bot.Unauthorized},
		"MLflow without a signature":          {"mlflow", header("Content-Type", "application/json", "X-MLflow-Delivery-Id", "1", "X-MLflow-Timestamp", fmt.Sprint(noon.Unix())), mlflowBody, bot.Unauthorized},
		"a signature that is no hexadecimal":  {"corpus", header("Content-Type", "application/json", "X-Signature", "zz"), "{}", bot.Unauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := source(t, eventsPath(c.source)).Receive(c.header, []byte(c.body)); bot.CodeOf(err) != c.want {
				t.Errorf("it was answered with %q (%v), want %q", bot.CodeOf(err), err, c.want)
			}
		})
	}
}

func eventsPath(name string) string {
	if name == "events" {
		return name
	}
	return "events/" + name
}

func TestOneOfSeveralSignaturesIsEnough(t *testing.T) {
	body := `{"specversion": "1.0", "id": "1", "source": "/x", "type": "com.acme.x"}`
	h := signed("m1", noon, body)
	h.Set("Webhook-Signature", "v1a,xyz v1,AAAA "+h.Get("Webhook-Signature"))
	if _, err := source(t, "events").Receive(h, []byte(body)); err != nil {
		t.Error(err)
	}
}

func TestAReplayIsTheSameDelivery(t *testing.T) {
	body := `{"specversion": "1.0", "id": "1", "source": "/x", "type": "com.acme.x"}`
	bearer := header("Content-Type", "application/cloudevents+json", "Authorization", "Bearer "+token.Reveal())
	for name, h := range map[string]http.Header{"signed": signed("m1", noon, body), "by token": bearer} {
		first, err := source(t, "events").Receive(h, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		again, err := source(t, "events").Receive(h, []byte(body))
		if err != nil || first.ID != again.ID {
			t.Errorf("%s: %q, then %q, %v", name, first.ID, again.ID, err)
		}
	}
	first, err := source(t, "events/langfuse").Receive(by("langfuse", langfuseBody, noon), []byte(langfuseBody))
	if err != nil {
		t.Fatal(err)
	}
	later, err := source(t, "events/langfuse").Receive(by("langfuse", langfuseBody, noon.Add(time.Minute)), []byte(langfuseBody))
	if err != nil || first.ID != later.ID {
		t.Errorf("signed anew, the same body is %q and %q, %v", first.ID, later.ID, err)
	}
}

func TestWhatIsToldOfAChange(t *testing.T) {
	at := time.Date(2026, 11, 20, 11, 59, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		source, body string
		header       http.Header
		want         bot.Change
	}{
		"a prompt version of Langfuse": {
			"events/langfuse", langfuseBody, by("langfuse", langfuseBody, noon),
			bot.Change{
				ID: "langfuse:550e8400-e29b-41d4-a716-446655440000", Kind: bot.Prompt, Source: "langfuse", Revision: "12", Author: "Mona",
				Title: "prompt support v12 updated, labels: production, latest", Paths: []string{"prompts/support"}, EffectiveAt: at, Seen: noon,
			},
		},
		"an alias of MLflow": {
			"events/mlflow", mlflowBody, by("mlflow", mlflowBody, noon),
			bot.Change{
				ID: "mlflow:model_version_alias/support-ranker/7/champion/created/2026-11-20T11:59:00+00:00", Kind: bot.Model, Source: "mlflow",
				Title: "model version alias created: support-ranker v7 as champion", Revision: "7", Paths: []string{"models/support-ranker"}, EffectiveAt: at, Seen: noon,
			},
		},
		"an own mapping, with a list and an odd time": {
			"events/corpus", `{"event": "indexed", "run": 9007199254740993, "corpus": "faq\u202e\nx", "services": ["support", 7], "at": "soon", "link": "javascript:alert(1)"}`, nil,
			bot.Change{
				ID: "corpus:9007199254740993", Kind: bot.Retrieval, Source: "corpus", Title: "corpus faq", Services: []string{"support", "7", "search"},
				EffectiveAt: noon, Exposure: .25, Rollout: []bot.RolloutStep{{At: noon, Share: .25}}, Seen: noon,
			},
		},
		"a CloudEvent by a mapping of its type": {
			"events", `{"specversion": "1.0", "id": "e1", "source": "/billing", "type": "com.acme.price.raised", "time": "2026-11-20T11:59:00Z", "data": {"model": "m-1"}}`, nil,
			bot.Change{ID: "prices:e1", Kind: bot.Price, Source: "prices", Title: "price of m-1", EffectiveAt: at, Seen: noon},
		},
		"a change in a CloudEvent": {
			"events", `{"specversion": "1.0", "id": "e1", "source": "/x", "type": "dev.firebreak.change.v1", "data": {"id": "r1", "title": "guardrail off", "kind": "guardrail", "services": ["support"]}}`, nil,
			bot.Change{ID: "script:r1", Kind: bot.Guardrail, Source: "script", Title: "guardrail off", Services: []string{"support"}, EffectiveAt: noon, Seen: noon},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := c.header
			switch {
			case h == nil && c.source == "events":
				h = signed("m1", noon, c.body)
			case h == nil:
				h = by("corpus", c.body, noon)
			}
			got := told(t, source(t, c.source), h, c.body)
			if len(got.Changes) != 1 {
				t.Fatalf("told %+v", got)
			}
			if g, w := asJSON(t, got.Changes[0]), asJSON(t, c.want); g != w {
				t.Errorf("got  %s\nwant %s", g, w)
			}
			if strings.Contains(asJSON(t, got), "helpful") {
				t.Error("the text of the prompt was kept")
			}
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBinaryEventsAreTheSameAsStructuredOnes(t *testing.T) {
	h := header("Content-Type", "application/json", "Authorization", "Bearer "+token.Reveal(), "ce-specversion", "1.0", "ce-id", "e1",
		"ce-source", "/billing", "ce-type", "com.acme.price.raised", "ce-time", "2026-11-20T11:59:00Z")
	binary := told(t, source(t, "events"), h, `{"model": "m-1"}`)
	body := `{"specversion": "1.0", "id": "e1", "source": "/billing", "type": "com.acme.price.raised", "time": "2026-11-20T11:59:00Z", "data": {"model": "m-1"}}`
	structured := told(t, source(t, "events"), signed("m1", noon, body), body)
	if a, b := asJSON(t, binary), asJSON(t, structured); a != b {
		t.Errorf("binary     %s\nstructured %s", a, b)
	}
}

func TestUnknownAndUnmappedEventsAreKeptWithAReason(t *testing.T) {
	for name, c := range map[string]struct{ source, body string }{
		"an event of an unknown type":        {"events", `{"specversion": "1.0", "id": "1", "source": "/x", "type": "com.acme.unheard"}`},
		"a CDEvent of an unknown subject":    {"events", `{"context": {"id": "1", "source": "/x", "type": "dev.cdevents.coffee.brewed.0.1.0"}, "subject": {"id": "c"}}`},
		"what the mapping's condition drops": {"events/corpus", `{"event": "deleted"}`},
	} {
		h := by("corpus", c.body, noon)
		if c.source == "events" {
			h = signed("m1", noon, c.body)
		}
		if got := told(t, source(t, c.source), h, c.body); got.Unused == "" || len(got.Changes) > 0 {
			t.Errorf("%s told %+v", name, got)
		}
	}
}

func TestWhatCannotBeReadIsAnErrorAfterItWasKept(t *testing.T) {
	for name, c := range map[string]struct{ source, body string }{
		"no JSON":                     {"events", `hello`},
		"no CloudEvent":               {"events", `{"a": 1}`},
		"a field that is missing":     {"events/corpus", `{"event": "indexed"}`},
		"two values":                  {"events/corpus", `{} {}`},
		"a thousand levels":           {"events/corpus", strings.Repeat(`[`, 1000) + strings.Repeat(`]`, 1000)},
		"a record without a kind":     {"events", `{"specversion": "1.0", "id": "1", "source": "/x", "type": "dev.firebreak.change.v1", "data": {"title": "t"}}`},
		"a record in GitHub's name":   {"events", `{"specversion": "1.0", "id": "1", "source": "/x", "type": "dev.firebreak.change.v1", "data": {"title": "t", "kind": "model", "source": "github"}}`},
		"a record of next year":       {"events", `{"specversion": "1.0", "id": "1", "source": "/x", "type": "dev.firebreak.change.v1", "data": {"title": "t", "kind": "model", "effective_at": "2027-11-20T00:00:00Z"}}`},
		"a CDEvent without a subject": {"events", `{"context": {"id": "1", "source": "/x", "type": "dev.cdevents.service.deployed.0.3.0"}}`},
	} {
		h := by("corpus", c.body, noon)
		if c.source == "events" {
			h = signed("m1", noon, c.body)
		}
		s := source(t, c.source)
		d, err := s.Receive(h, []byte(c.body))
		if err != nil || d.ID == "" || !bytes.Equal(d.Body, []byte(c.body)) {
			t.Errorf("%s is not kept as it came: %+v, %v", name, d, err)
			continue
		}
		if out, err := s.Tell(t.Context(), d); bot.CodeOf(err) != bot.Invalid {
			t.Errorf("%s told %+v, %v", name, out, err)
		}
	}
}

func TestACDEventMayNameVersions(t *testing.T) {
	body := `{"context": {"version": "0.4.1", "id": "1", "source": "/ci", "type": "dev.cdevents.service.deployed.0.2.0", "timestamp": "2026-11-20T11:59:00Z"},
		"subject": {"id": "support", "content": {"environment": {"id": "production"}, "artifactId": "pkg:oci/support@1"}},
		"customData": {"kind": "nonsense", "inputs": {"model:chat": "gpt-5", "note": "You are kind"}}}`
	got := told(t, source(t, "events"), signed("m2", noon, body), body)
	if len(got.Changes) != 1 || asJSON(t, got.Changes[0].Inputs) != asJSON(t, []bot.Input{{Kind: bot.Model, Name: "chat", New: "gpt-5"}}) {
		t.Errorf("%+v", got)
	}
}

func TestConformingCDEvents(t *testing.T) {
	dir := integrationstest.Shared(t, "contracts", "cdevents", "conformance")
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	changes, findings := map[string]string{}, map[string]detectors.Verdict{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		bare := string(integrationstest.Read(t, "contracts", "cdevents", "conformance", filepath.Base(file)))
		var inside struct {
			Context struct{ ID, Source, Type string } `json:"context"`
		}
		if err := json.Unmarshal([]byte(bare), &inside); err != nil {
			t.Fatal(err)
		}
		wrapped := asJSON(t, map[string]any{
			"specversion": "1.0", "id": inside.Context.ID, "source": inside.Context.Source, "type": inside.Context.Type, "data": json.RawMessage(bare),
		})
		got := told(t, source(t, "events"), signed("m1", noon, bare), bare)
		if again := told(t, source(t, "events"), signed("m1", noon, wrapped), wrapped); asJSON(t, again) != asJSON(t, got) {
			t.Errorf("%s: bare %s, in a CloudEvent %s", name, asJSON(t, got), asJSON(t, again))
		}
		if got.Unused != "" {
			t.Errorf("%s is not known: %s", name, got.Unused)
		}
		for _, c := range got.Changes {
			changes[name] = c.Title
		}
		for _, f := range got.Findings {
			findings[name] = f.Verdict
		}
	}
	for name, title := range map[string]string{
		"service_deployed":     "service mySubject123 deployed: pkg:oci/myapp@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427",
		"environment_modified": "environment testEnv modified",
	} {
		if changes[name] != title {
			t.Errorf("%s told %q, want %q", name, changes[name], title)
		}
	}
	for _, name := range []string{"service_upgraded", "service_rolledback", "service_removed", "service_published", "change_merged"} {
		if changes[name] == "" {
			t.Errorf("%s told no change", name)
		}
	}
	if findings["incident_detected"] != detectors.Firing || findings["incident_resolved"] != detectors.Quiet {
		t.Errorf("incidents told %v", findings)
	}
	for _, name := range []string{"artifact_published", "approval_created", "change_created", "pipelinerun_started"} {
		if changes[name] != "" {
			t.Errorf("%s told a change: %s", name, changes[name])
		}
	}
}

func TestFaultsOfTheConfigurationPointAtTheirPlace(t *testing.T) {
	for name, c := range map[string]struct {
		config events.Config
		want   string
	}{
		"a secret that is none": {events.Config{Secret: secret.New("whsec_short")}, "secret bad-secret"},
		"a token to guess":      {events.Config{Token: secret.New("abc")}, "token weak-secret"},
		"no secret":             {events.Config{Mappings: []events.Mapping{{Name: "langfuse", Preset: "langfuse"}}}, "mappings[0].secret missing-secret"},
		"an unknown preset":     {events.Config{Mappings: []events.Mapping{{Name: "x", Preset: "langfus"}}}, "mappings[0].preset unknown-preset"},
		"an unknown kind": {events.Config{Mappings: []events.Mapping{{
			Name: "x", Sign: "token", Secret: token, Change: events.Fields{ID: "${body.id}", Kind: "promt", Title: "t"},
		}}}, "mappings[0].change.kind unknown-kind"},
		"a condition that is none": {events.Config{Mappings: []events.Mapping{{
			Name: "x", Sign: "token", Secret: token, When: `body.a ==`, Change: events.Fields{ID: "${body.id}", Kind: "prompt", Title: "t"},
		}}}, "mappings[0].when bad-expression"},
		"a name of another source": {events.Config{Mappings: []events.Mapping{{
			Name: "github", Sign: "token", Secret: token, Change: events.Fields{ID: "${body.id}", Kind: "prompt", Title: "t"},
		}}}, "mappings[0].name reserved-name"},
		"a list with a fault": {events.Config{Mappings: []events.Mapping{{
			Name: "x", Sign: "token", Secret: token, Change: events.Fields{ID: "${body.id}", Kind: "prompt", Title: "t", Services: []string{"a", "${bdy}"}},
		}}}, "mappings[0].change.services[1] bad-expression"},
		"types without a door": {events.Config{Mappings: []events.Mapping{{
			Name: "x", Types: []string{"a.*"}, Change: events.Fields{ID: "${body.id}", Kind: "prompt", Title: "t"},
		}}}, "mappings[0].types missing-secret"},
	} {
		r := diag.New()
		c.config.Check(r)
		var got []string
		for _, f := range r.Faults() {
			got = append(got, f.Path+" "+f.Code)
		}
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
	r := diag.New()
	config().Check(r)
	if r.Len() > 0 {
		t.Errorf("a good configuration has faults: %+v", r.Faults())
	}
}

func TestTheConfigurationMasksItsSecrets(t *testing.T) {
	integrationstest.Exam(t, integrationstest.Subject{
		Config: config(), Secrets: []secret.Value{standard, token, vendor},
		New: func(*testing.T, integrationstest.Env) []integrationstest.Op { return nil }, // it sends nothing
	})
}

func FuzzTell(f *testing.F) {
	for _, body := range []string{langfuseBody, mlflowBody, `{"specversion":"1.0","id":"1","source":"/x","type":"dev.cdevents.service.deployed.0.3.0","data":{}}`, `[]`, `"x"`, `{"event":"indexed","run":1,"corpus":[],"services":null}`} {
		f.Add([]byte(body))
	}
	sources := events.Sources(config(), func() time.Time { return noon })
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, s := range sources {
			out, err := s.Tell(t.Context(), bot.Delivery{ID: "1", Source: name, Body: body, ReceivedAt: noon})
			for _, c := range out.Changes {
				if err != nil || c.ID == "" || c.Title == "" || c.At().IsZero() || len(c.Title) > 4*300 {
					t.Errorf("%s told %+v, %v", name, c, err)
				}
			}
		}
	})
}

func FuzzReceive(f *testing.F) {
	f.Add("application/json", "t=1,v1=00", []byte("{}"))
	sources := events.Sources(config(), func() time.Time { return noon })
	f.Fuzz(func(t *testing.T, kind, signature string, body []byte) {
		h := http.Header{
			"Content-Type": {kind}, "X-Langfuse-Signature": {signature}, "X-Signature": {signature}, "Webhook-Signature": {signature},
			"Webhook-Id": {"1"}, "Webhook-Timestamp": {"1"}, "X-Mlflow-Signature": {signature}, "X-Mlflow-Delivery-Id": {"1"}, "X-Mlflow-Timestamp": {"1"},
			"Authorization": {signature},
		}
		for name, s := range sources {
			if d, err := s.Receive(h, body); err == nil {
				t.Errorf("%s took a delivery of a stranger: %+v", name, d)
			}
		}
	})
}
