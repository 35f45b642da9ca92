package prometheus

import (
	"testing"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

func TestRatesBecomeCounters(t *testing.T) {
	for _, test := range []struct{ name, query, want string }{
		{"a rate", `sum(rate(requests_total{code=~"5.."}[5m]))`, `requests_total{code=~"5.."}`},
		{"an increase with a grouping", `sum by (job) (increase(a_total[1h]))`, `a_total`},
		{"a counter as it is", `requests_total{job="x"}`, `requests_total{job="x"}`},
		{"a sum of counters as they are", `sum(requests_total{job="x"})`, `requests_total{job="x"}`},
		{"a difference over lines", "(\n  sum(rate(d_count{v!=\"W\"}[5m]))\n  -\n  sum(rate(d_bucket{le=\"0.4\",v!=\"W\"}[5m]))\n)", `(d_count{v!="W"} - d_bucket{le="0.4",v!="W"})`},
		{"or nothing", `sum(rate(errors_total[5m])) or vector(0)`, `errors_total`},
		{"or nothing on no label", `sum(rate(errors_total[5m])) OR on() vector(0)`, `errors_total`},
		{"plus nothing", `sum(rate(errors_total[5m])) + 0`, `errors_total`},
		{"or a total times nothing", `sum(rate(e_total[5m])) or sum(rate(t_total[5m])) * 0`, `e_total or ((t_total) * 0)`},
		{"a factor", `sum(rate(e_total[5m])) * 60`, `(e_total) * 60`},
		{"a sum of differences", `sum(rate(a_total[5m]) - rate(b_total[5m]))`, `(a_total - b_total)`},
		{"what is clamped to nothing", `clamp_min(sum(rate(a_total[5m])) - sum(rate(b_total[5m])), 0)`, `a_total - b_total`},
		{"a difference of sums", `sum(rate(a_total[5m])) - (sum(rate(b_total[5m])) + sum(rate(c_total[5m])))`, `a_total - (b_total + c_total)`},
		{"spaces inside of a range", `sum(rate(a_total[5m         ]))`, `a_total`},
		{"a metric with dots", `sum(rate({"http.requests",code="500"}[5m]))`, `{__name__="http.requests",code="500"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := diag.New()
			got := CounterOf(r, "q", test.query)
			for _, f := range r.Faults() {
				t.Errorf("%s (%s) at %d", f.Message, f.Code, f.Offset)
			}
			if got != test.want {
				t.Errorf("%q became %q, want %q", test.query, got, test.want)
			}
		})
	}
}

func TestRatesThatCannotBeCounters(t *testing.T) {
	for _, test := range []struct {
		name, query, code string
		offset            int
	}{
		{"no PromQL", `sum(rate(a[5m])`, "bad-promql", 15},
		{"a ratio", `1 - sum(rate(a_total[5m])) / sum(rate(b_total[5m]))`, "ratio", 4},
		{"an average", `sum(avg(rate(a_total[5m])))`, "not-a-sum", 4},
		{"samples of a gauge", `sum_over_time((count(g < 0.75))[5m:])`, "gauge", 0},
		{"a subquery", `sum(rate(sum(a_total)[5m:1m]))`, "subquery", 9},
		{"a comparison", `sum(rate(a_total[5m])) > 0`, "comparison", 0},
		{"a quantile", `sum(rate(a_total[5m])) - histogram_quantile(0.9, sum by (le) (rate(b_bucket[5m])))`, "histogram-function", 25},
		{"a recorded rate", `sum(job:requests:rate5m)`, "recorded-rate", 4},
		{"an offset", `sum(rate(a_total[5m] offset 1m))`, "offset", 9},
		{"no name", `sum(rate({job="x"}[5m]))`, "no-name", 9},
		{"a join", `sum by (j) (rate(a_total[5m])) - on (j) sum by (j) (rate(b_total[5m]))`, "matching", 0},
		{"a constant", `vector(1)`, "constant", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := diag.New()
			got, faults := CounterOf(r, "q", test.query), r.Faults()
			if got != "" || len(faults) != 1 {
				t.Fatalf("%q with %d faults", got, len(faults))
			}
			if f := faults[0]; f.Code != test.code || f.Offset != test.offset {
				t.Errorf("%s (%s) at %d, want %s at %d", f.Message, f.Code, f.Offset, test.code, test.offset)
			}
		})
	}
}

func FuzzCounterOf(f *testing.F) {
	f.Add(`sum(rate(requests_total{code=~"5.."}[5m])) or vector(0)`)
	f.Add(`clamp_min(-(a - on(x) b[5m:1m]) * 2, 0)`)
	f.Fuzz(func(t *testing.T, query string) {
		r := diag.New()
		got := CounterOf(r, "q", query)
		if (got == "") != (r.Len() > 0) {
			t.Fatalf("%q became %q with %d faults", query, got, r.Len())
		}
		if got == "" {
			return
		}
		CheckCounter(r, "q", got)
		if r.Len() > 0 {
			t.Fatalf("%q became %q, which is no counter: %+v", query, got, r.Faults())
		}
	})
}
