package server

import (
	"net"
	"net/url"
	"strings"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// Config says where to listen and who may ask.
type Config struct {
	// Listen is host:port; the default is 127.0.0.1:8010. Port 0 takes a free one.
	Listen string `yaml:"listen" doc:"host:port to listen on; 127.0.0.1:8010 when left out"`
	// URL is how people and vendors reach this server; it goes into links. The default is http:// and Listen.
	URL string `yaml:"url" doc:"address under which people reach Firebreak; used in links"`
	// Token guards the API and the pages, as a bearer token or as the password of basic authentication. Needed unless Listen
	// is a loopback address. Webhooks have their vendors' signatures instead.
	Token secret.Value `yaml:"token" doc:"token for the API and the pages; needed unless listening on loopback"`
}

// DefaultListen is where the server listens when nothing else is said.
const DefaultListen = "127.0.0.1:8010"

// WithDefaults fills in what was left out.
func (c Config) WithDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	return c
}

// Check reports every fault of the configuration.
func (c Config) Check(r *diag.Report) {
	c = c.WithDefaults()
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		r.Faultf("listen", "bad-address", "%q is not host:port", c.Listen).Suggest("write for example %q", DefaultListen)
	} else if !isLoopback(host) && !c.Token.IsSet() {
		r.Faultf("listen", "token-needed", "listening on %s without a token would show incidents to everyone who reaches it", c.Listen).
			Suggest("set server.token: ${env:FIREBREAK_TOKEN}, or listen on %s", DefaultListen)
	}
	if c.URL == "" {
		return
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		r.Faultf("url", "bad-url", "%q is not an http or https address", c.URL).Suggest("write for example https://firebreak.example.com")
	}
}

// isLoopback tells whether a host can only be reached from this machine.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
