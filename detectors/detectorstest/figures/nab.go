package figures

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/detectors/shift"
)

// NABProfile is what a detected window earns, what a false alarm and a missed window cost.
type NABProfile struct {
	Name       string
	TP, FP, FN float64
}

// The profiles that the benchmark publishes scores for and that are promised here.
var (
	NABStandard = NABProfile{"standard", 1, .11, 1}
	NABLowFP    = NABProfile{"low FP", 1, .22, 1}
)

// NABScore is the outcome of all files by one profile and one threshold.
type NABScore struct {
	Score, Threshold float64
	// Windows are those that were found, Of how many; Alarms the runs of rows outside of windows that fire.
	Windows, Of, Alarms int
}

// nabRow is one scored row: what a detection there is worth, and in which window it lies.
type nabRow struct {
	score, worth float64
	window       int // -1 outside
	file, at     int
}

// NAB holds the scores of a detector for every row of a data set.
type NAB struct {
	rows []nabRow
	// reachable are windows with a row that counts; windows counts all.
	reachable []bool
	windows   int
	// Absent counts the files that have labels and are not there.
	Absent int
}

// nabLayouts are how times are written in labels and data.
var nabLayouts = []string{"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", time.RFC3339Nano}

func nabTime(s string) (time.Time, error) {
	for _, layout := range nabLayouts {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", s)
}

// LoadNAB reads a data set: labels/combined_windows.json, and data with a CSV of timestamp and value for each of its entries. The
// scorer is called for each file and gives a score for each row.
func LoadNAB(dir string, score func(path string) (times []time.Time, scores []float64, err error)) (*NAB, error) {
	var labels map[string][][]string
	if err := readJSON(filepath.Join(dir, "labels", "combined_windows.json"), &labels); err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(labels))
	n := &NAB{}
	for file, name := range names {
		if _, err := os.Stat(filepath.Join(dir, "data", filepath.FromSlash(name))); errors.Is(err, fs.ErrNotExist) {
			n.Absent++ // labels of files that are kept elsewhere
			continue
		}
		times, scores, err := score(filepath.Join(dir, "data", filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := n.add(file, times, scores, labels[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(n.rows) == 0 {
		return nil, fmt.Errorf("none of the %d labelled files is there", len(names))
	}
	return n, nil
}

// sigmoid is the benchmark's: near 1 far before a window's end, 0 at it, near -1 far behind.
func sigmoid(x float64) float64 {
	if x > 3 {
		return -1
	}
	return 2/(1+math.Exp(5*x)) - 1
}

func (n *NAB) add(file int, times []time.Time, scores []float64, labels [][]string) error {
	type span struct{ first, last int }
	spans := make([]span, 0, len(labels))
	for _, pair := range labels {
		var ends [2]int
		if len(pair) != 2 {
			return fmt.Errorf("a window of %d times", len(pair))
		}
		for i, text := range pair {
			at, err := nabTime(text)
			if err != nil {
				return err
			}
			if ends[i] = slices.IndexFunc(times, at.Equal); ends[i] < 0 {
				return fmt.Errorf("no row is at %s, where a window ends", text)
			}
		}
		spans = append(spans, span{ends[0], ends[1]})
	}
	sort.Slice(spans, func(i, j int) bool { return spans[i].first < spans[j].first })
	base := n.windows
	n.windows += len(spans)
	n.reachable = append(n.reachable, make([]bool, len(spans))...)
	probation := min(int(.15*float64(len(times))), 750)
	next := 0 // the first window that does not lie wholly before the row
	for i := range times {
		for next < len(spans) && i > spans[next].last {
			next++
		}
		row := nabRow{score: scores[i], worth: -1, window: -1, file: file, at: i}
		switch {
		case next < len(spans) && i >= spans[next].first:
			w := spans[next]
			width := float64(w.last - w.first + 1)
			row.window, row.worth = base+next, sigmoid(-float64(w.last-i+1)/width)/sigmoid(-1)
		case next > 0:
			w := spans[next-1]
			row.worth = sigmoid(float64(i-w.last) / float64(w.last-w.first))
		}
		if i < probation {
			continue
		}
		n.rows = append(n.rows, row)
		if row.window >= 0 {
			n.reachable[row.window] = true
		}
	}
	return nil
}

// silent is the score of one who never says anything.
func (n *NAB) silent(p NABProfile) float64 {
	out := 0.
	for _, reachable := range n.reachable {
		if reachable {
			out -= p.FN
		}
	}
	return out
}

// Best takes the one threshold for all files that scores best, as the benchmark does.
func (n *NAB) Best(p NABProfile) NABScore {
	order := make([]int, len(n.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := n.rows[a].score, n.rows[b].score; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	found := make([]float64, n.windows) // what each found window is worth
	total := n.silent(p)
	best, threshold := total, math.Inf(1)
	for i := 0; i < len(order); {
		level := n.rows[order[i]].score
		for ; i < len(order) && n.rows[order[i]].score == level; i++ {
			row := n.rows[order[i]]
			switch {
			case row.window < 0:
				total += p.FP * row.worth
			case row.worth > found[row.window]:
				if found[row.window] == 0 {
					total += p.FN
				}
				total += p.TP * (row.worth - found[row.window])
				found[row.window] = row.worth
			}
		}
		if total > best {
			best, threshold = total, level
		}
	}
	return n.At(p, threshold)
}

// At scores with a given threshold: a row whose score reaches it fires.
func (n *NAB) At(p NABProfile, threshold float64) NABScore {
	found := make([]float64, n.windows)
	raw := n.silent(p)
	out := NABScore{Threshold: threshold}
	for _, reachable := range n.reachable {
		if reachable {
			out.Of++
		}
	}
	running, before := false, nabRow{file: -1}
	for _, row := range n.rows {
		fires := row.score >= threshold
		if row.file != before.file || row.at != before.at+1 || before.window >= 0 {
			running = false
		}
		switch {
		case fires && row.window < 0:
			raw += p.FP * row.worth
			if !running {
				out.Alarms++
			}
			running = true
		case fires && row.worth > found[row.window]:
			if found[row.window] == 0 {
				raw += p.FN
				out.Windows++
			}
			raw += p.TP * (row.worth - found[row.window])
			found[row.window] = row.worth
		case !fires:
			running = false
		}
		before = row
	}
	silent := n.silent(p)
	out.Score = 100 * (raw - silent) / (p.TP*float64(n.windows) - silent)
	return out
}

// Shift scores a file with the detector shift, as `firebreak backtest csv` does.
func Shift(path string) (times []time.Time, scores []float64, err error) {
	in, err := os.Open(path) //nolint:gosec // the data set that the caller names
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = in.Close() }()
	var out strings.Builder
	if _, err := shift.ScoreCSV(in, &out); err != nil {
		return nil, nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows[1:] {
		at, err := nabTime(row[0])
		if err != nil {
			return nil, nil, err
		}
		score, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			return nil, nil, err
		}
		times, scores = append(times, at), append(scores, score)
	}
	return times, scores, nil
}

// gaussian is the usual simple method: how unlikely a value is by the mean and spread of the last 6,400 rows, refreshed every 160.
func gaussian(path string) (times []time.Time, scores []float64, err error) {
	const length, refresh = 6400, 160
	in, err := os.Open(path) //nolint:gosec // the data set that the caller names
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = in.Close() }()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	var window []float64
	var mean, spread float64
	for i, row := range rows[1:] {
		at, err := nabTime(row[0])
		if err != nil {
			return nil, nil, err
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(row[1]), 64)
		if err != nil {
			v = math.NaN()
		}
		score := 0.
		if len(window) > 0 && !math.IsNaN(v) {
			score = 1 - .5*math.Erfc(math.Abs(v-mean)/max(spread, 1e-6)/math.Sqrt2)
		}
		times, scores = append(times, at), append(scores, score)
		if math.IsNaN(v) {
			continue
		}
		if window = append(window, v); len(window) < length || i%refresh == 0 {
			window = window[max(0, len(window)-length):]
			mean, spread = moments(window)
		}
	}
	return times, scores, nil
}

func moments(v []float64) (mean, spread float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		spread += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, math.Sqrt(spread)
}

// Alarming is the score from which the product speaks.
const Alarming = .5

func nabFigures(dir, name string) ([]Figure, error) {
	ours, err := LoadNAB(dir, Shift)
	if err != nil {
		return nil, err
	}
	simple, err := LoadNAB(dir, gaussian)
	if err != nil {
		return nil, err
	}
	standard, low := ours.Best(NABStandard), ours.Best(NABLowFP)
	fixed := ours.At(NABStandard, Alarming)
	published := func(values ...float64) []Baseline {
		out := make([]Baseline, len(values))
		for i, v := range values {
			out[i] = Baseline{[]string{"random cut forest", "HTM", "ARTime"}[i], v, true}
		}
		return out
	}
	few := ours.fewest(.83)
	figures := []Figure{
		{
			What: "standard profile", Unit: "score", Got: standard.Score, Bar: atLeast(74), Better: atLeast(80),
			Baselines: append([]Baseline{{"windowed Gaussian", simple.Best(NABStandard).Score, false}}, published(50.23, 73.88, 79.96)...),
			Detail:    fmt.Sprintf("%d of %d windows, %d alarms outside, best threshold %.3f", standard.Windows, standard.Of, standard.Alarms, standard.Threshold) + ours.absent(),
		},
		{
			What: "low FP profile", Unit: "score", Got: low.Score, Bar: atLeast(67), Better: atLeast(74),
			Baselines: append([]Baseline{{"windowed Gaussian", simple.Best(NABLowFP).Score, false}}, published(36.82, 66.99, 72.54)...),
			Detail:    fmt.Sprintf("%d of %d windows, %d alarms outside, best threshold %.3f", low.Windows, low.Of, low.Alarms, low.Threshold),
		},
		{
			What: "standard profile at the product's threshold", Unit: "score", Got: fixed.Score, Bar: nil,
			Detail: fmt.Sprintf("%d of %d windows, %d alarms outside, threshold %.1f for all", fixed.Windows, fixed.Of, fixed.Alarms, Alarming),
		},
		{
			What: "alarms outside windows, five of six windows found", Unit: "alarms", Got: float64(few.Alarms), Bar: atMost(alarmsAllowed(65, ours)), Better: atMost(alarmsAllowed(25, ours)),
			Baselines: []Baseline{{"HTM", 71, true}, {"CAD OSE", 25, true}, {"windowed Gaussian", float64(simple.fewest(.83).Alarms), false}},
			Detail:    fmt.Sprintf("%d of %d windows, threshold %.3f", few.Windows, few.Of, few.Threshold),
		},
	}
	return label("nab", name, figures), nil
}

func (n *NAB) absent() string {
	if n.Absent == 0 {
		return ""
	}
	return fmt.Sprintf("; %d labelled files are not there", n.Absent)
}

// alarmsAllowed scales a bound that was set for 54 windows and the alarms beside them to a data set of another size.
func alarmsAllowed(bound float64, n *NAB) float64 {
	return math.Round(bound * float64(n.windows) / 54)
}

// fewest is the highest threshold at which a share of the windows is found: with it, the alarms outside are fewest.
func (n *NAB) fewest(share float64) NABScore {
	best := make([]float64, n.windows)
	for _, row := range n.rows {
		if row.window >= 0 {
			best[row.window] = max(best[row.window], row.score)
		}
	}
	slices.Sort(best)
	need := int(math.Ceil(share * float64(n.windows)))
	if n.windows == 0 || need == 0 {
		return n.At(NABStandard, math.Inf(1))
	}
	return n.At(NABStandard, best[n.windows-need])
}

// label writes on figures what they were measured on.
func label(suite, data string, figures []Figure) []Figure {
	for i := range figures {
		figures[i].Suite, figures[i].Data = suite, data
		figures[i] = figures[i].done()
	}
	return figures
}
