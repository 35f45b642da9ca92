package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot/gate"
)

// readEvals reads the record of OpenAI evals: one document a line, the events of the samples and a final report.
func readEvals(data []byte) (gate.Results, error) {
	var out gate.Results
	correct, matched := 0., 0.
	report := map[string]float64{}
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		var line struct {
			Type string `json:"type"`
			Data struct {
				Correct *bool `json:"correct"`
			} `json:"data"`
			Report    map[string]any `json:"final_report"`
			CreatedAt string         `json:"created_at"`
		}
		if err := dec.Decode(&line); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return out, fmt.Errorf("read as OpenAI evals': %w", err)
		}
		if at, err := time.Parse("2006-01-02 15:04:05.999999-07:00", line.CreatedAt); err == nil && at.After(out.At) {
			out.At = at
		}
		if line.Type == "match" && line.Data.Correct != nil {
			matched++
			if *line.Data.Correct {
				correct++
			}
		}
		for name, v := range line.Report {
			if n, ok := v.(float64); ok {
				report[name] = n
			}
		}
	}
	if matched > 0 {
		out.Measures = append(out.Measures, share("accuracy", correct, matched))
		delete(report, "accuracy") // the same number, without its samples
	}
	for _, name := range slices.Sorted(maps.Keys(report)) {
		out.Measures = append(out.Measures, gate.Measure{Name: name, Value: report[name]})
	}
	return out, nil
}

// readLMEval reads the results of EleutherAI's harness. Metrics are named METRIC,FILTER and their errors METRIC_stderr,FILTER.
func readLMEval(data []byte) (gate.Results, error) {
	var doc struct {
		Results map[string]map[string]any `json:"results"`
		Samples map[string]struct {
			Effective float64 `json:"effective"`
		} `json:"n-samples"`
		Date float64 `json:"date"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return gate.Results{}, fmt.Errorf("read as lm-eval's: %w", err)
	}
	var out gate.Results
	if doc.Date > 0 && doc.Date < 1e11 {
		out.At = time.Unix(int64(doc.Date), 0).UTC()
	}
	for _, task := range slices.Sorted(maps.Keys(doc.Results)) {
		for _, key := range slices.Sorted(maps.Keys(doc.Results[task])) {
			metric, filter, _ := strings.Cut(key, ",")
			value, isNumber := doc.Results[task][key].(float64)
			if !isNumber || strings.HasSuffix(metric, "_stderr") || metric == "alias" || metric == "samples" {
				continue
			}
			name := task + "/" + metric
			if filter != "" && filter != "none" {
				name += "," + filter
			}
			m := gate.Measure{Name: name, Value: value, Samples: doc.Samples[task].Effective}
			m.Error, _ = doc.Results[task][strings.TrimSuffix(metric+"_stderr,"+filter, ",")].(float64)
			out.Measures = append(out.Measures, m)
		}
	}
	return out, nil
}

// deepCase is a test case of DeepEval, in either of its spellings.
type deepCase struct {
	Success *bool        `json:"success"`
	Data    []deepMetric `json:"metricsData"`
	Old     []deepMetric `json:"metrics_data"`
}

type deepMetric struct {
	Name    string   `json:"name"`
	Score   *float64 `json:"score"`
	Success *bool    `json:"success"`
}

// readDeepEval reads a test run of DeepEval.
func readDeepEval(data []byte) (gate.Results, error) {
	var run struct {
		Cases []deepCase `json:"testCases"`
		Old   []deepCase `json:"test_cases"`
	}
	if err := json.Unmarshal(data, &run); err != nil {
		return gate.Results{}, fmt.Errorf("read as DeepEval's: %w", err)
	}
	var out gate.Results
	passed, total := 0., 0.
	scores, passes := tallies{}, tallies{}
	for _, c := range append(run.Cases, run.Old...) {
		if c.Success != nil {
			total++
			if *c.Success {
				passed++
			}
		}
		for _, m := range append(c.Data, c.Old...) {
			if m.Score != nil {
				scores.add(m.Name, *m.Score)
			}
			if m.Success != nil {
				hit := 0.
				if *m.Success {
					hit = 1
				}
				passes.add(m.Name, hit)
			}
		}
	}
	if total > 0 {
		out.Measures = append(out.Measures, share("pass_rate", passed, total))
	}
	out.Measures = append(out.Measures, scores.measures()...)
	for _, name := range slices.Sorted(maps.Keys(passes)) {
		t := passes[name]
		out.Measures = append(out.Measures, gate.Measure{Name: name + "/pass", Value: t.mean, Samples: t.n, Share: true})
	}
	return out, nil
}
