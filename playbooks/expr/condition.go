package expr

import (
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// Condition is a compiled expression that is true or false. It is safe for use by several goroutines.
type Condition struct {
	env        *Env
	expression *compiled
	explainer  func() (cel.Program, error)
}

// Condition compiles a condition. It returns nil exactly when there are problems.
func (e *Env) Condition(src string) (*Condition, []Problem) {
	x, problems := e.compile(src)
	if len(problems) > 0 {
		return nil, problems
	}
	if t := x.ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, []Problem{{
			Message: fmt.Sprintf("a condition must be true or false, this is %s", some(typeName(t))),
			Fix:     fixForBool(t),
		}}
	}
	c := &Condition{env: e, expression: x}
	c.explainer = sync.OnceValues(func() (cel.Program, error) {
		return e.cel.Program(x.ast, cel.CostLimit(4*maxCost), cel.EvalOptions(cel.OptExhaustiveEval))
	})
	return c, nil
}

func fixForBool(t *cel.Type) string {
	switch {
	case t.IsExactType(cel.DoubleType), t.IsExactType(cel.IntType):
		return "compare it, as burn(1h) < 1"
	case t.IsExactType(cel.StringType):
		return `compare it, as incident.signal == "refusal_ratio"`
	case t.Kind() == types.ListKind:
		return "ask for what it holds, as size(suspects) > 0"
	}
	return ""
}

// Eval tells whether the condition is true of the scope. An error means that it is neither: what it rests on is absent, blind
// or beyond the cost limit.
func (c *Condition) Eval(scope Scope) (bool, error) { return c.eval(scope) }

func (c *Condition) eval(scope seen) (bool, error) {
	out, _, err := c.expression.eval(c.expression.program, scope)
	if err != nil {
		return false, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, &EvalError{Expression: c.expression.src.written, Err: fmt.Errorf("it gave %s, not true or false", some(kindOf(out)))}
	}
	return bool(b), nil
}

// String is the condition as it was written.
func (c *Condition) String() string { return c.expression.src.written }

// Constant tells whether the condition is the same whatever the scope is, and what it is then.
func (c *Condition) Constant() (value, constant bool) {
	if !c.expression.closed() {
		return false, false
	}
	out, err := c.Eval(Scope{})
	return out, err == nil
}

// Refers lists the steps and outputs that the condition reads, in the order of the text.
func (c *Condition) Refers() []Reference { return c.expression.refers() }

// Unguarded lists the uses of suspects[i] that fail when there are fewer suspects: those that neither the condition itself
// nor one of the given conditions, known to be true by then, makes sure of.
func (c *Condition) Unguarded(given ...*Condition) []Problem {
	return c.expression.unguarded(known(given))
}
