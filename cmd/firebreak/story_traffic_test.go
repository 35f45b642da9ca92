package main

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/promapi"
)

// scrapeEvery is how often the counters of a story are read, historyOf how long they had been running when it begins.
const (
	scrapeEvery = 15 * time.Second
	historyOf   = 2 * time.Hour
)

// traffic is what a service counts: series that rise by so much in a second. What a story sets counts from then on; the first table
// counts for the time before, too. A series that is not in the table any more is not exposed any more.
type traffic struct {
	store *promapi.Store
	now   func() time.Time

	mu     sync.Mutex
	rates  map[int]float64
	counts map[int]float64
	last   time.Time
}

func newTraffic(now func() time.Time) *traffic {
	spacing := func(time.Duration) time.Duration { return scrapeEvery }
	return &traffic{store: promapi.NewStore(80*time.Hour, spacing), now: now, counts: map[int]float64{}}
}

// set reads a table: a selector and a number in each line, # begins a remark.
func (t *traffic) set(table string) error {
	t.advance()
	t.mu.Lock()
	defer t.mu.Unlock()
	rates := map[int]float64{}
	for lines := bufio.NewScanner(strings.NewReader(table)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		ref, rate, err := t.row(line)
		if err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		rates[ref] = rate
	}
	if t.last.IsZero() {
		t.last = t.now().Add(-historyOf).Truncate(scrapeEvery)
	}
	t.rates = rates
	return nil
}

func (t *traffic) row(line string) (ref int, rate float64, err error) {
	at := strings.LastIndexAny(line, " \t")
	if at < 0 {
		return 0, 0, errors.New("no number")
	}
	if rate, err = strconv.ParseFloat(line[at+1:], 64); err != nil {
		return 0, 0, err
	}
	series, err := parser.NewParser(parser.Options{}).ParseMetric(strings.TrimSpace(line[:at]))
	if err != nil {
		return 0, 0, err
	}
	var pairs []assistant.Label
	series.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			pairs = append(pairs, assistant.Label{Name: l.Name, Value: l.Value})
		}
	})
	return t.store.Declare(series.Get(model.MetricNameLabel), pairs), rate, nil
}

// advance scrapes until now.
func (t *traffic) advance() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last.IsZero() {
		return
	}
	for next := t.last.Add(scrapeEvery); !next.After(t.now()); next = next.Add(scrapeEvery) {
		values := make([]assistant.Value, 0, len(t.rates))
		for ref, rate := range t.rates {
			t.counts[ref] += rate * scrapeEvery.Seconds()
			values = append(values, assistant.Value{Ref: ref, Value: t.counts[ref]})
		}
		t.store.Record(next, values)
		t.last = next
	}
}
