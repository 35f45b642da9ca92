package assistant

import (
	"math"
	"strconv"
	"time"
)

// Label is one label of a series.
type Label struct{ Name, Value string }

// Value is what one series reads at a scrape.
type Value struct {
	Ref   int
	Value float64
}

// Store is where scrapes go.
type Store interface {
	// Declare makes a series known and numbers it; the same name and labels give the same number.
	Declare(name string, labels []Label) int
	// Record adds a scrape. Known series that are not among the values were not exposed any more. Times must rise.
	Record(at time.Time, values []Value)
}

// Names of the metrics, as OpenTelemetry's Prometheus translation gives them.
const (
	MetricDuration   = "gen_ai_client_operation_duration_seconds"
	MetricTokens     = "gen_ai_client_token_usage"
	MetricFirstToken = "gen_ai_server_time_to_first_token_seconds"
	MetricLookups    = "gen_ai_retrieval_calls_total"
	MetricUp         = "up"
)

// The bucket bounds are a subset of those that the conventions advise.
var (
	durationBounds = []float64{0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96}
	tokenBounds    = []float64{64, 256, 1024, 4096, 16384}
	firstBounds    = []float64{0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5}
)

// meter is one exposed histogram of a pod.
type meter struct {
	count, sum int
	buckets    []int // one per bound, then +Inf
	bounds     []float64
	n, total   float64
	filled     []float64
}

func newMeter(store Store, name string, bounds []float64, labels []Label) *meter {
	m := &meter{
		count: store.Declare(name+"_count", labels), sum: store.Declare(name+"_sum", labels),
		bounds: bounds, filled: make([]float64, len(bounds)+1),
	}
	for i := range m.filled {
		le := "+Inf"
		if i < len(bounds) {
			le = strconv.FormatFloat(bounds[i], 'g', -1, 64)
		}
		bucket := append(append(make([]Label, 0, len(labels)+1), labels...), Label{"le", le})
		m.buckets = append(m.buckets, store.Declare(name+"_bucket", bucket))
	}
	return m
}

// observe adds n log-normal observations around a median at once. The cumulative buckets of one call share a rounding, so that
// they never fall.
func (m *meter) observe(n, median, spread, rounding float64) {
	if n <= 0 {
		return
	}
	for i, bound := range m.bounds {
		m.filled[i] += math.Min(n, math.Floor(n*logNormal(bound, median, spread)+rounding))
	}
	m.filled[len(m.bounds)] += n
	m.n += n
	m.total += n * median * math.Exp(spread*spread/2)
}

func (m *meter) expose(values []Value) []Value {
	values = append(values, Value{m.count, m.n}, Value{m.sum, m.total})
	for i, ref := range m.buckets {
		values = append(values, Value{ref, m.filled[i]})
	}
	return values
}

// logNormal is the share of observations at or below x.
func logNormal(x, median, spread float64) float64 {
	return 0.5 * math.Erfc(-math.Log(x/median)/(spread*math.Sqrt2))
}
