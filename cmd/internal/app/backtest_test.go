package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/backtest"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/prometheus/prometheustest"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/promapi"
)

// pastConfig has one service with an objective over counters of its own, and one over a signal of the pack.
const pastConfig = `services:
  - {name: assistant, match: {job: assistant}, repositories: [{name: acme/assistants, paths: ["prompts/**"]}]}
  - {name: retrieval, match: {job: retrieval}}
signals: {use: [otel-genai]}
prometheus: {url: "http://127.0.0.1:9"}
objectives:
  - {name: useful, service: assistant, target: 99%, bad: answers_bad_total, total: answers_total}
`

var pastBegin = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// burnt is the number of bad answers of a hundred in a minute: four of five from 20:00 to 20:40.
func burnt(minute int) int {
	switch {
	case minute >= 20*60 && minute < 20*60+40:
		return 80
	case minute%7 == 0:
		return 1
	default:
		return 0
	}
}

func readPast(t *testing.T, text string) Config {
	t.Helper()
	dir := t.TempDir()
	var c Config
	if faults := c.read("firebreak.yaml", []byte(text), dir, configs.Env{}); len(faults) > 0 {
		t.Fatal(faults)
	}
	c.Store.URL = "sqlite:" + filepath.Join(dir, "firebreak.db")
	return c
}

func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// recordDay writes a day as CSV.
func recordDay(t *testing.T, begin time.Time) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var b strings.Builder
	b.WriteString("timestamp,bad,total\n")
	for minute := range 24 * 60 {
		fmt.Fprintf(&b, "%s,%d,100\n", begin.Add(time.Duration(minute+1)*time.Minute).Format(time.RFC3339), burnt(minute))
	}
	put(t, dir, "assistant/useful.csv", b.String())
	return dir
}

// dumpDay writes the same day as the counters that a Prometheus would have scraped.
func dumpDay(begin time.Time, openMetrics bool) []byte {
	var b bytes.Buffer
	b.WriteString("# TYPE answers counter\n")
	for _, series := range []string{"bad", "total"} {
		name, count := map[string]string{"bad": "answers_bad_total", "total": "answers_total"}[series], 0
		for minute := range 24*60 + 1 {
			at := begin.Add(time.Duration(minute) * time.Minute)
			if minute > 0 {
				count += map[string]int{"bad": burnt(minute - 1), "total": 100}[series]
			}
			if openMetrics {
				fmt.Fprintf(&b, "%s{job=\"assistant\",instance=\"a \\\"1\\\" {x}\"} %d %d.000\n", name, count, at.Unix())
			} else {
				fmt.Fprintf(&b, "%s{job=\"assistant\",instance=\"a \\\"1\\\" {x}\"} %d %d\n", name, count, at.UnixMilli())
			}
		}
	}
	if openMetrics {
		b.WriteString("# EOF\n")
	}
	return b.Bytes()
}

const pastChange = `{"id": "github:acme/assistants#482", "kind": "prompt", "source": "github", "repository": "acme/assistants", "title": "Never promise", "paths": ["prompts/support.md"], "merged_at": "2026-11-20T19:55:00Z", "effective_at": "2026-11-20T19:58:00Z"}
{"id": "github:acme/assistants#470", "kind": "code", "source": "github", "repository": "acme/assistants", "title": "Tidy", "services": ["retrieval"], "merged_at": "2026-11-19T10:00:00Z"}
`

func TestABacktestNamesTheChange(t *testing.T) {
	dir, charts := recordDay(t, pastBegin), filepath.Join(t.TempDir(), "charts")
	r, err := Backtest(t.Context(), readPast(t, pastConfig), BacktestOptions{
		Series: dir, Changes: put(t, t.TempDir(), "changes.jsonl", pastChange), Charts: charts,
		Known: []backtest.Known{
			{Service: "assistant", From: pastBegin.Add(20 * time.Hour), To: pastBegin.Add(20*time.Hour + 40*time.Minute), Change: "github:acme/assistants#482"},
			{Service: "retrieval", From: pastBegin.Add(3 * time.Hour), To: pastBegin.Add(4 * time.Hour)},
			{Service: "retrieval", From: pastBegin.Add(-4 * time.Hour), To: pastBegin.Add(-3 * time.Hour)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Steps != 24*60 || r.Pages != 1 || len(r.Incidents) != 1 || r.Caught != 1 || r.Missed != 1 || r.False != 0 {
		t.Fatalf("%d steps, %d pages, %d incidents, %d caught, %d missed, %d false", r.Steps, r.Pages, len(r.Incidents), r.Caught, r.Missed, r.False)
	}
	in, k := r.Incidents[0], r.Known[0]
	if delay := time.Duration(k.DelaySeconds) * time.Second; delay < 10*time.Minute || delay > 13*time.Minute {
		t.Errorf("it pages %s after it began", delay)
	}
	if k.SuspectRank != 1 || k.SuspectProbability < .7 || len(in.Suspects) == 0 || in.Answer != backtest.Confirmed {
		t.Errorf("the known change is suspect %d with %.2f of %+v", k.SuspectRank, k.SuspectProbability, in.Suspects)
	}
	if lasted := time.Duration(in.LastedSeconds) * time.Second; lasted < 30*time.Minute || lasted > 90*time.Minute {
		t.Errorf("it lasted %s", lasted)
	}
	png, err := os.ReadFile(in.Chart)
	if err != nil || !bytes.HasPrefix(png, []byte("\x89PNG")) {
		t.Errorf("the chart %q is no picture: %v", in.Chart, err)
	}
	if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, "outside of what was judged") {
		t.Errorf("nothing is said of the known incident the day before: %s", notes)
	}
	if _, err := os.Stat(strings.TrimPrefix(readPast(t, pastConfig).Store.URL, "sqlite:")); err == nil {
		t.Error("a store was made")
	}
}

// TestABacktestIsTheSameTwice, byte by byte.
func TestABacktestIsTheSameTwice(t *testing.T) {
	dir, config := recordDay(t, pastBegin), readPast(t, pastConfig)
	changes := put(t, t.TempDir(), "changes.jsonl", pastChange)
	var texts [2]string
	for i := range texts {
		r, err := Backtest(t.Context(), config, BacktestOptions{Series: dir, Changes: changes})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	if diff := cmp.Diff(texts[0], texts[1]); diff != "" {
		t.Error(diff)
	}
}

// essence is what two pasts have to agree upon.
type essence struct {
	Opened, Paged, Recovered time.Time
	Severity                 detectors.Severity
	Suspect                  string
}

func essencesOf(t *testing.T, config Config, o BacktestOptions) []essence {
	t.Helper()
	r, err := Backtest(t.Context(), config, o)
	if err != nil {
		t.Fatal(err)
	}
	var out []essence
	for _, in := range r.Incidents {
		e := essence{in.OpenedAt, in.PagedAt, in.RecoveredAt, in.Severity, ""}
		if len(in.Suspects) > 0 {
			e.Suspect = in.Suspects[0].Change
		}
		if in.Service != bot.Self {
			out = append(out, e)
		}
	}
	return out
}

// TestARealPrometheusTellsTheSame fills one with the day and asks it.
func TestARealPrometheusTellsTheSame(t *testing.T) {
	begin := time.Now().UTC().Truncate(24 * time.Hour).Add(-24 * time.Hour)
	config := readPast(t, pastConfig)
	config.Prometheus.URL = prometheustest.StartWith(t, string(dumpDay(begin, true)))
	changes := put(t, t.TempDir(), "changes.jsonl", strings.ReplaceAll(pastChange, "2026-11-20", begin.Format(time.DateOnly)))
	want := essencesOf(t, config, BacktestOptions{Series: recordDay(t, begin), Changes: changes})
	got := essencesOf(t, config, BacktestOptions{Since: 23 * time.Hour, Until: begin.Add(24 * time.Hour), Changes: changes})
	if len(want) != 1 || want[0].Suspect != "github:acme/assistants#482" {
		t.Fatalf("the recording tells %+v", want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-recorded +asked:\n%s", diff)
	}
}

// TestAllPastsTellTheSame holds CSV, both text formats and a Prometheus that is asked over the network against each other.
func TestAllPastsTellTheSame(t *testing.T) {
	config := readPast(t, pastConfig)
	changes := put(t, t.TempDir(), "changes.jsonl", pastChange)
	of := func(config Config, o BacktestOptions) []essence {
		o.Changes = changes
		return essencesOf(t, config, o)
	}
	want := of(config, BacktestOptions{Series: recordDay(t, pastBegin)})
	if len(want) != 1 {
		t.Fatalf("%d incidents", len(want))
	}
	for name, open := range map[string]bool{"text": false, "OpenMetrics": true} {
		dir := t.TempDir()
		put(t, dir, "day.prom", string(dumpDay(pastBegin, open)))
		if diff := cmp.Diff(want, of(config, BacktestOptions{Series: dir})); diff != "" {
			t.Errorf("%s (-CSV +text):\n%s", name, diff)
		}
	}
	recording := promapi.NewRecording()
	if err := recording.Read(dumpDay(pastBegin, false)); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return pastBegin.Add(24 * time.Hour) }
	api := promapi.NewServer(recording, now, nil)
	t.Cleanup(func() { _ = api.Close() })
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// This one finds more than three hours of minutes too expensive.
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		if r.Form.Get("step") == "60" && span(t, r.Form.Get("start"), r.Form.Get("end")) > 3*time.Hour {
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}`)
			return
		}
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	config.Prometheus.URL = web.URL
	got := of(config, BacktestOptions{Since: 23 * time.Hour, Now: now})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Prometheus (-CSV +asked):\n%s", diff)
	}
	web.Close()
	if _, err := Backtest(t.Context(), config, BacktestOptions{Since: time.Hour, Now: now}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a Prometheus that is gone is told by %v", err)
	}
}

func span(t *testing.T, from, to string) time.Duration {
	t.Helper()
	var times [2]float64
	for i, text := range []string{from, to} {
		if _, err := fmt.Sscanf(text, "%g", &times[i]); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	return time.Duration((times[1] - times[0]) * float64(time.Second))
}

func TestASeriesThatCannotBeReplayedIsRefusedInWords(t *testing.T) {
	config := readPast(t, pastConfig)
	for _, test := range []struct {
		name  string
		files map[string]string
		says  string
	}{
		{"an empty folder", nil, "holds no series; put SERVICE/SIGNAL.csv files into it"},
		{"an unknown service", map[string]string{"asistant/useful.csv": "timestamp,bad,total\n"}, `has no service "asistant"; it has assistant, retrieval`},
		{"an unknown signal", map[string]string{"assistant/used.csv": "timestamp,bad,total\n"}, `assistant has no signal "used"; it has cost`},
		{"an environment where there are none", map[string]string{"assistant/staging/useful.csv": "timestamp,bad,total\n"}, "not told apart by environment; put it at assistant/useful.csv"},
		{"a file without a service", map[string]string{"useful.csv": "timestamp,bad,total\n"}, "its place tells no series"},
		{"two kinds of files", map[string]string{"a.prom": "x 1 1\n", "assistant/useful.csv": ""}, "put them into two folders"},
		{"a bare share of a ratio", map[string]string{"assistant/useful.csv": "timestamp,value\n"}, "line 1: the header of useful is timestamp, bad, total, and not timestamp, value: of a ratio the numbers of events are needed"},
		{"no header", map[string]string{"assistant/useful.csv": "1792281600,0,100\n"}, "line 1: the header of useful is timestamp, bad, total"},
		{"no row", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n"}, "no row holds a number"},
		{"rows without numbers", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n1792281600,NaN,Inf\n1792281660,,\n"}, "no row holds a number"},
		{"text for a number", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n1792281600,few,100\n"}, `line 2: "few" is no number`},
		{"time that goes back", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n1792281660,0,1\n1792281600,0,1\n"}, "line 3: time goes back to 1792281600; sort the rows by time"},
		{"a time twice", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n1792281660,0,1\n1792281660,0,1\n"}, "line 3: 1792281660 is there twice"},
		{"times in two units", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n1792281660,0,1\n1792281720000,0,1\n"}, "line 3: 1792281720000 is in milliseconds, and the rows before are in seconds"},
		{"no time at all", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n12,0,1\n"}, `line 2: "12" is no time between 1973 and 5138`},
		{"more bad than all", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n1792281660,3,1\n"}, "line 2: 3 bad of 1 events cannot be"},
		{"negative numbers", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n1792281660,-3,1\n"}, "line 2: a number of events is negative"},
		{"a missing column", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n1792281660,3\n"}, "line 2: it has 2 columns, the header 3"},
		{"centuries", map[string]string{"assistant/useful.csv": "timestamp,bad,total\n1792281660,3,4\n9792281660,3,4\n"}, "at most 400 days are replayed"},
		{"text without times", map[string]string{"a.prom": "# TYPE x counter\nx{a=\"b\"} 1\n"}, `a.prom: line 2: x{a="b"} has no time`},
		{"text whose time goes back", map[string]string{"a.prom": "x 1 1792281660000\nx 2 1792281600000\n"}, "a.prom: line 2: {__name__=\"x\"} goes back in time"},
		{"text in two units", map[string]string{"a.prom": "# UNIT x seconds\nx 1 1792281660000\n# UNIT x milliseconds\n"}, "line 3: x is in milliseconds here and in seconds before"},
		{"text that is none", map[string]string{"a.prom": "{\"status\": 1}\n"}, "a.prom: line 1: "},
		{"text without a sample", map[string]string{"a.prom": "# nothing\n"}, "no sample is in it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range test.files {
				put(t, dir, name, text)
			}
			_, err := Backtest(t.Context(), config, BacktestOptions{Series: dir})
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v\nwant     %s", err, test.says)
			}
		})
	}
}

// TestRowsThatHoldNoNumberAreGaps and are counted; a file of coarse rows is not full of holes.
func TestRowsThatHoldNoNumberAreGaps(t *testing.T) {
	dir := t.TempDir()
	text := "timestamp,bad,total\n"
	for i := range 12 * 24 { // every five minutes
		row := "0,500"
		if i == 100 || i == 101 {
			row = "NaN,500"
		}
		text += fmt.Sprintf("%d,%s\n", pastBegin.Add(time.Duration(i+1)*5*time.Minute).Unix(), row)
	}
	put(t, dir, "assistant/useful.csv", text)
	r, err := Backtest(t.Context(), readPast(t, pastConfig), BacktestOptions{Series: dir})
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, "2 rows hold no number") {
		t.Errorf("the notes are %s", notes)
	}
	for _, in := range r.Incidents {
		if in.Service != bot.Self || in.OpenedAt.Before(pastBegin.Add(100*5*time.Minute)) {
			t.Errorf("there is an incident of %s at %s: %s", in.Service, in.OpenedAt, in.Title)
		}
	}
}

func TestKnownIncidentsAreChecked(t *testing.T) {
	file := put(t, t.TempDir(), "known.yaml", `incidents:
  - {service: asistant, from: 2026-11-20T15:00:00Z, to: 2026-11-20T16:00:00Z}
  - {service: assistant, from: 2026-11-20T15:00:00Z, to: 2026-11-20T14:00:00Z}
  - {service: assistant, from: yesterday, to: 2026-11-20T14:00:00Z}
  - {service: assistant, from: 2026-11-20T15:00:00Z, to: 2026-11-20T16:00:00Z, cause: x}
  - {service: assistant, from: 2026-11-20T15:30:00Z, to: 2026-11-20T16:00:00Z}
  - {from: 2026-11-20T15:30:00Z}
`)
	_, faults := LoadKnown(file, readPast(t, pastConfig))
	var got []string
	for _, f := range faults {
		got = append(got, fmt.Sprintf("%d:%d %s", f.Line, f.Col, f.Code))
	}
	want := []string{
		"2:15 unknown-service", "3:58 bad-span", "4:32 bad-value", "5:80 unknown-key", "6:32 overlaps", "7:5 missing-key", "7:5 missing-key",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%v", diff, faults)
	}
}

func TestChangesOfAFileAreRefusedInWords(t *testing.T) {
	for _, test := range []struct{ name, text, says string }{
		{"no JSON", "482\n", "changes.jsonl:1: this is no change"},
		{"an unknown field", "\n{\"id\": \"x\", \"merged\": \"2026-11-20T15:00:00Z\"}\n", "changes.jsonl:2: this is no change: json: unknown field \"merged\""},
		{"no identifier", "{\"merged_at\": \"2026-11-20T15:00:00Z\"}\n", "changes.jsonl:1: a change needs an id"},
		{"no time", "{\"id\": \"x\"}\n", "changes.jsonl:1: the change x has no time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readChanges(put(t, t.TempDir(), "changes.jsonl", test.text))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v, want %s", err, test.says)
			}
		})
	}
	all, err := readChanges(put(t, t.TempDir(), "changes.json", `{"changes": [`+strings.Replace(strings.TrimSpace(pastChange), "\n", ",\n", 1)+`]}`))
	if err != nil || len(all) != 2 {
		t.Errorf("what firebreak changes -o json prints: %d changes, %v", len(all), err)
	}
}

// TestTheLedgerIsReadFromTheStore, through a running Firebreak where that holds the store, and said to be held where neither is given.
func TestTheLedgerIsReadFromTheStore(t *testing.T) {
	config, dir := readPast(t, pastConfig), recordDay(t, pastBegin)
	changes, err := readChanges(put(t, t.TempDir(), "changes.jsonl", pastChange))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), config.Store, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if _, err := db.PutChange(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	_, err = Backtest(t.Context(), config, BacktestOptions{Series: dir})
	if err == nil || !strings.Contains(err.Error(), "--server") || !strings.Contains(err.Error(), "is in use by process") {
		t.Errorf("a store that is held is told by %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token" || r.FormValue("from") == "" {
			t.Errorf("it asks for %s", r.URL)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"changes": changes})
	}))
	t.Cleanup(web.Close)
	for name, o := range map[string]BacktestOptions{"store": {Series: dir}, "server": {Series: dir, Server: NewClient(web.URL, "token")}} {
		r, err := Backtest(t.Context(), config, o)
		if err != nil {
			t.Fatal(err)
		}
		if r.Changes != 2 || len(r.Incidents) != 1 || r.Incidents[0].Suspects[0].Change != changes[0].ID {
			t.Errorf("%s: %d changes, incidents %+v", name, r.Changes, r.Incidents)
		}
	}
}

func TestWhatIsJudgedIsBounded(t *testing.T) {
	dir, config := recordDay(t, pastBegin), readPast(t, pastConfig)
	for _, test := range []struct {
		name string
		o    BacktestOptions
		says string
	}{
		{"a step that divides no minute", BacktestOptions{Series: dir, Step: 7 * time.Second}, "--step: an interval of 7s does not divide a minute evenly; one of 1s"},
		{"a past that was not recorded", BacktestOptions{Series: dir, Until: pastBegin.Add(-time.Hour), Since: time.Hour}, "the recording is of 2026-11-20 00:"},
		{"the future of a Prometheus", BacktestOptions{Until: time.Now().Add(time.Hour)}, "has not been yet"},
		{"too many steps", BacktestOptions{Since: 365 * 24 * time.Hour, Step: time.Second}, "at most 576000 are replayed"},
		{"a folder that is a file", BacktestOptions{Series: filepath.Join(dir, "assistant", "useful.csv")}, "wants a folder"},
		{"a folder that is not there", BacktestOptions{Series: filepath.Join(dir, "none")}, "no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Backtest(t.Context(), config, test.o)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v, want %s", err, test.says)
			}
		})
	}
	r, err := Backtest(t.Context(), config, BacktestOptions{Series: dir, Since: 6 * time.Hour})
	if err != nil || r.Steps != 360 || r.Pages != 1 {
		t.Errorf("the last six hours are %d steps with %d pages: %v", r.Steps, r.Pages, err)
	}
}
