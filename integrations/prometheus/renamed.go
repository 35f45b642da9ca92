package prometheus

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// Where the names of metrics that came lately are looked for: among those of the last minutes, but not among those of the day
// before yesterday to yesterday.
const (
	namesNow    = 10 * time.Minute
	namesBefore = 48 * time.Hour
	namesUntil  = 24 * time.Hour
	// alike is the share of their words that two names must have in common.
	alike = .6
	// mostNames bounds what is looked at.
	mostNames = 100_000
)

// Renamed says which metric of a signal seems to have another name now: one that came within a day and looks like it. It is empty
// when none does. It asks for the names of all metrics, twice; ask it seldom.
func (s *Source) Renamed(ctx context.Context, signal string, now time.Time) (string, error) {
	q := s.questions[signal]
	if q == nil {
		return "", nil
	}
	present, err := s.client.names(ctx, now.Add(-namesNow), now)
	if err != nil {
		return "", err
	}
	before, err := s.client.names(ctx, now.Add(-namesBefore), now.Add(-namesUntil))
	if err != nil {
		return "", err
	}
	known := make(map[string]bool, len(before)+len(q.metrics))
	for _, name := range slices.Concat(before, q.metrics) {
		known[name] = true
	}
	fresh := slices.DeleteFunc(present, func(name string) bool { return known[name] })
	gone, looks, best := "", "", alike
	for _, name := range q.metrics {
		if other, similarity := lookalike(name, fresh); similarity > best || (similarity == best && gone == "" && other != "") {
			gone, looks, best = name, other, similarity
		}
	}
	if gone == "" {
		return "", nil
	}
	return fmt.Sprintf("%s may be called %s now: that name is new, and looks like it", gone, looks), nil
}

// lookalike is the name that has most words in common with another, and their share.
func lookalike(name string, among []string) (best string, similarity float64) {
	for _, other := range among {
		if s := similar(name, other); s > similarity || (s == similarity && s > 0 && other < best) {
			best, similarity = other, s
		}
	}
	return best, similarity
}

// similar is the weight of the words that two names share over that of all their words.
func similar(a, b string) float64 {
	ours, theirs := nameWords(a), nameWords(b)
	shared, all := 0., 0.
	for word := range ours {
		all += wordWeight(word)
		if theirs[word] {
			shared += wordWeight(word)
		}
	}
	for word := range theirs {
		if !ours[word] {
			all += wordWeight(word)
		}
	}
	if all == 0 {
		return 0
	}
	return shared / all
}

func nameWords(name string) map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '_' || r == ':' || r == '.' }) {
		words[word] = true
	}
	return words
}

// wordWeight says that units and endings tell less than names of things.
func wordWeight(word string) float64 {
	switch word {
	case "seconds", "milliseconds", "microseconds", "ms", "s", "bytes", "ratio", "percent", "total", "count", "sum", "bucket", "usd", "info":
		return .5
	default:
		return 1
	}
}

// metricsOf lists the names of the metrics that an expression reads.
func metricsOf(expr parser.Expr) []string {
	var out []string
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok && v.Name != "" && !slices.Contains(out, v.Name) {
			out = append(out, v.Name)
		}
		return nil
	})
	return out
}

// names lists the names of the metrics that are there between two times, as exactly as the server knows.
func (c *Client) names(ctx context.Context, from, to time.Time) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	u := c.api.URL("/api/v1/label/__name__/values", nil)
	u.RawQuery = url.Values{"start": {stamp(from)}, "end": {stamp(to)}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, body, err := c.api.Do(ctx, req) //nolint:bodyclose // Do has read it to the end and closed it
	if err != nil {
		return nil, c.sightless(ctx, err)
	}
	var answer struct {
		Status    string   `json:"status"`
		ErrorType string   `json:"errorType"`
		Error     string   `json:"error"`
		Data      []string `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Status != "success" {
		return nil, c.sightless(ctx, &refusal{code: resp.StatusCode, kind: answer.ErrorType, text: answer.Error})
	}
	return answer.Data[:min(len(answer.Data), mostNames)], nil
}
