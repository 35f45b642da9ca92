package prometheus

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// The bounds of slices: a label that holds the name of a user or a request must not fill the memory.
const (
	mostSliceLabels = 6
	// mostSlices bounds the slices of one signal over all services. Those that were there first are kept.
	mostSlices = 200
	// forgotten is how long a slice may be away before another may have its place.
	forgotten = 24 * time.Hour
	// mostLabel bounds the value of a label that becomes a part of a slice's name.
	mostLabel = 128
)

// rows are the series of an answer: the whole of each target first, then the slices as they are met.
type rows struct {
	targets int
	slices  []portion
	index   map[portion]int
}

// portion is a slice of a target.
type portion struct {
	target int
	slice  string
}

func newRows(targets int) rows { return rows{targets: targets, index: map[portion]int{}} }

func (r *rows) count() int { return r.targets + len(r.slices) }

// of is the row of a slice, which is made when it is new.
func (r *rows) of(p portion) int {
	row, known := r.index[p]
	if !known {
		row = r.count()
		r.slices = append(r.slices, p)
		r.index[p] = row
	}
	return row
}

// id names the series of a row, and the target that it is of.
func (r *reading) id(row int) (detectors.SeriesID, int) {
	if row < r.rows.targets {
		return r.series(row), row
	}
	p := r.rows.slices[row-r.rows.targets]
	id := r.series(p.target)
	id.Slice = p.slice
	return id, p.target
}

// slice is the row of the slice of a target that a series belongs to. There is none for series without any of the labels, and
// none for those that are too many.
func (r *reading) slice(target int, metric map[string]string) (row int, ok bool) {
	name := r.sliceOf(metric)
	if name == "" {
		return 0, false
	}
	p := portion{target, name}
	if _, known := r.rows.index[p]; !known && !r.admitted.admit(sliceKey{r.targets[target].Service, r.targets[target].Environment, name}, r.end(r.steps-1)) {
		r.note(fmt.Sprintf("more than %d slices by %s: the newest are not looked at one by one", mostSlices, strings.Join(r.slices, ", ")))
		return 0, false
	}
	return r.rows.of(p), true
}

// sliceOf writes the labels of a slice canonically: sorted by name, those without a value left out.
func (r *reading) sliceOf(metric map[string]string) string {
	var b strings.Builder
	for _, l := range r.slices {
		value := metric[l]
		if value == "" {
			continue
		}
		if len(value) > mostLabel {
			value = strings.ToValidUTF8(value[:mostLabel], "")
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(l + "=" + strconv.Quote(value))
	}
	return b.String()
}

// hold takes the samples of a value.
func (r *reading) hold(series *Series, row int) {
	for _, p := range series.Values {
		if i, ok := r.step(p.at); ok && finite(p.value) {
			r.grid.add(row, i, p.value)
		}
	}
}

// admission remembers which slices of a signal have a place.
type admission struct {
	mu   sync.Mutex
	seen map[sliceKey]time.Time
}

type sliceKey struct{ service, environment, slice string }

func newAdmission() *admission { return &admission{seen: map[sliceKey]time.Time{}} }

// admit tells whether a slice that was seen at a time has a place, and gives it one while there are some.
func (a *admission) admit(key sliceKey, at time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	last, known := a.seen[key]
	if !known && len(a.seen) >= mostSlices {
		for other, seen := range a.seen {
			if at.Sub(seen) > forgotten {
				delete(a.seen, other)
			}
		}
		if len(a.seen) >= mostSlices {
			return false
		}
	}
	if at.After(last) {
		a.seen[key] = at
	}
	return true
}
