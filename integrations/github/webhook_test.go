package github

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

func noCredentials(c *Config, _ *Options) { c.Token, c.AllowMerge = secret.Value{}, false }

func TestOnlyWhatGitHubSignedIsHeard(t *testing.T) {
	c := newClient(t, nil, noCredentials)
	body := []byte(`{"ref":"refs/heads/main"}`)
	with := func(edit func(h http.Header)) http.Header {
		h := sign(body)
		edit(h)
		return h
	}
	form := []byte(url.Values{"payload": {string(body)}}.Encode())
	formHeader := sign(form)
	formHeader.Set("Content-Type", "application/x-www-form-urlencoded")
	empty := []byte("other=1")
	emptyHeader := sign(empty)
	emptyHeader.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, tt := range []struct {
		name   string
		header http.Header
		body   []byte
		want   bot.ErrorCode
	}{
		{"a signed delivery", sign(body), body, ""},
		{"a signed form", formHeader, form, ""},
		{"a form without a payload", emptyHeader, empty, bot.Invalid},
		{"an unsigned delivery", with(func(h http.Header) { h.Del("X-Hub-Signature-256") }), body, bot.Unauthorized},
		{"one that is signed with SHA-1 only", with(func(h http.Header) {
			h.Del("X-Hub-Signature-256")
			h.Set("X-Hub-Signature", "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6")
		}), body, bot.Unauthorized},
		{"a tampered body", sign(body), []byte(`{"ref":"refs/heads/evil"}`), bot.Unauthorized},
		{"a signature without its scheme", with(func(h http.Header) {
			h.Set("X-Hub-Signature-256", strings.TrimPrefix(h.Get("X-Hub-Signature-256"), "sha256="))
		}), body, bot.Unauthorized},
		{"a short signature", with(func(h http.Header) { h.Set("X-Hub-Signature-256", "sha256=00") }), body, bot.Unauthorized},
		{"a signature that is no number", with(func(h http.Header) { h.Set("X-Hub-Signature-256", "sha256=zz") }), body, bot.Unauthorized},
		{"a delivery without its GUID", with(func(h http.Header) { h.Del("X-Github-Delivery") }), body, bot.Invalid},
		{"a delivery without its event", with(func(h http.Header) { h.Del("X-Github-Event") }), body, bot.Invalid},
		{"an event that is no name", with(func(h http.Header) { h.Set("X-Github-Event", "../x") }), body, bot.Invalid},
		{"a body beyond GitHub's largest", sign(body), make([]byte, MaxBody+1), bot.TooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := c.Receive(tt.header, tt.body)
			if bot.CodeOf(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			want := bot.Delivery{}
			if tt.want == "" {
				want = bot.Delivery{ID: "72d3162e-cc78-11e3-81ab-4c9367dc0958", Source: "github", Event: "push", Body: body, ReceivedAt: today}
			}
			if diff := cmp.Diff(want, d); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := New(Config{Token: apiToken}, Options{}); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("an empty webhook secret is taken: %v", err)
	}
}

func TestGitHubsPublishedSignatureIsUnderstood(t *testing.T) {
	var vectors []struct {
		Scheme, Secret, Body string
		Headers              map[string]string
	}
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "signatures", "vectors.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(vectors, func(v struct {
		Scheme, Secret, Body string
		Headers              map[string]string
	},
	) bool {
		return v.Scheme == "github-sha256"
	})
	c := newClient(t, nil, func(c *Config, o *Options) {
		noCredentials(c, o)
		c.WebhookSecret = secret.New(vectors[i].Secret)
	})
	header := sign(nil)
	for name, value := range vectors[i].Headers {
		header.Set(name, value)
	}
	if _, err := c.Receive(header, []byte(vectors[i].Body)); err != nil {
		t.Error(err)
	}
}

func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	root := integrationstest.Shared(tb, "contracts", "github", "payloads")
	files, err := filepath.Glob(filepath.Join(root, "*.json"))
	if err != nil || len(files) < 70 {
		tb.Fatalf("%d samples, %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		all[filepath.Base(f)] = content
	}
	return all
}

func eventOf(file string) string {
	event, _, _ := strings.Cut(file, ".")
	return event
}

func TestEverySampleOfGitHubsIsTakenFromEndToEnd(t *testing.T) {
	c := newClient(t, nil, noCredentials)
	want := map[string]int{ // samples that tell of changes or deployments
		"push.none.5.json": 1, "deployment.created.1.json": 1, "deployment.created.2.json": 1, "deployment.created.4.json": 1,
		"deployment_status.created.1.json": 1, "deployment_status.created.2.json": 1, "deployment_status.created.4.json": 1,
	}
	for name, body := range samples(t) {
		header := sign(body)
		header.Set("X-Github-Event", eventOf(name))
		d, err := c.Receive(header, body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		told, err := c.Changes(t.Context(), d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(told.Changes) + len(told.Deployments); n != want[name] {
			t.Errorf("%s tells of %d things, want %d: %+v", name, n, want[name], told)
		}
	}
}

func TestOddFieldsNeverCostADelivery(t *testing.T) {
	c := newClient(t, nil, noCredentials)
	all := samples(t)
	var names []string
	for name := range all {
		if e := eventOf(name); e == "push" || e == "pull_request" || strings.HasPrefix(e, "deployment") || e == "check_run" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(names).Draw(rt, "sample")
		var v map[string]any
		_ = json.Unmarshal(all[name], &v)
		for range rapid.IntRange(1, 8).Draw(rt, "changes") {
			twist(rt, v)
		}
		body, _ := json.Marshal(v)
		d := bot.Delivery{Event: eventOf(name), Body: body, ReceivedAt: today}
		told, err := c.Changes(context.Background(), d)
		if err != nil {
			rt.Fatalf("%v\n%s", err, body)
		}
		for _, ch := range told.Changes {
			if ch.ID == "" || ch.Source != "github" || ch.Repository == "" || ch.MergedAt.IsZero() {
				rt.Fatalf("half a change: %+v", ch)
			}
		}
	})
}

// twist drops, adds or changes one field somewhere in a body.
func twist(t *rapid.T, v map[string]any) {
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		return
	}
	key := rapid.SampledFrom(keys).Draw(t, "key")
	if inner, ok := v[key].(map[string]any); ok && rapid.IntRange(0, 3).Draw(t, "deeper") > 0 {
		twist(t, inner)
		return
	}
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		delete(v, key)
	case 1:
		v[key] = rapid.SampledFrom([]any{nil, 7, -1.5, "2018-04-25 20:42:10", true, []any{}, map[string]any{}, []any{1, "x"}}).Draw(t, "value")
	case 2:
		v["something_new"] = map[string]any{"a": 1}
	default:
		v["action"] = rapid.SampledFrom([]string{"closed", "created", "dreamt_up"}).Draw(t, "action")
	}
}

func TestABodyThatIsNoObjectIsToldAsSuch(t *testing.T) {
	c := newClient(t, nil, noCredentials)
	for _, body := range []string{"", "{", "[]", `"x"`, "7"} {
		if _, err := c.Changes(t.Context(), bot.Delivery{Event: "push", Body: []byte(body)}); bot.CodeOf(err) != bot.Invalid {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func FuzzDelivery(f *testing.F) {
	for _, s := range []string{
		`{}`, `null`, `{"pull_request":7}`, `{"action":"closed","pull_request":{"number":1,"merged":true},"repository":{"full_name":"a/b"}}`,
		`{"ref":"refs/heads/main","after":"1","head_commit":{},"repository":{"full_name":"a/b","default_branch":"main"}}`,
		`{"deployment":{"sha":"1"},"deployment_status":{"state":"success"},"repository":{"full_name":"a/b"}}`,
	} {
		f.Add("pull_request", []byte(s))
		f.Add("push", []byte(s))
		f.Add("deployment_status", []byte(s))
	}
	c, err := New(Config{WebhookSecret: webhookSecret}, Options{Now: func() time.Time { return today }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		header := sign(body)
		header.Set("X-Github-Event", event)
		d, err := c.Receive(header, body)
		if err != nil {
			return
		}
		told, err := c.Changes(context.Background(), d)
		if err != nil && len(told.Changes) > 0 {
			t.Error("an error tells of changes")
		}
		for _, ch := range told.Changes {
			if ch.MergedAt.IsZero() || strings.ContainsAny(ch.Title, "\n\r\x00") || (ch.URL != "" && !strings.HasPrefix(ch.URL, "http")) {
				t.Errorf("%+v", ch)
			}
		}
	})
}

func BenchmarkChanges(b *testing.B) {
	c, err := New(Config{WebhookSecret: webhookSecret}, Options{Now: func() time.Time { return today }})
	if err != nil {
		b.Fatal(err)
	}
	body := integrationstest.Read(b, "contracts", "github", "payloads", "pull_request.closed.1.json")
	header := sign(body)
	header.Set("X-Github-Event", "pull_request")
	b.ReportAllocs()
	for b.Loop() {
		d, err := c.Receive(header, body)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Changes(context.Background(), d); err != nil {
			b.Fatal(err)
		}
	}
}
