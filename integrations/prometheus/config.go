package prometheus

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// Config says where Prometheus is and how to get in.
type Config struct {
	// URL is the base address, as "https://prometheus.example.org/prometheus"; /api/v1 is added.
	URL string `yaml:"url"`
	// BasicAuth and Bearer are two ways to say who asks; at most one may be set.
	BasicAuth *BasicAuth   `yaml:"basic_auth"`
	Bearer    secret.Value `yaml:"bearer"`
	TLS       TLS          `yaml:"tls"`
	// Headers are sent with every question, for gateways that want a key of their own.
	Headers map[string]secret.Value `yaml:"headers"`
	// Tenant is sent as X-Scope-OrgID (Mimir, Cortex, Thanos).
	Tenant string `yaml:"tenant"`
	// Timeout is told to the server with every question and bounds it here too. Zero means 10 s.
	Timeout time.Duration `yaml:"timeout"`
	// MaxBytes bounds an answer. Zero means 32 MiB.
	MaxBytes int64 `yaml:"max_bytes"`
	// EnvironmentLabel is the label that tells environments apart, as "deployment_environment_name". Empty means that services
	// are not told apart by environment.
	EnvironmentLabel string `yaml:"environment_label"`
}

// BasicAuth is a user name and a password.
type BasicAuth struct {
	Username string       `yaml:"username"`
	Password secret.Value `yaml:"password"`
}

// TLS says how the connection is secured. Paths name PEM files.
type TLS struct {
	CA                 string `yaml:"ca"`
	Cert               string `yaml:"cert"`
	Key                string `yaml:"key"`
	ServerName         string `yaml:"server_name"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify"`
}

// WithDefaults fills what was left zero.
func (c Config) WithDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.MaxBytes = cmp.Or(c.MaxBytes, 32<<20)
	return c
}

// reserved are headers that Firebreak sets itself.
var reserved = []string{"Authorization", "Content-Type", "Content-Length", "Host", "X-Scope-Orgid", "Accept-Encoding"}

// Check reports every fault of the configuration. It reads no files.
func (c Config) Check(r *diag.Report) {
	c.checkURL(r)
	if c.BasicAuth != nil {
		if c.Bearer.IsSet() {
			r.Faultf("bearer", "two-identities", "basic_auth and bearer cannot both be sent").Suggest("remove one of them")
		}
		if c.BasicAuth.Username == "" {
			r.At("basic_auth").Faultf("username", "missing", "basic authentication needs a user name")
		}
		if !c.BasicAuth.Password.IsSet() {
			r.At("basic_auth").Faultf("password", "missing", "basic authentication needs a password").
				Suggest("write password: ${env:PROMETHEUS_PASSWORD}")
		}
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		r.Faultf("tls", "half-a-key", "cert and key belong together")
	}
	for name := range c.Headers {
		if canonical := http.CanonicalHeaderKey(name); slices.Contains(reserved, canonical) {
			r.At("headers").Keyf(name, "reserved-header", "the header %s is set by Firebreak", canonical).
				Suggest("use basic_auth, bearer or tenant")
		} else if !validHeader(name) {
			r.At("headers").Keyf(name, "bad-header", "%q cannot be the name of a header", name)
		}
	}
	if strings.ContainsAny(c.Tenant, "\r\n\x00") {
		r.Faultf("tenant", "bad-tenant", "a tenant cannot hold line breaks")
	}
	d := c.WithDefaults()
	if d.Timeout < 100*time.Millisecond || d.Timeout > 5*time.Minute {
		r.Faultf("timeout", "out-of-range", "%s is not between 100ms and 5m", d.Timeout)
	}
	if d.MaxBytes < 1<<16 || d.MaxBytes > 1<<30 {
		r.Faultf("max_bytes", "out-of-range", "%d bytes are not between 64 KiB and 1 GiB", d.MaxBytes)
	}
	if c.EnvironmentLabel != "" && !labelShape(c.EnvironmentLabel) {
		r.Faultf("environment_label", "bad-label", "%q cannot be the name of a label", c.EnvironmentLabel)
	}
}

func (c Config) checkURL(r *diag.Report) {
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		r.Faultf("url", "missing", "Prometheus needs an address").Suggest("write url: http://127.0.0.1:9090")
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		r.Faultf("url", "bad-url", "this is no http or https address").Suggest("write url: http://127.0.0.1:9090")
	case u.User != nil:
		r.Faultf("url", "secret-in-url", "an address is no place for a password").Suggest("use basic_auth")
	case u.RawQuery != "" || u.Fragment != "":
		r.Faultf("url", "bad-url", "the address cannot hold a query or a fragment")
	}
}

func validHeader(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r != '-' && r != '_' && !letter(r) && !digit(r) })
}

// labelShape tells whether a name can be written in by (…) without quotes, as every version of Prometheus understands it.
func labelShape(name string) bool {
	for i, r := range name {
		if r != '_' && !letter(r) && (i == 0 || !digit(r)) {
			return false
		}
	}
	return name != ""
}

func letter(r rune) bool { return lower(r) || r >= 'A' && r <= 'Z' }

func lower(r rune) bool { return r >= 'a' && r <= 'z' }

func digit(r rune) bool { return r >= '0' && r <= '9' }

// secrets lists what must never be shown.
func (c Config) secrets() []secret.Value {
	out := []secret.Value{c.Bearer}
	if c.BasicAuth != nil {
		out = append(out, c.BasicAuth.Password)
	}
	for _, v := range c.Headers {
		out = append(out, v)
	}
	return out
}

// tlsConfig reads the certificates.
func (t TLS) tlsConfig() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify} //nolint:gosec // the operator asks for it
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("prometheus: read ca: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("prometheus: " + t.CA + " holds no certificate in PEM")
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("prometheus: read cert and key: %w", err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}
