package prometheus

import (
	"regexp"
	"strconv"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// CounterOf translates a query over rates, as rules and other tools have it, into one over counters: Firebreak takes the increases
// itself, so that they add up over any window. What cannot be translated without another meaning is reported at the field, at its
// place inside the query, with what to do; the answer is empty then.
//
//	sum(rate(requests_total{code=~"5.."}[5m]))              requests_total{code=~"5.."}
//	sum by (job) (increase(a[1h])) - sum(rate(b[1h]))       a - b
//	sum(rate(errors_total[5m])) or vector(0)                errors_total
func CounterOf(r *diag.Report, field, query string) string {
	expr, f := parse(query)
	var out string
	if f == nil {
		out, f = unrate(expr)
	}
	if f == nil {
		// What came of it must be what a counted signal is made of.
		if again, bad := parse(out); bad != nil {
			f = bad
		} else if _, bad = compile(again, &selectors{}); bad != nil {
			f = bad
		}
		if f != nil {
			f.offset = 0 // it is a place in the translation
		}
	}
	if f == nil {
		return out
	}
	said := r.Faultf(field, f.code, "%s", f.message).Inside(f.offset)
	if f.fix != "" {
		said.Suggest("%s", f.fix)
	}
	return ""
}

// unrate takes rates and sums away.
func unrate(expr parser.Expr) (string, *flaw) {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		out, f := unrate(e.Expr)
		if _, is := e.Expr.(*parser.BinaryExpr); is && out != "" {
			out = "(" + out + ")"
		}
		return out, f
	case *parser.StepInvariantExpr:
		return unrate(e.Expr)
	case *parser.VectorSelector:
		return counted(e)
	case *parser.AggregateExpr:
		if e.Op != parser.SUM {
			return "", flawAt(e.PosRange, "not-a-sum", "write sum(…), if the sum is meant", "%s of counters cannot be added up over time", e.Op)
		}
		out, f := unrate(e.Expr)
		if _, is := e.Expr.(*parser.BinaryExpr); is && out != "" {
			out = "(" + out + ")"
		}
		return out, f
	case *parser.UnaryExpr:
		out, f := unrate(e.Expr)
		if e.Op == parser.SUB && out != "" {
			out = "-(" + out + ")"
		}
		return out, f
	case *parser.BinaryExpr:
		return unrateBinary(e)
	case *parser.Call:
		return unrateCall(e)
	case *parser.MatrixSelector:
		return "", flawAt(e.PositionRange(), "range", "write sum(rate(…)) around it", "a range alone is no number of events")
	case *parser.SubqueryExpr:
		return "", flawAt(e.PositionRange(), "subquery", "count the events with a counter, and give its rate", "a subquery counts samples, not events")
	default:
		return "", flawAt(expr.PositionRange(), "not-a-counter", "", "%s", counterWords)
	}
}

// recorded are the names of rates that rules recorded, by the usual convention level:metric:operations.
var recorded = regexp.MustCompile(`:[a-z_]*(rate|increase|ratio)[a-z_]*[0-9smhdw]*$`)

func counted(v *parser.VectorSelector) (string, *flaw) {
	if f := checkSelector(v); f != nil {
		return "", f
	}
	if recorded.MatchString(v.Name) {
		return "", flawAt(v.PosRange, "recorded-rate", "give the counters that the rule reads", "%s is a rate that a rule recorded, not a counter", v.Name)
	}
	return v.String(), nil
}

func unrateCall(e *parser.Call) (string, *flaw) {
	switch e.Func.Name {
	case "rate", "increase", "irate":
		switch arg := e.Args[0].(type) {
		case *parser.MatrixSelector:
			if v, ok := arg.VectorSelector.(*parser.VectorSelector); ok {
				return counted(v)
			}
		case *parser.SubqueryExpr:
			return "", flawAt(arg.PositionRange(), "subquery", "give the rate of the counter itself", "a rate over a subquery is no counter any more")
		}
		return "", flawAt(e.PosRange, "not-a-counter", "", "%s", counterWords)
	case "clamp_min":
		if n, is := literal(e.Args[1]); is && n == 0 {
			return unrate(e.Args[0])
		}
		return "", flawAt(e.PosRange, "not-linear", "remove clamp_min", "what is clamped cannot be added up over time")
	case "sum_over_time", "count_over_time", "avg_over_time", "min_over_time", "max_over_time", "last_over_time":
		return "", flawAt(e.PosRange, "gauge", "count the events with a counter, and give its rate",
			"%s is over samples of a gauge: how many there are depends on how often it is scraped", e.Func.Name)
	case "histogram_count", "histogram_sum", "histogram_fraction", "histogram_quantile":
		return "", flawAt(e.PosRange, "histogram-function", "give the buckets or the count of the classic histogram, as …_bucket{le=\"0.5\"} and …_count",
			"%s of a histogram is not possible here: %s", e.Func.Name, counterWords)
	case "vector":
		return "", flawAt(e.PosRange, "constant", "", "a constant counts no events")
	}
	return "", flawAt(e.PosRange, "not-a-counter", "", "%s is not possible here: %s", e.Func.Name, counterWords)
}

func unrateBinary(e *parser.BinaryExpr) (string, *flaw) {
	if n, other, ok := scaled(e); ok {
		out, f := unrate(other)
		if f != nil {
			return "", f
		}
		return "(" + out + ") * " + strconv.FormatFloat(n, 'g', -1, 64), nil
	}
	switch {
	case e.Op == parser.LOR && zero(e.RHS):
		return unrate(e.LHS) // what is absent counts as nothing anyway
	case e.Op == parser.ADD && zero(e.RHS):
		return unrate(e.LHS)
	case e.Op.IsComparisonOperator():
		return "", flawAt(e.PositionRange(), "comparison", "remove it; where nothing happens, nothing is judged", "a comparison lets events vanish")
	case e.Op == parser.DIV:
		return "", flawAt(e.PositionRange(), "ratio", "give what is bad and what is the total apart",
			"a ratio cannot be added up over time: Firebreak divides the sums")
	case e.Op != parser.ADD && e.Op != parser.SUB && e.Op != parser.LOR:
		return "", flawAt(e.PositionRange(), "not-linear", "", "%s of two counters cannot be added up over time", e.Op)
	case e.VectorMatching != nil && (e.VectorMatching.On || len(e.VectorMatching.MatchingLabels) > 0 || e.VectorMatching.Card == parser.CardManyToOne || e.VectorMatching.Card == parser.CardOneToMany):
		return "", flawAt(e.PositionRange(), "matching", "sum both sides to one number, without on, ignoring or group_left",
			"on and ignoring drop series that have no counterpart; sums over time do not")
	}
	if _, is := literal(e.LHS); is { // 1 - ratio: what is wrong with it is the ratio
		if _, f := unrate(e.RHS); f != nil {
			return "", f
		}
	}
	left, f := unrate(e.LHS)
	if f != nil {
		return "", f
	}
	right, f := unrate(e.RHS)
	if f != nil {
		return "", f
	}
	if _, is := e.RHS.(*parser.BinaryExpr); is {
		right = "(" + right + ")"
	}
	return left + " " + e.Op.String() + " " + right, nil
}

// zero tells the usual ways to write nothing: 0, vector(0).
func zero(e parser.Expr) bool {
	if n, is := literal(e); is {
		return n == 0
	}
	switch e := e.(type) {
	case *parser.ParenExpr:
		return zero(e.Expr)
	case *parser.StepInvariantExpr:
		return zero(e.Expr)
	case *parser.Call:
		return e.Func.Name == "vector" && len(e.Args) == 1 && zero(e.Args[0])
	}
	return false
}
