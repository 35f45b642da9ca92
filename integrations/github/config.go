package github

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// Config is the github section of the configuration.
type Config struct {
	// URL is the server's address: empty for github.com, "https://github.example.com" for GitHub Enterprise Server,
	// "https://api.NAME.ghe.com" for data residency.
	URL string `yaml:"url"`
	// Token is a fine-grained personal access token. Use either it or App.
	Token secret.Value `yaml:"token"`
	// App are the credentials of a GitHub App.
	App App `yaml:"app"`
	// WebhookSecret signs deliveries; an empty one would accept anything and is refused.
	WebhookSecret secret.Value `yaml:"webhook_secret"`
	// AllowMerge lets github.revert merge the pull request that it opened; otherwise a person has to.
	AllowMerge bool `yaml:"allow_merge"`
	// MergeMethod is "merge" (default), "squash" or "rebase".
	MergeMethod string `yaml:"merge_method"`
	// Branches are branches besides each repository's default one whose merges and pushes count as changes; globs as "release/*".
	Branches []string `yaml:"branches"`
	// Deploys says what counts as a deployment beside GitHub's own.
	Deploys Deploys `yaml:"deploys"`
	// Backfill is how far back, at the start, the API is asked for merges and deployments that nobody told of; default 7d, 0s for not
	// at all. It needs a token or an app.
	Backfill *time.Duration `yaml:"backfill"`
	// Timeout bounds one request; default 15s.
	Timeout time.Duration `yaml:"timeout"`
}

// App names a GitHub App's installation and its key.
type App struct {
	ID           int64 `yaml:"id"`
	Installation int64 `yaml:"installation"`
	// PrivateKey is the App's key in PEM, or that in base64 for environments whose variables take one line.
	PrivateKey secret.Value `yaml:"private_key"`
}

// key is the private key in PEM.
func (a App) key() []byte {
	text := strings.TrimSpace(a.PrivateKey.Reveal())
	if raw, err := base64.StdEncoding.DecodeString(text); err == nil && bytes.HasPrefix(raw, []byte("-----BEGIN ")) {
		return raw
	}
	return []byte(text)
}

func (a App) isSet() bool { return a.ID != 0 || a.Installation != 0 || a.PrivateKey.IsSet() }

// Enabled tells whether anything is configured.
func (c Config) Enabled() bool {
	return c.WebhookSecret.IsSet() || c.Token.IsSet() || c.App.isSet() || c.URL != ""
}

// WithDefaults fills in merge method "merge" and a timeout of 15s.
func (c Config) WithDefaults() Config {
	if c.MergeMethod == "" {
		c.MergeMethod = "merge"
	}
	if c.Timeout <= 0 {
		c.Timeout = 15 * time.Second
	}
	if c.Backfill == nil {
		week := 7 * 24 * time.Hour
		c.Backfill = &week
	}
	return c
}

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	if c.Enabled() && !c.WebhookSecret.IsSet() {
		r.Faultf("webhook_secret", "missing-secret", "without a webhook secret anybody could tell of changes").
			Suggest("set the same secret here, as ${env:NAME} or ${file:PATH}, and in the webhook's settings")
	}
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
			r.Faultf("url", "bad-url", "not an http(s) address").Suggest("leave it out for github.com")
		}
	}
	if c.Token.IsSet() && c.App.isSet() {
		r.Faultf("token", "conflict", "both a token and an app are set").Suggest("keep the app, leave out the token")
	}
	if c.App.isSet() {
		c.App.check(r.At("app"))
	}
	if c.MergeMethod != "" {
		r.OneOf("merge_method", "unknown-merge-method", "merge method", c.MergeMethod, []string{"merge", "squash", "rebase"})
	}
	if c.AllowMerge && !c.Token.IsSet() && !c.App.isSet() {
		r.Faultf("allow_merge", "missing-credentials", "merging needs a token or an app").Suggest("set app or token")
	}
	for i, b := range c.Branches {
		if _, err := path.Match(b, ""); err != nil || b == "" {
			r.At("branches").Index(i).Faultf("", "bad-glob", "not a branch name or glob: %q", b)
		}
	}
	c.Deploys.check(r.At("deploys"))
	if c.Backfill != nil && (*c.Backfill < 0 || *c.Backfill > 90*24*time.Hour) {
		r.Faultf("backfill", "bad-duration", "the past is asked for within 0s and 90d").Suggest("leave it out for 7d, or write 0s for not at all")
	}
	if c.Timeout < 0 {
		r.Faultf("timeout", "bad-duration", "a timeout cannot be negative").Suggest("leave it out for 15s")
	}
}

func (a App) check(r *diag.Report) {
	if a.ID <= 0 {
		r.Faultf("id", "missing", "an app needs its ID").Suggest("copy it from the app's settings page")
	}
	if a.Installation <= 0 {
		r.Faultf("installation", "missing", "an app needs the ID of its installation").
			Suggest("it is the number at the end of the installation's address")
	}
	if !a.PrivateKey.IsSet() {
		r.Faultf("private_key", "missing-secret", "an app needs its private key").Suggest("write ${file:/path/to/key.pem}")
		return
	}
	if !isRSAKey(a.key()) {
		r.Faultf("private_key", "bad-key", "not an RSA private key in PEM").Suggest("use the .pem file that GitHub generated")
	}
}

func isRSAKey(text []byte) bool {
	block, _ := pem.Decode(text)
	if block == nil {
		return false
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return true
	}
	_, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	return err == nil
}

// endpoints are the addresses of the REST API (with a slash at the end) and of GraphQL.
func (c Config) endpoints() (rest, graphql string) {
	if c.URL == "" {
		return "https://api.github.com/", "https://api.github.com/graphql"
	}
	base := strings.TrimRight(c.URL, "/")
	base = strings.TrimSuffix(base, "/api/v3")
	if u, err := url.Parse(base); err == nil && strings.HasPrefix(u.Host, "api.") {
		return base + "/", base + "/graphql"
	}
	return base + "/api/v3/", base + "/api/graphql"
}

// follows tells whether merges to a branch count.
func (c Config) follows(branch, defaultBranch string) bool {
	if branch == defaultBranch || defaultBranch == "" {
		return true
	}
	for _, glob := range c.Branches {
		if ok, _ := path.Match(glob, branch); ok {
			return true
		}
	}
	return false
}
