package rest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func TestTheBreakerKeepsRequestsFromABrokenTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, broken := map[string]int{}, true
		reg := prometheus.NewRegistry()
		c := client(t, rest.Options{
			Trip: 3, Cool: 10 * time.Second, Registerer: reg,
			Base: roundTrip(func(r *http.Request) (*http.Response, error) {
				asked[r.URL.Host]++
				if broken && r.URL.Host == "broken.example" {
					return answer(503, nil, ""), nil
				}
				return answer(200, nil, ""), nil
			}),
		})
		for range 5 {
			_ = do(t.Context(), t, c.Call(), http.MethodPost, "http://broken.example")
		}
		err := do(t.Context(), t, c.Call(), http.MethodPost, "http://broken.example")
		if fate, after := playbooks.FateOf(err); fate != playbooks.Transient || after != 10*time.Second {
			t.Errorf("an open breaker gives %s after %s: %v", fate, after, err)
		}
		if err := do(t.Context(), t, c.Call(), http.MethodPost, "http://sound.example"); err != nil {
			t.Errorf("another target suffers: %v", err)
		}
		broken = false
		<-time.After(10*time.Second + time.Millisecond) // of the bubble's clock
		if err := do(t.Context(), t, c.Call(), http.MethodPost, "http://broken.example"); err != nil {
			t.Errorf("the target came back and is still kept away: %v", err)
		}
		if diff := cmp.Diff(map[string]int{"broken.example": 4, "sound.example": 1}, asked); diff != "" {
			t.Error(diff)
		}
		want := `
# HELP firebreak_outbound_requests_total Requests to the outside, by integration and by class of answer (or of the lack of one).
# TYPE firebreak_outbound_requests_total counter
firebreak_outbound_requests_total{code="2xx",integration="vendor"} 2
firebreak_outbound_requests_total{code="3xx",integration="vendor"} 0
firebreak_outbound_requests_total{code="429",integration="vendor"} 0
firebreak_outbound_requests_total{code="4xx",integration="vendor"} 0
firebreak_outbound_requests_total{code="5xx",integration="vendor"} 3
firebreak_outbound_requests_total{code="breaker",integration="vendor"} 3
firebreak_outbound_requests_total{code="canceled",integration="vendor"} 0
firebreak_outbound_requests_total{code="network",integration="vendor"} 0
firebreak_outbound_requests_total{code="rate",integration="vendor"} 0
firebreak_outbound_requests_total{code="timeout",integration="vendor"} 0
`
		if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "firebreak_outbound_requests_total"); err != nil {
			t.Error(err)
		}
	})
}

func TestRefusalsDoNotOpenTheBreaker(t *testing.T) {
	asked := 0
	c := client(t, rest.Options{Trip: 2, Base: roundTrip(func(*http.Request) (*http.Response, error) {
		asked++
		return answer(429, nil, ""), nil
	})})
	for range 10 {
		_ = do(t.Context(), t, c.Call(), http.MethodPost, "http://vendor.example")
	}
	if asked != 10 {
		t.Errorf("the vendor was asked %d times, want 10: a refusal is an answer", asked)
	}
}

func TestATargetIsAskedAtItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var at []time.Duration
		c := client(t, rest.Options{Rate: 2, Burst: 2, Base: roundTrip(func(*http.Request) (*http.Response, error) {
			at = append(at, time.Since(begun))
			return answer(200, nil, ""), nil
		})})
		for range 4 {
			if err := do(t.Context(), t, c.Call(), http.MethodPost, "http://vendor.example"); err != nil {
				t.Fatal(err)
			}
		}
		want := []time.Duration{0, 0, 500 * time.Millisecond, time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Error(diff)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if fate, _ := playbooks.FateOf(do(ctx, t, c.Call(), http.MethodPost, "http://vendor.example")); fate != playbooks.Transient {
			t.Errorf("held back by the rate, fate %s, want transient: nothing was sent", fate)
		}
	})
}

func TestTwoClientsShareOneRegistry(t *testing.T) {
	reg := prometheus.NewRegistry()
	ok := roundTrip(func(*http.Request) (*http.Response, error) { return answer(200, nil, ""), nil })
	for range 2 {
		c := client(t, rest.Options{Registerer: reg, Base: ok})
		if err := do(t.Context(), t, c.Call(), http.MethodPost, "http://vendor.example"); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := testutil.GatherAndCount(reg, "firebreak_outbound_request_duration_seconds"); err != nil || n != 1 {
		t.Errorf("%d series, %v", n, err)
	}
}

func BenchmarkExchange(b *testing.B) {
	c := rest.New(rest.Options{
		Integration: "vendor", Registerer: prometheus.NewRegistry(),
		Base: roundTrip(func(*http.Request) (*http.Response, error) { return answer(200, nil, "ok"), nil }),
	})
	b.ReportAllocs()
	for b.Loop() {
		req, _ := http.NewRequest(http.MethodPost, "http://vendor.example/do", nil)
		call := c.Call()
		resp, err := call.HTTP(nil).Do(req)
		if err != nil {
			b.Fatal(err)
		}
		_ = resp.Body.Close()
	}
}
