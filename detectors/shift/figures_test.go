package shift_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors/detectorstest/seeded"
	"github.com/firebreak-dev/firebreak/detectors/shift"
)

const fortnight = 14 * 24 * 60

// outcome is what came of one series with a shift in it.
type outcome struct {
	found, early, covered bool
	delay, off, width     float64 // minutes
}

// follow watches a series with a shift until it has been found and its onset stands. It begins as a program does that was just
// started: with hours of the past, then with minutes of the last day.
func follow(c seeded.Case, seed uint64) outcome {
	const past = 9 * day
	begin := past + time.Duration(float64(day)*math.Mod(float64(seed)*.618034, 1))
	truth := seeded.Epoch.Add(begin)
	l := shift.NewLevel(c.Signal.Shape, 5*fortnight)
	points := c.Series(seed, begin+6*time.Hour, begin)
	minutes := int(begin.Truncate(time.Hour).Minutes()) - 30*60
	for hour := range slices.Chunk(points[:minutes], 60) {
		bad, total := 0., 0.
		for _, p := range hour {
			bad, total = bad+p.Bad, total+p.Total
		}
		l.Learn(hour[len(hour)-1].At, bad, total)
	}
	var found shift.Alarm
	for _, p := range points[minutes:] {
		l.Push(p.At, p.Bad, p.Total)
		a, on := l.Alarm()
		switch {
		case !found.At.IsZero() && (!on || a.At != found.At):
			return measure(found, truth)
		case on && p.At.Before(truth):
			return outcome{early: true}
		case on && a.Up == (c.After > c.Before):
			found = a
		}
	}
	return measure(found, truth)
}

func measure(a shift.Alarm, truth time.Time) outcome {
	if a.At.IsZero() {
		return outcome{}
	}
	o := a.Onset
	return outcome{
		found: true, delay: a.At.Sub(truth).Minutes(), off: o.At.Sub(truth).Abs().Minutes(),
		covered: !truth.Before(o.Earliest) && !truth.After(o.Latest), width: o.Latest.Sub(o.Earliest).Minutes(),
	}
}

// pooled are the outcomes of many series.
type pooled struct {
	series, found, early, covered int
	delay, off, width             []float64
}

func pool(c seeded.Case, seeds int) *pooled {
	var p pooled
	for seed := range seeds {
		p.add(follow(c, uint64(seed+1)))
	}
	return &p
}

func (p *pooled) merge(o *pooled) {
	p.series, p.found, p.early, p.covered = p.series+o.series, p.found+o.found, p.early+o.early, p.covered+o.covered
	p.delay, p.off, p.width = append(p.delay, o.delay...), append(p.off, o.off...), append(p.width, o.width...)
}

func (p *pooled) add(o outcome) {
	p.series++
	if o.early {
		p.early++
	}
	if !o.found {
		return
	}
	p.found++
	p.delay, p.off, p.width = append(p.delay, o.delay), append(p.off, o.off), append(p.width, o.width)
	if o.covered {
		p.covered++
	}
}

func (p *pooled) coverage() float64 { return float64(p.covered) / float64(p.found) }

func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1))]
}

func (p *pooled) String() string {
	two := func(v []float64) string { return fmt.Sprintf("%.1f/%.1f", quantile(v, .5), quantile(v, .9)) }
	return fmt.Sprintf("%d of %d found (%d alarmed before), delay %s min, onset off by %s, 90 %% interval holds it in %.2f and is %s wide",
		p.found, p.series, p.early, two(p.delay), two(p.off), p.coverage(), two(p.width))
}

// TestSeededShifts: how precisely the onset is told, over all signals and rates. Figures are median and 90th percentile.
func TestSeededShifts(t *testing.T) {
	if testing.Short() {
		t.Skip("it watches hundreds of series")
	}
	for _, test := range []struct {
		name        string
		ramp        time.Duration
		noises      []seeded.Noise
		median, p90 float64
		found       float64
	}{
		{"steps, clean", 0, []seeded.Noise{seeded.Clean}, 2, 10, .95},
		{"steps, autocorrelated", 0, []seeded.Noise{seeded.Autocorrelated}, 2, 17, .6},
		{"ramps of half an hour", 30 * time.Minute, []seeded.Noise{seeded.Clean, seeded.Autocorrelated}, 6, 18, .75},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p pooled
			for _, noise := range test.noises {
				for _, c := range seeded.Cases(test.ramp, noise) {
					one := pool(c, 12)
					t.Logf("%s: %s", c.Name(), one)
					p.merge(one)
				}
			}
			t.Log(&p)
			if quantile(p.off, .5) > test.median || quantile(p.off, .9) > test.p90 || float64(p.found) < test.found*float64(p.series) {
				t.Errorf("want %v/%v and %v found", test.median, test.p90, test.found)
			}
			if p.coverage() < .85 || p.coverage() > .97 {
				t.Errorf("the interval holds the onset in %.2f, want .85 to .97", p.coverage())
			}
		})
	}
}

// TestSeededFalseAlarms: a fortnight in which nothing happens but noise.
func TestSeededFalseAlarms(t *testing.T) {
	if testing.Short() {
		t.Skip("it watches fortnights of series")
	}
	total, watched := 0, 0
	for _, noise := range []seeded.Noise{seeded.Clean, seeded.Drifting, seeded.Daily, seeded.Autocorrelated} {
		alarms, n := 0, 0
		for _, c := range seeded.Cases(0, noise) {
			for seed := range 2 {
				one := falseAlarms(c, uint64(seed+100))
				if one > 1 {
					t.Logf("%s, seed %d: %d alarms", c.Name(), seed+100, one)
				}
				alarms += one
				n++
			}
		}
		t.Logf("%s: %.2f false alarms a series in 14 days", noise, float64(alarms)/float64(n))
		total, watched = total+alarms, watched+n
	}
	if mean := float64(total) / float64(watched); mean > 1 {
		t.Errorf("%.2f false alarms a series in 14 days, at most 1", mean)
	} else {
		t.Logf("all: %.2f false alarms a series in 14 days", mean)
	}
}

// falseAlarms counts the alarms of a fortnight after a day in which the series was learnt.
func falseAlarms(c seeded.Case, seed uint64) int {
	l := shift.NewLevel(c.Signal.Shape, 5*fortnight)
	var last time.Time
	alarms := 0
	for _, p := range c.Series(seed, 15*day, -1) {
		l.Push(p.At, p.Bad, p.Total)
		if a, on := l.Alarm(); on && a.At != last {
			last = a.At
			if p.At.Sub(seeded.Epoch) > day {
				alarms++
			}
		}
	}
	return alarms
}

// TestNumentaBenchmark scores the development split by the benchmark's own rules, with one threshold for all files.
func TestNumentaBenchmark(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the scorer")
	}
	tool, data := shared(t, "tools/nabscore"), shared(t, "data/nab")
	results := t.TempDir()
	score(t, filepath.Join(data, "data"), results)
	profiles := nabscore(t, tool, data, results)
	standard, lowFP := profiles["standard"], profiles["reward_low_FP_rate"]
	t.Logf("standard %.2f, low FP %.2f, %d windows, %d alarms outside", standard.Score, lowFP.Score, standard.Windows, standard.Alarms)
	if standard.Score < 74 || lowFP.Score < 67 {
		t.Errorf("standard %.2f and low FP %.2f, want 74 and 67", standard.Score, lowFP.Score)
	}
	if standard.Windows < 45 || standard.Alarms > 65 {
		t.Errorf("%d alarms outside at %d windows, want no more than 65 at 45", standard.Alarms, standard.Windows)
	}
}

// score writes the scores of all files below a folder.
func score(t *testing.T, data, results string) {
	t.Helper()
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(data, path)
		if err != nil {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		target := filepath.Join(results, relative)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		var out strings.Builder
		if _, err := shift.ScoreCSV(in, &out); err != nil {
			return err
		}
		return os.WriteFile(target, []byte(out.String()), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

type profile struct {
	Profile string
	Score   float64
	Windows int `json:"windows_hit"`
	Alarms  int `json:"false_alarms"`
}

func nabscore(t *testing.T, tool, data, results string) map[string]profile {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nabscore")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = tool
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), binary, "-json", "-data", filepath.Join(data, "data"),
		"-windows", filepath.Join(data, "labels", "combined_windows.json"), "-results", results).Output()
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Profiles []profile }
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	profiles := map[string]profile{}
	for _, p := range answer.Profiles {
		profiles[p.Profile] = p
	}
	return profiles
}

// shared finds the test material beside the checkout.
func shared(t *testing.T, path string) string {
	t.Helper()
	dir := os.Getenv("FIREBREAK_SHARED")
	if dir == "" {
		at, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for ; at != filepath.Dir(at); at = filepath.Dir(at) {
			if found := filepath.Join(at, "shared"); isDir(found) {
				dir = found
				break
			}
		}
	}
	full := filepath.Join(dir, path)
	if dir == "" || !isDir(full) {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the shared test material %s is missing", path)
		}
		t.Skipf("the shared test material %s is not here", path)
	}
	return full
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
