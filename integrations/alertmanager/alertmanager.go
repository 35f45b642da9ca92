package alertmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// maxAlerts bounds the findings of one notification.
const maxAlerts = 1000

// notification are the parts of a webhook of version 4 that are read.
type notification struct {
	Status          string  `json:"status"`
	GroupKey        string  `json:"groupKey"`
	Alerts          []alert `json:"alerts"`
	TruncatedAlerts int     `json:"truncatedAlerts"`
}

type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    hook.Moment       `json:"startsAt"`
	EndsAt      hook.Moment       `json:"endsAt"`
	Fingerprint string            `json:"fingerprint"`
}

// Receiver hears one Alertmanager. It is safe for concurrent use.
type Receiver struct {
	config   Config
	services []bot.Service
	now      func() time.Time
}

// New makes the receiver of a checked configuration. Alerts of other services than these are not used.
func New(c Config, services []bot.Service, now func() time.Time) *Receiver {
	return &Receiver{config: c.WithDefaults(), services: services, now: now}
}

// Receive proves who sent a notification and names it: by its group and by which alerts of it fire or are resolved since when. So a
// repetition is the same delivery.
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
	d := bot.Delivery{ID: hook.Digest(string(body)), Source: "alertmanager", Event: "undecodable", Body: body, ReceivedAt: r.now()}
	n, err := decode(body)
	if err != nil {
		return d, nil //nolint:nilerr // it is kept as it came, and told of when it is worked off
	}
	d.Event = "alerts"
	parts := []string{n.GroupKey}
	for _, a := range n.Alerts {
		parts = append(parts, strings.Join([]string{a.key(), a.Status, a.StartsAt.String(), a.resolvedAt()}, "\x00"))
	}
	slices.Sort(parts[1:])
	d.ID = hook.Digest(parts...)
	return d, nil
}

// key tells alerts apart where no fingerprint came.
func (a alert) key() string {
	if a.Fingerprint != "" {
		return hook.Word(a.Fingerprint)
	}
	parts := make([]string, 0, len(a.Labels))
	for name, value := range a.Labels {
		parts = append(parts, name+"="+value)
	}
	slices.Sort(parts)
	return hook.Digest(parts...)
}

func (a alert) resolvedAt() string {
	if a.Status != "resolved" {
		return ""
	}
	return a.EndsAt.String()
}

// decode reads a body leniently: an odd field costs itself only.
func decode(body []byte) (notification, error) {
	var n notification
	err := json.Unmarshal(body, &n)
	var odd *json.UnmarshalTypeError
	if err != nil && (!errors.As(err, &odd) || odd.Field == "") {
		return n, bot.Errorf(bot.Invalid, "the body is not a notification of Alertmanager").Because(err)
	}
	return n, nil
}

// Tell makes findings of the alerts of known services.
func (r *Receiver) Tell(_ context.Context, d bot.Delivery) (bot.Told, error) {
	n, err := decode(d.Body)
	if err != nil {
		return bot.Told{}, err
	}
	if len(n.Alerts) == 0 {
		return bot.Told{Unused: "the notification holds no alerts"}, nil
	}
	var told bot.Told
	for _, a := range n.Alerts[:min(len(n.Alerts), maxAlerts)] {
		if f, ok := r.finding(a, n, d.ReceivedAt); ok {
			told.Findings = append(told.Findings, f)
		}
	}
	if len(told.Findings) == 0 {
		told.Unused = fmt.Sprintf("no alert belongs to a known service: neither the match of one fits, nor does the label %q name one", r.config.ServiceLabel)
	}
	return told, nil
}

func (r *Receiver) finding(a alert, n notification, received time.Time) (detectors.Finding, bool) {
	service := r.service(a.Labels)
	name := hook.Word(a.Labels["alertname"])
	if service == "" || (a.Status != "firing" && a.Status != "resolved") {
		return detectors.Finding{}, false
	}
	if name == "" {
		name = "alert"
	}
	environment := hook.Word(a.Labels[r.config.EnvironmentLabel])
	f := detectors.Finding{
		Key:      strings.Join([]string{"alertmanager", service, environment, name, a.key()}, "/"),
		Detector: "alertmanager", Rule: name, Service: service, Environment: environment, Signal: name, At: received,
		Verdict: detectors.Quiet, Title: title(a, name),
	}
	if a.Status == "resolved" {
		return f, true
	}
	f.Verdict, f.Severity = detectors.Firing, r.config.severity(a.Labels[r.config.SeverityLabel])
	if at := a.StartsAt.Time; !at.IsZero() && !at.After(received) {
		// The rule's "for" and its interval lie before; how long they are is not told.
		f.Onset = detectors.Onset{At: at, Earliest: at.Add(-onsetSlack), Latest: at}
	}
	f.Evidence = evidence(a, n)
	return f, true
}

// onsetSlack is how long before an alert began to fire its cause may have begun: a usual "for", and an evaluation or two.
const onsetSlack = 10 * time.Minute

// service is the first whose match fits the labels, else the known one that the label names.
func (r *Receiver) service(labels map[string]string) string {
	for _, s := range r.services {
		fits := len(s.Match) > 0
		for name, value := range s.Match {
			fits = fits && labels[name] == value
		}
		if fits {
			return s.Name
		}
	}
	for _, s := range r.services {
		if s.Name == labels[r.config.ServiceLabel] {
			return s.Name
		}
	}
	return ""
}

func title(a alert, name string) string {
	for _, annotation := range []string{"summary", "title", "message"} {
		if text := hook.Title(a.Annotations[annotation]); text != "" {
			return text
		}
	}
	return "alert " + name
}

func evidence(a alert, n notification) []detectors.Evidence {
	var out []detectors.Evidence
	if text := hook.Title(a.Annotations["description"]); text != "" {
		out = append(out, detectors.Evidence{Name: "description", Sentence: text})
	}
	if n.TruncatedAlerts > 0 {
		out = append(out, detectors.Evidence{
			Name: "truncated", Sentence: fmt.Sprintf("%d more alerts of the group were cut off by max_alerts", n.TruncatedAlerts),
			Value: float64(n.TruncatedAlerts),
		})
	}
	return out
}
