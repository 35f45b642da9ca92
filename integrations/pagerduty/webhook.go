package pagerduty

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// signatureHeader carries "v1=HEX", several of them while a secret is rotated there.
const signatureHeader = "X-PagerDuty-Signature"

// mostSignatures bounds how many signatures of one delivery are looked at.
const mostSignatures = 10

// Receive proves the signature of a V3 webhook over its raw body and names the delivery by the event that it carries. A refusal is for
// what is not PagerDuty's only: three refusals in a row have PagerDuty switch the subscription off for a day, so whatever is signed
// is taken, and what cannot be read is kept with the reason.
//
// No time is signed, so nothing tells a replay but the event's ID, and it is the signed one that counts: X-Webhook-Id is not signed.
func (c *Client) Receive(header http.Header, body []byte) (bot.Delivery, error) {
	if len(body) > hook.MaxBody {
		return bot.Delivery{}, hook.Size(body)
	}
	if err := c.authentic(header, body); err != nil {
		return bot.Delivery{}, err
	}
	d := bot.Delivery{ID: hook.Digest(string(body)), Source: "pagerduty", Event: "undecodable", Body: body, ReceivedAt: c.now()}
	e, err := readEvent(body)
	if err != nil {
		return d, nil //nolint:nilerr // it is PagerDuty's and is kept; Tell says what is wrong with it
	}
	d.Event = hook.Word(e.Type)
	if hook.ID("event.id", e.ID) == nil {
		d.ID = e.ID
	}
	return d, nil
}

// authentic compares every signature of the header with what each of the secrets makes of the body.
func (c *Client) authentic(header http.Header, body []byte) error {
	given := strings.Join(header.Values(signatureHeader), ",")
	if given == "" {
		return bot.Errorf(bot.Unauthorized, "%s is missing", signatureHeader)
	}
	read := false
	for i, part := range strings.Split(given, ",") {
		signature, v1 := strings.CutPrefix(strings.TrimSpace(part), "v1=")
		if _, err := hex.DecodeString(signature); !v1 || err != nil || i >= mostSignatures {
			continue // another version, or none
		}
		read = true
		for _, known := range c.config.WebhookSecrets {
			if hook.Hex(signature, known, body) == nil {
				return nil
			}
		}
	}
	if !read {
		return bot.Errorf(bot.Unauthorized, "%s has no signature of the form v1= and hexadecimal digits", signatureHeader)
	}
	return bot.Errorf(bot.Unauthorized, "no signature fits the body: none of pagerduty.webhook_secrets is the subscription's")
}

// event3 is the envelope of a V3 webhook. Fields that PagerDuty is not known to send always are read where they are.
type event3 struct {
	ID         string          `json:"id"`
	Type       string          `json:"event_type"`
	OccurredAt hook.Moment     `json:"occurred_at"`
	Agent      *reference      `json:"agent"`
	Client     *named          `json:"client"`
	Data       json.RawMessage `json:"data"`
}

// reference is how PagerDuty points to something.
type reference struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
	URL     string `json:"html_url"`
}

type named struct {
	Name string `json:"name"`
}

// incident3 is the data of most events: an incident as it was when the event occurred.
type incident3 struct {
	ID         string      `json:"id"`
	URL        string      `json:"html_url"`
	Number     int         `json:"number"`
	Status     string      `json:"status"`
	Key        string      `json:"incident_key"`
	Title      string      `json:"title"`
	Urgency    string      `json:"urgency"`
	CreatedAt  hook.Moment `json:"created_at"`
	Service    *reference  `json:"service"`
	Assignees  []reference `json:"assignees"`
	Policy     *reference  `json:"escalation_policy"`
	Priority   *reference  `json:"priority"`
	ResolvedBy *struct {
		Type     string     `json:"type"`
		Incident *reference `json:"incident"`
	} `json:"resolve_reason"`
}

// about is the data of events that are about something of an incident.
type about struct {
	Incident *reference `json:"incident"`
	User     *reference `json:"user"`
	State    string     `json:"state"`
	Message  string     `json:"message"`
}

func readEvent(body []byte) (event3, error) {
	var envelope struct {
		Event event3 `json:"event"`
	}
	if err := lenient(body, &envelope); err != nil || envelope.Event.Type == "" {
		return event3{}, bot.Errorf(bot.Invalid, "the body is not an event of PagerDuty's V3 webhooks").Because(err)
	}
	return envelope.Event, nil
}

// lenient decodes what can be decoded: one field of an odd type does not cost us the rest.
func lenient(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var odd *json.UnmarshalTypeError
	if errors.As(err, &odd) && odd.Field != "" {
		return nil
	}
	return err
}
