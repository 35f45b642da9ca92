package app

import (
	"fmt"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// measured is an objective as readings need it.
type measured struct {
	service, environment, signal string
	target                       float64
}

// readings answers what the functions of the language ask, from the windows that the detectors read.
type readings struct {
	// windows is nil where nothing is watched.
	windows    detectors.Windows
	objectives []measured
	// tile is the width of the youngest tiles: a window that ends inside one would miss its youngest part.
	tile time.Duration
	// judged is until when the watch has judged, and how far the source's clock is behind. Nil where nothing is watched.
	judged func() (until time.Time, behind time.Duration)
}

// end is where windows end that are read now: at the youngest tile that is there. A tile comes a moment after its time is over;
// one that is late by more than another tile is missing, and then the window shows it.
func (r readings) end(now time.Time) time.Time {
	end := now.Truncate(r.tile)
	if r.judged == nil {
		return end
	}
	until, behind := r.judged()
	if judged := until.Truncate(r.tile); judged.Before(end) && end.Sub(judged) <= lateTiles*r.tile+behind {
		return judged
	}
	return end
}

// lateTiles is how many tiles may be under way.
const lateTiles = 2

var _ expr.Readings = readings{}

// Burn is the highest burn rate among the objectives of the incident's service that are made of its signal, or among all of
// its objectives if none is.
func (r readings) Burn(in expr.Incident, now time.Time, window time.Duration) (float64, error) {
	var own, all []measured
	for _, o := range r.objectives {
		if o.service != in.Service || o.environment != in.Environment {
			continue
		}
		all = append(all, o)
		if o.signal == in.Signal {
			own = append(own, o)
		}
	}
	if len(own) == 0 {
		own = all
	}
	if len(own) == 0 {
		return 0, fmt.Errorf("service %q has no objective: %w", in.Service, expr.ErrBlind)
	}
	highest := 0.0
	for _, o := range own {
		ratio, err := r.Ratio(in, now, o.signal, window)
		if err != nil {
			return 0, err
		}
		highest = max(highest, ratio/(1-o.target))
	}
	return highest, nil
}

// Ratio is the share of bad events. A window without events has none that are bad.
func (r readings) Ratio(in expr.Incident, now time.Time, signal string, window time.Duration) (float64, error) {
	if r.windows == nil {
		return 0, fmt.Errorf("no Prometheus is configured: %w", expr.ErrBlind)
	}
	sum := r.windows.Sum(r.id(in, signal), r.end(now), window)
	if sum.Blind != detectors.Sighted {
		return 0, fmt.Errorf("%s over %s: %s: %w", signal, window, sum.Detail, expr.ErrBlind)
	}
	if sum.Total == 0 {
		return 0, nil
	}
	return sum.Ratio(), nil
}

// Value is the mean of the newest minute: a single tile may lie between two samples.
func (r readings) Value(in expr.Incident, now time.Time, signal string) (float64, error) {
	if r.windows == nil {
		return 0, fmt.Errorf("no Prometheus is configured: %w", expr.ErrBlind)
	}
	end := r.end(now)
	points := r.windows.Points(r.id(in, signal), end.Add(-time.Minute), end, time.Minute)
	if len(points) == 0 || math.IsNaN(points[len(points)-1].Value) {
		return 0, fmt.Errorf("%s was not seen within the last minute: %w", signal, expr.ErrBlind)
	}
	return points[len(points)-1].Value, nil
}

func (r readings) id(in expr.Incident, signal string) detectors.SeriesID {
	return detectors.SeriesID{Signal: signal, Service: in.Service, Environment: in.Environment}
}

// evaluator gives the expressions of runs and of waiting steps their values, by the readings of the moment.
type evaluator struct {
	*playbooks.Evaluator
	readings expr.Readings
}

var _ run.Evaluator = evaluator{}

// Condition evaluates a step's condition in a run.
func (v evaluator) Condition(src string, scope run.Scope) (bool, error) {
	s, err := v.scope(scope)
	if err != nil {
		return false, err
	}
	return v.Evaluator.Condition(src, s)
}

// With evaluates a step's parameters in a run.
func (v evaluator) With(step playbooks.Step, scope run.Scope) (map[string]any, error) {
	s, err := v.scope(scope)
	if err != nil {
		return nil, err
	}
	return v.Render(step, s)
}

// Holds evaluates a waiting step's condition now, with the sentence that says what decided it.
func (v evaluator) Holds(condition string, scope expr.Scope) (bool, string, error) {
	scope.Readings = v.readings
	return v.Evaluator.Holds(condition, scope)
}

// scope completes what was stored with a run by what changed since.
func (v evaluator) scope(s run.Scope) (expr.Scope, error) {
	out, err := expr.ScopeFrom(s.Run)
	if err != nil {
		return out, err
	}
	out.Now, out.Readings = s.Now, v.readings
	out.Steps = make(map[string]expr.Result, len(s.Steps))
	for id, state := range s.Steps {
		out.Steps[id] = expr.Result{Status: string(state.Phase), Output: state.Output}
	}
	return out, nil
}
