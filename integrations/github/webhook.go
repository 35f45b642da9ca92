package github

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// MaxBody is the largest delivery that GitHub sends, in bytes.
const MaxBody = 25 << 20

var eventName = regexp.MustCompile(`^[a-z][a-z_]{0,63}$`)

// Receive checks a webhook's signature over its raw body and gives the delivery. Nothing of the body is parsed before the
// signature is proven. The errors are for the sender: Unauthorized, Invalid or TooLarge.
func (c *Client) Receive(header http.Header, body []byte) (bot.Delivery, error) {
	if len(body) > MaxBody {
		return bot.Delivery{}, bot.Errorf(bot.TooLarge, "a delivery may have %d bytes at most", MaxBody)
	}
	if err := c.authentic(header, body); err != nil {
		return bot.Delivery{}, err
	}
	guid := header.Get("X-GitHub-Delivery")
	if guid == "" || len(guid) > 100 {
		return bot.Delivery{}, bot.Errorf(bot.Invalid, "X-GitHub-Delivery must carry the delivery's GUID")
	}
	event := header.Get("X-GitHub-Event")
	if !eventName.MatchString(event) {
		return bot.Delivery{}, bot.Errorf(bot.Invalid, "X-GitHub-Event must carry the event's name")
	}
	payload, err := payloadOf(header, body)
	if err != nil {
		return bot.Delivery{}, err
	}
	return bot.Delivery{ID: guid, Source: "github", Event: event, Body: payload, ReceivedAt: c.options.Now()}, nil
}

// authentic compares signatures in constant time.
func (c *Client) authentic(header http.Header, body []byte) error {
	signature := header.Get("X-Hub-Signature-256")
	if signature == "" {
		if header.Get("X-Hub-Signature") != "" {
			return bot.Errorf(bot.Unauthorized, "SHA-1 signatures are not accepted: X-Hub-Signature-256 is missing")
		}
		return bot.Errorf(bot.Unauthorized, "X-Hub-Signature-256 is missing: set the webhook's secret")
	}
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	if err != nil || !strings.HasPrefix(signature, "sha256=") {
		return bot.Errorf(bot.Unauthorized, "X-Hub-Signature-256 is not sha256= and 64 hexadecimal digits")
	}
	mac := hmac.New(sha256.New, []byte(c.config.WebhookSecret.Reveal()))
	mac.Write(body)
	if !hmac.Equal(given, mac.Sum(nil)) {
		return bot.Errorf(bot.Unauthorized, "the signature does not fit the body: the webhook's secret differs from ours")
	}
	return nil
}

// payloadOf takes the JSON out of a form, which is how webhooks with content type application/x-www-form-urlencoded come.
func payloadOf(header http.Header, body []byte) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" {
		return body, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		return nil, bot.Errorf(bot.Invalid, "the form has no payload").Because(err)
	}
	return []byte(form.Get("payload")), nil
}
