package promapi_test

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/promapi"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// every15s keeps all scrapes.
func every15s(time.Duration) time.Duration { return 15 * time.Second }

// fixture is a store with two counters that a reader can compute by hand: a rises by 3 and b by 5 a scrape; b is reset to zero at
// the 20th scrape and gone after the 50th.
func fixture(t testing.TB) (*promapi.Store, v1.API, *promapi.Server, string) {
	t.Helper()
	store := promapi.NewStore(time.Hour, every15s)
	a := store.Declare("jobs_total", []assistant.Label{{Name: "pod", Value: "a"}, {Name: "team", Value: "x"}})
	b := store.Declare("jobs_total", []assistant.Label{{Name: "pod", Value: "b"}, {Name: "team", Value: "x"}})
	for i := range 100 {
		values := []assistant.Value{{Ref: a, Value: counterA(i)}}
		if i <= 50 {
			values = append(values, assistant.Value{Ref: b, Value: counterB(i)})
		}
		store.Record(start.Add(time.Duration(i)*15*time.Second), values)
	}
	now := start.Add(99 * 15 * time.Second)
	server := promapi.NewServer(store, func() time.Time { return now }, nil)
	web := httptest.NewServer(server)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	client, err := api.NewClient(api.Config{Address: web.URL, RoundTripper: transport})
	if err != nil {
		t.Fatal(err)
	}
	return store, v1.NewAPI(client), server, web.URL
}

func counterA(i int) float64 { return float64(3 * i) }

func counterB(i int) float64 {
	if i < 20 {
		return float64(5 * i)
	}
	return float64(5 * (i - 20))
}

func TestPromQLGivesWhatPlainArithmeticGives(t *testing.T) {
	_, prom, _, _ := fixture(t)
	at := func(i int) time.Time { return start.Add(time.Duration(i) * 15 * time.Second) }
	for _, c := range []struct {
		name, query string
		at          int
		want        float64
	}{
		{"an instant value", `jobs_total{pod="a"}`, 40, counterA(40)},
		{"a sum over pods", `sum by (team) (jobs_total)`, 40, counterA(40) + counterB(40)},
		{"a sum without the pod that is gone", `sum(jobs_total)`, 60, counterA(60)},
		{"a difference to a minute ago", `sum(jobs_total - jobs_total offset 1m)`, 40, counterA(40) - counterA(36) + counterB(40) - counterB(36)},
		{"a difference over a reset", `jobs_total{pod="b"} - jobs_total{pod="b"} offset 1m`, 21, counterB(21) - counterB(17)},
		{"resets are seen", `sum(resets(jobs_total[10m]))`, 40, 1},
		{"samples in a range", `count_over_time(jobs_total{pod="a"}[1m])`, 40, 4},
		{"samples in a range that ends after the series", `count_over_time(jobs_total{pod="b"}[2m])`, 54, 4},
		{"the last of a range", `last_over_time(jobs_total{pod="b"}[10m])`, 70, counterB(50)},
		{"a steady rate", `rate(jobs_total{pod="a"}[5m])`, 40, 3.0 / 15},
		{"a regular expression", `count({__name__=~"jobs_.*",pod!~"a"})`, 40, 1},
		{"a negative matcher", `sum(jobs_total{pod!="a"})`, 40, counterB(40)},
		{"a subquery", `max_over_time(sum(jobs_total)[5m:15s])`, 12, counterA(12) + counterB(12)},
		{"a scalar", `1 + 2`, 12, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			value, warnings, _, err := prom.Query(t.Context(), c.query, at(c.at))
			if err != nil || len(warnings) > 0 {
				t.Fatalf("%v %v", err, warnings)
			}
			if got := only(t, value); math.Abs(got-c.want) > 1e-9 {
				t.Errorf("%s = %g, want %g", c.query, got, c.want)
			}
		})
	}
}

func only(t *testing.T, value model.Value) float64 {
	t.Helper()
	switch v := value.(type) {
	case model.Vector:
		if len(v) == 1 {
			return float64(v[0].Value)
		}
	case *model.Scalar:
		return float64(v.Value)
	}
	t.Fatalf("want one number, got %v", value)
	return 0
}

func TestAMissingSeriesIsAnEmptyVectorNotAnError(t *testing.T) {
	_, prom, _, _ := fixture(t)
	value, _, _, err := prom.Query(t.Context(), `nothing_total`, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := value.(model.Vector); !ok || len(v) != 0 {
		t.Errorf("got %v", value)
	}
}

func TestARangeQueryStepsAndStopsWhereTheSeriesStops(t *testing.T) {
	_, prom, _, _ := fixture(t)
	value, _, _, err := prom.QueryRange(t.Context(), `jobs_total{pod="b"}`, v1.Range{
		Start: start, End: start.Add(99 * 15 * time.Second), Step: 15 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	m, ok := value.(model.Matrix)
	if !ok || len(m) != 1 {
		t.Fatalf("got %v", value)
	}
	if n := len(m[0].Values); n != 51 {
		t.Errorf("%d points, want 51: a series that is not exposed any more ends at once", n)
	}
	for i, p := range m[0].Values {
		if float64(p.Value) != counterB(i) {
			t.Fatalf("point %d is %v, want %g", i, p.Value, counterB(i))
		}
	}
}

func TestSeriesAndLabelsAreListed(t *testing.T) {
	_, prom, _, _ := fixture(t)
	series, _, _, err := prom.Series(t.Context(), []string{`jobs_total{team="x"}`, `jobs_total`}, start, start.Add(time.Hour))
	if err != nil || len(series) != 2 {
		t.Errorf("series %v, %v", series, err)
	}
	names, _, _, err := prom.LabelNames(t.Context(), nil, start, start.Add(time.Hour))
	if err != nil || names.String() != "__name__, pod, team" {
		t.Errorf("names %v, %v", names, err)
	}
	values, _, _, err := prom.LabelValues(t.Context(), "pod", []string{`jobs_total`}, start.Add(20*time.Minute), start.Add(time.Hour))
	if err != nil || len(values) != 1 || values[0] != "a" {
		t.Errorf("values of pod late in the hour %v, %v: the pod that is gone is listed no more", values, err)
	}
	info, err := prom.Buildinfo(t.Context())
	if err != nil || info.Version == "" {
		t.Errorf("buildinfo %v, %v", info, err)
	}
}

func TestStatisticsAreThoseOfTheEngine(t *testing.T) {
	_, _, _, address := fixture(t)
	body := get(t, address+"/api/v1/query?"+url.Values{"query": {`sum(jobs_total)`}, "stats": {"all"}, "time": {"1795176600"}}.Encode())
	var answer struct {
		Status string
		Data   struct {
			Stats struct {
				Samples struct{ TotalQueryableSamples, PeakSamples int }
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Status != "success" || answer.Data.Stats.Samples.TotalQueryableSamples != 2 {
		t.Errorf("got %s", body)
	}
}

func get(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	var b strings.Builder
	buffer := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(buffer)
		b.Write(buffer[:n])
		if err != nil {
			return b.String()
		}
	}
}

func TestWhatPrometheusRefusesIsRefusedInItsWords(t *testing.T) {
	_, prom, server, _ := fixture(t)
	_, _, _, err := prom.Query(t.Context(), `sum(jobs_total`, start)
	if apiErr := (&v1.Error{}); !asAPI(err, &apiErr) || apiErr.Type != v1.ErrBadData || !strings.Contains(apiErr.Msg, "unclosed left parenthesis") {
		t.Errorf("a syntax error gives %v", err)
	}
	_, _, _, err = prom.QueryRange(t.Context(), `jobs_total`, v1.Range{Start: start, End: start.Add(1000 * time.Hour), Step: time.Second})
	if apiErr := (&v1.Error{}); !asAPI(err, &apiErr) || apiErr.Type != v1.ErrBadData || !strings.Contains(apiErr.Msg, "11,000 points") {
		t.Errorf("too many points give %v", err)
	}
	_, _, _, err = prom.Query(t.Context(), `jobs_total * on (team) jobs_total`, start)
	if apiErr := (&v1.Error{}); !asAPI(err, &apiErr) || apiErr.Type != v1.ErrExec {
		t.Errorf("many-to-many gives %v", err)
	}
	if got := server.Unexpected(); len(got) != 2 {
		t.Errorf("the two bad requests should be remembered, got %v", got)
	}
}

func asAPI(err error, into **v1.Error) bool {
	e, ok := err.(*v1.Error) //nolint:errorlint // the client returns it bare
	if ok {
		*into = e
	}
	return ok
}

func TestFaultsLookLikeThoseOfARealPrometheus(t *testing.T) {
	_, prom, server, _ := fixture(t)
	for _, c := range []struct {
		name  string
		fault wire.Fault
		check func(v model.Value, w v1.Warnings, err error) bool
	}{
		{"down", wire.Fault{Mode: wire.Down}, func(_ model.Value, _ v1.Warnings, err error) bool { return err != nil }},
		{"garbage", wire.Fault{Mode: wire.Garbage}, func(_ model.Value, _ v1.Warnings, err error) bool { return err != nil }},
		{"500", wire.Fault{Mode: wire.Broken}, func(_ model.Value, _ v1.Warnings, err error) bool { return err != nil }},
		{"too expensive", wire.Fault{Mode: wire.Expensive}, func(_ model.Value, _ v1.Warnings, err error) bool {
			return err != nil && strings.Contains(err.Error(), "too many samples")
		}},
		{"partial", wire.Fault{Mode: wire.Partial}, func(v model.Value, w v1.Warnings, err error) bool {
			return err == nil && v != nil && len(w) == 1
		}},
		{"slow", wire.Fault{Mode: wire.Slow, Delay: 1}, func(_ model.Value, _ v1.Warnings, err error) bool { return err == nil }},
		{"never", wire.Fault{Mode: wire.Never}, func(_ model.Value, _ v1.Warnings, err error) bool { return err != nil }},
		{"healthy again", wire.Fault{Mode: wire.Healthy}, func(_ model.Value, _ v1.Warnings, err error) bool { return err == nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			server.Set(c.fault)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			v, w, _, err := prom.Query(ctx, `jobs_total`, start)
			if !c.check(v, w, err) {
				t.Errorf("got %v %v %v", v, w, err)
			}
		})
	}
}

func TestThinningKeepsTheSumsAndDropsTheOld(t *testing.T) {
	store := promapi.NewStore(3*time.Hour, func(age time.Duration) time.Duration {
		if age > time.Hour {
			return time.Minute
		}
		return 15 * time.Second
	})
	ref := store.Declare("jobs_total", nil)
	gone := store.Declare("gone_total", nil)
	const scrapes = 6 * 240
	for i := range scrapes {
		values := []assistant.Value{{Ref: ref, Value: float64(i)}}
		if i < 10 {
			values = append(values, assistant.Value{Ref: gone, Value: 1})
		}
		store.Record(start.Add(time.Duration(i)*15*time.Second), values)
	}
	n, _ := store.Size()
	if want := 240 + 120 + 240; n > want {
		t.Errorf("%d scrapes are kept, want at most %d", n, want)
	}
	end := start.Add((scrapes - 1) * 15 * time.Second)
	server := promapi.NewServer(store, func() time.Time { return end }, nil)
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close()
	body := get(t, web.URL+"/api/v1/query?"+url.Values{
		"query": {`jobs_total - jobs_total offset 2h`}, "time": {end.Truncate(time.Minute).Format(time.RFC3339)},
	}.Encode())
	if !strings.Contains(body, `"480"`) {
		t.Errorf("the increase over two hours is not 480: %s", body)
	}
	if body := get(t, web.URL+"/api/v1/series?"+url.Values{"match[]": {`gone_total`}}.Encode()); !strings.Contains(body, `"data":[]`) {
		t.Errorf("a series of which nothing is left is listed: %s", body)
	}
}

func TestScrapesAndQueriesAtOnce(t *testing.T) {
	store, prom, _, _ := fixture(t)
	ref := store.Declare("jobs_total", []assistant.Label{{Name: "pod", Value: "a"}, {Name: "team", Value: "x"}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 100; i < 1000; i++ {
			store.Record(start.Add(time.Duration(i)*15*time.Second), []assistant.Value{{Ref: ref, Value: counterA(i)}})
		}
	}()
	for range 50 {
		if _, _, _, err := prom.Query(t.Context(), `sum(rate(jobs_total[10m]))`, start.Add(20*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	<-done
}

func BenchmarkTile(b *testing.B) {
	store := promapi.NewStore(80*time.Hour, assistant.Spacing)
	world := assistant.New(assistant.Config{Seed: 1, Origin: start, Store: store})
	server := promapi.NewServer(store, func() time.Time { return start }, func() { world.Advance(start) })
	defer server.Close()
	query := `sum by (service_name) ((gen_ai_client_operation_duration_seconds_count - gen_ai_client_operation_duration_seconds_count offset 1m) >= 0)`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/query?"+url.Values{"query": {query}}.Encode(), nil)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
