package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// seenIncident is what the sandbox reads of an incident at the bot's API. It is a type of its own, so that the sandbox sees what
// any other client would see.
type seenIncident struct {
	ID       string    `json:"id"`
	Service  string    `json:"service"`
	Title    string    `json:"title"`
	Severity string    `json:"severity"`
	State    string    `json:"state"`
	OpenedAt time.Time `json:"opened_at"`
	Ranking  ranking   `json:"ranking"`
	Onset    struct {
		At       time.Time `json:"at"`
		Earliest time.Time `json:"earliest"`
		Latest   time.Time `json:"latest"`
	} `json:"onset"`
}

// ranking is what the bot holds of the cause.
type ranking struct {
	None     float64   `json:"none"`
	Suspects []Suspect `json:"suspects"`
}

// seenEntry is a line of an incident's timeline.
type seenEntry struct {
	At       time.Time       `json:"at"`
	Kind     string          `json:"kind"`
	Sentence string          `json:"sentence"`
	Data     json.RawMessage `json:"data"`
}

// botView asks the bot's API.
type botView struct{ client *http.Client }

func newBotView() botView {
	return botView{client: &http.Client{
		Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: 5 * time.Second},
	}}
}

var errNotReady = errors.New("the bot is not ready")

const maxAnswer = 8 << 20

// ready tells whether the bot can work.
func (v botView) ready(ctx context.Context, base string) bool {
	return v.get(ctx, base+"/readyz", nil) == nil
}

// incidents lists them, newest first, as the bot gives them.
func (v botView) incidents(ctx context.Context, base string) ([]seenIncident, error) {
	var answer struct {
		Incidents []seenIncident `json:"incidents"`
	}
	err := v.get(ctx, base+"/api/v1/incidents", &answer)
	return answer.Incidents, err
}

// entries are the timeline of an incident, the oldest first.
func (v botView) entries(ctx context.Context, base, incident string) ([]seenEntry, error) {
	var answer struct {
		Entries []seenEntry `json:"entries"`
	}
	err := v.get(ctx, base+"/api/v1/incidents/"+url.PathEscape(incident), &answer)
	return answer.Entries, err
}

func (v botView) get(ctx context.Context, address string, into any) error {
	if !strings.HasPrefix(address, "http") {
		return errNotReady
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errNotReady
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

func (v botView) close() { v.client.CloseIdleConnections() }
