package figures_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors/changepoint"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/figures"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/recorded"
)

// TestScoresAreThoseOfTheDataSetsScorers: they are written anew here, and must not flatter.
func TestScoresAreThoseOfTheDataSetsScorers(t *testing.T) {
	t.Run("change points", func(t *testing.T) {
		dir := recorded.Dir(t, "tcpd")
		set, err := figures.LoadTCPD(dir)
		if err != nil {
			t.Fatal(err)
		}
		predictions := map[string][]int{}
		for _, a := range set {
			predictions[a.Name] = changepoint.Find(a.Series...)
		}
		out := recorded.Score(t, "cpscore", predictions, "cp",
			"-annotations", filepath.Join(dir, "annotations.json"), "-index", filepath.Join(dir, "index.json"))
		f1, cover := figures.TCPD(set, changepoint.Find)
		same(t, out, `(?m)^mean +([0-9.]+)`, f1, 1e-4)
		same(t, out, `(?m)^mean +[0-9.]+ +([0-9.]+)`, cover, 1e-4)
	})
	t.Run("onsets", func(t *testing.T) {
		dir := recorded.Dir(t, "nezha-ob")
		n, err := figures.LoadNezha(dir)
		if err != nil {
			t.Fatal(err)
		}
		var alarms []figures.Fault // off by more and more, some twice
		for i, f := range n.Faults {
			off := float64(i*37%400 - 200)
			alarms = append(alarms, figures.Fault{Time: f.Time + off, FiredAt: f.Time + off + 90})
			if i%3 == 0 {
				alarms = append(alarms, figures.Fault{Time: f.Time + 250, FiredAt: f.Time + 300})
			}
		}
		out := recorded.Score(t, "cpscore", alarms, "onset",
			"-truth", filepath.Join(dir, "onsets.json"), "-tolerance", "5m", "-hours", strconv.FormatFloat(n.Hours(), 'f', -1, 64))
		s := figures.Match(n.Faults, alarms, n.Hours())
		same(t, out, `recall ([0-9.]+)`, s.Recall(), 1e-3)
		same(t, out, `([0-9.]+) false a day`, s.FalseADay(), .06)
		same(t, out, `median \|e\| ([0-9]+)`, figures.Of(s.Off, .5), 20)
	})
	t.Run("anomalies", func(t *testing.T) {
		if testing.Short() {
			t.Skip("it scores tens of thousands of rows")
		}
		dir := recorded.Dir(t, "nab")
		n, err := figures.LoadNAB(dir, figures.Shift)
		if err != nil {
			t.Fatal(err)
		}
		profiles := nabscore(t, dir)
		for name, got := range map[string]figures.NABScore{
			"standard": n.Best(figures.NABStandard), "reward_low_FP_rate": n.Best(figures.NABLowFP),
		} {
			want := profiles[name]
			if math.Abs(got.Score-want.Score) > 1e-6 || got.Windows != want.Windows || got.Alarms != want.Alarms {
				t.Errorf("%s: %+v, the scorer says %+v", name, got, want)
			}
		}
	})
}

func same(t *testing.T, out, expression string, got, tolerance float64) {
	t.Helper()
	m := regexp.MustCompile(expression).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("the scorer does not print %s:\n%s", expression, out)
	}
	want, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: %g, the scorer says %g", expression, got, want)
	}
}

type profile struct {
	Profile string
	Score   float64
	Windows int `json:"windows_hit"`
	Alarms  int `json:"false_alarms"`
}

// nabscore runs the scorer of anomalies over what the detector shift says.
func nabscore(t *testing.T, data string) map[string]profile {
	t.Helper()
	tool := filepath.Join(data, "..", "..", "tools", "nabscore")
	if _, err := os.Stat(tool); err != nil {
		t.Skipf("the scorer is not here: %v", err)
	}
	results := t.TempDir()
	err := filepath.WalkDir(filepath.Join(data, "data"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(filepath.Join(data, "data"), path)
		if err != nil {
			return err
		}
		times, scores, err := figures.Shift(path)
		if err != nil {
			return err
		}
		return writeScores(filepath.Join(results, name), times, scores)
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "run", "-C", tool, ".", "-json", "-data", filepath.Join(data, "data"),
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

func writeScores(path string, times []time.Time, scores []float64) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	_ = w.Write([]string{"timestamp", "anomaly_score"})
	for i, at := range times {
		_ = w.Write([]string{at.Format(time.DateTime), fmt.Sprint(scores[i])})
	}
	w.Flush()
	return w.Error()
}
