package flagger

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// Config is the flagger section of the configuration.
type Config struct {
	// Token is the password in the webhook's address, https://firebreak:TOKEN@host/webhooks/flagger.
	Token secret.Value `yaml:"token" doc:"password in the address of Flagger's event webhook"`
}

// Enabled tells whether anything is configured.
func (c Config) Enabled() bool { return c.Token.IsSet() }

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	if c.Token.IsSet() && len(c.Token.Reveal()) < 16 {
		r.Faultf("token", "weak-secret", "a token of less than 16 characters can be guessed").Suggest("use: openssl rand -hex 32")
	}
}

// webhook is the body of Flagger's webhooks. Metadata of events hold eventMessage, eventType and timestamp (Unix milliseconds).
type webhook struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Phase     string            `json:"phase"`
	Checksum  string            `json:"checksum"`
	Metadata  map[string]string `json:"metadata"`
}

// Receiver hears Flagger. It is safe for concurrent use.
type Receiver struct {
	config Config
	now    func() time.Time
}

// New makes the receiver of a checked configuration.
func New(c Config, now func() time.Time) *Receiver { return &Receiver{c, now} }

// Receive proves who sent an event. The same body is the same delivery: it holds the event's time.
func (r *Receiver) Receive(header http.Header, body []byte) (bot.Delivery, error) {
	if err := hook.Size(body); err != nil {
		return bot.Delivery{}, err
	}
	if err := hook.Token(header, r.config.Token); err != nil {
		return bot.Delivery{}, err
	}
	if _, err := hook.JSON(header); err != nil {
		return bot.Delivery{}, err
	}
	d := bot.Delivery{ID: hook.Digest(string(body)), Source: "flagger", Event: "undecodable", Body: body, ReceivedAt: r.now()}
	if w, err := decode(body); err == nil {
		d.Event = hook.Word(w.Phase)
	}
	return d, nil
}

func decode(body []byte) (webhook, error) {
	var w webhook
	err := json.Unmarshal(body, &w)
	var odd *json.UnmarshalTypeError
	if err != nil && (!errors.As(err, &odd) || odd.Field == "") {
		return w, bot.Errorf(bot.Invalid, "the body is not an event of Flagger").Because(err)
	}
	return w, nil
}

// weightOf finds the share of traffic in "Advance support.prod canary weight 20".
var weightOf = regexp.MustCompile(`canary weight ([0-9]{1,3})\b`)

// Tell reads an event. A canary is one change from its first step to its promotion, whose exposure grows; its failure is another
// one, which undoes the first.
func (r *Receiver) Tell(_ context.Context, d bot.Delivery) (bot.Told, error) {
	w, err := decode(d.Body)
	if err != nil {
		return bot.Told{}, err
	}
	name, namespace, checksum := hook.Word(w.Name), hook.Word(w.Namespace), hook.Word(w.Checksum)
	if name == "" {
		return bot.Told{}, bot.Errorf(bot.Invalid, "the event names no canary")
	}
	at := hook.Time(w.Metadata["timestamp"])
	if at.IsZero() || at.After(d.ReceivedAt.Add(10*time.Minute)) {
		at = d.ReceivedAt
	}
	c := bot.Change{
		ID: "flagger:" + namespace + "/" + name + "/" + checksum, Source: "flagger", Revision: checksum, Services: []string{name},
		Environment: hook.Word(w.Metadata["environment"]), Seen: d.ReceivedAt, Title: "canary of " + name,
	}
	if service := hook.Word(w.Metadata["service"]); service != "" {
		c.Services = []string{service}
	}
	if kind := bot.Kind(w.Metadata["kind"]); slices.Contains(bot.Kinds(), kind) {
		c.Kind = kind
	}
	switch w.Phase {
	case "Progressing", "WaitingPromotion", "Promoting", "Finalising", "Succeeded":
		// The first event begins it; a later one tells how far it came, and does not make it younger.
		if strings.HasPrefix(w.Metadata["eventMessage"], "New revision detected") {
			c.EffectiveAt = at
		}
		if m := weightOf.FindStringSubmatch(w.Metadata["eventMessage"]); m != nil {
			percent, _ := strconv.Atoi(m[1])
			c.Exposure = float64(min(percent, 100)) / 100
		}
		if w.Phase == "Succeeded" {
			c.Exposure = 1
		}
		if c.Exposure > 0 {
			c.Rollout = []bot.RolloutStep{{At: at, Share: c.Exposure}}
		}
	case "Failed":
		c.ID, c.Reverts, c.EffectiveAt = c.ID+"/failed", c.ID, at
		c.Title = hook.Title("canary of " + name + " failed and was taken back: " + w.Metadata["eventMessage"])
	case "Initializing", "Initialized", "Waiting", "Terminating", "Terminated":
		return bot.Told{}, nil
	default:
		return bot.Told{Unused: "the phase " + hook.Word(w.Phase) + " is not known"}, nil
	}
	return bot.Told{Changes: []bot.Change{c}}, nil
}
