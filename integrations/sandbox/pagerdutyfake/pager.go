package pagerdutyfake

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// Limits of an event, as PagerDuty documents them.
const (
	maxEvent    = 512 << 10
	maxDedupKey = 255
	maxSummary  = 1024
	maxAlerts   = 5_000
)

// State is where an alert stands.
type State string

// The states of an alert.
const (
	Triggered    State = "triggered"
	Acknowledged State = "acknowledged"
	Resolved     State = "resolved"
)

// Alert is what one dedup key opened, from its first trigger to its resolve.
type Alert struct {
	RoutingKey string          `json:"-"`
	DedupKey   string          `json:"dedup_key"`
	State      State           `json:"state"`
	Summary    string          `json:"summary"`
	Severity   string          `json:"severity"`
	Source     string          `json:"source"`
	Details    json.RawMessage `json:"custom_details,omitempty"`
	Links      []Link          `json:"links,omitempty"`
	ClientURL  string          `json:"client_url,omitempty"`
	// OpenedAt and ResolvedAt are times of the stand-in's clock; Accepted is the wall clock at which the first event was taken.
	OpenedAt   time.Time `json:"opened_at"`
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
	Accepted   time.Time `json:"accepted"`
	// Triggers counts the triggers that it took while open, the first included.
	Triggers int `json:"triggers"`
}

// Link is a link of an event.
type Link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// event is the body of an enqueue.
type event struct {
	RoutingKey  string  `json:"routing_key"`
	EventAction string  `json:"event_action"`
	DedupKey    string  `json:"dedup_key"`
	Client      string  `json:"client"`
	ClientURL   string  `json:"client_url"`
	Payload     payload `json:"payload"`
	Links       []Link  `json:"links"`
	Images      []any   `json:"images"`
}

type payload struct {
	Summary   string          `json:"summary"`
	Source    string          `json:"source"`
	Severity  string          `json:"severity"`
	Timestamp string          `json:"timestamp"`
	Component string          `json:"component"`
	Group     string          `json:"group"`
	Class     string          `json:"class"`
	Details   json.RawMessage `json:"custom_details"`
}

// Config is how a pager begins.
type Config struct {
	// RoutingKeys are the integration keys that are known.
	RoutingKeys []string
	// Now gives the times of alerts.
	Now func() time.Time
	// Token is the REST API's; without one it refuses everybody.
	Token string
	// Services are PagerDuty's services, by the routing key of their integration.
	Services map[string]Service
	// Emails are the addresses of people by their names; "?" before one tells that its owner has not accepted the invitation yet.
	Emails map[string]string
	// Lacks are the features that the account has not bought, of "custom_fields", "status_updates", "past_incidents", "related_incidents".
	Lacks []string
	// Deliver takes what webhooks tell; nil means that nobody has subscribed. WebhookSecret signs it.
	Deliver       func(Webhook)
	WebhookSecret string
	// Limited has PagerDuty's rate limits enforced, by the wall clock.
	Limited bool
}

// Pager is the stand-in.
type Pager struct {
	*wire.Gate
	cfg Config

	mu        sync.Mutex
	alerts    []*Alert
	incidents []*Incident
	serial    int
	changes   []Change
	limits    wire.Limits
	// noops counts acknowledges and resolves that met no open alert: PagerDuty accepts and drops them.
	noops int
}

// New makes a pager; it is an http.Handler for everything below its base address.
func New(c Config) *Pager {
	p := &Pager{cfg: c}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/enqueue", p.enqueue)
	mux.HandleFunc("POST /v2/change/enqueue", p.change)
	p.rest(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.Strange(r, "no such path")
		http.NotFound(w, r)
	})
	p.Gate = wire.NewGate("pagerduty", mux, refuse)
	return p
}

// ServeHTTP serves either API; each says no in its own words.
func (p *Pager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v2/") {
		w = restWriter{w}
	}
	p.Gate.ServeHTTP(w, r)
}

// restWriter marks answers of the REST API.
type restWriter struct{ http.ResponseWriter }

// refuse is how PagerDuty says no for reasons of its own.
func refuse(w http.ResponseWriter, status, retryAfter int) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		w.Header().Set("ratelimit-reset", strconv.Itoa(retryAfter))
	}
	word, message, code := "error", "Internal Server Error", 2000
	if status == http.StatusTooManyRequests {
		word, message, code = "throttle exceeded", "Requests for this service are arriving too quickly. Please retry later.", 2020
	}
	if _, rest := w.(restWriter); rest {
		refuseREST(w, status, code, message, message)
		return
	}
	write(w, status, map[string]any{"status": word, "message": message, "errors": []string{message}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (p *Pager) invalid(w http.ResponseWriter, r *http.Request, faults ...string) {
	p.Strange(r, "%v", faults)
	write(w, http.StatusBadRequest, map[string]any{
		"status": "invalid event", "message": "Event object is invalid", "errors": faults,
	})
}

func (p *Pager) enqueue(w http.ResponseWriter, r *http.Request) {
	var e event
	if !p.decode(w, r, &e) {
		return
	}
	if faults := e.faults(); len(faults) > 0 {
		p.invalid(w, r, faults...)
		return
	}
	if !slices.Contains(p.cfg.RoutingKeys, e.RoutingKey) {
		p.invalid(w, r, "'routing_key' is invalid")
		return
	}
	if p.tooMany(w, "events of "+e.RoutingKey, eventsAMinute) {
		return
	}
	if e.DedupKey == "" {
		var noise [16]byte
		_, _ = rand.Read(noise[:]) // never fails (crypto/rand)
		e.DedupKey = hex.EncodeToString(noise[:])
	}
	p.apply(e)
	write(w, http.StatusAccepted, map[string]string{
		"status": "success", "message": "Event processed", "dedup_key": e.DedupKey,
	})
}

// decode reads a body strictly: a field that the API does not document is a fault of the caller.
func (p *Pager) decode(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxEvent+1))
	if err == nil && len(body) > maxEvent {
		p.Strange(r, "event of more than 512 KB")
		write(w, http.StatusRequestEntityTooLarge, map[string]any{"status": "invalid event", "message": "Event is too large"})
		return false
	}
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(into)
	}
	if err != nil {
		p.invalid(w, r, "body: "+err.Error())
		return false
	}
	return true
}

func (e event) faults() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if !slices.Contains([]string{"trigger", "acknowledge", "resolve"}, e.EventAction) {
		say("'event_action' is missing or invalid: must be one of trigger, acknowledge, resolve")
	}
	if len(e.DedupKey) > maxDedupKey {
		say("'dedup_key' is longer than %d characters", maxDedupKey)
	}
	if e.EventAction != "trigger" {
		if e.DedupKey == "" {
			say("'dedup_key' is missing or blank")
		}
		return out
	}
	if e.Payload.Summary == "" || utf8.RuneCountInString(e.Payload.Summary) > maxSummary {
		say("'payload.summary' is missing, blank or longer than %d characters", maxSummary)
	}
	if e.Payload.Source == "" {
		say("'payload.source' is missing or blank")
	}
	if !slices.Contains([]string{"critical", "warning", "error", "info"}, e.Payload.Severity) {
		say("'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')")
	}
	if e.Payload.Timestamp != "" {
		if _, err := time.Parse(time.RFC3339Nano, e.Payload.Timestamp); err != nil {
			say("'payload.timestamp' is not ISO 8601")
		}
	}
	for _, l := range e.Links {
		if l.Href == "" {
			say("'links' needs an href")
		}
	}
	return out
}

// apply moves the alert of the event's key.
func (p *Pager) apply(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := p.open(e.RoutingKey, e.DedupKey)
	switch {
	case e.EventAction == "trigger" && open == nil:
		if len(p.alerts) >= maxAlerts {
			p.alerts = slices.Clone(p.alerts[maxAlerts/2:])
		}
		opened := &Alert{
			RoutingKey: e.RoutingKey, DedupKey: e.DedupKey, State: Triggered, Summary: e.Payload.Summary, Severity: e.Payload.Severity,
			Source: e.Payload.Source, Details: e.Payload.Details, Links: e.Links, ClientURL: e.ClientURL,
			OpenedAt: p.cfg.Now(), Accepted: time.Now(), Triggers: 1,
		}
		p.alerts = append(p.alerts, opened)
		p.openIncident(opened)
	case e.EventAction == "trigger":
		open.Triggers++
		open.Summary, open.Severity = e.Payload.Summary, e.Payload.Severity
	case open == nil:
		p.noops++
	case e.EventAction == "acknowledge":
		if open.State == Triggered {
			open.State = Acknowledged
			p.alertMoved(open)
		}
	default:
		open.State, open.ResolvedAt = Resolved, p.cfg.Now()
		p.alertMoved(open)
	}
}

func (p *Pager) open(routing, dedup string) *Alert {
	for _, a := range slices.Backward(p.alerts) {
		if a.RoutingKey == routing && a.DedupKey == dedup && a.State != Resolved {
			return a
		}
	}
	return nil
}

func (p *Pager) change(w http.ResponseWriter, r *http.Request) {
	var e struct {
		RoutingKey string  `json:"routing_key"`
		Payload    payload `json:"payload"`
		Links      []Link  `json:"links"`
		Images     []any   `json:"images"`
	}
	if !p.decode(w, r, &e) {
		return
	}
	if !slices.Contains(p.cfg.RoutingKeys, e.RoutingKey) || e.Payload.Summary == "" {
		p.invalid(w, r, "'routing_key' or 'payload.summary' is invalid")
		return
	}
	if p.tooMany(w, "events of "+e.RoutingKey, eventsAMinute) {
		return
	}
	p.mu.Lock()
	if len(p.changes) < maxAlerts {
		p.changes = append(p.changes, Change{
			RoutingKey: e.RoutingKey, Summary: e.Payload.Summary, Source: e.Payload.Source, Timestamp: e.Payload.Timestamp, Details: e.Payload.Details, Links: e.Links,
		})
	}
	p.mu.Unlock()
	write(w, http.StatusAccepted, map[string]string{"status": "success", "message": "Change event processed"})
}

// Alerts returns every alert that was opened, oldest first.
func (p *Pager) Alerts() []Alert {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Alert, len(p.alerts))
	for i, a := range p.alerts {
		out[i] = *a
	}
	return out
}

// Counts tells of change events, and of acknowledges and resolves that met no open alert.
func (p *Pager) Counts() (changes, noops int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.changes), p.noops
}

// Change is a change event that was taken.
type Change struct {
	RoutingKey string          `json:"-"`
	Summary    string          `json:"summary"`
	Source     string          `json:"source"`
	Timestamp  string          `json:"timestamp"`
	Details    json.RawMessage `json:"custom_details,omitempty"`
	Links      []Link          `json:"links,omitempty"`
}

// Changes returns the change events, oldest first.
func (p *Pager) Changes() []Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.changes)
}
