package prometheus

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// newParser understands what every current Prometheus does, without experiments.
func newParser() parser.Parser { return parser.NewParser(parser.Options{}) }

// flaw is a fault of a query with its place inside it.
type flaw struct {
	offset  int
	code    string
	message string
	fix     string
}

func (f *flaw) Error() string { return f.message }

func flawAt(pos posrange.PositionRange, code, fix, format string, args ...any) *flaw {
	return &flaw{offset: int(pos.Start), code: code, message: fmt.Sprintf(format, args...), fix: fix}
}

// parse reads PromQL and turns the parser's first error into a flaw.
func parse(query string) (parser.Expr, *flaw) {
	if strings.TrimSpace(query) == "" {
		return nil, &flaw{code: "empty-query", message: "the query is empty"}
	}
	expr, err := newParser().ParseExpr(query)
	if err == nil {
		return expr, nil
	}
	var many parser.ParseErrors
	if errors.As(err, &many) && len(many) > 0 {
		return nil, flawAt(many[0].PositionRange, "bad-promql", "", "PromQL: %v", many[0].Err)
	}
	return nil, &flaw{code: "bad-promql", message: "PromQL: " + err.Error()}
}

// counter is a compiled counter query: a sum of selectors with factors, and alternatives between such sums.
type counter struct {
	// leaf is the index of a selector in the question, or -1.
	leaf int
	// factor multiplies what this node gives.
	factor float64
	// parts are added up; what is absent counts as nothing, unless all are.
	parts []*counter
	// choices are alternatives: the first that is present counts.
	choices []*counter
}

// selectors collects the counters of one question, each once.
type selectors struct{ list []selector }

// selector is a counter: a series, or the count or sum that a native histogram holds.
type selector struct {
	vector *parser.VectorSelector
	// of is the function that takes the number out of a native histogram, empty for a series of numbers.
	of string
}

func (s *selectors) index(v *parser.VectorSelector, of string) int {
	text := v.String()
	if i := slices.IndexFunc(s.list, func(o selector) bool { return o.of == of && o.vector.String() == text }); i >= 0 {
		return i
	}
	s.list = append(s.list, selector{v, of})
	return len(s.list) - 1
}

const counterWords = "a counted signal is made of counters, sums, or, and numbers as factors"

// compile turns an expression over counters into a tree over selectors.
func compile(expr parser.Expr, s *selectors) (*counter, *flaw) {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return compile(e.Expr, s)
	case *parser.StepInvariantExpr:
		return compile(e.Expr, s)
	case *parser.VectorSelector:
		if f := checkSelector(e); f != nil {
			return nil, f
		}
		return &counter{leaf: s.index(e, ""), factor: 1}, nil
	case *parser.AggregateExpr:
		if e.Op != parser.SUM {
			return nil, flawAt(e.PosRange, "not-a-sum", "write sum(…) or leave the aggregation out", "%s of counters cannot be added up over time", e.Op)
		}
		return compile(e.Expr, s)
	case *parser.UnaryExpr:
		c, f := compile(e.Expr, s)
		if f == nil && e.Op == parser.SUB {
			c.factor = -c.factor
		}
		return c, f
	case *parser.BinaryExpr:
		return compileBinary(e, s)
	case *parser.Call:
		return compileCall(e, s)
	case *parser.MatrixSelector:
		return nil, flawAt(e.PositionRange(), "range", "remove the brackets", "a counter is given without a range: Firebreak takes its increases itself")
	case *parser.SubqueryExpr:
		return nil, flawAt(e.PositionRange(), "range", "remove the brackets", "a counter is given without a subquery: Firebreak takes its increases itself")
	default:
		return nil, flawAt(expr.PositionRange(), "not-a-counter", "", "%s", counterWords)
	}
}

func compileBinary(e *parser.BinaryExpr, s *selectors) (*counter, *flaw) {
	if number, other, ok := scaled(e); ok {
		c, f := compile(other, s)
		if f == nil {
			c.factor *= number
		}
		return c, f
	}
	switch e.Op {
	case parser.ADD, parser.SUB, parser.LOR:
	default:
		return nil, flawAt(e.PositionRange(), "not-linear", "give what is bad and what is the total apart, as bad: and total:",
			"%s of two counters cannot be added up over time: %s", e.Op, counterWords)
	}
	left, f := compile(e.LHS, s)
	if f != nil {
		return nil, f
	}
	right, f := compile(e.RHS, s)
	if f != nil {
		return nil, f
	}
	if e.Op == parser.LOR {
		// "a or b or c" comes as (a or b) or c; one flat list of choices lets bad and total choose alike.
		choices := []*counter{left, right}
		if len(left.choices) > 0 && left.factor == 1 {
			choices = append(slices.Clone(left.choices), right)
		}
		return &counter{leaf: -1, factor: 1, choices: choices}, nil
	}
	if e.Op == parser.SUB {
		right.factor = -right.factor
	}
	return &counter{leaf: -1, factor: 1, parts: []*counter{left, right}}, nil
}

// scaled takes a product or a quotient with a number apart.
func scaled(e *parser.BinaryExpr) (number float64, other parser.Expr, ok bool) {
	if n, is := literal(e.RHS); is && e.Op == parser.MUL {
		return n, e.LHS, true
	} else if is && e.Op == parser.DIV && n != 0 {
		return 1 / n, e.LHS, true
	}
	if n, is := literal(e.LHS); is && e.Op == parser.MUL {
		return n, e.RHS, true
	}
	return 0, nil, false
}

func literal(e parser.Expr) (float64, bool) {
	switch n := e.(type) {
	case *parser.NumberLiteral:
		return n.Val, true
	case *parser.ParenExpr:
		return literal(n.Expr)
	case *parser.UnaryExpr:
		v, ok := literal(n.Expr)
		if n.Op == parser.SUB {
			v = -v
		}
		return v, ok
	case *parser.StepInvariantExpr:
		return literal(n.Expr)
	}
	return 0, false
}

// compileCall takes the count or the sum of a native histogram, which are counters, and nothing else.
func compileCall(e *parser.Call, s *selectors) (*counter, *flaw) {
	if e.Func.Name == "histogram_count" || e.Func.Name == "histogram_sum" {
		if v, ok := unwrap(e.Args[0]).(*parser.VectorSelector); ok {
			if f := checkSelector(v); f != nil {
				return nil, f
			}
			return &counter{leaf: s.index(v, e.Func.Name), factor: 1}, nil
		}
	}
	return nil, checkCall(e)
}

func unwrap(e parser.Expr) parser.Expr {
	if p, ok := e.(*parser.ParenExpr); ok {
		return unwrap(p.Expr)
	}
	return e
}

func checkCall(e *parser.Call) *flaw {
	name := e.Func.Name
	if len(e.Args) > 0 {
		if m, ok := e.Args[len(e.Args)-1].(*parser.MatrixSelector); ok {
			return flawAt(e.PosRange, "range-function", "write "+m.VectorSelector.String(),
				"%s is not needed: give the counter itself, Firebreak takes its increases so that they add up", name)
		}
	}
	return flawAt(e.PosRange, "not-a-counter", "", "%s is not possible here: %s", name, counterWords)
}

func checkSelector(v *parser.VectorSelector) *flaw {
	switch {
	case v.OriginalOffset != 0 || v.OriginalOffsetExpr != nil:
		return flawAt(v.PosRange, "offset", "remove the offset", "a counter cannot be read with an offset")
	case v.Timestamp != nil || v.StartOrEnd != 0:
		return flawAt(v.PosRange, "at", "remove the @", "a counter cannot be read at a fixed time")
	}
	for _, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return nil
		}
	}
	return flawAt(v.PosRange, "no-name", "name one metric, and add others with +", "a counter needs the name of one metric")
}

// evaluate gives the value of the tree for one service and step, which of its choices counted, and whether anything of it is
// present.
func (c *counter) evaluate(leaf func(i int) (float64, bool)) (value float64, choice int, present bool) {
	if c.leaf >= 0 {
		v, ok := leaf(c.leaf)
		return c.factor * v, 0, ok
	}
	for i, alternative := range c.choices {
		if v, _, ok := alternative.evaluate(leaf); ok {
			return c.factor * v, i, true
		}
	}
	for _, part := range c.parts {
		if v, _, ok := part.evaluate(leaf); ok {
			value += v
			present = true
		}
	}
	return c.factor * value, 0, present
}

// like narrows the choices to the one that counted in a tree with as many of them: errors of one metric must not be divided by
// the requests of another.
func (c *counter) like(other *counter, choice int) *counter {
	if len(c.choices) > 0 && len(c.choices) == len(other.choices) {
		return &counter{leaf: -1, factor: c.factor, parts: c.choices[choice : choice+1]}
	}
	return c
}

// leaves lists the selectors that a tree reads.
func (c *counter) leaves() []int {
	if c.leaf >= 0 {
		return []int{c.leaf}
	}
	var out []int
	for _, part := range slices.Concat(c.parts, c.choices) {
		out = append(out, part.leaves()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
