package expr

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Reference is a use of a step's result.
type Reference struct {
	Step string
	// Output is the name under steps.ID.output, empty when the status or the whole output is read.
	Output string
	// Offset is in bytes, into the text as it was written.
	Offset int
	// Tested is true inside has(…): the reference may be absent.
	Tested bool
}

// makesObject finds the first construction of an object, as a byte offset into the CEL text.
func makesObject(checked *cel.Ast) (int, bool) {
	at, found := 0, false
	info := checked.NativeRep().SourceInfo()
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() != ast.StructKind || found {
			return
		}
		found = true
		if r, ok := info.GetOffsetRange(x.ID()); ok {
			at = bytesOf(checked.Source().Content(), int(r.Start))
		}
	}))
	return at, found
}

// closed tells whether the expression reads nothing of the scope.
func (c *compiled) closed() bool {
	closed := true
	bound := map[string]bool{}
	ast.PreOrderVisit(c.ast.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.ComprehensionKind {
			f := x.AsComprehension()
			bound[f.IterVar()], bound[f.IterVar2()], bound[f.AccuVar()] = true, true, true
		}
	}))
	ast.PreOrderVisit(c.ast.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		switch x.Kind() {
		case ast.IdentKind:
			closed = closed && bound[x.AsIdent()]
		case ast.CallKind:
			name := x.AsCall().FunctionName()
			closed = closed && name != "burn" && name != "ratio" && name != "value"
		default: // its parts say it
		}
	}))
	return closed
}

// offsetOf is where a node begins in the text as written.
func (c *compiled) offsetOf(x ast.Expr) int {
	r, ok := c.ast.NativeRep().SourceInfo().GetOffsetRange(x.ID())
	if !ok {
		return 0
	}
	return c.src.back(bytesOf(c.src.cel, int(r.Start)))
}

// refers collects steps.ID, steps.ID.output and steps.ID.output.NAME, in either spelling of an index.
func (c *compiled) refers() []Reference {
	var refs []Reference
	var walk func(x ast.Expr)
	walk = func(x ast.Expr) {
		if path, leaf, tested, ok := c.stepPath(x); ok {
			ref := Reference{Step: path[0], Offset: c.offsetOf(leaf), Tested: tested}
			if len(path) > 2 && path[1] == "output" {
				ref.Output = path[2]
			}
			refs = append(refs, ref)
			return
		}
		for _, child := range children(x) {
			walk(child)
		}
	}
	walk(c.ast.NativeRep().Expr())
	slices.SortStableFunc(refs, func(a, b Reference) int { return a.Offset - b.Offset })
	return refs
}

// stepPath reads x as steps.a.b.c and gives [a b c] and the node of `steps`.
func (c *compiled) stepPath(x ast.Expr) (path []string, leaf ast.Expr, tested, ok bool) {
	for {
		switch x.Kind() {
		case ast.IdentKind:
			if x.AsIdent() != "steps" || len(path) == 0 {
				return nil, nil, false, false
			}
			slices.Reverse(path)
			return path, x, tested, true
		case ast.SelectKind:
			s := x.AsSelect()
			tested = tested || s.IsTestOnly()
			path = append(path, s.FieldName())
			x = s.Operand()
		case ast.CallKind:
			call := x.AsCall()
			if call.FunctionName() != operators.Index || call.Args()[1].Kind() != ast.LiteralKind {
				return nil, nil, false, false
			}
			name, isText := call.Args()[1].AsLiteral().(types.String)
			if !isText {
				return nil, nil, false, false
			}
			path = append(path, string(name))
			x = call.Args()[0]
		default:
			return nil, nil, false, false
		}
	}
}

func children(x ast.Expr) []ast.Expr {
	switch x.Kind() {
	case ast.CallKind:
		call := x.AsCall()
		if call.IsMemberFunction() {
			return append([]ast.Expr{call.Target()}, call.Args()...)
		}
		return call.Args()
	case ast.SelectKind:
		return []ast.Expr{x.AsSelect().Operand()}
	case ast.ListKind:
		return x.AsList().Elements()
	case ast.MapKind:
		var out []ast.Expr
		for _, e := range x.AsMap().Entries() {
			out = append(out, e.AsMapEntry().Key(), e.AsMapEntry().Value())
		}
		return out
	case ast.StructKind:
		var out []ast.Expr
		for _, f := range x.AsStruct().Fields() {
			out = append(out, f.AsStructField().Value())
		}
		return out
	case ast.ComprehensionKind:
		f := x.AsComprehension()
		return []ast.Expr{f.IterRange(), f.AccuInit(), f.LoopCondition(), f.LoopStep(), f.Result()}
	default:
		return nil
	}
}

// known is how many suspects there are at least when all the conditions are true.
func known(given []*Condition) int {
	least := 0
	for _, g := range given {
		if g != nil {
			least = max(least, g.expression.ensures(g.expression.ast.NativeRep().Expr(), true))
		}
	}
	return least
}

// ensures is how many suspects there are at least when x is as told, true or false.
func (c *compiled) ensures(x ast.Expr, told bool) int {
	if macro, ok := c.ast.NativeRep().SourceInfo().GetMacroCall(x.ID()); ok && macro.Kind() == ast.CallKind {
		call := macro.AsCall()
		if told && (call.FunctionName() == operators.Exists || call.FunctionName() == operators.ExistsOne) &&
			call.IsMemberFunction() && isIdent(call.Target(), "suspects") {
			return 1
		}
		return 0
	}
	if x.Kind() != ast.CallKind {
		return 0
	}
	call := x.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalNot:
		return c.ensures(args[0], !told)
	case operators.LogicalAnd, operators.LogicalOr:
		// A true "and" and a false "or" make all their arms so; the others make sure of what every arm makes sure of.
		all := told == (call.FunctionName() == operators.LogicalAnd)
		least := c.ensures(args[0], told)
		for _, a := range args[1:] {
			if n := c.ensures(a, told); all {
				least = max(least, n)
			} else {
				least = min(least, n)
			}
		}
		return least
	}
	if len(args) != 2 {
		return 0
	}
	operator := call.FunctionName()
	if !told {
		operator = opposite(operator)
	}
	if n, ok := number(args[1]); ok && isSize(args[0]) {
		return atLeast(operator, n)
	}
	if n, ok := number(args[0]); ok && isSize(args[1]) {
		return atLeast(mirrored(operator), n)
	}
	return 0
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

// unguarded finds the uses of suspects[i] that are reached while there may be too few, given that there are at least so many.
func (c *compiled) unguarded(least int) []Problem {
	var out []Problem
	var walk func(x ast.Expr, least int)
	walk = func(x ast.Expr, least int) {
		if index, ok := indexInto(x, "suspects"); ok {
			if n, constant := number(index); constant && n >= least {
				out = append(out, tooFew(c.offsetOf(x.AsCall().Args()[0]), n))
			}
			walk(index, least)
			return
		}
		if x.Kind() == ast.CallKind {
			call := x.AsCall()
			args := call.Args()
			switch name := call.FunctionName(); name {
			case operators.LogicalAnd, operators.LogicalOr:
				// An arm that fails does no harm where another arm decides, on whichever side it stands.
				for i, a := range args {
					sure := least
					for j, other := range args {
						if i != j {
							sure = max(sure, c.ensures(other, name == operators.LogicalAnd))
						}
					}
					walk(a, sure)
				}
				return
			case operators.Conditional:
				walk(args[0], least)
				walk(args[1], max(least, c.ensures(args[0], true)))
				walk(args[2], max(least, c.ensures(args[0], false)))
				return
			}
		}
		for _, child := range children(x) {
			walk(child, least)
		}
	}
	walk(c.ast.NativeRep().Expr(), least)
	return out
}

func tooFew(offset, n int) Problem {
	p := Problem{Offset: offset, Message: fmt.Sprintf("suspects[%d] fails when there are only %d suspects", n, n)}
	if n == 0 {
		p.Message = "suspects[0] fails when there is no suspect"
	}
	p.Fix = fmt.Sprintf("write `size(suspects) > %d &&` before it, or in the `when` of the step or of the playbook", n)
	return p
}
