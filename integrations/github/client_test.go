package github

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func key(tb testing.TB) secret.Value {
	tb.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return secret.New(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})))
}

func TestAnAppActsWithItsInstallationsToken(t *testing.T) {
	private := key(t)
	const path = "POST /api/v3/app/installations/7/access_tokens"
	made := func(v *vendor) *Client {
		return newClient(t, v, func(c *Config, _ *Options) {
			c.Token, c.App = secret.Value{}, App{ID: 5, Installation: 7, PrivateKey: private}
		})
	}
	t.Run("fetched once, as GitHub's description asks", func(t *testing.T) {
		v := newVendor(t)
		v.token = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
		v.answers[path] = []reply{{201, nil, fmt.Sprintf(`{"token":%q,"expires_at":%q}`, v.token, time.Now().Add(time.Hour).Format(time.RFC3339))}}
		c := made(v)
		outcome, err := action(c, "github.revert").Act(t.Context(), revertCall(nil))
		if err != nil || outcome.Output["merged"] != true {
			t.Fatal(outcome, err)
		}
		if n := len(slices.DeleteFunc(slices.Clone(v.asked), func(s string) bool { return s != path })); n != 1 {
			t.Errorf("the token was fetched %d times", n)
		}
		if text := c.rest.Redact("bad " + v.token); strings.Contains(text, v.token) {
			t.Errorf("an installation's token is told: %s", text)
		}
	})
	for status, want := range map[int]playbooks.Fate{401: playbooks.Permanent, 404: playbooks.Permanent, 429: playbooks.Transient, 500: playbooks.Transient} {
		v := newVendor(t)
		v.answers[path] = []reply{{status, nil, `{"message":"no"}`}}
		_, err := action(made(v), "github.dispatch").Act(t.Context(), dispatchCall(map[string]any{
			"repository": "acme/assistants", "workflow": "a.yaml", "ref": "main",
		}))
		if fate, _ := playbooks.FateOf(err); fate != want || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("a token refused with %d: %s %v, want %s", status, fate, err, want)
		}
	}
}

func TestConfigTellsAllItsFaults(t *testing.T) {
	r := diag.New()
	Config{
		URL: "github.com", Token: apiToken, App: App{ID: -1, PrivateKey: secret.New("x")}, MergeMethod: "octopus",
		Branches: []string{"["}, Timeout: -1,
	}.Check(r)
	Config{WebhookSecret: webhookSecret, AllowMerge: true}.Check(r)
	Config{}.Check(r)
	inOneLine := secret.New(base64.StdEncoding.EncodeToString([]byte(key(t).Reveal())))
	Config{WebhookSecret: webhookSecret, App: App{ID: 1, Installation: 2, PrivateKey: inOneLine}}.Check(r)
	Config{WebhookSecret: webhookSecret, App: App{ID: 1, Installation: 2, PrivateKey: key(t)}}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+": "+f.Code)
	}
	want := []string{
		"webhook_secret: missing-secret", "url: bad-url", "token: conflict", "app.id: missing", "app.installation: missing",
		"app.private_key: bad-key", "merge_method: unknown-merge-method", "branches[0]: bad-glob", "timeout: bad-duration",
		"allow_merge: missing-credentials",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheServersAddressesFollowFromItsURL(t *testing.T) {
	for _, tt := range []struct{ url, rest, graphql, web string }{
		{"", "https://api.github.com/", "https://api.github.com/graphql", "https://github.com/"},
		{"https://ghe.example", "https://ghe.example/api/v3/", "https://ghe.example/api/graphql", "https://ghe.example/"},
		{"https://ghe.example/api/v3/", "https://ghe.example/api/v3/", "https://ghe.example/api/graphql", "https://ghe.example/"},
		{"https://api.acme.ghe.com", "https://api.acme.ghe.com/", "https://api.acme.ghe.com/graphql", "https://acme.ghe.com/"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3/", "http://127.0.0.1:8080/api/graphql", "http://127.0.0.1:8080/"},
	} {
		c := Config{URL: tt.url, WebhookSecret: webhookSecret}
		rest, graphql := c.endpoints()
		client, err := New(c, Options{})
		if err != nil || rest != tt.rest || graphql != tt.graphql || client.web() != tt.web {
			t.Errorf("%q: %s %s %s %v", tt.url, rest, graphql, client.web(), err)
		}
	}
}
