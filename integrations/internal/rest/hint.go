package rest

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/secret"
)

// MaxHint bounds how long a vendor may make us wait before the next attempt.
const MaxHint = time.Hour

// Hint reads how long the vendor asks to wait: Retry-After (seconds or a date), ratelimit-reset (seconds) or
// x-ratelimit-reset (seconds, or Unix time where it is that large). Zero means that it does not say.
func Hint(header http.Header, now time.Time) time.Duration {
	if v := strings.TrimSpace(header.Get("Retry-After")); v != "" {
		if d, ok := seconds(v); ok {
			return bound(d)
		}
		if at, err := http.ParseTime(v); err == nil {
			return bound(at.Sub(now))
		}
	}
	if d, ok := seconds(header.Get("Ratelimit-Reset")); ok {
		return bound(d)
	}
	if d, ok := seconds(header.Get("X-Ratelimit-Reset")); ok && exhausted(header) {
		if d > 1e8*time.Second { // no vendor makes us wait three years: it is Unix time
			d = time.Unix(int64(d/time.Second), 0).Sub(now)
		}
		return bound(d)
	}
	return 0
}

// exhausted tells that x-ratelimit-reset matters: GitHub sends it with every answer.
func exhausted(header http.Header) bool {
	v := strings.TrimSpace(header.Get("X-Ratelimit-Remaining"))
	return v == "" || v == "0"
}

// limited tells a 403 that means "too many requests" from one that means "no".
func limited(header http.Header) bool {
	return header.Get("Retry-After") != "" || strings.TrimSpace(header.Get("X-Ratelimit-Remaining")) == "0"
}

func seconds(v string) (time.Duration, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 9e9 {
		return 0, false
	}
	return time.Duration(f * float64(time.Second)), true
}

func bound(d time.Duration) time.Duration { return min(max(d, 0), MaxHint) }

// tokens are the shapes of vendors' credentials, for those that were made at run time and are in no configuration.
var tokens = regexp.MustCompile(`(?:gh[opsru]_|github_pat_|xox[a-z]-|xapp-|xoxe\.)[A-Za-z0-9_.\-]{4,}` +
	`|(?i:bearer|token) [A-Za-z0-9_.\-=+/]{16,}` +
	`|eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+`)

func redact(text string, secrets []secret.Value) string {
	return tokens.ReplaceAllString(secret.Redact(text, secrets...), secret.Mask)
}

// rootText is an error's text without the URL that net/http puts around it: a URL may hold secrets.
func rootText(err error) string {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	if err == nil {
		return "no answer"
	}
	return err.Error()
}
