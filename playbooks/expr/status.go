package expr

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// StatusTest is a term that a condition cannot be true without: a step must be in one of some statuses.
type StatusTest struct {
	Step     string
	Statuses []string
	// Offset is in bytes, into the text as it was written.
	Offset int
}

// StatusTests lists the terms `steps.ID.status == "…"` and `steps.ID.status in […]` that the condition joins by && at its top.
func (c *Condition) StatusTests() []StatusTest {
	var out []StatusTest
	for _, term := range conjuncts(c.expression.ast.NativeRep().Expr()) {
		if t, ok := c.expression.statusTest(term); ok {
			out = append(out, t)
		}
	}
	return out
}

func (c *compiled) statusTest(term ast.Expr) (StatusTest, bool) {
	if term.Kind() != ast.CallKind || len(term.AsCall().Args()) != 2 {
		return StatusTest{}, false
	}
	left, right := term.AsCall().Args()[0], term.AsCall().Args()[1]
	var words []ast.Expr
	switch term.AsCall().FunctionName() {
	case operators.Equals:
		if left.Kind() == ast.LiteralKind {
			left, right = right, left
		}
		words = []ast.Expr{right}
	case operators.In:
		if right.Kind() != ast.ListKind {
			return StatusTest{}, false
		}
		words = right.AsList().Elements()
	default:
		return StatusTest{}, false
	}
	path, leaf, tested, ok := c.stepPath(left)
	if !ok || tested || len(path) != 2 || path[1] != "status" {
		return StatusTest{}, false
	}
	out := StatusTest{Step: path[0], Offset: c.offsetOf(leaf)}
	for _, w := range words {
		status, ok := textLiteral(w)
		if !ok {
			return StatusTest{}, false
		}
		out.Statuses = append(out.Statuses, status)
	}
	return out, true
}
