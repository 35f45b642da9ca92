package figures

import (
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
	"github.com/firebreak-dev/firebreak/detectors/outlier"
)

// nezhaStep is how far the rows of the recordings are apart.
const nezhaStep = time.Minute

// columns are the signals that are read from the columns of a service's file: what it does, what it costs and how long it takes.
var columns = map[string]string{
	"CpuUsageRate(%)": "cpu", "PodWorkload(Ops)": "workload", "SyscallWrite": "syscalls", "PodServerLatencyP90(s)": "latency_p90",
	"LatencyP50(s)": "latency_p50",
}

// Fault is one that was injected, or an alarm about one.
type Fault struct {
	// Time is when it began; of an alarm, when the detector says so. Both are Unix seconds, as is FiredAt, when it was told.
	Time    float64 `json:"time"`
	FiredAt float64 `json:"fired_at,omitempty"`
}

// Nezha is a recorded day of a shop of microservices with injected faults.
type Nezha struct {
	Windows     *detectorstest.Windows
	Faults      []Fault
	First, Last time.Time
}

// LoadNezha reads a day: metric/*.csv with a row a minute, and onsets.json.
func LoadNezha(dir string) (*Nezha, error) {
	n := &Nezha{Windows: &detectorstest.Windows{}}
	if err := readJSON(filepath.Join(dir, "onsets.json"), &n.Faults); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "metric", "*.csv"))
	if err != nil {
		return nil, err
	}
	var times []time.Time
	for _, file := range files {
		if filepath.Base(file) == "dependency.csv" {
			continue
		}
		read, err := n.read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		times = append(times, read...)
	}
	if len(times) == 0 {
		return nil, fmt.Errorf("no rows under %s", dir)
	}
	n.frame(times)
	return n, nil
}

// frame finds the times to judge at: each minute, when the rows of all files are there.
func (n *Nezha) frame(times []time.Time) {
	first, last := slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare)
	latest := time.Duration(0)
	for _, at := range times {
		if late := at.Sub(first) % nezhaStep; late < nezhaStep/2 {
			latest = max(latest, late)
		}
	}
	at := first.Add(latest).Add(time.Second - 1).Truncate(time.Second)
	n.First = at
	n.Last = at.Add(last.Sub(first).Round(nezhaStep))
}

func (n *Nezha) read(file string) (times []time.Time, err error) {
	f, err := os.Open(file) //nolint:gosec // the data set that the caller names
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	clock := slices.IndexFunc(rows[0], func(h string) bool { return strings.EqualFold(h, "time") })
	if clock < 0 {
		return nil, fmt.Errorf("no column is called Time")
	}
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".csv"), "_metric")
	for _, row := range rows[1:] {
		text, _, _ := strings.Cut(row[clock], " m=")
		at, err := time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", text)
		if err != nil {
			return nil, err
		}
		times = append(times, at)
		for column, header := range rows[0] {
			id, ok := nezhaSeries(name, header)
			if !ok {
				continue
			}
			if v, err := strconv.ParseFloat(row[column], 64); err == nil {
				n.Windows.Add(id, at, v, 1)
			}
		}
	}
	return times, nil
}

// nezhaSeries says which series a column is. The calls between services are slices of their callee's latency, as each side sees it.
func nezhaSeries(file, header string) (detectors.SeriesID, bool) {
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

// Hours is how long the day is.
func (n *Nezha) Hours() float64 { return n.Last.Sub(n.First).Hours() }

// quiet is how long an alarm holds: one within it belongs to the one before, as what groups findings makes one incident of them.
const quiet = 6 * time.Minute

// Judge lets the detector outlier watch the day, minute by minute.
func (n *Nezha) Judge() ([]Fault, error) {
	named := map[string]map[string]bool{}
	for id := range n.Windows.Values {
		if named[id.Service] == nil {
			named[id.Service] = map[string]bool{}
		}
		named[id.Service][id.Signal] = true
	}
	var watch []*outlier.Detector
	for _, service := range slices.Sorted(maps.Keys(named)) {
		names := slices.Sorted(maps.Keys(named[service]))
		var signals []detectors.Signal
		for _, name := range names {
			signals = append(signals, detectors.Signal{Name: name, Shape: detectors.Value, Worse: detectors.Up})
		}
		d, err := outlier.New(outlier.Config{Service: service, Signals: names}, signals, nezhaStep)
		if err != nil {
			return nil, err
		}
		watch = append(watch, d)
	}
	var alarms []Fault
	var before time.Time
	for now := n.First.Add(nezhaStep); !now.After(n.Last); now = now.Add(nezhaStep) {
		if !before.IsZero() && now.Sub(before) < quiet {
			continue
		}
		var began time.Time
		for _, d := range watch {
			for _, f := range d.Judge(now, n.Windows) {
				if f.Verdict == detectors.Firing && (began.IsZero() || f.Onset.At.Before(began)) {
					began = f.Onset.At
				}
			}
		}
		if !began.IsZero() {
			before = now
			alarms = append(alarms, Fault{Time: seconds(began), FiredAt: seconds(now)})
		}
	}
	return alarms, nil
}

func seconds(t time.Time) float64 { return float64(t.Unix()) }

// OnsetScore is how alarms match injected faults.
type OnsetScore struct {
	Faults, Found, Alarms int
	// Off and Delay are sorted: seconds from the fault to what the alarm says of its beginning, and to when it was told.
	Off, Delay []float64
	Hours      float64
}

// Recall is the share of faults that were found.
func (s OnsetScore) Recall() float64 { return float64(s.Found) / float64(s.Faults) }

// FalseADay are alarms without a fault, by day.
func (s OnsetScore) FalseADay() float64 { return float64(s.Alarms-s.Found) / s.Hours * 24 }

// Match pairs alarms and faults that are at most five minutes apart, the nearest first, each once.
func Match(faults, alarms []Fault, hours float64) OnsetScore {
	const tolerance = 300
	type pair struct {
		fault, alarm int
		off          float64
	}
	var pairs []pair
	for i, f := range faults {
		for j, a := range alarms {
			if off := math.Abs(a.Time - f.Time); off <= tolerance {
				pairs = append(pairs, pair{i, j, off})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		switch {
		case a.off < b.off:
			return -1
		case a.off > b.off:
			return 1
		}
		return 0
	})
	out := OnsetScore{Faults: len(faults), Alarms: len(alarms), Hours: hours}
	usedFault, usedAlarm := map[int]bool{}, map[int]bool{}
	for _, p := range pairs {
		if usedFault[p.fault] || usedAlarm[p.alarm] {
			continue
		}
		usedFault[p.fault], usedAlarm[p.alarm] = true, true
		out.Found++
		out.Off = append(out.Off, p.off)
		if at := alarms[p.alarm].FiredAt; at > 0 {
			out.Delay = append(out.Delay, at-faults[p.fault].Time)
		}
	}
	slices.Sort(out.Off)
	slices.Sort(out.Delay)
	return out
}

// robust is the simple method: a sample 15 robust spreads from the median of the half hour before, for two minutes in a row.
func (n *Nezha) robust() []Fault {
	const limit, row = 15, 2
	var alarms []Fault
	runs := map[detectors.SeriesID]int{}
	var before time.Time
	for now := n.First.Add(nezhaStep); !now.After(n.Last); now = now.Add(nezhaStep) {
		fired := false
		for id := range n.Windows.Values {
			points := n.Windows.Points(id, now.Add(-31*nezhaStep), now, nezhaStep)
			if len(points) < 15 || !points[len(points)-1].At.Equal(now) {
				continue
			}
			var past []float64
			for _, p := range points[:len(points)-1] {
				past = append(past, p.Value)
			}
			slices.Sort(past)
			middle := median(past)
			for i, v := range past {
				past[i] = math.Abs(v - middle)
			}
			slices.Sort(past)
			if spread := 1.4826 * median(past); math.Abs(points[len(points)-1].Value-middle) > limit*max(spread, 1e-9) {
				runs[id]++
			} else {
				runs[id] = 0
			}
			fired = fired || runs[id] >= row
		}
		if fired && (before.IsZero() || now.Sub(before) >= quiet) {
			before = now
			alarms = append(alarms, Fault{Time: seconds(now.Add(-row * nezhaStep)), FiredAt: seconds(now)})
		}
	}
	return alarms
}

func nezhaFigures(dir, name string) ([]Figure, error) {
	n, err := LoadNezha(dir)
	if err != nil {
		return nil, err
	}
	alarms, err := n.Judge()
	if err != nil {
		return nil, err
	}
	s, simple := Match(n.Faults, alarms, n.Hours()), Match(n.Faults, n.robust(), n.Hours())
	detail := fmt.Sprintf("%d of %d faults in %.1f h, %d alarms", s.Found, s.Faults, s.Hours, s.Alarms)
	of := func(ours, published float64) []Baseline {
		return []Baseline{{"robust z", ours, false}, {"robust z", published, true}}
	}
	return label("nezha", name, []Figure{
		{What: "recall", Got: s.Recall(), Bar: atLeast(.70), Better: atLeast(.85), Baselines: of(simple.Recall(), .54), Detail: detail},
		{What: "false alarms", Unit: "a day", Got: s.FalseADay(), Bar: atMost(5), Better: atMost(4), Baselines: of(simple.FalseADay(), 41), Detail: detail},
		{What: "onset error, median", Unit: "s", Got: median(s.Off), Bar: atMost(25), Better: atMost(15), Baselines: of(median(simple.Off), 40)},
		{What: "delay, median", Unit: "s", Got: median(s.Delay), Bar: atMost(120), Better: atMost(90), Baselines: of(median(simple.Delay), 141)},
	}), nil
}
