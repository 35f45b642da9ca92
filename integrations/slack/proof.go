package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/configs/secret"
)

// tolerance is how far a signature's time may be from ours, both ways.
const tolerance = 5 * time.Minute

var (
	errUnsigned  = errors.New("the request is not signed by Slack")
	errStale     = errors.New("the request was signed more than five minutes ago or ahead")
	errSignature = errors.New("the signature does not fit the body")
	errReplay    = errors.New("the request was received before")
)

// proof checks Slack's signatures (v0) and remembers them for as long as they could be used again.
type proof struct {
	secret secret.Value

	mu    sync.Mutex
	seen  map[string]time.Time // signature → when it may be forgotten
	swept time.Time
}

// maxSeen bounds the signatures kept; more presses than that in ten minutes are refused as replays would be.
const (
	maxSeen    = 20_000
	sweepEvery = 10 * time.Second
)

// check proves a request before anything of it is parsed.
func (p *proof) check(header http.Header, body []byte, now time.Time) error {
	if !p.secret.IsSet() {
		return errUnsigned
	}
	stamp, signature := header.Get("X-Slack-Request-Timestamp"), header.Get("X-Slack-Signature")
	given, err := hex.DecodeString(trim(signature, "v0="))
	if stamp == "" || err != nil || len(given) != sha256.Size {
		return errUnsigned
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return errUnsigned
	}
	if away := now.Sub(time.Unix(seconds, 0)); away > tolerance || away < -tolerance {
		return errStale
	}
	mac := hmac.New(sha256.New, []byte(p.secret.Reveal()))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	if !hmac.Equal(given, mac.Sum(nil)) {
		return errSignature
	}
	return p.first(hex.EncodeToString(given), now)
}

// trim takes a required prefix off; a text without it becomes one that is no hexadecimal.
func trim(s, prefix string) string {
	if len(s) < len(prefix) || s[:len(prefix)] != prefix {
		return "?"
	}
	return s[len(prefix):]
}

// first tells whether a signature comes for the first time.
func (p *proof) first(signature string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until, known := p.seen[signature]; known && until.After(now) {
		return errReplay
	}
	if len(p.seen) >= maxSeen/2 && now.Sub(p.swept) >= sweepEvery {
		p.swept = now
		for s, until := range p.seen {
			if !until.After(now) {
				delete(p.seen, s)
			}
		}
	}
	if len(p.seen) >= maxSeen {
		return errReplay
	}
	p.seen[signature] = now.Add(2*tolerance + time.Second)
	return nil
}

// interaction is what is read of Slack's payload; everything else is left alone.
type interaction struct {
	Type string `json:"type"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	ResponseURL string          `json:"response_url"`
	TriggerID   string          `json:"trigger_id"`
	CallbackID  string          `json:"callback_id"`
	Actions     []pressedAction `json:"actions"`
	View        formView        `json:"view"`
	// Message and Channel are those of a shortcut on a message.
	Message standing `json:"message"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
}

// The types of interactions that we know.
const (
	pressedType   = "block_actions"
	submittedType = "view_submission"
	shortcutType  = "message_action"
)

type pressedAction struct {
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
	Selected struct {
		Value string `json:"value"`
	} `json:"selected_option"`
}

// formView is a modal as it comes back.
type formView struct {
	ID         string `json:"id"`
	Hash       string `json:"hash"`
	CallbackID string `json:"callback_id"`
	Meta       string `json:"private_metadata"`
	State      struct {
		Values map[string]map[string]fieldValue `json:"values"`
	} `json:"state"`
}

type fieldValue struct {
	Value    string `json:"value"`
	Selected struct {
		Value string `json:"value"`
	} `json:"selected_option"`
}

// meta is what the form was opened for; nothing where it is none of ours.
func (v formView) meta() meta {
	var m meta
	if v.CallbackID != callback || json.Unmarshal([]byte(v.Meta), &m) != nil {
		return meta{}
	}
	return m
}

// fields are what was filled in, by block.
func (v formView) fields() map[string]string {
	out := make(map[string]string, len(v.State.Values))
	for block, actions := range v.State.Values {
		for _, f := range actions {
			out[block] = orElse(f.Selected.Value, f.Value)
		}
	}
	return out
}

var errPayload = errors.New("the body is not a form with a payload")

// parseInteraction reads a proven body. It reads the body's form only, never a query, and is lenient about everything that is
// not a button of ours.
func parseInteraction(body []byte) (interaction, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return interaction{}, errPayload
	}
	if form.Get("ssl_check") == "1" {
		return interaction{}, nil
	}
	return decodeInteraction([]byte(form.Get("payload")))
}

// decodeInteraction reads a payload, from whichever way it came.
func decodeInteraction(payload []byte) (interaction, error) {
	var i interaction
	if err := lenient(json.Unmarshal(payload, &i)); err != nil {
		return interaction{}, errPayload
	}
	if i.Type != pressedType || i.User.ID == "" {
		i.Actions = nil
	}
	i.Actions = i.Actions[:min(len(i.Actions), maxPressed)]
	return i, nil
}
