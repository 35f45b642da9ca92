package store

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"regexp"
	"strings"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// DefaultURL is where rows are kept when nothing is said: a file in the working directory.
const DefaultURL = "sqlite:firebreak.db"

const sqliteScheme = "sqlite:"

// Config says where rows are kept.
type Config struct {
	// URL is "sqlite:path/to/file.db" (the default is DefaultURL) or "postgres://user:password@host:5432/database". A password
	// in it is masked wherever the configuration is printed, and may be written as ${env:NAME} or ${file:PATH}.
	URL string `yaml:"url,env" doc:"sqlite:PATH, or postgres://USER:PASSWORD@HOST/DATABASE for several replicas; sqlite:firebreak.db when left out"`
}

// WithDefaults fills in DefaultURL.
func (c Config) WithDefaults() Config {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	return c
}

// Check reports what is wrong with the configuration. It opens nothing.
func (c Config) Check(r *diag.Report) {
	u := c.WithDefaults().URL
	switch {
	case strings.HasPrefix(u, sqliteScheme):
		checkSQLite(r, strings.TrimPrefix(u, sqliteScheme))
	case isPostgres(u):
		if _, err := poolConfig(c); err != nil {
			r.Faultf("url", "bad-store-url", "this PostgreSQL URL cannot be read: %s", c.redact(err.Error())).
				Suggest("write postgres://user:${env:PGPASSWORD}@host:5432/database")
		}
	default:
		r.Faultf("url", "bad-store-url", "unknown kind of store %q", schemeOf(u)).
			Allow("sqlite:PATH", "postgres://USER@HOST/DATABASE").
			Suggest("write %q to keep everything in one file", DefaultURL)
	}
}

func checkSQLite(r *diag.Report, path string) {
	switch {
	case path == "":
		r.Faultf("url", "bad-store-url", "the path of the SQLite file is missing").Suggest("write %q", DefaultURL)
	case strings.HasPrefix(path, ":memory:"), strings.Contains(path, "mode=memory"):
		r.Faultf("url", "bad-store-url", "a store in memory forgets everything at the first restart").
			Suggest("name a file, as %q", DefaultURL)
	case strings.HasPrefix(path, "//"):
		r.Faultf("url", "bad-store-url", "sqlite: takes a path, not a URL with a host").
			Suggest("write %q", sqliteScheme+"/"+strings.TrimLeft(path, "/"))
	case strings.ContainsAny(path, "?#\x00"):
		r.Faultf("url", "bad-store-url", "the path of the SQLite file must not contain ?, # or NUL").
			Suggest("leave out parameters: Firebreak sets those that keep the file safe")
	}
}

func isPostgres(u string) bool {
	return strings.HasPrefix(u, "postgres://") || strings.HasPrefix(u, "postgresql://")
}

// schemeOf is what may be shown of a URL of unknown shape: nothing behind its scheme, which may hold a password.
func schemeOf(u string) string {
	scheme, _, found := strings.Cut(u, ":")
	if !found || len(scheme) > 20 {
		return secret.Mask
	}
	return scheme + ":"
}

// String is the URL with its password masked.
func (c Config) String() string { return c.redact(c.URL) }

// GoString masks %#v.
func (c Config) GoString() string { return "store.Config{URL: \"" + c.String() + "\"}" }

// LogValue masks in structured logs.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON masks in JSON.
func (c Config) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"url": c.String()})
}

// MarshalYAML masks in YAML.
func (c Config) MarshalYAML() (any, error) { return map[string]string{"url": c.String()}, nil }

var (
	userPassword  = regexp.MustCompile(`^(\w+://[^:/?#@]*):[^/?#]*@`)
	paramPassword = regexp.MustCompile(`(?i)([?&](?:ssl)?password=)[^&#]*`)
)

// redact masks the password of the URL in text, be it the URL itself or an error that repeats a part of it.
func (c Config) redact(text string) string {
	if u, err := url.Parse(c.URL); err == nil {
		if password, set := u.User.Password(); set {
			text = secret.Redact(text, secret.New(password), secret.New(url.QueryEscape(password)), secret.New(url.PathEscape(password)))
		}
		for _, name := range []string{"password", "sslpassword"} {
			text = secret.Redact(text, secret.New(u.Query().Get(name)))
		}
	}
	text = userPassword.ReplaceAllString(text, "${1}:"+secret.Mask+"@")
	return paramPassword.ReplaceAllString(text, "${1}"+secret.Mask)
}
