package expr

import (
	"fmt"
	"maps"
	"regexp"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// sure is what is known of the suspects at a place of an expression.
type sure struct {
	// least is how many there are at least.
	least int
	// some are the predicates, each as the set of its terms, that some suspect fulfils.
	some []map[string]bool
}

func (s sure) and(other sure) sure {
	return sure{max(s.least, other.least), append(append([]map[string]bool{}, s.some...), other.some...)}
}

// or keeps what both make sure of.
func (s sure) or(other sure) sure { return sure{least: min(s.least, other.least)} }

// known is what holds when all the conditions are true.
func known(given []*Condition) sure {
	var out sure
	for _, g := range given {
		if g != nil {
			out = out.and(g.expression.ensures(g.expression.ast.NativeRep().Expr(), true))
		}
	}
	return out
}

// ensures is what holds of the suspects when x is as told, true or false.
func (c *compiled) ensures(x ast.Expr, told bool) sure {
	if name, variable, predicate, ok := c.loop(x); ok {
		if told && (name == operators.Exists || name == operators.ExistsOne) {
			return sure{1, []map[string]bool{c.terms(variable, predicate)}}
		}
		return sure{}
	}
	if x.Kind() != ast.CallKind {
		return sure{}
	}
	call := x.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalNot:
		return c.ensures(args[0], !told)
	case operators.LogicalAnd, operators.LogicalOr:
		// A true "and" and a false "or" make all their arms so; the others make sure of what every arm makes sure of.
		all := told == (call.FunctionName() == operators.LogicalAnd)
		out := c.ensures(args[0], told)
		for _, a := range args[1:] {
			if all {
				out = out.and(c.ensures(a, told))
			} else {
				out = out.or(c.ensures(a, told))
			}
		}
		return out
	}
	if len(args) != 2 {
		return sure{}
	}
	operator := call.FunctionName()
	if !told {
		operator = opposite(operator)
	}
	if n, ok := number(args[1]); ok && isSize(args[0]) {
		return sure{least: atLeast(operator, n)}
	}
	if n, ok := number(args[0]); ok && isSize(args[1]) {
		return sure{least: atLeast(mirrored(operator), n)}
	}
	return sure{}
}

// loop reads x as suspects.NAME(variable, predicate), such as exists or filter.
func (c *compiled) loop(x ast.Expr) (name, variable string, predicate ast.Expr, ok bool) {
	macro, found := c.ast.NativeRep().SourceInfo().GetMacroCall(x.ID())
	if !found || macro.Kind() != ast.CallKind {
		return "", "", nil, false
	}
	call := macro.AsCall()
	if !call.IsMemberFunction() || !isIdent(call.Target(), "suspects") || len(call.Args()) != 2 || call.Args()[0].Kind() != ast.IdentKind {
		return "", "", nil, false
	}
	return call.FunctionName(), call.Args()[0].AsIdent(), call.Args()[1], true
}

// terms writes the terms of a predicate without the name of its variable, so that two predicates can be compared.
func (c *compiled) terms(variable string, predicate ast.Expr) map[string]bool {
	word := regexp.MustCompile(`\b` + regexp.QuoteMeta(variable) + `\b`)
	out := map[string]bool{}
	for _, term := range conjuncts(predicate) {
		text, err := cel.ExprToString(term, c.ast.NativeRep().SourceInfo())
		if err != nil {
			text = fmt.Sprintf("#%d", term.ID()) // like no other
		}
		out[word.ReplaceAllString(text, "it")] = true
	}
	return out
}

// fulfilled tells whether some suspect surely fulfils all of these terms.
func (s sure) fulfilled(terms map[string]bool) bool {
	for _, have := range s.some {
		all := true
		for t := range maps.Keys(terms) {
			all = all && have[t]
		}
		if all {
			return true
		}
	}
	return false
}

// atLeast is the smallest size for which `size OPERATOR n` holds.
func atLeast(operator string, n int) int {
	switch {
	case operator == operators.Greater:
		return max(0, n+1)
	case operator == operators.GreaterEquals, operator == operators.Equals:
		return max(0, n)
	case operator == operators.NotEquals && n == 0:
		return 1
	}
	return 0
}

// mirrored is the operator after its sides changed places.
func mirrored(operator string) string {
	switch operator {
	case operators.Less:
		return operators.Greater
	case operators.LessEquals:
		return operators.GreaterEquals
	case operators.Equals, operators.NotEquals:
		return operator
	}
	return ""
}

// opposite is the operator that holds when this one does not.
func opposite(operator string) string {
	switch operator {
	case operators.Less:
		return operators.GreaterEquals
	case operators.LessEquals:
		return operators.Greater
	case operators.Greater:
		return operators.LessEquals
	case operators.GreaterEquals:
		return operators.Less
	case operators.Equals:
		return operators.NotEquals
	case operators.NotEquals:
		return operators.Equals
	}
	return ""
}

func isIdent(x ast.Expr, name string) bool { return x.Kind() == ast.IdentKind && x.AsIdent() == name }

// isSize recognises size(suspects) and suspects.size().
func isSize(x ast.Expr) bool {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != "size" {
		return false
	}
	call := x.AsCall()
	if call.IsMemberFunction() {
		return isIdent(call.Target(), "suspects")
	}
	return len(call.Args()) == 1 && isIdent(call.Args()[0], "suspects")
}

func number(x ast.Expr) (int, bool) {
	if x.Kind() != ast.LiteralKind {
		return 0, false
	}
	n, ok := x.AsLiteral().(types.Int)
	if !ok || n > 1<<20 || n < -1<<20 {
		return 0, false
	}
	return int(n), true
}

// indexInto recognises name[index].
func indexInto(x ast.Expr, name string) (ast.Expr, bool) {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != operators.Index {
		return nil, false
	}
	args := x.AsCall().Args()
	if len(args) != 2 || !isIdent(args[0], name) {
		return nil, false
	}
	return args[1], true
}

// unguarded finds the uses of suspects[i], and of suspects.filter(…)[0], that are reached while there may be too few.
func (c *compiled) unguarded(given sure) []Problem {
	var out []Problem
	var walk func(x ast.Expr, given sure)
	walk = func(x ast.Expr, given sure) {
		if p, is := c.tooFew(x, given); is {
			out = append(out, p)
		}
		if x.Kind() == ast.CallKind {
			args := x.AsCall().Args()
			switch name := x.AsCall().FunctionName(); name {
			case operators.LogicalAnd, operators.LogicalOr:
				// An arm that fails does no harm where another arm decides, on whichever side it stands.
				for i, a := range args {
					by := given
					for j, other := range args {
						if i != j {
							by = by.and(c.ensures(other, name == operators.LogicalAnd))
						}
					}
					walk(a, by)
				}
				return
			case operators.Conditional:
				walk(args[0], given)
				walk(args[1], given.and(c.ensures(args[0], true)))
				walk(args[2], given.and(c.ensures(args[0], false)))
				return
			}
		}
		for _, child := range children(x) {
			walk(child, given)
		}
	}
	walk(c.ast.NativeRep().Expr(), given)
	return out
}

// tooFew judges one node.
func (c *compiled) tooFew(x ast.Expr, given sure) (Problem, bool) {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != operators.Index {
		return Problem{}, false
	}
	list := x.AsCall().Args()[0]
	n, constant := number(x.AsCall().Args()[1])
	if !constant {
		return Problem{}, false
	}
	if name, variable, predicate, ok := c.loop(list); ok && name == operators.Filter {
		if n == 0 && given.fulfilled(c.terms(variable, predicate)) {
			return Problem{}, false
		}
		return Problem{
			Offset: c.offsetOf(list), Message: fmt.Sprintf("filter(…)[%d] fails when too few suspects are like that", n),
			Fix: "write `suspects.exists(…) &&` with the same words before it, or in the `when` of the step or of the playbook",
		}, true
	}
	if !isIdent(list, "suspects") || n < given.least {
		return Problem{}, false
	}
	p := Problem{Offset: c.offsetOf(list), Message: fmt.Sprintf("suspects[%d] fails when there are fewer than %d suspects", n, n+1)}
	if n == 0 {
		p.Message = "suspects[0] fails when there is no suspect"
	}
	p.Fix = fmt.Sprintf("write `size(suspects) > %d &&` before it, or in the `when` of the step or of the playbook", n)
	return p, true
}
