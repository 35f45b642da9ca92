package events

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

var (
	errNotBase64 = errors.New("what follows whsec_ is not base64")
	errKeyLength = errors.New("it must hold 24 to 64 bytes")
)

// standard proves a Standard Webhooks signature and returns the message's ID. Several signatures, parted by spaces, are those of
// several keys while one is being replaced; one that fits is enough.
func standard(header http.Header, body []byte, want secret.Value, now time.Time) (string, error) {
	id, at, signatures := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp"), header.Get("Webhook-Signature")
	if id == "" || at == "" || signatures == "" {
		return "", bot.Errorf(bot.Unauthorized, "webhook-id, webhook-timestamp and webhook-signature are needed (standardwebhooks.com)")
	}
	key, err := standardKey(want.Reveal())
	if err != nil {
		return "", bot.Errorf(bot.Unauthorized, "no usable secret is configured here")
	}
	mac := hook.HMAC(key, []byte(id), []byte("."), []byte(at), []byte("."), body)
	if !anyFits(strings.Fields(signatures), mac) {
		return "", hook.Forged()
	}
	if err := hook.Fresh(at, now); err != nil {
		return "", err
	}
	return id, hook.ID("webhook-id", id)
}

// maxSignatures bounds what is compared.
const maxSignatures = 16

// anyFits compares signatures of the form v1,BASE64 with the right one.
func anyFits(signatures []string, mac []byte) bool {
	fits := false
	for _, s := range signatures[:min(len(signatures), maxSignatures)] {
		encoded, isV1 := strings.CutPrefix(s, "v1,")
		given, err := base64.StdEncoding.DecodeString(encoded)
		if isV1 && err == nil && hmac.Equal(given, mac) {
			fits = true
		}
	}
	return fits
}

// proven proves who sent a mapping's delivery and returns the delivery's ID; empty where the sender gives none that is signed.
func (m Mapping) proven(header http.Header, body []byte, now time.Time) (string, error) {
	switch m.Sign {
	case signStandard:
		return standard(header, body, m.Secret, now)
	case signToken:
		return "", hook.Token(header, m.Secret)
	case signHMAC:
		return "", hook.Hex(strings.TrimPrefix(header.Get(m.Header), "sha256="), m.Secret, body)
	case signLangfuse:
		return "", langfuseSigned(header, body, m.Secret, now)
	case signMLflow:
		return mlflowSigned(header, body, m.Secret, now)
	}
	return "", bot.Errorf(bot.Unauthorized, "no way of proving who sends is configured here")
}

// langfuseSigned proves x-langfuse-signature: t=TIME,v1=HEX over "TIME.BODY". TIME is in seconds, in some versions milliseconds.
func langfuseSigned(header http.Header, body []byte, want secret.Value, now time.Time) error {
	var at, signature string
	for part := range strings.SplitSeq(header.Get("X-Langfuse-Signature"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			at = value
		case "v1":
			signature = value
		}
	}
	if at == "" || signature == "" {
		return bot.Errorf(bot.Unauthorized, "x-langfuse-signature must be t=TIME,v1=SIGNATURE")
	}
	if err := hook.Hex(signature, want, []byte(at), []byte("."), body); err != nil {
		return err
	}
	if ms, err := strconv.ParseInt(at, 10, 64); err == nil && ms > 1e12 {
		at = strconv.FormatInt(ms/1000, 10)
	}
	return hook.Fresh(at, now)
}

// mlflowSigned proves X-MLflow-Signature: v1,BASE64 over "DELIVERY.TIME.BODY".
func mlflowSigned(header http.Header, body []byte, want secret.Value, now time.Time) (string, error) {
	id, at := header.Get("X-Mlflow-Delivery-Id"), header.Get("X-Mlflow-Timestamp")
	if id == "" || at == "" || header.Get("X-Mlflow-Signature") == "" {
		return "", bot.Errorf(bot.Unauthorized, "X-MLflow-Signature, X-MLflow-Delivery-Id and X-MLflow-Timestamp are needed: give the webhook a secret")
	}
	mac := hook.HMAC([]byte(want.Reveal()), []byte(id), []byte("."), []byte(at), []byte("."), body)
	if want.Reveal() == "" || !anyFits([]string{header.Get("X-Mlflow-Signature")}, mac) {
		return "", hook.Forged()
	}
	if err := hook.Fresh(at, now); err != nil {
		return "", err
	}
	return id, hook.ID("X-MLflow-Delivery-Id", id)
}
