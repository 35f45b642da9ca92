package expr

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// Explanation says why a condition is true, false or neither.
type Explanation struct {
	Holds bool
	// Err is set when the condition is neither true nor false.
	Err error
	// Parts are what must all be true, in the order of the text.
	Parts []Part
}

// Part is one of the terms of a condition that are joined by &&.
type Part struct {
	// Text is the term as CEL.
	Text  string
	Holds bool
	// Err says why the term is neither true nor false.
	Err error
	// Values are what the term read, as `incident.signal` is `"latency_p95"`.
	Values []Read
}

// Read is what a piece of an expression was.
type Read struct{ Text, Value string }

// Sentence says why not, or that all holds: the first term that decided it, with the values that it read.
func (e Explanation) Sentence() string {
	for _, p := range e.Parts {
		if !p.Holds {
			return p.Sentence()
		}
	}
	if e.Err != nil {
		return plainError(e.Err)
	}
	if len(e.Parts) == 0 {
		return "it has no condition"
	}
	texts := make([]string, len(e.Parts))
	for i, p := range e.Parts {
		texts[i] = p.Text
	}
	return strings.Join(texts, " and ") + " is true"
}

// Sentence says what the term is and what it read.
func (p Part) Sentence() string {
	var b strings.Builder
	b.WriteString(p.Text)
	switch {
	case p.Err != nil:
		return b.String() + " cannot be told: " + plainError(p.Err)
	case p.Holds:
		b.WriteString(" is true")
	default:
		b.WriteString(" is false")
	}
	for i, v := range p.Values {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s is %s", v.Text, v.Value)
	}
	return b.String()
}

// Explain evaluates every term of the condition, also those behind a false one, and says what each was and what it read.
func (c *Condition) Explain(scope Scope) Explanation {
	var out Explanation
	out.Holds, out.Err = c.Eval(scope)
	program, err := c.explainer()
	if err != nil {
		return out
	}
	_, details, _ := c.expression.eval(program, scope)
	if details == nil || details.State() == nil {
		return out
	}
	for _, term := range conjuncts(c.expression.ast.NativeRep().Expr()) {
		part := Part{Text: c.text(term)}
		switch v, _ := details.State().Value(term.ID()); v := v.(type) {
		case types.Bool:
			part.Holds = bool(v)
		case *types.Err:
			part.Err = v
		default:
			part.Err = fmt.Errorf("it was not reached")
		}
		part.Values = c.reads(term, details.State(), scope)
		out.Parts = append(out.Parts, part)
	}
	return out
}

// conjuncts are the terms that a condition joins by && at its top.
func conjuncts(x ast.Expr) []ast.Expr {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != operators.LogicalAnd {
		return []ast.Expr{x}
	}
	var out []ast.Expr
	for _, a := range x.AsCall().Args() {
		out = append(out, conjuncts(a)...)
	}
	return out
}

var durationCall = regexp.MustCompile(`duration\("(-?[0-9.]+s)"\)`)

// text writes a node in the language, with durations as their authors write them.
func (c *Condition) text(x ast.Expr) string {
	s, err := cel.ExprToString(x, c.expression.ast.NativeRep().SourceInfo())
	if err != nil {
		return c.expression.src.written
	}
	s = durationCall.ReplaceAllStringFunc(s, func(call string) string {
		d, err := time.ParseDuration(durationCall.FindStringSubmatch(call)[1])
		if err != nil {
			return call
		}
		return FormatDuration(d)
	})
	return strings.Join(strings.Fields(s), " ")
}

// reads lists what a term rests on: paths into the scope and readings, each once.
func (c *Condition) reads(term ast.Expr, state interpreter.EvalState, scope Scope) []Read {
	var out []Read
	add := func(x ast.Expr, value string) {
		if r := (Read{c.text(x), value}); !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	var walk func(x ast.Expr)
	walk = func(x ast.Expr) {
		switch x.Kind() {
		case ast.ComprehensionKind:
			// What happens inside a loop differs from turn to turn; what it ran over says it all.
			walk(x.AsComprehension().IterRange())
			return
		case ast.IdentKind:
			if x.AsIdent() == "suspects" {
				add(x, describeSuspects(scope.Suspects))
				return
			}
			if v, ok := state.Value(x.ID()); ok && isScalar(v) {
				add(x, show(v))
			}
			return
		case ast.SelectKind:
			if v, ok := state.Value(x.ID()); ok && isScalar(v) && !x.AsSelect().IsTestOnly() {
				add(x, show(v))
				return
			}
		case ast.CallKind:
			name := x.AsCall().FunctionName()
			if v, ok := state.Value(x.ID()); ok && isScalar(v) && (name == "burn" || name == "ratio" || name == "value") {
				add(x, show(v))
				return
			}
		default: // its parts say it
		}
		for _, child := range children(x) {
			walk(child)
		}
	}
	walk(term)
	return out
}

func isScalar(v ref.Val) bool {
	switch v.(type) {
	case types.String, types.Int, types.Uint, types.Double, types.Bool, types.Timestamp, types.Duration:
		return true
	}
	return false
}

// show writes a value for a sentence: texts in quotes and cut, numbers short.
func show(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		text := []rune(string(v))
		if len(text) > 80 {
			text = append(text[:79], '…')
		}
		return fmt.Sprintf("%q", string(text))
	case types.Double:
		return fmt.Sprintf("%.3g", float64(v))
	}
	text, err := asText(v)
	if err != nil {
		return v.Type().TypeName()
	}
	return text
}

func describeSuspects(suspects []Suspect) string {
	if len(suspects) == 0 {
		return "empty"
	}
	parts := make([]string, 0, 4)
	for i, s := range suspects {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("%d more", len(suspects)-3))
			break
		}
		parts = append(parts, fmt.Sprintf("%s %s %.2f", s.Change, s.Kind, s.Probability))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
