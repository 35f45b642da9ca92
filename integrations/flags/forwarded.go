package flags

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// Forwarded hears events of flagd and OpenFeature that somebody forwards. It is safe for concurrent use.
type Forwarded struct {
	token  secret.Value
	owners owners
	now    func() time.Time
}

// configurationChange is flagd's event ({"type": "configuration_change", "data": {"flags": {KEY: {"type": "update"}}}}) or the event
// details of an OpenFeature provider ({"flagsChanged": [KEY], "message": …}), with what the forwarder adds: id, time, environment.
type configurationChange struct {
	ID          string      `json:"id"`
	Time        hook.Moment `json:"time"`
	Environment string      `json:"environment"`
	Type        string      `json:"type"`
	Data        struct {
		Flags map[string]json.RawMessage `json:"flags"`
	} `json:"data"`
	FlagsChanged []string `json:"flagsChanged"`
	Provider     string   `json:"providerName"`
	Message      string   `json:"message"`
}

// Receive proves who sent an event. It is known by the forwarder's ID, else by its bytes.
func (f *Forwarded) Receive(header http.Header, body []byte) (bot.Delivery, error) {
	if err := hook.Size(body); err != nil {
		return bot.Delivery{}, err
	}
	if err := hook.Token(header, f.token); err != nil {
		return bot.Delivery{}, err
	}
	if _, err := hook.JSON(header); err != nil {
		return bot.Delivery{}, err
	}
	d := bot.Delivery{ID: hook.Digest(string(body)), Source: "flags", Event: "undecodable", Body: body, ReceivedAt: f.now()}
	if c, err := readChange(body); err == nil {
		d.Event = "configuration_change"
		if c.Type != "" {
			d.Event = hook.Word(c.Type)
		}
		if hook.ID("id", c.ID) == nil {
			d.ID = c.ID
		}
	}
	return d, nil
}

func readChange(body []byte) (configurationChange, error) {
	var c configurationChange
	err := json.Unmarshal(body, &c)
	var odd *json.UnmarshalTypeError
	if err != nil && (!errors.As(err, &odd) || odd.Field == "") {
		return c, bot.Errorf(bot.Invalid, "the body is not an event of flagd or OpenFeature").Because(err)
	}
	return c, nil
}

// maxFlags bounds the flags that are kept of one event.
const maxFlags = 500

// Tell makes one change of an event, however many flags it names: they were changed together.
func (f *Forwarded) Tell(_ context.Context, d bot.Delivery) (bot.Told, error) {
	e, err := readChange(d.Body)
	if err != nil {
		return bot.Told{}, err
	}
	switch e.Type {
	case "", "configuration_change", "PROVIDER_CONFIGURATION_CHANGED":
	case "provider_ready", "keep_alive", "PROVIDER_READY", "PROVIDER_STALE", "PROVIDER_ERROR", "PROVIDER_RECONCILING", "PROVIDER_CONTEXT_CHANGED":
		return bot.Told{}, nil // no flag was changed
	default:
		return bot.Told{Unused: "events of type " + hook.Word(e.Type) + " are not known"}, nil
	}
	keys := slices.Clone(e.FlagsChanged)
	for key := range e.Data.Flags {
		keys = append(keys, key)
	}
	for i := range keys {
		keys[i] = hook.Word(keys[i])
	}
	keys = slices.DeleteFunc(sortedOnce(keys), func(key string) bool { return key == "" })
	keys = keys[:min(len(keys), maxFlags)]
	if len(keys) == 0 {
		return bot.Told{Unused: "the event names no flag"}, nil
	}
	c := f.owners.change("openfeature", d.ID, keys[0], d.ReceivedAt)
	c.Paths, c.Services = nil, nil
	title := "flag changed: "
	if len(keys) > 1 {
		title = "flags changed: "
	}
	for i, key := range keys {
		c.Paths = append(c.Paths, "flags/"+key)
		c.Services = append(c.Services, f.owners.of(key)...)
		if i > 0 {
			title += ", "
		}
		title += key
	}
	c.Services, c.Title, c.Environment = sortedOnce(c.Services), hook.Title(title), hook.Word(e.Environment)
	c.EffectiveAt = e.Time.Time
	if c.EffectiveAt.IsZero() || c.EffectiveAt.After(d.ReceivedAt.Add(10*time.Minute)) {
		c.EffectiveAt = d.ReceivedAt
	}
	return bot.Told{Changes: []bot.Change{c}}, nil
}
