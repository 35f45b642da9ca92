package server

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// guard lets a request through that carries the token, or, where there is none, one that was meant for a loopback name: a
// page of a stranger whose name resolves to 127.0.0.1 shall not read incidents in somebody's browser. Requests that change
// something must not come from another site.
func (s *Server) guard(next http.HandlerFunc) http.HandlerFunc {
	cross := http.NewCrossOriginProtection()
	return func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		if err := cross.Check(r); err != nil {
			s.fail(w, r, bot.Errorf(bot.Forbidden, "a page of another site may not do this"))
			return
		}
		if !s.config.Token.IsSet() {
			if !meantForLoopback(r.Host) {
				s.fail(w, r, bot.Errorf(bot.Forbidden, "without a token only loopback names are served; set server.token to use another"))
				return
			}
			next(w, r)
			return
		}
		if !s.authorized(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="firebreak", charset="UTF-8"`)
			s.fail(w, r, bot.Errorf(bot.Unauthorized, "send the token as a bearer token, or as the password of basic authentication"))
			return
		}
		next(w, r)
	}
}

func (s *Server) authorized(r *http.Request) bool {
	given, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer {
		var ok bool
		if _, given, ok = r.BasicAuth(); !ok {
			return false
		}
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(s.config.Token.Reveal())) == 1
}

func meantForLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return isLoopback(strings.Trim(host, "[]"))
}

// setHeaders makes answers of ours inert: nothing inline runs, nothing is framed, nothing is kept.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}
