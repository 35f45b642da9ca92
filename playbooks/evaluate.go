package playbooks

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// maxKept bounds how many compiled expressions an Evaluator keeps.
const maxKept = 1024

// Evaluator gives the expressions of plans their values. Compiled expressions are kept, since waiting steps ask the same ones
// again and again. It is safe for use by several goroutines.
type Evaluator struct {
	env    *expr.Env
	params map[string]map[string]Param

	mu         sync.Mutex
	conditions map[string]*expr.Condition
	templates  map[templateKey]*expr.Template
}

type templateKey struct {
	text string
	want expr.Type
}

// NewEvaluator makes an evaluator; the catalogue tells the types of parameters.
func NewEvaluator(env *expr.Env, catalogue []Action) *Evaluator {
	e := &Evaluator{
		env: env, params: make(map[string]map[string]Param, len(catalogue)),
		conditions: map[string]*expr.Condition{}, templates: map[templateKey]*expr.Template{},
	}
	for _, a := range catalogue {
		e.params[a.Name] = make(map[string]Param, len(a.Params))
		for _, p := range a.Params {
			e.params[a.Name][p.Name] = p
		}
	}
	return e
}

// Condition tells whether a condition is true of the scope; the empty one is. An error means that it is neither true nor
// false now: something it reads is absent or blind.
func (e *Evaluator) Condition(src string, scope expr.Scope) (bool, error) {
	if src == "" {
		return true, nil
	}
	c, err := e.condition(src)
	if err != nil {
		return false, err
	}
	return c.Eval(scope)
}

// Holds is Condition with the sentence that says which term decided it and what it read.
func (e *Evaluator) Holds(condition string, scope expr.Scope) (holds bool, why string, err error) {
	if condition == "" {
		return true, "it has no condition", nil
	}
	c, err := e.condition(condition)
	if err != nil {
		return false, "", err
	}
	x := c.Explain(scope)
	return x.Holds, x.Sentence(), x.Err
}

// Render gives the parameters of a step their values, typed as Call.With documents. Conditions are handed over as text. A
// parameter that the catalogue does not know keeps the type that its expression gives.
func (e *Evaluator) Render(step Step, scope expr.Scope) (map[string]any, error) {
	out := make(map[string]any, len(step.With))
	for _, name := range sortedKeys(step.With) {
		param := e.params[step.Action][name]
		v, err := e.render(step.With[name], param.Type, scope)
		if err != nil {
			return nil, fmt.Errorf("%s of step %s: %w", name, step.ID, err)
		}
		if text, ok := v.(string); ok && len(param.Allowed) > 0 && !slices.Contains(param.Allowed, text) {
			return nil, fmt.Errorf("%s of step %s is %q, allowed are %s", name, step.ID, short(text), strings.Join(param.Allowed, ", "))
		}
		out[name] = v
	}
	return out, nil
}

func (e *Evaluator) render(value any, t Type, scope expr.Scope) (any, error) {
	switch v := value.(type) {
	case string:
		if t != Condition && expr.HasHole(v) {
			tpl, err := e.template(v, expr.Type(t))
			if err != nil {
				return nil, err
			}
			return tpl.Render(scope)
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range sortedKeys(v) {
			item, err := e.render(v[key], "", scope)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			out[key] = item
		}
		value = out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			item, err := e.render(x, "", scope)
			if err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
			out[i] = item
		}
		value = out
	}
	if t == "" {
		return value, nil
	}
	out, ok := coerce(value, t)
	if !ok {
		return nil, fmt.Errorf("it is %s, wanted is %s", describe(value), describeType(t))
	}
	return out, nil
}

func (e *Evaluator) condition(src string) (*expr.Condition, error) {
	return kept(e, e.conditions, src, func() (*expr.Condition, error) {
		c, problems := e.env.Condition(src)
		if c == nil {
			return nil, fmt.Errorf("the condition %q is not understood: %s", short(src), problems[0].Message)
		}
		return c, nil
	})
}

func (e *Evaluator) template(text string, want expr.Type) (*expr.Template, error) {
	return kept(e, e.templates, templateKey{text, want}, func() (*expr.Template, error) {
		t, problems := e.env.Template(text, want)
		if t == nil {
			return nil, fmt.Errorf("%q is not understood: %s", short(text), problems[0].Message)
		}
		return t, nil
	})
}

// kept takes what is compiled already or compiles it, outside the lock, and keeps it.
func kept[K comparable, V any](e *Evaluator, in map[K]V, key K, compile func() (V, error)) (V, error) {
	e.mu.Lock()
	v, known := in[key]
	e.mu.Unlock()
	if known {
		return v, nil
	}
	v, err := compile()
	if err != nil {
		return v, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(in) >= maxKept {
		clear(in)
	}
	in[key] = v
	return v, nil
}
