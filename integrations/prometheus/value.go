package prometheus

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// checkValue refuses what does not give an instant vector or a number.
func checkValue(expr parser.Expr) *flaw {
	switch expr.Type() {
	case parser.ValueTypeVector, parser.ValueTypeScalar:
		return nil
	default:
		return flawAt(expr.PositionRange(), "not-a-value", "wrap it, as in rate(…) or avg_over_time(…)",
			"a value is one number for each service, this is a %s", parser.DocumentedType(expr.Type()))
	}
}

// lift makes a query tell services apart: the matchers narrow each selector that does not name the label already, and each
// aggregation keeps the labels.
func lift(expr parser.Expr, narrow []*labels.Matcher, keep []string) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			narrowSelector(n, narrow)
		case *parser.AggregateExpr:
			if n.Without {
				n.Grouping = slices.DeleteFunc(slices.Clone(n.Grouping), func(l string) bool { return slices.Contains(keep, l) })
				return nil
			}
			n.Grouping = slices.Clone(n.Grouping)
			for _, l := range keep {
				if !slices.Contains(n.Grouping, l) {
					n.Grouping = append(n.Grouping, l)
				}
			}
		}
		return nil
	})
}

// narrowSelector adds the matchers that speak of labels which the selector does not.
func narrowSelector(v *parser.VectorSelector, narrow []*labels.Matcher) {
	for _, m := range narrow {
		if !slices.ContainsFunc(v.LabelMatchers, func(o *labels.Matcher) bool { return o.Name == m.Name }) {
			v.LabelMatchers = append(v.LabelMatchers, m)
		}
	}
}
