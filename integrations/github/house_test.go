package github

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

type ledger map[string]bot.Change

func (l ledger) Change(_ context.Context, id string) (bot.Change, error) {
	c, ok := l[id]
	if !ok {
		return bot.Change{}, bot.Errorf(bot.NotFound, "no change %s", id)
	}
	return c, nil
}

func changes() ledger {
	return ledger{
		"github:acme/assistants#482": {
			ID: "github:acme/assistants#482", Source: "github", Repository: "acme/assistants", Number: 482, Branch: "main",
			Revision: merge482, Title: "Be stricter", Handle: "PR_482",
		},
		"github:acme/assistants@abc": {ID: "github:acme/assistants@abc", Source: "github", Repository: "acme/assistants", Revision: "abc"},
		"argo:x":                     {ID: "argo:x", Source: "argo"},
	}
}

func newClient(t *testing.T, v http.RoundTripper, edit func(*Config, *Options)) *Client {
	t.Helper()
	c := Config{URL: "https://ghe.example", Token: apiToken, WebhookSecret: webhookSecret, AllowMerge: true}
	o := Options{
		Changes: changes(), Transport: v, Now: func() time.Time { return today },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	if edit != nil {
		edit(&c, &o)
	}
	client, err := New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func action(c *Client, name string) playbooks.Handler {
	for _, a := range c.Actions() {
		if a.Name == name {
			return a.Handler
		}
	}
	return nil
}

func sign(body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(webhookSecret.Reveal()))
	mac.Write(body)
	return http.Header{
		"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
		"X-Github-Delivery":   {"72d3162e-cc78-11e3-81ab-4c9367dc0958"},
		"X-Github-Event":      {"push"},
		"Content-Type":        {"application/json"},
	}
}
