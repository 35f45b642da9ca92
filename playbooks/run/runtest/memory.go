// Package runtest examines what keeps runs: Exam is what every run.Journal must pass, and Memory is a journal for tests that
// need none on a disk.
//
// It is for tests only and keeps nothing when the process ends.
package runtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// Memory is a run.Journal that lives as long as the process. Events are kept as JSON, so that what comes back is what a store
// would give back.
type Memory struct {
	mu     sync.Mutex
	runs   map[string]run.Run
	order  []string
	events map[string][]stored
	// Fail, when set, is asked before every Append; its error is given back and nothing is stored.
	Fail func(run.Event) error
}

type stored struct {
	id   string
	data []byte
}

var _ run.Journal = (*Memory)(nil)

// NewMemory makes an empty journal.
func NewMemory() *Memory {
	return &Memory{runs: map[string]run.Run{}, events: map[string][]stored{}}
}

// Begin stores a run that is not known yet.
func (m *Memory) Begin(_ context.Context, r run.Run) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.runs[r.ID]; known {
		return false, nil
	}
	m.runs[r.ID] = r
	m.order = append(m.order, r.ID)
	return true, nil
}

// Append adds an event unless it is there already.
func (m *Memory) Append(ctx context.Context, e run.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fail != nil {
		if err := m.Fail(e); err != nil {
			return err
		}
	}
	r, known := m.runs[e.Run]
	if !known {
		return fmt.Errorf("no run %q", e.Run)
	}
	if slices.ContainsFunc(m.events[e.Run], func(s stored) bool { return s.id == e.ID }) {
		return nil
	}
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	m.events[e.Run] = append(m.events[e.Run], stored{e.ID, data})
	if e.Kind == run.Over {
		r.State, r.EndedAt, r.Reason = e.State, e.At, e.Error
		m.runs[e.Run] = r
	}
	return nil
}

// Events returns a run's events in the order of adding.
func (m *Memory) Events(_ context.Context, id string) ([]run.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	events := make([]run.Event, 0, len(m.events[id]))
	for _, s := range m.events[id] {
		var e run.Event
		if err := json.Unmarshal(s.data, &e); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// Run returns a run with its newest state.
func (m *Memory) Run(_ context.Context, id string) (run.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.runs[id]
	if !known {
		return run.Run{}, fmt.Errorf("no run %q", id)
	}
	return r, nil
}

// Unfinished returns the runs that are not over, in the order in which they began.
func (m *Memory) Unfinished(context.Context) ([]run.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var open []run.Run
	for _, id := range m.order {
		if r := m.runs[id]; !r.State.Ended() {
			open = append(open, r)
		}
	}
	return open, nil
}
