package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Mode is a way of misbehaving.
type Mode string

// The modes. Healthy ends a fault.
const (
	// Healthy answers as it should.
	Healthy Mode = "healthy"
	// Down cuts the connection without an answer and without an effect.
	Down Mode = "down"
	// Slow answers rightly, Fault.Delay late.
	Slow Mode = "slow"
	// Garbage answers 200 with text that nobody can decode, without an effect.
	Garbage Mode = "garbage"
	// Partial answers rightly but says that something is missing; only the metrics API knows it.
	Partial Mode = "partial"
	// Expensive refuses a query because it would read too much; only the metrics API knows it.
	Expensive Mode = "expensive"
	// Limited answers 429 with the hint Fault.RetryAfter (no hint when it is zero).
	Limited Mode = "429"
	// Broken answers 500 without an effect.
	Broken Mode = "500"
	// Never keeps the connection open without an answer and without an effect, until the caller gives up.
	Never Mode = "never"
	// Lost lets the request take effect and then cuts the connection.
	Lost Mode = "lost"
)

// Modes lists every mode.
func Modes() []Mode {
	return []Mode{Healthy, Down, Slow, Garbage, Partial, Expensive, Limited, Broken, Never, Lost}
}

// Fault is how a stand-in misbehaves.
type Fault struct {
	Mode Mode `json:"mode"`
	// Calls bounds how many calls meet the fault; zero means all until the next Set.
	Calls int `json:"calls,omitempty"`
	// Match narrows the fault to calls whose path contains it; empty means all.
	Match string `json:"match,omitempty"`
	// Delay is in wall-clock milliseconds, at most 60,000; it counts for Slow.
	Delay int `json:"delay_ms,omitempty"`
	// RetryAfter is the hint of a 429 in seconds.
	RetryAfter int `json:"retry_after,omitempty"`
}

// longest bounds how long a stand-in holds a connection on purpose.
const longest = time.Minute

// Check tells what is wrong with a fault.
func (f Fault) Check() error {
	if !slices.Contains(Modes(), f.Mode) {
		return fmt.Errorf("unknown mode %q; known are %v", f.Mode, Modes())
	}
	if f.Calls < 0 || f.RetryAfter < 0 || f.Delay < 0 || time.Duration(f.Delay)*time.Millisecond > longest {
		return fmt.Errorf("calls, delay_ms and retry_after must be positive, and delay_ms at most %d", longest.Milliseconds())
	}
	return nil
}

// Set makes the stand-in misbehave from the next call on.
func (g *Gate) Set(f Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault = f
}

// next takes the fault that the call meets.
func (g *Gate) take(path string) Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.fault
	if f.Mode == Healthy || f.Mode == "" || !strings.Contains(path, f.Match) {
		return Fault{Mode: Healthy}
	}
	if f.Calls > 0 {
		if g.fault.Calls--; g.fault.Calls == 0 {
			g.fault = Fault{Mode: Healthy}
		}
	}
	g.faults++
	return f
}

// ServeFault is the HTTP side of Set: POST a Fault as JSON.
func (g *Gate) ServeFault(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST a fault, as {\"mode\":\"down\"}", http.StatusMethodNotAllowed)
		return
	}
	var f Fault
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		http.Error(w, "not a fault: "+err.Error(), http.StatusBadRequest)
		return
	}
	if err := f.Check(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	g.Set(f)
	w.WriteHeader(http.StatusNoContent)
}
