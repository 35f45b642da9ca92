package expr

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
)

// The bounds of an expression. A cost unit is roughly one step of the evaluator; 200,000 of them take a few milliseconds.
const (
	maxLength = 4096
	maxNodes  = 2000
	maxCost   = 200_000
	// maxText bounds a rendered template, in bytes.
	maxText = 64 << 10
)

// Env compiles expressions. It is safe for use by several goroutines.
type Env struct {
	cel *cel.Env
	// own are the names that the scope brings, known is everything that can be called or read.
	own, known []string
	// unsized says that nothing is known of how large the values are: then only what is too expensive at its least is refused at
	// load, and the limit at run time does the rest.
	unsized bool
}

// New makes the environment of the language. Making one costs about a millisecond; make it once. It depends on nothing but
// the program itself, so a failure is a mistake of the program and panics.
func New() *Env {
	registry, err := types.NewRegistry()
	if err != nil {
		panic("expr: CEL's types cannot be made: " + err.Error())
	}
	vars := variables()
	opts := make([]cel.EnvOption, 0, 16+len(vars))
	opts = append(opts,
		cel.CustomTypeAdapter(registry),
		cel.CustomTypeProvider(newSchema(registry)),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.EnableMacroCallTracking(),
		cel.ParserRecursionLimit(64),
		cel.ParserExpressionSizeLimit(2*maxLength),
		cel.ExpressionNodeLimit(maxNodes),
		cel.RegexProgramSizeLimit(1000),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals()),
		ext.Strings(),
		cel.Function("burn", cel.Overload("burn_duration", []*cel.Type{cel.DurationType}, cel.DoubleType,
			cel.LateFunctionBinding())),
		cel.Function("ratio", cel.Overload("ratio_string_duration", []*cel.Type{cel.StringType, cel.DurationType},
			cel.DoubleType, cel.LateFunctionBinding())),
		cel.Function("value", cel.Overload("value_string", []*cel.Type{cel.StringType}, cel.DoubleType,
			cel.LateFunctionBinding())),
	)
	own := make([]string, 0, 3+len(vars))
	for _, v := range vars {
		opts = append(opts, cel.Variable(v.name, v.t))
		own = append(own, v.name)
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		panic("expr: the CEL environment cannot be made: " + err.Error())
	}
	own = append(own, "burn", "ratio", "value")
	known := slices.Clone(own)
	for name := range env.Functions() {
		if isLetter(name[0]) && name[0] != '_' {
			known = append(known, name)
		}
	}
	for _, m := range env.Macros() {
		known = append(known, m.Function())
	}
	slices.Sort(known)
	return &Env{cel: env, own: own, known: slices.Compact(known)}
}

// compiled is a checked and planned expression.
type compiled struct {
	src     source
	ast     *cel.Ast
	program cel.Program
}

// compile parses, checks, bounds and plans an expression.
func (e *Env) compile(text string) (*compiled, []Problem) {
	if len(text) > maxLength {
		return nil, []Problem{{Message: fmt.Sprintf("the expression is %d bytes long, the limit is %d", len(text), maxLength)}}
	}
	if strings.TrimSpace(text) == "" {
		return nil, []Problem{{Message: "the expression is empty"}}
	}
	src, broken := rewrite(text)
	if broken >= 0 {
		return nil, []Problem{{Offset: broken, Message: "this string has no end", Fix: "close it with the quote that it begins with"}}
	}
	parsed, issues := e.cel.Parse(src.cel)
	if issues.Err() != nil {
		return nil, e.problems(src, nil, issues)
	}
	checked, issues := e.cel.Check(parsed)
	if issues.Err() != nil {
		return nil, e.problems(src, parsed, issues)
	}
	if at, ok := makesObject(checked); ok {
		return nil, []Problem{{Offset: src.back(at), Message: "objects cannot be made in expressions, only read"}}
	}
	x := &compiled{src: src, ast: checked}
	if problems := append(x.misspelt(), x.foreign()...); len(problems) > 0 {
		return nil, problems
	}
	estimate, err := e.cel.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, []Problem{{Message: "the cost of the expression cannot be estimated: " + err.Error()}}
	}
	steps := estimate.Max
	if e.unsized {
		steps = estimate.Min
	}
	if steps > maxCost {
		return nil, []Problem{{
			Message: fmt.Sprintf("the expression may take %s steps, the limit is %d", bigNumber(steps), maxCost),
			Fix:     "nest fewer loops over suspects, and match shorter texts",
		}}
	}
	x.program, err = e.cel.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, []Problem{{Message: "the expression can never be evaluated: " + plainError(err)}}
	}
	return x, nil
}

func bigNumber(n uint64) string {
	if n > 1e9 {
		return "more than a billion"
	}
	return fmt.Sprint(n)
}

// seen is what an expression sees: the scope of an incident, or a message.
type seen interface {
	vars() map[string]any
	functions() map[string]cel.LateBoundFunction
}

// eval evaluates with the scope. An error never holds more than the language's own sentence and what Readings said.
func (c *compiled) eval(program cel.Program, scope seen) (ref.Val, *cel.EvalDetails, error) {
	vars, err := cel.FunctionVars(scope.vars(), scope.functions())
	if err != nil {
		return nil, nil, fmt.Errorf("cannot bind the scope: %w", err)
	}
	out, details, err := program.Eval(vars)
	if err != nil {
		return nil, details, &EvalError{Expression: c.src.written, Err: err}
	}
	return out, details, nil
}

// EvalError is an expression that was well formed and still gave no value: an absent key, an empty list, a reading that is
// blind, a cost limit.
type EvalError struct {
	Expression string
	Err        error
}

func (e *EvalError) Error() string {
	return fmt.Sprintf("%s: %s", e.Expression, plainError(e.Err))
}

// Unwrap gives the cause, such as one that wraps ErrBlind.
func (e *EvalError) Unwrap() error { return e.Err }

// functions binds burn, ratio and value to the scope's readings. The same question is asked once per evaluation.
func (s Scope) functions() map[string]cel.LateBoundFunction {
	known := map[string]ref.Val{}
	answer := func(key string, ask func() (float64, error)) ref.Val {
		if v, ok := known[key]; ok {
			return v
		}
		known[key] = s.read(key, ask)
		return known[key]
	}
	return map[string]cel.LateBoundFunction{
		"burn": func(_ string, args ...ref.Val) ref.Val {
			w := durationOf(args[0])
			return answer("burn("+FormatDuration(w)+")", func() (float64, error) {
				return s.Readings.Burn(s.Incident, s.Now, w)
			})
		},
		"ratio": func(_ string, args ...ref.Val) ref.Val {
			signal, w := textOf(args[0]), durationOf(args[1])
			return answer(fmt.Sprintf("ratio(%q, %s)", signal, FormatDuration(w)), func() (float64, error) {
				return s.Readings.Ratio(s.Incident, s.Now, signal, w)
			})
		},
		"value": func(_ string, args ...ref.Val) ref.Val {
			signal := textOf(args[0])
			return answer(fmt.Sprintf("value(%q)", signal), func() (float64, error) {
				return s.Readings.Value(s.Incident, s.Now, signal)
			})
		},
	}
}

func (s Scope) read(key string, ask func() (float64, error)) ref.Val {
	if s.Readings == nil {
		return types.WrapErr(fmt.Errorf("%s: %w: nothing answers readings here", key, ErrBlind))
	}
	v, err := ask()
	if err == nil && math.IsNaN(v) {
		err = fmt.Errorf("%w: it is not a number", ErrBlind)
	}
	if err != nil {
		return types.WrapErr(fmt.Errorf("%s: %w", key, err))
	}
	return types.Double(v)
}

func durationOf(v ref.Val) time.Duration {
	if d, ok := v.(types.Duration); ok {
		return d.Duration
	}
	return 0
}

func textOf(v ref.Val) string {
	if s, ok := v.(types.String); ok {
		return string(s)
	}
	return ""
}

// sizes tells the estimator how large the scope may be: what cannot be known is taken as the bound that the run-time limit
// enforces anyway.
type sizes struct{}

var _ cost.Estimator = sizes{}

// EstimateSize bounds the size of one value.
func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if n.ComputedSize() != nil {
		return nil
	}
	var size cost.SizeEstimate
	switch n.Type().Kind() {
	case types.StringKind, types.BytesKind, types.DynKind, types.AnyKind:
		size = cost.RangedSizeEstimate(0, 512)
	case types.ListKind, types.MapKind:
		size = cost.RangedSizeEstimate(0, maxSuspects)
	default:
		return nil
	}
	return &size
}

// EstimateCallCost prices the readings, which add up kept tiles.
func (sizes) EstimateCallCost(function, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	switch function {
	case "burn", "ratio", "value":
		return cost.NewCallEstimate(cost.FixedCostEstimate(100), nil)
	}
	return nil
}
