package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrBlind is wrapped by what a Readings answers when a signal cannot be seen: no data, a stale source, an unreachable one.
// A condition that rests on such a reading fails with it; it is neither true nor false.
var ErrBlind = errors.New("the signal cannot be seen")

// Readings answers what the functions of the language ask. It is asked about the incident of the scope, which names the
// service, the environment and the signal, at the scope's now. An answer that cannot be trusted is an error that wraps
// ErrBlind, never a number.
type Readings interface {
	// Burn is how many times faster than allowed the error budget was spent over the window that ends at now: the highest of
	// the objectives of the incident's service that are made of the incident's signal, or of all its objectives if none is.
	Burn(in Incident, now time.Time, window time.Duration) (float64, error)
	// Ratio is the share of bad events of a signal over the window that ends at now, from 0 to 1.
	Ratio(in Incident, now time.Time, signal string, window time.Duration) (float64, error)
	// Value is the newest value of a signal, in the signal's own unit.
	Value(in Incident, now time.Time, signal string) (float64, error)
}

// Scope is what an expression sees. Its JSON form is stored with a run, without what changes during the run: steps, now and
// the readings.
type Scope struct {
	Incident Incident  `json:"incident"`
	Service  Service   `json:"service"`
	Suspects []Suspect `json:"suspects,omitempty"`
	// None is the probability, from 0 to 1, that none of the suspects did it.
	None float64 `json:"none"`
	// Steps are the results of the steps that are over, by their id.
	Steps map[string]Result `json:"steps,omitempty"`
	Now   time.Time         `json:"now,omitzero"`
	// Readings answers burn, ratio and value. Without it these functions fail.
	Readings Readings `json:"-"`
}

// Incident is what an expression sees as `incident`.
type Incident struct {
	ID          string `json:"id"`
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`
	Signal      string `json:"signal,omitempty"`
	Detector    string `json:"detector,omitempty"`
	// Severity is "info", "ticket" or "page".
	Severity string `json:"severity,omitempty"`
	// State is "open", "acknowledged", "mitigated" or "resolved".
	State string `json:"state,omitempty"`
	Title string `json:"title,omitempty"`
	// Onset is the most likely time at which it began.
	Onset    time.Time `json:"onset,omitzero"`
	OpenedAt time.Time `json:"opened_at,omitzero"`
	// Blind says why its signal cannot be judged ("no_data", "stale", …); it is empty while the signal is seen.
	Blind string `json:"blind,omitempty"`
}

// Service is what an expression sees as `service`.
type Service struct {
	Name         string   `json:"name"`
	Owner        string   `json:"owner,omitempty"`
	Slack        string   `json:"slack,omitempty"`
	Environments []string `json:"environments,omitempty"`
	// Rollback names the action that undoes a change of each kind; a kind that is not in it cannot be undone.
	Rollback map[string]string `json:"rollback,omitempty"`
}

// Suspect is what an expression sees as one of `suspects`, the most probable first.
type Suspect struct {
	// Change is the ID of the change.
	Change string `json:"change"`
	Kind   string `json:"kind"`
	// Title is text from outside: data.
	Title  string `json:"title,omitempty"`
	URL    string `json:"url,omitempty"`
	Author string `json:"author,omitempty"`
	// Probability that this change did it, from 0 to 1.
	Probability float64 `json:"probability"`
	// Rollback is the action that undoes it, empty when there is none.
	Rollback string `json:"rollback,omitempty"`
}

// Result is what an expression sees as `steps.ID`.
type Result struct {
	// Status is "done", "denied", "expired", "failed" or "skipped" once the step is over, "waiting" before it begins.
	Status string `json:"status"`
	// Output holds what the action gave; JSON values and times and durations.
	Output map[string]any `json:"output,omitempty"`
}

// ScopeFrom reads a scope that was stored as JSON. Fields that are not known are left out: runs outlive versions.
func ScopeFrom(data []byte) (Scope, error) {
	var s Scope
	if len(data) == 0 {
		return s, errors.New("the stored scope is empty")
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return Scope{}, fmt.Errorf("the stored scope cannot be read: %w", err)
	}
	return s, nil
}

// maxSuspects is how many suspects an expression sees, and the size that costs are estimated with.
const maxSuspects = 50

// vars gives the variables as the language's values: objects are maps, so that nothing but the declared fields is reachable.
func (s Scope) vars() map[string]any {
	suspects := make([]any, 0, min(len(s.Suspects), maxSuspects))
	for i, x := range s.Suspects {
		if i == maxSuspects {
			break
		}
		suspects = append(suspects, map[string]any{
			"change": x.Change, "kind": x.Kind, "title": x.Title, "url": x.URL, "author": x.Author,
			"probability": x.Probability, "rollback": x.Rollback,
		})
	}
	steps := make(map[string]any, len(s.Steps))
	for id, r := range s.Steps {
		steps[id] = map[string]any{"status": r.Status, "output": plainMap(r.Output)}
	}
	vars := map[string]any{
		"incident": map[string]any{
			"id": s.Incident.ID, "service": s.Incident.Service, "environment": s.Incident.Environment,
			"signal": s.Incident.Signal, "detector": s.Incident.Detector, "severity": s.Incident.Severity,
			"state": s.Incident.State, "title": s.Incident.Title, "onset": s.Incident.Onset,
			"opened_at": s.Incident.OpenedAt, "blind": s.Incident.Blind,
		},
		"service": map[string]any{
			"name": s.Service.Name, "owner": s.Service.Owner, "slack": s.Service.Slack,
			"environments": nonNil(s.Service.Environments), "rollback": s.Service.Rollback,
		},
		"suspects": suspects,
		"none":     s.None,
		"steps":    steps,
	}
	if !s.Now.IsZero() {
		vars["now"] = s.Now // a scope without a time fails where it is asked for one
	}
	return vars
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// plainMap makes of an output what the language understands: JSON values, times and durations.
func plainMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = plain(v)
	}
	return out
}

func plain(v any) any {
	switch v := v.(type) {
	case nil, string, bool, int, int64, float64, time.Time, time.Duration:
		return v
	case map[string]any:
		return plainMap(v)
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = plain(x)
		}
		return out
	}
	// Anything else (a named string, a struct) is seen as its JSON.
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		return string(data)
	}
	return out
}
