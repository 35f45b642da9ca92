package expr

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
)

// Message is what an expression over something that was sent to us sees: `body` (its JSON) and `received` (when it came). There is
// nothing else: no incident, no signals, no clock.
type Message struct {
	Body     any
	Received time.Time
}

func (m Message) vars() map[string]any { return map[string]any{"body": m.Body, "received": m.Received} }

func (Message) functions() map[string]cel.LateBoundFunction { return nil }

// Messages compiles expressions over messages, within the same bounds of length and cost as those of playbooks. What may be
// missing is read as body.?prompt.?name.orValue("none"). It is safe for use by several goroutines.
type Messages struct{ env *Env }

// NewMessages makes the environment of expressions over messages. A failure is a mistake of the program and panics.
func NewMessages() *Messages {
	env, err := cel.NewEnv(
		cel.Variable("body", cel.DynType),
		cel.Variable("received", cel.TimestampType),
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.EnableMacroCallTracking(),
		cel.ParserRecursionLimit(64),
		cel.ParserExpressionSizeLimit(2*maxLength),
		cel.ExpressionNodeLimit(maxNodes),
		cel.RegexProgramSizeLimit(1000),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals()),
		ext.Strings(),
	)
	if err != nil {
		panic("expr: the CEL environment of messages cannot be made: " + err.Error())
	}
	own := []string{"body", "received"}
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
	return &Messages{&Env{cel: env, own: own, known: slices.Compact(known), unsized: true}}
}

// MessageCondition is a condition over a message.
type MessageCondition struct{ condition *Condition }

// Condition compiles a condition. It returns nil exactly when there are problems.
func (m *Messages) Condition(src string) (*MessageCondition, []Problem) {
	c, problems := m.env.Condition(src)
	if len(problems) > 0 {
		return nil, problems
	}
	return &MessageCondition{c}, nil
}

// Eval tells whether the condition is true of the message. An error means that it is neither: a field is missing, or the cost limit
// was reached.
func (c *MessageCondition) Eval(m Message) (bool, error) { return c.condition.eval(m) }

// MessageTemplate is a text with ${ CEL } holes over a message.
type MessageTemplate struct{ template *Template }

// Template compiles a text with holes. It returns nil exactly when there are problems.
func (m *Messages) Template(text string, want Type) (*MessageTemplate, []Problem) {
	t, problems := m.env.Template(text, want)
	if len(problems) > 0 {
		return nil, problems
	}
	return &MessageTemplate{t}, nil
}

// Constant tells whether the template holds no expression, and its text.
func (t *MessageTemplate) Constant() (string, bool) { return t.template.Constant() }

// Render gives what Template.Render gives. A body without a field that is read is an error.
func (t *MessageTemplate) Render(m Message) (any, error) { return t.template.render(m) }

// errDeep is what a body of too many levels is refused with.
var errDeep = errors.New("the body is nested more than 64 deep")

// Values makes of decoded JSON (with json.Number) what the language understands: whole numbers stay whole.
func Values(v any) (any, error) { return values(v, 0) }

func values(v any, depth int) (any, error) {
	if depth > 64 {
		return nil, errDeep
	}
	var err error
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		if f, err := v.Float64(); err == nil && !math.IsInf(f, 0) {
			return f, nil
		}
		return v.String(), nil // no number of ours
	case map[string]any:
		for k, x := range v {
			if v[k], err = values(x, depth+1); err != nil {
				return nil, err
			}
		}
		return v, nil
	case []any:
		for i, x := range v {
			if v[i], err = values(x, depth+1); err != nil {
				return nil, err
			}
		}
		return v, nil
	default:
		return v, nil
	}
}
