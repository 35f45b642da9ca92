package figures

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Options say how much is measured.
type Options struct {
	// Data is a folder of recordings; each folder below it, or itself, that has the layout of a data set is measured.
	Data string
	// Traces, Seeds and Pairs are how many of each are drawn; zero means 500, 12 and 1,000. There are ten times as many objectives as
	// pairs.
	Traces, Seeds, Pairs int
	// Only names the suites to measure; empty means all.
	Only []string
	// Progress hears of what is being measured; it may be nil.
	Progress func(text string)
}

// Suites lists what can be measured.
func Suites() []string {
	return []string{"nab", "nezha", "tcpd", "petshop", "shift", "burn", "canary", "cost", "scale"}
}

// layouts tell a data set by what lies in its folder.
var layouts = []struct {
	suite, pattern string
	measure        func(dir, name string) ([]Figure, error)
}{
	{"nab", "labels/combined_windows.json", nabFigures},
	{"nezha", "onsets.json", nezhaFigures},
	{"tcpd", "annotations.json", tcpdFigures},
	{"petshop", "*/*/*/target.json", petshopFigures},
}

// Measure measures everything and tells what it could not measure, and why.
func Measure(o Options) Report {
	if o.Traces == 0 {
		o.Traces = 500
	}
	if o.Seeds == 0 {
		o.Seeds = 12
	}
	if o.Pairs == 0 {
		o.Pairs = 1000
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	r := Report{Data: o.Data, Began: time.Now().UTC().Truncate(time.Second), Figures: []Figure{}, Missing: []Missing{}}
	began := time.Now()
	wanted := func(suite string) bool { return len(o.Only) == 0 || slices.Contains(o.Only, suite) }
	take := func(suite, of string, measure func() ([]Figure, error)) {
		if !wanted(suite) {
			return
		}
		o.Progress(fmt.Sprintf("%s: measuring%s", suite, of))
		since := time.Now()
		figures, err := measure()
		if err != nil {
			r.Missing = append(r.Missing, Missing{suite, err.Error()})
		}
		r.Figures = append(r.Figures, figures...)
		o.Progress(fmt.Sprintf("%s: measured in %.1f s", suite, time.Since(since).Seconds()))
	}
	for _, l := range layouts {
		dirs := find(o.Data, l.pattern)
		if len(dirs) == 0 && wanted(l.suite) {
			r.Missing = append(r.Missing, Missing{l.suite, fmt.Sprintf("no folder under %q holds %s", o.Data, l.pattern)})
		}
		for _, dir := range dirs {
			name := filepath.Base(dir)
			take(l.suite, " "+name, func() ([]Figure, error) { return l.measure(dir, name) })
		}
	}
	take("shift", fmt.Sprintf(" seeded shifts, %d seeds", o.Seeds), func() ([]Figure, error) { return shiftFigures(o.Seeds) })
	take("burn", fmt.Sprintf(" %d traces", o.Traces), func() ([]Figure, error) { return burnFigures(o.Traces) })
	take("canary", fmt.Sprintf(" %d pairs", o.Pairs), func() ([]Figure, error) { return canaryFigures(o.Pairs) })
	take("cost", "", func() ([]Figure, error) { return costFigures(min(16, o.Seeds+4)) })
	take("scale", " a tick over many objectives", func() ([]Figure, error) { return scaleFigures(10 * o.Pairs) })
	r.Seconds = time.Since(began).Seconds()
	return r
}

// find lists the folders with the layout: the folder itself, or those right below it.
func find(data, pattern string) []string {
	if data == "" {
		return nil
	}
	var out []string
	entries, _ := os.ReadDir(data) // what cannot be read holds nothing
	dirs := []string{filepath.Clean(data)}
	for _, e := range entries {
		if at := filepath.Join(data, e.Name()); e.IsDir() || e.Type()&os.ModeSymlink != 0 {
			dirs = append(dirs, at)
		}
	}
	for _, dir := range dirs {
		if found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern))); err == nil && len(found) > 0 {
			out = append(out, dir)
		}
	}
	return out
}
