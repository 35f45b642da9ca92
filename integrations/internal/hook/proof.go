package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// Tolerance is how far a signed time may be from ours, either way.
const Tolerance = 5 * time.Minute

// MaxBody bounds the body of a delivery in bytes: what these sources send is told in a few kilobytes.
const MaxBody = 1 << 20

// Size refuses a body that is too large or empty.
func Size(body []byte) error {
	switch {
	case len(body) > MaxBody:
		return bot.Errorf(bot.TooLarge, "a delivery may have %d bytes at most", MaxBody)
	case len(body) == 0:
		return bot.Errorf(bot.Invalid, "the body is empty")
	}
	return nil
}

// Token wants the secret as a bearer token or as the password of basic authentication, which is how an address
// https://firebreak:SECRET@host sends it.
func Token(header http.Header, want secret.Value) error {
	given, isBearer := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	if !isBearer {
		var ok bool
		if _, given, ok = (&http.Request{Header: header}).BasicAuth(); !ok {
			return bot.Errorf(bot.Unauthorized, "send the token as a bearer token, or as the password of basic authentication")
		}
	}
	if !want.IsSet() || want.Reveal() == "" || subtle.ConstantTimeCompare([]byte(given), []byte(want.Reveal())) != 1 {
		return bot.Errorf(bot.Unauthorized, "this is not the token that is configured here")
	}
	return nil
}

// HMAC is the HMAC-SHA256 of the parts, one after the other.
func HMAC(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// Hex wants the signature, in hexadecimal digits, to be the HMAC-SHA256 of the parts.
func Hex(signature string, want secret.Value, parts ...[]byte) error {
	given, err := hex.DecodeString(signature)
	if err != nil || signature == "" {
		return bot.Errorf(bot.Unauthorized, "the signature is not 64 hexadecimal digits")
	}
	if !want.IsSet() || want.Reveal() == "" || !hmac.Equal(given, HMAC([]byte(want.Reveal()), parts...)) {
		return Forged()
	}
	return nil
}

// Forged is the error of a signature that does not fit.
func Forged() error {
	return bot.Errorf(bot.Unauthorized, "the signature does not fit the body: the sender's secret differs from ours")
}

// Fresh wants a signed time in Unix seconds to be of now. It is asked after the signature was proven.
func Fresh(unix string, now time.Time) error {
	seconds, err := strconv.ParseInt(unix, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<36 {
		return bot.Errorf(bot.Unauthorized, "the signed time is not in Unix seconds")
	}
	if off := now.Sub(time.Unix(seconds, 0)).Abs(); off > Tolerance {
		return bot.Errorf(bot.Unauthorized, "the signed time is %s off ours, %s are allowed: the delivery is old, or a clock is wrong",
			off.Round(time.Second), Tolerance)
	}
	return nil
}

// JSON wants the content type to be JSON, or one of the others, and returns it.
func JSON(header http.Header, others ...string) (string, error) {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")) {
		return kind, nil
	}
	for _, other := range others {
		if kind == other {
			return kind, nil
		}
	}
	return "", bot.Errorf(bot.Invalid, "the content type must be application/json")
}

var deliveryID = regexp.MustCompile(`^[\x21-\x7e]{1,200}$`)

// ID wants a sender's own ID to be one that can be kept.
func ID(what, id string) error {
	if !deliveryID.MatchString(id) {
		return bot.Errorf(bot.Invalid, "%s must carry an ID of at most 200 visible characters", what)
	}
	return nil
}

// Digest is the ID of a delivery whose sender gives none: the same bytes are the same delivery.
func Digest(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		sum.Write([]byte(p))
		sum.Write([]byte{0})
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))[:40]
}
