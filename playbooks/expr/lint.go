package expr

import (
	"slices"
	"strings"

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
	x = leftmost(x)
	r, ok := c.ast.NativeRep().SourceInfo().GetOffsetRange(x.ID())
	if !ok {
		return 0
	}
	return c.src.back(bytesOf(c.src.cel, int(r.Start)))
}

// leftmost is the part of a node that stands first: a path is placed at its last dot, an operator at its sign.
func leftmost(x ast.Expr) ast.Expr {
	for {
		switch {
		case x.Kind() == ast.SelectKind:
			x = x.AsSelect().Operand()
		case x.Kind() == ast.CallKind && x.AsCall().IsMemberFunction():
			x = x.AsCall().Target()
		case x.Kind() == ast.CallKind && strings.HasPrefix(x.AsCall().FunctionName(), "_") && len(x.AsCall().Args()) > 0:
			x = x.AsCall().Args()[0]
		default:
			return x
		}
	}
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
