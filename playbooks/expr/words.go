package expr

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Words are the values of a field that knows only some ("incident.severity", "suspect.kind", "step.status"), nil for any other
// field. The empty text is always allowed beside them.
func Words(object, field string) []string {
	switch object + "." + field {
	case "incident.severity":
		return []string{"info", "ticket", "page"}
	case "incident.state":
		return []string{"open", "acknowledged", "mitigated", "resolved"}
	case "incident.blind":
		return []string{"no_data", "stale", "partial", "too_expensive", "timeout", "unreachable", "garbage", "warming_up"}
	case "suspect.kind":
		return []string{
			"prompt", "policy", "model", "guardrail", "retrieval", "embedding", "vendor", "price", "flag", "config",
			"infrastructure", "evaluation", "code",
		}
	case "step.status":
		return []string{
			"waiting", "in_flight", "pending", "retrying", "unknown", "done", "failed", "denied", "expired", "skipped",
		}
	}
	return nil
}

// misspelt finds comparisons of such fields with words that they never have: they would never be true, and nobody would be
// told.
func (c *compiled) misspelt() []Problem {
	var out []Problem
	check := func(x, literal ast.Expr) {
		field, allowed := c.wordsOf(x)
		word, ok := textLiteral(literal)
		if allowed == nil || !ok || word == "" || slices.Contains(allowed, word) {
			return
		}
		p := Problem{Offset: c.offsetOf(literal), Message: fmt.Sprintf("%q is no %s", word, field), Fix: "known are " + strings.Join(allowed, ", ")}
		if near := diag.Nearest(word, allowed); near != "" {
			p.Fix = fmt.Sprintf("did you mean %q?", near)
		}
		out = append(out, p)
	}
	ast.PreOrderVisit(c.ast.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() != ast.CallKind || len(x.AsCall().Args()) != 2 {
			return
		}
		left, right := x.AsCall().Args()[0], x.AsCall().Args()[1]
		switch x.AsCall().FunctionName() {
		case operators.Equals, operators.NotEquals:
			check(left, right)
			check(right, left)
		case operators.In:
			if right.Kind() == ast.ListKind {
				for _, item := range right.AsList().Elements() {
					check(left, item)
				}
			}
		}
	}))
	return out
}

// wordsOf gives the name of the field that x reads and the values that it knows.
func (c *compiled) wordsOf(x ast.Expr) (field string, allowed []string) {
	if x.Kind() != ast.SelectKind || x.AsSelect().IsTestOnly() {
		return "", nil
	}
	s := x.AsSelect()
	return s.FieldName(), Words(c.ast.NativeRep().GetType(s.Operand().ID()).TypeName(), s.FieldName())
}

func textLiteral(x ast.Expr) (string, bool) {
	if x.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := x.AsLiteral().(types.String)
	return string(s), ok
}

// foreign finds what would read text from outside as a language: patterns and formats must be written out.
func (c *compiled) foreign() []Problem {
	var out []Problem
	ast.PreOrderVisit(c.ast.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() != ast.CallKind {
			return
		}
		call := x.AsCall()
		args := call.Args()
		var language ast.Expr
		var what, fix string
		switch {
		case call.FunctionName() == "matches" && len(args) > 0:
			language, what = args[len(args)-1], "the pattern of matches"
			fix = "compare with contains, startsWith or ==, which take text as it is"
		case call.FunctionName() == "format" && call.IsMemberFunction():
			language, what = call.Target(), "the text that format is called on"
			fix = `write "%s" and hand the text to it`
		default:
			return
		}
		if language.Kind() != ast.LiteralKind {
			out = append(out, Problem{Offset: c.offsetOf(language), Message: what + " must be written out, not read from somewhere", Fix: fix})
		}
	}))
	return out
}
