package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
)

const (
	maxCSVFile  = 64 << 20
	maxPromFile = 256 << 20
	// maxSeriesFiles and maxTiles bound a recording; a tile takes 16 bytes.
	maxSeriesFiles = 5000
	maxTiles       = 40_000_000
	// longestSeries bounds one file: a wrong time must not make a row of millennia.
	longestSeries = 400 * 24 * time.Hour
	// mostFaults is how many faults of recorded series are told at a time.
	mostFaults = 20
)

// recordedFiles are the files of a folder of recorded series.
type recordedFiles struct {
	root      string
	csv, prom []string
}

// seriesFiles finds the recorded series below a folder.
func seriesFiles(dir string) (recordedFiles, error) {
	out := recordedFiles{root: dir}
	info, err := os.Stat(dir)
	if err != nil {
		return out, fmt.Errorf("--series: %w", err)
	}
	if !info.IsDir() {
		return out, fmt.Errorf("--series wants a folder, and %s is a file", dir)
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.Type().IsRegular():
		case filepath.Ext(path) == ".csv":
			out.csv = append(out.csv, path)
		case filepath.Ext(path) == ".prom":
			out.prom = append(out.prom, path)
		}
		if len(out.csv)+len(out.prom) > maxSeriesFiles {
			return fmt.Errorf("%s holds more than %d files of series", dir, maxSeriesFiles)
		}
		return nil
	})
	switch {
	case err != nil:
		return out, fmt.Errorf("--series: %w", err)
	case len(out.csv)+len(out.prom) == 0:
		return out, fmt.Errorf("%s holds no series; put SERVICE/SIGNAL.csv files into it, or Prometheus text with times as *.prom", dir)
	case len(out.csv) > 0 && len(out.prom) > 0:
		return out, fmt.Errorf("%s holds CSV files and *.prom files; put them into two folders, and replay one at a time", dir)
	}
	return out, nil
}

// tiles is a recorded series, one entry for each tile from the first on. A total that is not a number means that nothing was seen.
type tiles struct {
	id         detectors.SeriesID
	first      int64 // the tile that ends at (first+1)*base
	bad, total []float64
}

// csvSource answers from recorded tiles.
type csvSource struct {
	base   time.Duration
	series map[string][]*tiles
}

var _ watch.Source = csvSource{}

// Ask adds up recorded tiles.
func (s csvSource) Ask(_ context.Context, q watch.Query) (watch.Answer, error) {
	base, step := int64(s.base/time.Second), int64(q.Step/time.Second)
	var a watch.Answer
	for _, t := range s.series[q.Signal] {
		begin, end := t.first*base, (t.first+int64(len(t.total)))*base
		from, to := max(q.From.Unix(), begin-begin%step), min(q.To.Unix(), end+step-1)
		for at := from + step; at <= to; at += step {
			if bad, total, seen := t.sum((at-step)/base, at/base); seen {
				a.Readings = append(a.Readings, watch.Reading{Series: t.id, At: time.Unix(at, 0).UTC(), Bad: bad, Total: total})
			}
		}
	}
	return a, nil
}

// sum adds up the tiles [from, to).
func (t *tiles) sum(from, to int64) (bad, total float64, seen bool) {
	for i := max(0, from-t.first); i < min(to-t.first, int64(len(t.total))); i++ {
		if v := t.total[i]; !math.IsNaN(v) {
			bad, total, seen = bad+t.bad[i], total+v, true
		}
	}
	return bad, total, seen
}

// csvPast reads DIR/SERVICE/SIGNAL.csv, or DIR/SERVICE/ENVIRONMENT/SIGNAL.csv.
func csvPast(ctx context.Context, o BacktestOptions, files []string, watched []watch.Watched, base time.Duration) (*past, error) {
	source := csvSource{base: base, series: map[string][]*tiles{}}
	p := &past{source: source, watched: watched, recorded: true, close: func() {}}
	var faults []error
	gaps, size, taken := 0, 0, map[detectors.SeriesID]string{}
	for i, file := range files {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		o.Progress("reading", float64(i)/float64(len(files)))
		id, signal, err := placeOf(o.Series, file, watched)
		if other, twice := taken[id]; err == nil && twice {
			err = fmt.Errorf("%s is the same series", other)
		}
		var t *tiles
		skipped := 0
		if err == nil {
			taken[id] = file
			t, skipped, err = readTiles(file, id, signal, base)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", file, err))
			if len(faults) >= mostFaults {
				break
			}
			continue
		}
		gaps += skipped
		if size += len(t.total); size > maxTiles {
			return nil, fmt.Errorf("%s holds more than %d tiles of %s; replay fewer series, fewer days or with a longer --step", o.Series, maxTiles, base)
		}
		source.series[id.Signal] = append(source.series[id.Signal], t)
		first, last := time.Unix(t.first*int64(base/time.Second), 0).UTC(), time.Unix((t.first+int64(len(t.total)))*int64(base/time.Second), 0).UTC()
		if p.first.IsZero() || first.Before(p.first) {
			p.first = first.Add(time.Second)
		}
		if last.After(p.last) {
			p.last = last
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if gaps > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%d rows hold no number (empty, NaN or infinite) and were read as gaps", gaps))
	}
	return p, nil
}

// placeOf tells which series a file is, by its place.
func placeOf(root, file string, watched []watch.Watched) (detectors.SeriesID, detectors.Signal, error) {
	var id detectors.SeriesID
	relative, err := filepath.Rel(root, file)
	if err != nil {
		return id, detectors.Signal{}, err
	}
	parts := strings.Split(filepath.ToSlash(strings.TrimSuffix(relative, ".csv")), "/")
	switch len(parts) {
	case 2:
		id = detectors.SeriesID{Service: parts[0], Signal: parts[1]}
	case 3:
		id = detectors.SeriesID{Service: parts[0], Environment: parts[1], Signal: parts[2]}
	default:
		return id, detectors.Signal{}, errors.New("its place tells no series; put it at SERVICE/SIGNAL.csv, or SERVICE/ENVIRONMENT/SIGNAL.csv")
	}
	var services, environments, signals []string
	for _, w := range watched {
		for _, known := range w.Series {
			if known == id {
				return id, w.Signal, nil
			}
			services = append(services, known.Service)
			if known.Service == id.Service {
				environments, signals = append(environments, known.Environment), append(signals, known.Signal)
			}
		}
	}
	switch {
	case !slices.Contains(services, id.Service):
		return id, detectors.Signal{}, fmt.Errorf("the configuration has no service %q; it has %s", id.Service, among(services))
	case !slices.Contains(signals, id.Signal):
		return id, detectors.Signal{}, fmt.Errorf("%s has no signal %q; it has %s", id.Service, id.Signal, among(signals))
	case id.Environment == "":
		return id, detectors.Signal{}, fmt.Errorf("the series of %s are told apart by environment; put it at %s/ENVIRONMENT/%s.csv, for %s",
			id.Service, id.Service, id.Signal, among(environments))
	case slices.Equal(slices.Compact(environments), []string{""}):
		return id, detectors.Signal{}, fmt.Errorf("the series of %s are not told apart by environment; put it at %s/%s.csv", id.Service, id.Service, id.Signal)
	default:
		return id, detectors.Signal{}, fmt.Errorf("%s has no environment %q; it has %s", id.Service, id.Environment, among(environments))
	}
}

// among lists what is known, each once.
func among(known []string) string {
	known = slices.Compact(slices.Sorted(slices.Values(known)))
	const shown = 30
	if more := len(known) - shown; more > 0 {
		return joined(known[:shown]) + fmt.Sprintf(" and %d more", more)
	}
	return joined(known)
}

func joined(words []string) string { return strings.Join(words, ", ") }

// recordedRow is a row of a file.
type recordedRow struct {
	at         int64 // milliseconds
	bad, total float64
}

// readTiles reads a file of a series into tiles. A row tells of the time since the row before, at most of the usual distance between
// rows: counts are spread over it, values hold for it.
func readTiles(file string, id detectors.SeriesID, signal detectors.Signal, base time.Duration) (*tiles, int, error) {
	text, err := readUpTo(file, maxCSVFile)
	if err != nil {
		return nil, 0, err
	}
	rows, skipped, err := readRows(text, signal)
	if err != nil {
		return nil, 0, err
	}
	if len(rows) == 0 {
		return nil, 0, errors.New("no row holds a number")
	}
	width := base.Milliseconds()
	firstTile, lastTile := ceilDiv(rows[0].at, width)-1, ceilDiv(rows[len(rows)-1].at, width)-1
	spread := max(1, usualDistance(rows)/width)
	firstTile -= spread - 1
	if (lastTile-firstTile)*width > longestSeries.Milliseconds() {
		return nil, 0, fmt.Errorf("it goes from %s to %s; at most 400 days are replayed", clockOf(time.UnixMilli(rows[0].at)), clockOf(time.UnixMilli(rows[len(rows)-1].at)))
	}
	n := lastTile - firstTile + 1
	t := &tiles{id: id, first: firstTile, bad: make([]float64, n), total: make([]float64, n)}
	for i := range t.total {
		t.total[i] = math.NaN()
	}
	before := firstTile - 1
	for _, r := range rows {
		last := ceilDiv(r.at, width) - 1
		from := min(last, max(last-spread+1, before+1))
		bad, total := r.bad, r.total
		if n := float64(last - from + 1); signal.Shape != detectors.Value && n > 1 {
			bad, total = bad/n, total/n
		}
		for tile := from; tile <= last; tile++ {
			j := tile - firstTile
			if math.IsNaN(t.total[j]) {
				t.total[j] = 0
			}
			t.bad[j] += bad
			t.total[j] += total
		}
		before = last
	}
	return t, skipped, nil
}

// usualDistance is the median distance between rows, in milliseconds.
func usualDistance(rows []recordedRow) int64 {
	if len(rows) < 3 {
		return 0
	}
	distances := make([]int64, 0, len(rows)-1)
	for i := 1; i < len(rows); i++ {
		distances = append(distances, rows[i].at-rows[i-1].at)
	}
	slices.Sort(distances)
	return distances[len(distances)/2]
}

func ceilDiv(a, b int64) int64 {
	if a%b > 0 {
		return a/b + 1
	}
	return a / b
}

// readRows reads timestamp,value, or timestamp,bad,total for a ratio.
func readRows(text []byte, signal detectors.Signal) (rows []recordedRow, skipped int, err error) {
	scanner := bufio.NewScanner(bytes.NewReader(text))
	columns, line := 0, 0
	var read momentReader
	for scanner.Scan() {
		line++
		cells := strings.Split(strings.TrimSpace(scanner.Text()), ",")
		if line == 1 {
			if columns, err = columnsOf(cells, signal); err != nil {
				return nil, 0, err
			}
			continue
		}
		if len(cells) == 1 && cells[0] == "" {
			continue
		}
		if len(cells) != columns {
			return nil, 0, fmt.Errorf("line %d: it has %d columns, the header %d", line, len(cells), columns)
		}
		r := recordedRow{}
		if r.at, err = read.at(cells[0]); err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", line, err)
		}
		if n := len(rows); n > 0 && r.at <= rows[n-1].at {
			if r.at == rows[n-1].at {
				return nil, 0, fmt.Errorf("line %d: %s is there twice; remove one of the rows", line, cells[0])
			}
			return nil, 0, fmt.Errorf("line %d: time goes back to %s; sort the rows by time", line, cells[0])
		}
		seen, err := r.numbers(cells[1:], signal.Shape)
		if err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", line, err)
		}
		if !seen {
			skipped++
			continue
		}
		rows = append(rows, r)
	}
	return rows, skipped, scanner.Err()
}

// columnsOf reads the header.
func columnsOf(cells []string, signal detectors.Signal) (int, error) {
	for i := range cells {
		cells[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(cells[i], "\ufeff")))
	}
	wanted := []string{"timestamp", "value"}
	if signal.Shape == detectors.Ratio {
		wanted = []string{"timestamp", "bad", "total"}
	}
	if !slices.Equal(cells, wanted) {
		why := ""
		if signal.Shape == detectors.Ratio {
			why = ": of a ratio the numbers of events are needed, a bare share does not tell how many there were"
		}
		return 0, fmt.Errorf("line 1: the header of %s is %s, and not %s%s", signal.Name, joined(wanted), Visible(joined(cells)), why)
	}
	return len(wanted), nil
}

// numbers reads the cells behind the time. False means that they hold no number.
func (r *recordedRow) numbers(cells []string, shape detectors.Shape) (bool, error) {
	var values [2]float64
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if cell == "" {
			return false, nil
		}
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return false, fmt.Errorf("%q is no number", Visible(cell))
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false, nil
		}
		values[i] = v
	}
	switch shape {
	case detectors.Ratio:
		r.bad, r.total = values[0], values[1]
		if r.bad < 0 || r.total < 0 {
			return false, errors.New("a number of events is negative; give what happened since the row before, not a counter's difference over a reset")
		}
		if r.bad > r.total {
			return false, fmt.Errorf("%s bad of %s events cannot be; bad and total are numbers of events in the same unit", cells[0], cells[1])
		}
	case detectors.Count:
		if r.total = values[0]; r.total < 0 {
			return false, errors.New("a count is negative; give what happened since the row before, not a counter's difference over a reset")
		}
	default:
		r.bad, r.total = values[0], 1
	}
	return true, nil
}

// momentReader reads the times of one file, which are all written alike.
type momentReader struct{ form string }

// The forms of a time. Numbers from 100,000,000,000 on are milliseconds: as seconds that would be the year 5138.
const (
	inSeconds    = "seconds"
	inMillis     = "milliseconds"
	inWords      = "date and time"
	millisFrom   = 1e11
	earliestSane = 1e8 // 1973
)

func (m *momentReader) at(cell string) (int64, error) {
	cell = strings.TrimSpace(cell)
	var ms int64
	form := inWords
	if v, err := strconv.ParseFloat(cell, 64); err == nil {
		switch {
		case math.IsNaN(v), v < earliestSane, v > 1e14:
			return 0, fmt.Errorf("%q is no time between 1973 and 5138; write seconds or milliseconds since 1970, or 2026-11-20T15:53:00Z", cell)
		case v >= millisFrom:
			form, ms = inMillis, int64(math.Round(v))
		default:
			form, ms = inSeconds, int64(math.Round(v*1000))
		}
	} else {
		at, err := ParseMoment(cell)
		if err != nil {
			return 0, fmt.Errorf("%q is no time; write seconds or milliseconds since 1970, or 2026-11-20T15:53:00Z", Visible(cell))
		}
		ms = at.UnixMilli()
	}
	if m.form != "" && m.form != form {
		return 0, fmt.Errorf("%s is in %s, and the rows before are in %s; write all times alike", cell, form, m.form)
	}
	m.form = form
	return ms, nil
}
