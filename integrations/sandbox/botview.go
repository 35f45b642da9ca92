package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
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
	Ranking  struct {
		None     float64 `json:"none"`
		Suspects []struct {
			Change      string  `json:"change"`
			Probability float64 `json:"probability"`
		} `json:"suspects"`
	} `json:"ranking"`
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

func (v botView) get(ctx context.Context, url string, into any) error {
	if !strings.HasPrefix(url, "http") {
		return errNotReady
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
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
