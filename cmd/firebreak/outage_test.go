package main_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
	"github.com/firebreak-dev/firebreak/integrations/prometheus/prometheustest"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
)

var fullOutage = flag.Bool("outage", false, "TestOutageOnRealPrometheus measures with the usual windows and a scrape interval of 5 s")

// outagePlan is how an outage is played.
type outagePlan struct {
	// services fail one after the other, so that the outages begin at different times between two scrapes.
	services int
	// interval is that of scrapes and of evaluations.
	interval time.Duration
	// rules are the objective's; empty means the usual ones.
	rules string
	// long is the longer window of the rule that pages first, factor its burn.
	long   time.Duration
	factor float64
	// past is for how long the services have been running: the longest window that pages. Of one that is younger every window is
	// shorter than its name, and less is needed to fill it.
	past time.Duration
}

// limit is for how long a service that answers nothing well must have done so before anybody can know, however often they look:
// the longer window must burn the budget of 0.1 % as many times too fast as its factor says.
func (p outagePlan) limit() time.Duration {
	return time.Duration(p.factor * (1 - outageTarget) * float64(p.long))
}

const (
	outageTarget = .999
	outageRate   = 20. // requests in a second
	outageKey    = "0123456789abcdef0123456789abcdef"
)

// TestOutageOnRealPrometheus lets services of 99.9 % fail completely and waits for the page: a real exporter, a real Prometheus that
// knows what was in the hour before, the whole bot, and a stand-in for PagerDuty. With -outage it says how long that took; without,
// windows are short and only the outcome is looked at.
func TestOutageOnRealPrometheus(t *testing.T) {
	plan := outagePlan{
		services: 1, interval: time.Second, long: 5 * time.Minute, factor: 10, past: 6 * time.Minute,
		rules: "\n    rules: [{long: 5m, short: 10s, factor: 10, severity: page}]",
	}
	if *fullOutage {
		plan = outagePlan{services: 8, interval: 5 * time.Second, long: time.Hour, factor: 14.4, past: 6*time.Hour + 10*time.Minute}
	}
	services := make([]*failing, plan.services)
	exporters := make([]string, plan.services)
	for i := range services {
		services[i] = newFailing(t, fmt.Sprintf("service-%d", i+1), plan.past)
		exporters[i] = services[i].url
	}
	pager := pagerdutyfake.New(pagerdutyfake.Config{RoutingKeys: []string{outageKey}, Now: time.Now})
	vendor := httptest.NewServer(pager)
	t.Cleanup(vendor.Close)
	base := prometheustest.StartWithPast(t, past(services, plan), plan.interval, exporters...)
	bot := runBot(t, outageConfig(plan, base, vendor.URL))
	await(t, time.Minute, "the bot to know the past", func() bool { return bot.sees(t) })

	for i, s := range services {
		s.scraped(t, 1)
		s.fail(time.Now().Add(time.Duration(i) * plan.interval * 7 / 10)) // another phase between two scrapes for each
	}
	await(t, plan.limit()+time.Minute, "a page for each service", func() bool { return len(pager.Alerts()) >= plan.services })
	pages := pager.Alerts()
	for range 3 { // as much time as it takes for a second page to come
		services[0].scraped(t, 1)
	}
	if strange := pager.Unexpected(); len(strange) > 0 {
		t.Errorf("PagerDuty would have refused: %s", strange)
	}
	if calls, _ := pager.Calls(); calls != plan.services || len(pager.Alerts()) != plan.services {
		t.Errorf("%d events and %d alerts for %d services: %+v", calls, len(pager.Alerts()), plan.services, pager.Alerts())
	}
	var measured, since []time.Duration
	for _, s := range services {
		took, known := s.told(t, plan, pages)
		measured, since = append(measured, took), append(since, took-known)
	}
	if *fullOutage {
		t.Logf("figure: full outage of a 99.9 %% service to the page accepted, %d outages | at most %.2f s: limit %.2f s, interval %s, 1 s | %.2f to %.2f s, of which %.2f to %.2f s after the scrape that shows it",
			len(services), (plan.limit() + plan.spare()).Seconds(), plan.limit().Seconds(), plan.interval,
			slices.Min(measured).Seconds(), slices.Max(measured).Seconds(), slices.Min(since).Seconds(), slices.Max(since).Seconds())
	}
}

// told compares the service's page with what was possible, and prints it: how long after the beginning it was accepted, and how long
// after the beginning a scrape showed that the limit was passed.
func (s *failing) told(t *testing.T, plan outagePlan, pages []pagerdutyfake.Alert) (took, known time.Duration) {
	t.Helper()
	for _, page := range pages {
		if page.Source != s.name {
			continue
		}
		began := s.began()
		took, known = page.Accepted.Sub(began), s.shown(began.Add(plan.limit())).Sub(began)
		if took < plan.limit() {
			t.Errorf("%s: a page after %s, before it could be known", s.name, took)
		}
		if *fullOutage {
			t.Logf("%s: bad traffic since %s, limit %.2f s, interval %s; accepted after %.2f s = limit + %.2f s scrape lag + %.2f s; %s",
				s.name, began.UTC().Format("15:04:05.000"), plan.limit().Seconds(), plan.interval, took.Seconds(),
				(known - plan.limit()).Seconds(), (took - known).Seconds(), plan.verdict(took, known))
		}
		return took, known
	}
	t.Errorf("%s: no page among %+v", s.name, pages)
	return 0, 0
}

// verdict compares with the bar: one interval and a second after the limit. Until a scrape shows it, nobody who asks Prometheus can
// know, so that wait is told apart.
func (p outagePlan) verdict(took, known time.Duration) string {
	bar := (p.limit() + p.spare()).Seconds()
	switch {
	case took <= p.limit()+p.spare():
		return fmt.Sprintf("within the bar of %.2f s", bar)
	case took <= known+p.spare():
		return fmt.Sprintf("within the bar of %.2f s and the scrape lag", bar)
	default:
		return fmt.Sprintf("MISSES the bar of %.2f s", bar)
	}
}

// spare is what the bot may take beyond the limit.
func (p outagePlan) spare() time.Duration { return p.interval + time.Second }

// failing is a service with an exporter whose traffic turns bad.
type failing struct {
	name, url string
	start     time.Time

	mu      sync.Mutex
	since   time.Time // zero while it is well
	scrapes []time.Time
}

// newFailing serves the exporter until the test ends.
func newFailing(t *testing.T, name string, past time.Duration) *failing {
	t.Helper()
	s := &failing{name: name, start: time.Now().Add(-past)}
	registry := prometheus.NewRegistry()
	for code, count := range map[string]func(time.Time) float64{"200": s.good, "500": s.bad} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "requests_total", Help: "Requests.", ConstLabels: prometheus.Labels{"service_name": name, "code": code},
		}, func() float64 { return count(time.Now()) }))
	}
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := time.Now()
		metrics.ServeHTTP(w, r)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.scrapes = append(s.scrapes, at)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *failing) fail(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = at
}

func (s *failing) began() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since
}

func (s *failing) good(now time.Time) float64 {
	if since := s.began(); !since.IsZero() && since.Before(now) {
		now = since
	}
	return math.Floor(outageRate * now.Sub(s.start).Seconds())
}

func (s *failing) bad(now time.Time) float64 {
	since := s.began()
	if since.IsZero() || now.Before(since) {
		return 0
	}
	return math.Floor(outageRate * now.Sub(since).Seconds())
}

// scraped waits for the next n scrapes.
func (s *failing) scraped(t *testing.T, n int) {
	t.Helper()
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.scrapes)
	}
	before := count()
	await(t, time.Minute, "a scrape", func() bool { return count() >= before+n })
}

// shown is the first scrape that shows what was at a time.
func (s *failing) shown(at time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, scrape := range s.scrapes {
		if !scrape.Before(at) {
			return scrape
		}
	}
	return at
}

// past is what Prometheus knows of the services from before it began to scrape them.
func past(services []*failing, plan outagePlan) string {
	var b strings.Builder
	b.WriteString("# TYPE requests counter\n")
	end := time.Now()
	for _, s := range services {
		host, _ := url.Parse(s.url)
		for code, count := range map[string]func(time.Time) float64{"200": s.good, "500": s.bad} {
			for at := s.start; !at.After(end); at = at.Add(plan.interval) {
				fmt.Fprintf(&b, "requests_total{service_name=%q,code=%q,instance=%q,job=%q} %g %.3f\n",
					s.name, code, host.Host, prometheustest.Job, count(at), float64(at.UnixMilli())/1000)
			}
		}
	}
	b.WriteString("# EOF\n")
	return b.String()
}

// outageConfig is the configuration that a user would write.
func outageConfig(plan outagePlan, prometheusURL, pagerDutyURL string) string {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range plan.services {
		fmt.Fprintf(&b, "  - {name: service-%d, owner: team-a, match: {service_name: service-%[1]d}}\n", i+1)
	}
	b.WriteString("objectives:\n")
	for i := range plan.services {
		fmt.Fprintf(&b, `  - name: answers-%d
    service: service-%[1]d
    bad: requests_total{code="500"}
    total: requests_total
    target: 99.9%%%s
`, i+1, plan.rules)
	}
	fmt.Fprintf(&b, "prometheus:\n  url: %s\nwatch:\n  interval: %s\n", prometheusURL, plan.interval)
	fmt.Fprintf(&b, "pagerduty:\n  routing_key: ${env:OUTAGE_ROUTING_KEY}\n  events_url: %s\n", pagerDutyURL)
	b.WriteString("playbooks:\n  files: [page.yaml]\nserver:\n  listen: 127.0.0.1:0\nstore:\n  url: sqlite:firebreak.db\n")
	return b.String()
}

const outagePlaybook = `name: page
doc: Wake somebody.
on: {incident: [opened, worsened]}
when: incident.severity == "page"
steps:
  - {id: page, action: pagerduty.page}
`

// running is a bot that runs.
type running struct{ url string }

// runBot runs the whole bot as firebreak run does, until the test ends.
func runBot(t *testing.T, config string) running {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("OUTAGE_ROUTING_KEY", outageKey)
	config = strings.ReplaceAll(config, "sqlite:", "sqlite:"+dir+"/")
	for name, text := range map[string]string{"firebreak.yaml": config, "page.yaml": outagePlaybook} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read, faults := app.LoadConfig(filepath.Join(dir, "firebreak.yaml"))
	if len(faults) > 0 {
		t.Fatalf("the configuration has faults: %+v", faults)
	}
	bot, err := app.New(t.Context(), read, app.Options{Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx := t.Context()
	go func() { ended <- bot.Run(ctx) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Errorf("the bot ended with %v", err)
		}
	})
	return running{bot.URL()}
}

// sees tells whether the bot is ready, knows the past and is blind to nothing.
func (r running) sees(t *testing.T) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/readyz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var answer struct {
		Checks []struct {
			Name, Detail string
			OK           bool
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	for _, c := range answer.Checks {
		if !c.OK || c.Name == "sight" && c.Detail != "" {
			return false
		}
	}
	return len(answer.Checks) > 0
}

// await looks until something is so.
func await(t *testing.T, within time.Duration, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	late := time.After(within)
	for !is() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("waited %s for %s", within, what)
		}
	}
}
