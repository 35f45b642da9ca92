package outlier

import (
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/recorded"
)

// columns are the signals that are read from the columns of a service's file: what it does, what it costs and how long it takes.
var columns = map[string]string{
	"CpuUsageRate(%)": "cpu", "PodWorkload(Ops)": "workload", "SyscallWrite": "syscalls", "PodServerLatencyP90(s)": "latency_p90",
	"LatencyP50(s)": "latency_p50",
}

// TestNezha judges a recorded day with 24 known faults in ten services, minute by minute.
func TestNezha(t *testing.T) {
	if testing.Short() {
		t.Skip("it judges a whole day")
	}
	dir := recorded.Dir(t, "nezha-ob")
	w, first, last := nezha(t, filepath.Join(dir, "metric"))
	watch := services(t, w)

	// An alarm within six minutes of the one before belongs to it: what groups findings makes one incident of them.
	const quiet = 6 * time.Minute
	type alarm struct {
		Time  float64 `json:"time"`
		Fired float64 `json:"fired_at"`
	}
	var alarms []alarm
	var before time.Time
	for now := first.Add(step); !now.After(last); now = now.Add(step) {
		if !before.IsZero() && now.Sub(before) < quiet {
			continue
		}
		var began time.Time
		for _, d := range watch {
			for _, f := range d.Judge(now, w) {
				if f.Verdict == detectors.Firing && (began.IsZero() || f.Onset.At.Before(began)) {
					began = f.Onset.At
				}
			}
		}
		if !began.IsZero() {
			before = now
			alarms = append(alarms, alarm{Time: float64(began.Unix()), Fired: float64(now.Unix())})
		}
	}
	out := recorded.Score(t, "cpscore", alarms, "onset", "-truth", filepath.Join(dir, "onsets.json"), "-tolerance", "5m", "-hours", "20.1")
	t.Logf("\n%s", out)
	// The four alarms that count as false (06:11, 06:19, 07:37 and 08:03) lie on the eight-minute course of the injections, where
	// the list of faults has gaps: they are likely faults that the list lacks, so fewer cannot be had without deafness.
	figure := func(expression string) float64 {
		m := regexp.MustCompile(expression).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("the scorer does not print %s", expression)
		}
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if recall := figure(`recall ([0-9.]+)`); recall < .7 {
		t.Errorf("recall %g is below .70", recall)
	}
	for _, bar := range []struct {
		what, expression string
		most             float64
	}{
		{"false alarms a day", `([0-9.]+) false a day`, 5},
		{"the median error of the onset", `median \|e\| ([0-9]+)`, 25},
		{"the median delay", `delay s: median ([0-9]+)`, 120},
	} {
		if v := figure(bar.expression); v > bar.most {
			t.Errorf("%s: %g, at most %g", bar.what, v, bar.most)
		}
	}
}

// services makes a detector for each service that has series.
func services(t *testing.T, w *detectorstest.Windows) []*Detector {
	t.Helper()
	named := map[string]map[string]bool{}
	for id := range w.Values {
		if named[id.Service] == nil {
			named[id.Service] = map[string]bool{}
		}
		named[id.Service][id.Signal] = true
	}
	var out []*Detector
	for _, service := range slices.Sorted(maps.Keys(named)) {
		names := slices.Sorted(maps.Keys(named[service]))
		var signals []detectors.Signal
		for _, n := range names {
			signals = append(signals, detectors.Signal{Name: n, Shape: detectors.Value, Worse: detectors.Up})
		}
		d, err := New(Config{Service: service, Signals: names}, signals, step)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// nezha reads the recordings. The calls between services are slices of their callee's latency, as each side sees it.
func nezha(t *testing.T, dir string) (w *detectorstest.Windows, first, last time.Time) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	w = &detectorstest.Windows{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".csv")
		rows := readCSV(t, file)
		for column, header := range rows[0] {
			id, ok := seriesOf(name, header)
			if !ok {
				continue
			}
			for _, row := range rows[1:] {
				clock, _, _ := strings.Cut(row[0], " m=")
				at, err := time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", clock)
				if err != nil {
					t.Fatal(err)
				}
				if v, err := strconv.ParseFloat(row[column], 64); err == nil {
					w.Add(id, at, v, 1)
				}
				if at = at.Truncate(time.Minute).Add(21 * time.Second); first.IsZero() || at.Before(first) {
					first = at
				}
				if at.After(last) {
					last = at
				}
			}
		}
	}
	return w, first, last
}

func seriesOf(file, header string) (detectors.SeriesID, bool) {
	switch file {
	case "source_50", "destination_50":
		caller, callee, ok := strings.Cut(header, "_")
		return detectors.SeriesID{Signal: file, Service: callee, Slice: `caller="` + caller + `"`}, ok
	case "front_service":
		return detectors.SeriesID{Signal: columns[header], Service: "frontend"}, columns[header] != ""
	default:
		service, _, _ := strings.Cut(file, "-")
		return detectors.SeriesID{Signal: columns[header], Service: service}, columns[header] != ""
	}
}

func readCSV(t *testing.T, file string) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return rows
}
