package events

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// Source receives what is sent to one path and tells what it said.
type Source interface {
	Receive(header http.Header, body []byte) (bot.Delivery, error)
	Tell(ctx context.Context, d bot.Delivery) (bot.Told, error)
}

// Sources makes the sources of a checked configuration, by the end of their path below /webhooks/, which is also the source of their
// deliveries.
func Sources(c Config, now func() time.Time) map[string]Source {
	env := expr.NewMessages()
	out := map[string]Source{}
	cloud := &Events{config: c, now: now}
	for _, m := range c.Mappings {
		m = m.filled()
		p, faults := m.compile(env)
		if len(faults) > 0 {
			continue // Check has told
		}
		mapped := &Mapped{mapping: m, program: p, now: now}
		if len(m.Types) > 0 {
			cloud.mapped = append(cloud.mapped, mapped)
			continue
		}
		out[mapped.source()] = mapped
	}
	if c.open() {
		out["events"] = cloud
	}
	return out
}

// Events receives CloudEvents, CDEvents among them.
type Events struct {
	config Config
	mapped []*Mapped
	now    func() time.Time
}

// Receive proves who sent an event and names it. The headers of binary events are no part of a signature, so a signed event is known
// by the ID that is.
func (e *Events) Receive(header http.Header, body []byte) (bot.Delivery, error) {
	if err := hook.Size(body); err != nil {
		return bot.Delivery{}, err
	}
	now := e.now()
	id, err := e.proven(header, body, now)
	if err != nil {
		return bot.Delivery{}, err
	}
	body, err = envelope(header, body)
	if err != nil {
		return bot.Delivery{}, err
	}
	d := bot.Delivery{ID: id, Source: "events", Event: "undecodable", Body: body, ReceivedAt: now}
	event, err := readEvent(body)
	if err == nil {
		d.Event = hook.Word(event.Type)
	}
	switch {
	case d.ID != "":
	case err == nil:
		d.ID = hook.Digest(event.Source, event.ID)
	default:
		d.ID = hook.Digest(string(body)) // it is kept as it came
	}
	return d, nil
}

func (e *Events) proven(header http.Header, body []byte, now time.Time) (string, error) {
	if e.config.Secret.IsSet() && (header.Get("Webhook-Signature") != "" || !e.config.Token.IsSet()) {
		return standard(header, body, e.config.Secret, now)
	}
	return "", hook.Token(header, e.config.Token)
}

// Tell reads an event.
func (e *Events) Tell(_ context.Context, d bot.Delivery) (bot.Told, error) {
	event, err := readEvent(d.Body)
	if err != nil {
		return bot.Told{}, err
	}
	for _, m := range e.mapped {
		for _, glob := range m.mapping.Types {
			if ok, _ := path.Match(glob, event.Type); ok {
				body, err := decode(d.Body)
				if err != nil {
					return bot.Told{}, err
				}
				return m.mapping.tell(m.program, expr.Message{Body: body, Received: d.ReceivedAt})
			}
		}
	}
	switch {
	case event.Type == recordType:
		return tellRecord(event.Data, d.ReceivedAt)
	case isCDEvent(event.Type):
		return tellCDEvent(event, d.ReceivedAt)
	}
	return bot.Told{Unused: "no mapping reads events of type " + hook.Word(event.Type)}, nil
}

// recordType is the CloudEvent that carries a bot.Record.
const recordType = "dev.firebreak.change.v1"

func tellRecord(data json.RawMessage, received time.Time) (bot.Told, error) {
	var record bot.Record
	if err := json.Unmarshal(data, &record); err != nil {
		return bot.Told{}, bot.Errorf(bot.Invalid, "the data of the event is not a change").Because(err)
	}
	c, err := record.Change(received)
	if err != nil {
		return bot.Told{}, err
	}
	return bot.Told{Changes: []bot.Change{c}}, nil
}

// Recorded tells of changes, and of what release gates said, that came by the API.
type Recorded struct{}

// Tell reads a record or an evaluation.
func (Recorded) Tell(_ context.Context, d bot.Delivery) (bot.Told, error) {
	if d.Event != "evaluation" {
		return tellRecord(d.Body, d.ReceivedAt)
	}
	var e bot.Evaluated
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return bot.Told{}, bot.Errorf(bot.Invalid, "the body is not an evaluation").Because(err)
	}
	if err := e.Check(d.ReceivedAt); err != nil {
		return bot.Told{}, err
	}
	return bot.Told{Evaluations: []bot.Evaluated{e}}, nil
}
