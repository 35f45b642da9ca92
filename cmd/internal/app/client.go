package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/firebreak-dev/firebreak/bot"
)

// Client asks a running Firebreak.
type Client struct {
	base, token string
	http        *http.Client
}

// NewClient makes a client of the Firebreak at an address; the token may be empty.
func NewClient(base, token string) *Client {
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{Timeout: 15 * time.Second}}
}

// Incidents lists incidents, newest first; an empty service means all.
func (c *Client) Incidents(ctx context.Context, service string) ([]bot.Incident, error) {
	var answer struct {
		Incidents []bot.Incident `json:"incidents"`
	}
	err := c.call(ctx, http.MethodGet, "/api/v1/incidents?"+url.Values{"service": {service}}.Encode(), nil, &answer)
	return NotNil(answer.Incidents), err
}

// Incident is what Firebreak knows of an incident.
type Incident = bot.Incident

// Incident returns one incident.
func (c *Client) Incident(ctx context.Context, id string) (Incident, error) {
	var answer struct {
		Incident Incident `json:"incident"`
	}
	err := c.call(ctx, http.MethodGet, "/api/v1/incidents/"+url.PathEscape(id), nil, &answer)
	return answer.Incident, err
}

// Unresolved lists the incidents that are not resolved.
func (c *Client) Unresolved(ctx context.Context) ([]bot.Incident, error) {
	var answer struct {
		Incidents []bot.Incident `json:"incidents"`
	}
	q := url.Values{"state": {string(bot.Open), string(bot.Acknowledged), string(bot.Mitigated)}, "limit": {"1000"}}
	err := c.call(ctx, http.MethodGet, "/api/v1/incidents?"+q.Encode(), nil, &answer)
	return NotNil(answer.Incidents), err
}

// recentIncidents lists the newest incidents.
func (c *Client) recentIncidents(ctx context.Context) ([]bot.Incident, error) {
	var answer struct {
		Incidents []bot.Incident `json:"incidents"`
	}
	err := c.call(ctx, http.MethodGet, "/api/v1/incidents?limit=1000", nil, &answer)
	return answer.Incidents, err
}

// Changes lists recorded changes, newest first; an empty service means all, and a zero time since ever.
func (c *Client) Changes(ctx context.Context, service string, since time.Time) ([]bot.Change, error) {
	var answer struct {
		Changes []bot.Change `json:"changes"`
	}
	q := url.Values{"service": {service}}
	if !since.IsZero() {
		q.Set("from", since.UTC().Format(time.RFC3339))
	}
	err := c.call(ctx, http.MethodGet, "/api/v1/changes?"+q.Encode(), nil, &answer)
	return NotNil(answer.Changes), err
}

// Record is a change as a script tells it.
type Record = bot.Record

// Kind is a kind of change.
type Kind = bot.Kind

// Recorded is what became of a change that was told.
type Recorded struct {
	Change string `json:"change"`
	// Result is "accepted", or "duplicate" when the very same was told before.
	Result string `json:"result"`
}

// Record tells of a change.
func (c *Client) Record(ctx context.Context, r Record) (Recorded, error) {
	var answer Recorded
	err := c.call(ctx, http.MethodPost, "/api/v1/changes", r, &answer)
	return answer, err
}

// Decide answers an approval.
func (c *Client) Decide(ctx context.Context, id string, approve bool, by string) (bot.Approval, error) {
	decision := bot.Denied
	if approve {
		decision = bot.Approved
	}
	var answer struct {
		Approval bot.Approval `json:"approval"`
	}
	body := map[string]any{"decision": decision, "by": by, "via": "cli"}
	err := c.call(ctx, http.MethodPost, "/api/v1/approvals/"+url.PathEscape(id), body, &answer)
	return answer.Approval, err
}

// act asks for something to be done to an incident, and gives how it stands then.
func (c *Client) act(ctx context.Context, path string, body any) (Incident, error) {
	var answer struct {
		Incident Incident `json:"incident"`
	}
	err := c.call(ctx, http.MethodPost, "/api/v1/incidents"+path, body, &answer)
	return answer.Incident, err
}

// Acknowledge says that somebody is on it.
func (c *Client) Acknowledge(ctx context.Context, id, by string) (Incident, error) {
	return c.act(ctx, "/"+url.PathEscape(id)+"/acknowledge", map[string]string{"by": by})
}

// Resolve says that it is over.
func (c *Client) Resolve(ctx context.Context, id, by, reason string) (Incident, error) {
	return c.act(ctx, "/"+url.PathEscape(id)+"/resolve", map[string]string{"by": by, "via": "cli", "reason": reason})
}

// Note adds words to the timeline.
func (c *Client) Note(ctx context.Context, id, by, text string) (Incident, error) {
	return c.act(ctx, "/"+url.PathEscape(id)+"/notes", map[string]string{"by": by, "via": "cli", "text": text})
}

// Mute has nothing more be started for a time; zero ends it.
func (c *Client) Mute(ctx context.Context, id string, lasts time.Duration, by, reason string) (Incident, error) {
	return c.act(ctx, "/"+url.PathEscape(id)+"/mute", map[string]any{"by": by, "via": "cli", "reason": reason, "seconds": int64(lasts.Seconds())})
}

// Declare opens an incident.
func (c *Client) Declare(ctx context.Context, service, environment, severity, title, by string) (Incident, error) {
	return c.act(ctx, "", map[string]string{
		"service": service, "environment": environment, "severity": severity, "title": title, "by": by, "via": "cli",
	})
}

// RunPlaybook starts a playbook for an incident.
func (c *Client) RunPlaybook(ctx context.Context, name, id, by string) error {
	var answer any
	return c.call(ctx, http.MethodPost, "/api/v1/incidents/"+url.PathEscape(id)+"/runs", map[string]string{"playbook": name, "by": by, "via": "cli"}, &answer)
}

// Outline tells in words what a playbook would do.
func (c *Client) Outline(ctx context.Context, name, incident string) ([]string, error) {
	var answer struct {
		Steps []string `json:"steps"`
	}
	err := c.call(ctx, http.MethodGet, "/api/v1/playbooks/"+url.PathEscape(name)+"?"+url.Values{"incident": {incident}}.Encode(), nil, &answer)
	return NotNil(answer.Steps), err
}

// Stop is the kill switch.
type Stop = bot.Stop

// Stopped tells how the kill switch stands.
func (c *Client) Stopped(ctx context.Context) (Stop, error) {
	var answer struct {
		Stop Stop `json:"stop"`
	}
	err := c.call(ctx, http.MethodGet, "/api/v1/stop", nil, &answer)
	return answer.Stop, err
}

// Stop turns the kill switch, and gives how it stands then.
func (c *Client) Stop(ctx context.Context, on bool, by, reason string) (Stop, error) {
	var answer struct {
		Stop Stop `json:"stop"`
	}
	err := c.call(ctx, http.MethodPost, "/api/v1/stop", map[string]any{"on": on, "by": by, "via": "cli", "reason": reason}, &answer)
	return answer.Stop, err
}

// Objectives lists objectives with what is left of their budgets; an empty service means all.
func (c *Client) Objectives(ctx context.Context, service string) ([]bot.Budget, error) {
	var answer struct {
		Objectives []bot.Budget `json:"objectives"`
	}
	err := c.call(ctx, http.MethodGet, "/api/v1/objectives?"+url.Values{"service": {service}}.Encode(), nil, &answer)
	return NotNil(answer.Objectives), err
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 32 << 20

func (c *Client) call(ctx context.Context, method, path string, body, into any) error {
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, payload)
	if err != nil {
		return fmt.Errorf("the server's address is not one: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("no Firebreak answers at %s (is it running? --server says where): %w", c.base, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return answeredError(resp.StatusCode, data)
	}
	return json.Unmarshal(data, into)
}

// answeredError gives the sentence that the server sent.
func answeredError(status int, data []byte) error {
	var answer struct {
		Error struct {
			Code    bot.ErrorCode `json:"code"`
			Message string        `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(data, &answer) != nil || answer.Error.Message == "" {
		return fmt.Errorf("the server answered %d %s", status, http.StatusText(status))
	}
	return &bot.Error{Code: answer.Error.Code, Message: answer.Error.Message}
}

// NotNil makes an empty list of a missing one, so that JSON says [] and not null.
func NotNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Visible shows control characters of a text from outside instead of sending them to a terminal.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) {
			return '\uFFFD'
		}
		return r
	}, text)
}
