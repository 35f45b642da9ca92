// Package prometheustest runs a real Prometheus for tests.
//
// The question: does what we ask work on the server that people run? Start launches Debian's /usr/bin/prometheus (or the one
// that PROMETHEUS_BINARY names) on a free loopback port with its data in a temporary folder, scraping the given exporter, and
// stops it when the test ends. Where there is none, the test is skipped with a word; when CI=true it fails.
//
// It is for tests only and never reads an installed configuration.
package prometheustest

import (
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

// Binary finds Prometheus, or skips the test.
func Binary(t testing.TB) string {
	t.Helper()
	for _, name := range []string{os.Getenv("PROMETHEUS_BINARY"), "/usr/bin/prometheus", "prometheus"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const word = "no prometheus here: apt-get install prometheus, or name it in PROMETHEUS_BINARY"
	if os.Getenv("CI") == "true" {
		t.Fatal(word)
	}
	t.Skip(word)
	return ""
}

// Start runs a Prometheus that scrapes the exporter (its base address; /metrics is added) at the interval, and returns its base
// address once it is ready. An empty exporter scrapes nothing.
func Start(t testing.TB, exporter string, interval time.Duration) string {
	t.Helper()
	if exporter == "" {
		return run(t, scraping(t, interval), nil)
	}
	return run(t, scraping(t, interval, exporter), nil)
}

// StartWith runs a Prometheus whose history is filled from samples in the OpenMetrics text format, with timestamps in seconds;
// it scrapes nothing.
func StartWith(t testing.TB, openMetrics string) string {
	t.Helper()
	return run(t, "global: {}\n", filling(t, openMetrics))
}

// StartWithPast runs a Prometheus that scrapes the exporters and has a history, so that the exporters' services need not run for
// as long as the windows that are looked at. A series goes on where its labels are the same; Job and the exporter's host and port
// are what Prometheus adds as job and instance.
func StartWithPast(t testing.TB, openMetrics string, interval time.Duration, exporters ...string) string {
	t.Helper()
	return run(t, scraping(t, interval, exporters...), filling(t, openMetrics))
}

// Job is the label job of everything that is scraped.
const Job = "app"

func scraping(t testing.TB, interval time.Duration, exporters ...string) string {
	t.Helper()
	config := fmt.Sprintf("global:\n  scrape_interval: %s\n  scrape_timeout: %s\n  evaluation_interval: 1h\n", interval, interval)
	if len(exporters) == 0 {
		return config
	}
	hosts := make([]string, len(exporters))
	for i, exporter := range exporters {
		u, err := url.Parse(exporter)
		if err != nil {
			t.Fatal(err)
		}
		hosts[i] = fmt.Sprintf("%q", u.Host)
	}
	return config + fmt.Sprintf("scrape_configs:\n- job_name: %s\n  honor_labels: true\n  static_configs:\n  - targets: [%s]\n",
		Job, strings.Join(hosts, ", "))
}

func filling(t testing.TB, openMetrics string) func(data string) {
	t.Helper()
	promtool := filepath.Join(filepath.Dir(Binary(t)), "promtool")
	return func(data string) {
		file := filepath.Join(t.TempDir(), "samples.om")
		if err := os.WriteFile(file, []byte(openMetrics), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), promtool, "tsdb", "create-blocks-from", "openmetrics", file, data).CombinedOutput(); err != nil {
			t.Fatalf("promtool: %v\n%s", err, out)
		}
	}
}

func run(t testing.TB, config string, fill func(data string)) string {
	t.Helper()
	binary, folder := Binary(t), t.TempDir()
	file, data := filepath.Join(folder, "prometheus.yml"), filepath.Join(folder, "data")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if fill != nil {
		fill(data)
	}
	address := freeAddress(t)
	var said strings.Builder
	command := exec.CommandContext(t.Context(), binary, "--config.file="+file, "--storage.tsdb.path="+data, "--web.listen-address="+address,
		"--storage.tsdb.retention.time=10y", "--log.level=warn", "--enable-feature=native-histograms")
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // it is killed; how it ends says nothing
		close(ended)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
		if t.Failed() && said.Len() > 0 {
			t.Logf("prometheus said:\n%s", said.String())
		}
	})
	base := "http://" + address
	ready(t, base, ended)
	return base
}

func ready(t testing.TB, base string, ended <-chan struct{}) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/-/ready", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	deadline := time.After(30 * time.Second)
	for {
		if resp, err := client.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-retry.C:
		case <-ended:
			t.Fatal("prometheus ended before it was ready")
		case <-deadline:
			t.Fatal("prometheus was not ready within 30 s")
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Exporter is a scrape target whose counters a test sets. It may be down.
type Exporter struct {
	URL string

	mu     sync.Mutex
	values map[string]float64
	down   bool
	scrape chan struct{}
}

// NewExporter serves an exporter until the test ends.
func NewExporter(t testing.TB) *Exporter {
	e := &Exporter{values: map[string]float64{}, scrape: make(chan struct{})}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

// Add raises a series, named as `requests_total{service="a"}`.
func (e *Exporter) Add(series string, by float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.values[series] += by
}

// Set puts a series to a value; NaN takes it away.
func (e *Exporter) Set(series string, to float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if math.IsNaN(to) {
		delete(e.values, series)
		return
	}
	e.values[series] = to
}

// Down lets scrapes fail, or succeed again.
func (e *Exporter) Down(down bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = down
}

// Scraped waits for the next n scrapes to be answered.
func (e *Exporter) Scraped(t testing.TB, n int) {
	t.Helper()
	for range n {
		e.mu.Lock()
		next := e.scrape
		e.mu.Unlock()
		select {
		case <-next:
		case <-time.After(30 * time.Second):
			t.Fatal("no scrape within 30 s")
		}
	}
}

func (e *Exporter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer func() {
		close(e.scrape)
		e.scrape = make(chan struct{})
	}()
	if e.down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	names := make([]string, 0, len(e.values))
	for name := range e.values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(w, "%s %g\n", name, e.values[name])
	}
}
