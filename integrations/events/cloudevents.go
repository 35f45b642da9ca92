package events

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// event is a CloudEvent in its structured form. Extensions are not read.
type event struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Subject     string          `json:"subject,omitempty"`
	Time        hook.Moment     `json:"time,omitzero"`
	ContentType string          `json:"datacontenttype,omitempty"`
	Data        json.RawMessage `json:"data,omitempty"`
	Base64      string          `json:"data_base64,omitempty"`
}

// envelope gives an event its structured form, whichever it came in. The body is not parsed, only carried.
func envelope(header http.Header, body []byte) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if strings.HasPrefix(kind, "application/cloudevents-batch") {
		return nil, bot.Errorf(bot.Invalid, "batches of events are not taken: send each by itself")
	}
	if _, err := hook.JSON(header); err != nil {
		return nil, bot.Errorf(bot.Invalid, "the content type must be application/cloudevents+json, or that of JSON data beside ce- headers")
	}
	if kind == "application/cloudevents+json" || header.Get("Ce-Specversion") == "" {
		return body, nil
	}
	e := event{ContentType: "application/json", Data: body}
	for name, into := range map[string]*string{
		"Ce-Specversion": &e.SpecVersion, "Ce-Id": &e.ID, "Ce-Source": &e.Source, "Ce-Type": &e.Type, "Ce-Subject": &e.Subject,
	} {
		*into = header.Get(name)
		if plain, err := url.PathUnescape(*into); err == nil {
			*into = plain
		}
	}
	e.Time.Time = hook.Time(header.Get("Ce-Time"))
	if !json.Valid(body) {
		return nil, bot.Errorf(bot.Invalid, "the data of the event is not the JSON that its content type promises")
	}
	return json.Marshal(e)
}

// readEvent reads a CloudEvent, or a CDEvent that came without an envelope.
func readEvent(body []byte) (event, error) {
	var e event
	var odd *json.UnmarshalTypeError
	if err := json.Unmarshal(body, &e); err != nil && (!errors.As(err, &odd) || odd.Field == "") {
		return e, bot.Errorf(bot.Invalid, "the body is not a CloudEvent").Because(err)
	}
	if e.SpecVersion == "" && e.Type == "" {
		var bare cdEvent
		if json.Unmarshal(body, &bare) == nil && isCDEvent(bare.Context.Type) {
			return event{ID: bare.Context.ID, Source: bare.Context.Source, Type: bare.Context.Type, Data: body}, nil
		}
	}
	if !strings.HasPrefix(e.SpecVersion, "1.") || e.ID == "" || e.Source == "" || e.Type == "" {
		return e, bot.Errorf(bot.Invalid, "a CloudEvent needs specversion 1.0, id, source and type")
	}
	if len(e.Data) == 0 && e.Base64 != "" {
		data, err := base64.StdEncoding.DecodeString(e.Base64)
		if err != nil {
			return e, bot.Errorf(bot.Invalid, "data_base64 is not base64").Because(err)
		}
		e.Data = data
	}
	return e, nil
}
