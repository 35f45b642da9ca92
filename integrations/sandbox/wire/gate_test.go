package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vendor is a gate in front of a handler that counts its effects.
func vendor(t *testing.T) (*wire.Gate, *atomic.Int64, func(ctx context.Context, path string) (int, string, error)) {
	t.Helper()
	effects := &atomic.Int64{}
	gate := wire.NewGate("vendor", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		effects.Add(1)
		word := "whole"
		if wire.WantsPartial(r) {
			word = "partial"
		}
		_, _ = io.WriteString(w, word)
	}), nil)
	web := httptest.NewServer(gate)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		web.Close()
	})
	client := &http.Client{Transport: transport}
	return gate, effects, func(ctx context.Context, path string) (int, string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, web.URL+path, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), err
	}
}

func TestEveryModeMisbehavesInItsWay(t *testing.T) {
	for _, c := range []struct {
		mode    wire.Mode
		status  int
		body    string
		fails   bool
		effects int64
	}{
		{mode: wire.Healthy, status: 200, body: "whole", effects: 1},
		{mode: wire.Down, fails: true},
		{mode: wire.Slow, status: 200, body: "whole", effects: 1},
		{mode: wire.Garbage, status: 200, body: "<html>"},
		{mode: wire.Partial, status: 200, body: "partial", effects: 1},
		{mode: wire.Expensive, status: 422},
		{mode: wire.Limited, status: 429},
		{mode: wire.Broken, status: 500},
		{mode: wire.Never, fails: true},
		{mode: wire.Lost, fails: true, effects: 1},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			gate, effects, call := vendor(t)
			gate.Set(wire.Fault{Mode: c.mode})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			status, body, err := call(ctx, "/x")
			if (err != nil) != c.fails || status != c.status || !strings.Contains(body, c.body) || effects.Load() != c.effects {
				t.Errorf("status %d, body %q, error %v, %d effects", status, body, err, effects.Load())
			}
		})
	}
	if len(wire.Modes()) != 10 {
		t.Error("a mode is not tried here")
	}
}

func TestAFaultCanBeBoundedAndNarrowed(t *testing.T) {
	gate, _, call := vendor(t)
	gate.Set(wire.Fault{Mode: wire.Broken, Calls: 2, Match: "/merge"})
	var got []int
	for _, path := range []string{"/merge", "/other", "/merge", "/merge"} {
		status, _, err := call(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if want := []int{500, 200, 500, 200}; len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("got %v, want %v", got, want)
	}
	if all, faulty := gate.Calls(); all != 4 || faulty != 2 {
		t.Errorf("counted %d calls, %d faulty", all, faulty)
	}
}

func TestFaultsArriveByHTTPAndWrongOnesAreRefused(t *testing.T) {
	gate, _, call := vendor(t)
	send := func(method, body string) int {
		w := httptest.NewRecorder()
		gate.ServeFault(w, httptest.NewRequest(method, "/fault", strings.NewReader(body)))
		return w.Code
	}
	for _, c := range []struct {
		name, method, body string
		status             int
	}{
		{"a fault", http.MethodPost, `{"mode":"500","calls":1}`, http.StatusNoContent},
		{"a mode that is none", http.MethodPost, `{"mode":"tired"}`, http.StatusBadRequest},
		{"a field that is none", http.MethodPost, `{"mode":"down","for":"ever"}`, http.StatusBadRequest},
		{"a delay beyond the bound", http.MethodPost, `{"mode":"slow","delay_ms":60001}`, http.StatusBadRequest},
		{"no JSON", http.MethodPost, `down`, http.StatusBadRequest},
		{"a question", http.MethodGet, ``, http.StatusMethodNotAllowed},
	} {
		if got := send(c.method, c.body); got != c.status {
			t.Errorf("%s: status %d, want %d", c.name, got, c.status)
		}
	}
	if status, _, err := call(t.Context(), "/x"); err != nil || status != 500 {
		t.Errorf("the fault that was taken does not act: %d %v", status, err)
	}
}

func TestStrangeRequestsAreRememberedWithinBounds(t *testing.T) {
	gate, _, _ := vendor(t)
	r := httptest.NewRequest(http.MethodGet, "/odd", nil)
	for range 1000 {
		gate.Strange(r, "because %s", "so")
	}
	got := gate.Unexpected()
	if len(got) != 200 || got[0] != "vendor: GET /odd: because so" {
		t.Errorf("%d remembered, first %q", len(got), got[0])
	}
}
