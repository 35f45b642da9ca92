package sandbox

import (
	"encoding/json"
	"net/http"
	"time"
)

// record is a change as a pipeline or a registry tells it, by a CloudEvent.
type record struct {
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Kind        string    `json:"kind"`
	Title       string    `json:"title"`
	Services    []string  `json:"services"`
	Environment string    `json:"environment"`
	EffectiveAt time.Time `json:"effective_at"`
	Reverts     string    `json:"reverts,omitempty"`
}

// change is how the bot calls it.
func (r record) change() string { return r.Source + ":" + r.ID }

// tell sends a record.
func (d *director) tell(r record) {
	r.Environment = production
	d.post("/webhooks/events", "application/cloudevents+json", d.sandbox.keys.events, r.Title, map[string]any{
		"specversion": "1.0", "id": r.Source + "/" + r.ID, "source": "/acme/" + r.Source, "type": "dev.firebreak.change.v1",
		"time": d.now().Format(time.RFC3339), "datacontenttype": "application/json", "data": r,
	})
}

// flip tells that a flag was changed, as a forwarder of flagd's events does.
func (d *director) flip(id, flag string, at time.Time) {
	d.post("/webhooks/flags", "application/json", d.sandbox.keys.flags, "flag "+flag, map[string]any{
		"id": id, "time": at.Format(time.RFC3339), "environment": production,
		"type": "configuration_change", "data": map[string]any{"flags": map[string]any{flag: map[string]any{"type": "update"}}},
	})
}

func (d *director) post(path, contentType, token, about string, what any) {
	body, err := json.Marshal(what)
	if err != nil {
		d.say("%v", err)
		return
	}
	header := http.Header{"Content-Type": {contentType}, "Authorization": {"Bearer " + token}}
	d.sandbox.hooks.send(parcel{path: path, about: about, body: body, headers: header.Clone})
}

// react does what was waiting for something that is seen now.
func (d *director) react() {
	d.mu.Lock()
	waiting := d.waiting
	d.waiting = nil
	d.mu.Unlock()
	for _, r := range waiting {
		if r.sees() {
			r.do()
			continue
		}
		d.mu.Lock()
		d.waiting = append(d.waiting, r)
		d.mu.Unlock()
	}
}

// once lets something happen a while after something is seen for the first time.
func (d *director) once(sees func() bool, after time.Duration, do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = append(d.waiting, reaction{sees: sees, do: func() { d.in(after, do) }})
}

// onceOpen lets something happen a while after the bot has opened the story's incident.
func (d *director) onceOpen(after time.Duration, do func()) {
	d.once(func() bool { _, ok := d.incident(); return ok }, after, do)
}

// mark remembers when something happened; marked tells when.
func (d *director) mark(what string) {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.marks[what] = now
}

func (d *director) marked(what string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.marks[what]
}
