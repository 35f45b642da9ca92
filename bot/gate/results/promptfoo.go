package results

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot/gate"
)

// promptfooRow is one test of one prompt.
type promptfooRow struct {
	Success     bool               `json:"success"`
	Score       *float64           `json:"score"`
	LatencyMs   *float64           `json:"latencyMs"`
	Cost        *float64           `json:"cost"`
	NamedScores map[string]float64 `json:"namedScores"`
}

// promptfooRun is the inner document: {"stats": …, "results": […]}.
type promptfooRun struct {
	Timestamp time.Time `json:"timestamp"`
	Stats     *struct {
		Successes, Failures, Errors float64
	} `json:"stats"`
	Results []promptfooRow `json:"results"`
}

// readPromptfoo reads promptfoo's output (-o results.json).
func readPromptfoo(data []byte) (gate.Results, error) {
	var outer struct {
		Results promptfooRun `json:"results"`
	}
	if err := json.Unmarshal(data, &outer); err != nil {
		return gate.Results{}, fmt.Errorf("read as promptfoo's: %w", err)
	}
	run := outer.Results
	out := gate.Results{At: run.Timestamp}
	passed, total := 0., float64(len(run.Results))
	means := tallies{}
	for _, row := range run.Results {
		if row.Success {
			passed++
		}
		for name, v := range map[string]*float64{"score": row.Score, "cost": row.Cost} {
			if v != nil {
				means.add(name, *v)
			}
		}
		if row.LatencyMs != nil {
			means.add("latency", *row.LatencyMs/1000)
		}
		for name, v := range row.NamedScores {
			means.add(name, v)
		}
	}
	if s := run.Stats; s != nil && s.Successes+s.Failures+s.Errors > 0 {
		passed, total = s.Successes, s.Successes+s.Failures+s.Errors // a test that broke has not passed
	}
	if total > 0 {
		out.Measures = append(out.Measures, share("pass_rate", passed, total))
	}
	out.Measures = append(out.Measures, means.measures()...)
	return out, nil
}
