package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect/cases"
	"github.com/firebreak-dev/firebreak/bot/suspect/learn"
)

// Learnt is what was learnt of the weights of suspects, with the section of the configuration that says so.
type Learnt struct {
	learn.Result
	YAML string `json:"yaml"`
}

// mostHistory is how many incidents are asked for: as many as an answer may hold.
const mostHistory = 1000

// LearnFromFile learns from a file of cases, beginning at the weights of the configuration, which may be the zero one.
func (c Config) LearnFromFile(ctx context.Context, file string, progress func(done float64)) (Learnt, error) {
	f, err := os.Open(file) // #nosec G304 -- the user names the file
	if err != nil {
		return Learnt{}, err
	}
	read, err := cases.Read(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return Learnt{}, fmt.Errorf("%s: %w", file, err)
	}
	known := make([]learn.Case, 0, len(read))
	for _, one := range read {
		known = append(known, learn.FromFile(one))
	}
	return c.learn(ctx, known, progress)
}

// LearnFromHistory learns from the incidents of a running Firebreak whose cause was confirmed. Its services and the weights to begin
// at are those of the configuration.
func (c Config) LearnFromHistory(ctx context.Context, client *Client, progress func(done float64)) (Learnt, error) {
	services := make(map[string]bot.Service, len(c.Services))
	for _, s := range c.services() {
		services[s.Name] = s
	}
	var answer struct {
		Incidents []bot.Incident `json:"incidents"`
	}
	if err := client.call(ctx, http.MethodGet, "/api/v1/incidents?confirmed=true&limit="+strconv.Itoa(mostHistory), nil, &answer); err != nil {
		return Learnt{}, err
	}
	var known []learn.Case
	for _, in := range answer.Incidents {
		if _, judged := learn.Truth(in); !judged || in.Service == bot.Self {
			continue
		}
		changes, err := client.changesBefore(ctx, in, c.Suspects.WithDefaults().Horizon)
		if err != nil {
			return Learnt{}, err
		}
		if one, judged := learn.Of(in, changes, services); judged {
			known = append(known, one)
		}
	}
	return c.learn(ctx, known, progress)
}

// changesBefore are the changes that the ledger has of the time before an incident, as the ranking would ask for them.
func (c *Client) changesBefore(ctx context.Context, in bot.Incident, horizon time.Duration) ([]bot.Change, error) {
	from := in.Onset.Earliest
	if from.IsZero() {
		from = in.OpenedAt
	}
	q := url.Values{
		"from": {from.Add(-horizon).UTC().Format(time.RFC3339)}, "to": {in.OpenedAt.Add(time.Minute).UTC().Format(time.RFC3339)},
		"limit": {strconv.Itoa(mostHistory)},
	}
	var answer struct {
		Changes []bot.Change `json:"changes"`
	}
	err := c.call(ctx, http.MethodGet, "/api/v1/changes?"+q.Encode(), nil, &answer)
	return answer.Changes, err
}

func (c Config) learn(ctx context.Context, known []learn.Case, progress func(done float64)) (Learnt, error) {
	r, err := learn.Fit(ctx, known, c.Suspects, progress)
	if err != nil {
		return Learnt{}, err
	}
	return Learnt{Result: r, YAML: learn.YAML(r.Weights)}, nil
}
