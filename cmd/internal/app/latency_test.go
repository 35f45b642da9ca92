package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
)

// BenchmarkFindingToPage measures how long it takes from a finding to the page on the wire: the whole bot on SQLite, one service for
// each finding, a playbook that pages, a stand-in for PagerDuty on loopback that notes when a request arrives.
//
//	go test ./cmd/internal/app -run '^$' -bench FindingToPage -benchtime 200x
func BenchmarkFindingToPage(b *testing.B) {
	b.Run("one by one", func(b *testing.B) {
		p := newPaging(b, b.N)
		took := make([]time.Duration, 0, b.N)
		b.ResetTimer()
		for i := range b.N {
			began := time.Now()
			p.observe(b, i)
			took = append(took, p.arrival(b).at.Sub(began))
		}
		figure(b, took, "finding to page, %d findings one by one | p99 at most 250 ms | p50 %.0f ms, p99 %.0f ms")
	})
	b.Run("all at once", func(b *testing.B) {
		p := newPaging(b, b.N)
		all := make([]int, b.N)
		for i := range all {
			all[i] = i
		}
		b.ResetTimer()
		began := time.Now()
		p.observe(b, all...)
		took := make([]time.Duration, 0, b.N)
		for range all {
			took = append(took, p.arrival(b).at.Sub(began))
		}
		figure(b, took, "finding to page, %d findings at once | as fast as it goes | p50 %.0f ms, p99 %.0f ms, the first %.0f ms")
	})
}

// execute runs a bot until the test ends, and waits until it leads.
func execute(tb testing.TB, config Config, options Options) *App {
	tb.Helper()
	a, stop := begin(tb, config, options)
	tb.Cleanup(stop)
	return a
}

// begin runs a bot until it is stopped.
func begin(tb testing.TB, config Config, options Options) (a *App, stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	a, err := New(ctx, config, options)
	if err != nil {
		cancel()
		tb.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !a.health.executing.Load() {
		<-look.C
	}
	return a, stop
}

// figure tells how long it took; the line takes as many numbers as it wants of how many, the median, the 99th percentile and the least.
func figure(b *testing.B, took []time.Duration, line string) {
	b.Helper()
	b.StopTimer()
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[min(len(took)-1, int(share*float64(len(took))))].Microseconds()) / 1000
	}
	b.ReportMetric(at(.5), "p50-ms")
	b.ReportMetric(at(.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	numbers := []any{len(took), at(.5), at(.99), at(0)}
	b.Logf("figure: "+line, numbers[:strings.Count(line, "%")]...)
}

// arrived is a request that came to the pager.
type arrived struct {
	service string
	at      time.Time
}

// paging is a bot that pages.
type paging struct {
	app  *App
	came chan arrived
}

// newPaging runs a bot with n services, each with people of its own.
func newPaging(b *testing.B, n int) *paging {
	b.Helper()
	p := &paging{came: make(chan arrived, n)}
	var text strings.Builder
	text.WriteString("services:\n")
	env, keys := map[string]string{}, make([]string, n)
	for i := range n {
		keys[i] = fmt.Sprintf("%032x", i)
		env[fmt.Sprintf("KEY_%d", i)] = keys[i]
		fmt.Fprintf(&text, "- {name: service-%d, match: {service_name: service-%[1]d}, pagerduty: {routing_key: \"${env:KEY_%[1]d}\"}}\n", i)
	}
	pager := pagerdutyfake.New(pagerdutyfake.Config{RoutingKeys: keys, Now: time.Now})
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := time.Now()
		body, _ := io.ReadAll(r.Body)
		var event struct {
			Payload struct{ Source string }
		}
		_ = json.Unmarshal(body, &event)
		p.came <- arrived{event.Payload.Source, at}
		r.Body = io.NopCloser(bytes.NewReader(body))
		pager.ServeHTTP(w, r)
	}))
	b.Cleanup(vendor.Close)
	dir := b.TempDir()
	fmt.Fprintf(&text, "pagerduty: {events_url: %q}\nplaybooks: {files: [page.yaml]}\n", vendor.URL)
	fmt.Fprintf(&text, "server: {listen: \"127.0.0.1:0\"}\nstore: {url: %q}\n", "sqlite:"+filepath.Join(dir, "firebreak.db"))
	const playbook = "name: page\ndoc: Wake somebody.\non: {incident: [opened]}\nsteps:\n- {id: page, action: pagerduty.page}\n"
	if err := os.WriteFile(filepath.Join(dir, "page.yaml"), []byte(playbook), 0o600); err != nil {
		b.Fatal(err)
	}
	var config Config
	if faults := config.read("firebreak.yaml", []byte(text.String()), dir, configs.MapEnv(env)); len(faults) > 0 {
		b.Fatalf("%+v", faults)
	}
	p.app = execute(b, config, Options{})
	return p
}

// observe tells the bot that services burn.
func (p *paging) observe(b *testing.B, services ...int) {
	b.Helper()
	findings := make([]detectors.Finding, 0, len(services))
	for _, i := range services {
		now, service := time.Now(), fmt.Sprintf("service-%d", i)
		findings = append(findings, detectors.Finding{
			Key: "burn/" + service + "//errors/answers-1h", Detector: "burn", Rule: "1h", Service: service, Signal: "errors",
			Objective: "answers", Verdict: detectors.Firing, Severity: detectors.Page, At: now,
			Onset:    detectors.Onset{At: now.Add(-time.Minute), Earliest: now.Add(-2 * time.Minute), Latest: now},
			Title:    "errors burn the budget of answers 20 times too fast",
			Evidence: []detectors.Evidence{{Name: "ratio_1h", Sentence: "200 of 10000 events bad (2 %) over 1h, limit 1.44 %", Value: .02, Limit: .0144}},
		})
	}
	if err := p.app.engine.Observe(b.Context(), findings); err != nil {
		b.Fatal(err)
	}
}

// arrival waits for the next request.
func (p *paging) arrival(b *testing.B) arrived {
	b.Helper()
	select {
	case a := <-p.came:
		return a
	case <-time.After(2 * time.Minute):
		b.Fatal("no page within two minutes")
		return arrived{}
	}
}
