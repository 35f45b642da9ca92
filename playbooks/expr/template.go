package expr

import (
	"errors"
	"fmt"
	"strings"
)

// Template is a text with holes: "revert of ${suspects[0].title}". A text that is exactly one hole keeps the value's type;
// any other gives text. "$${" writes "${". A rendered value is data and is never read again.
type Template struct {
	text  string
	want  Type
	parts []piece
}

// piece is literal text or a hole, never both.
type piece struct {
	literal string
	hole    *compiled
	// at is where the expression of the hole begins in the template.
	at int
}

// Template compiles a text with holes for a place that wants a type. It returns nil exactly when there are problems.
func (e *Env) Template(text string, want Type) (*Template, []Problem) {
	t := &Template{text: text, want: want}
	problems := t.split(e)
	if len(problems) > 0 {
		return nil, problems
	}
	single := t.single()
	for _, p := range t.parts {
		if p.hole == nil {
			continue
		}
		out := p.hole.ast.OutputType()
		switch {
		case single != nil && !gives(out, want):
			problems = append(problems, Problem{Offset: p.at, Message: fmt.Sprintf("this is %s, wanted is %s", some(typeName(out)), some(want.word()))})
		case single == nil && !textual(out):
			problems = append(problems, Problem{Offset: p.at, Message: fmt.Sprintf("%s cannot be written into a text", some(typeName(out)))})
		}
	}
	if single == nil && want != String && want != Any {
		problems = append(problems, Problem{
			Message: fmt.Sprintf("this gives text, wanted is %s", some(want.word())),
			Fix:     "write one ${…} and nothing around it",
		})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return t, nil
}

// HasHole tells whether a text holds an expression or an escape at all.
func HasHole(text string) bool { return strings.Contains(text, "${") }

// split cuts the text into literals and holes and compiles the holes.
func (t *Template) split(e *Env) []Problem {
	var problems []Problem
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t.parts = append(t.parts, piece{literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(t.text); {
		rest := t.text[i:]
		switch {
		case strings.HasPrefix(rest, "$${"):
			literal.WriteString("${")
			i += 3
		case strings.HasPrefix(rest, "${"):
			flush()
			from := i + 2
			end, ok := holeEnd(t.text, from)
			if !ok {
				return append(problems, Problem{Offset: i, Message: "this ${ has no }", Fix: "close it, or write $${ for the text ${"})
			}
			inner := t.text[from:end]
			lead := len(inner) - len(strings.TrimLeft(inner, " \t\r\n"))
			i = end + 1
			if strings.TrimSpace(inner) == "" {
				problems = append(problems, Problem{Offset: from - 2, Message: "this ${} holds no expression"})
				continue
			}
			if word := strings.TrimSpace(inner); strings.HasPrefix(word, "env:") || strings.HasPrefix(word, "file:") {
				problems = append(problems, Problem{
					Offset: from + lead, Message: "a playbook cannot read secrets",
					Fix: "put it into the configuration of the integration that uses it",
				})
				continue
			}
			x, faults := e.compile(strings.TrimSpace(inner))
			problems = append(problems, shifted(faults, from+lead)...)
			t.parts = append(t.parts, piece{hole: x, at: from + lead})
		default:
			literal.WriteByte(t.text[i])
			i++
		}
	}
	flush()
	return problems
}

// holeEnd finds the brace that closes a hole, over strings and braces inside.
func holeEnd(s string, i int) (int, bool) {
	depth := 0
	for i < len(s) {
		t := scan(s, i)
		if t.kind == tokenBroken {
			return 0, false
		}
		if t.kind == tokenOther {
			switch s[t.from] {
			case '{':
				depth++
			case '}':
				if depth == 0 {
					return t.from, true
				}
				depth--
			}
		}
		i = t.to
	}
	return 0, false
}

// single is the hole of a template that is exactly one hole.
func (t *Template) single() *compiled {
	if len(t.parts) == 1 {
		return t.parts[0].hole
	}
	return nil
}

// String is the template as it was written.
func (t *Template) String() string { return t.text }

// Constant tells whether the template holds no expression, and its text.
func (t *Template) Constant() (string, bool) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.hole != nil {
			return "", false
		}
		b.WriteString(p.literal)
	}
	return b.String(), true
}

// Render evaluates the holes. It gives a string, or for a template that is exactly one hole the type that was wanted:
// string, int64, float64, bool, time.Duration, map[string]any or []any.
func (t *Template) Render(scope Scope) (any, error) { return t.render(scope) }

func (t *Template) render(scope seen) (any, error) {
	if hole := t.single(); hole != nil {
		out, _, err := hole.eval(hole.program, scope)
		if err != nil {
			return nil, err
		}
		v, err := convert(out, t.want)
		if err != nil {
			return nil, &EvalError{Expression: hole.src.written, Err: err}
		}
		if s, ok := v.(string); ok && len(s) > maxText {
			return nil, &EvalError{Expression: hole.src.written, Err: errTooLong}
		}
		return v, nil
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.hole == nil {
			b.WriteString(p.literal)
			continue
		}
		out, _, err := p.hole.eval(p.hole.program, scope)
		if err != nil {
			return nil, err
		}
		text, err := asText(out)
		if err != nil {
			return nil, &EvalError{Expression: p.hole.src.written, Err: err}
		}
		if b.Len()+len(text) > maxText {
			return nil, &EvalError{Expression: p.hole.src.written, Err: errTooLong}
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

var errTooLong = errors.New("the text would be longer than 64 KiB")

// Refers lists the steps and outputs that the template reads.
func (t *Template) Refers() []Reference {
	var out []Reference
	for _, p := range t.parts {
		if p.hole == nil {
			continue
		}
		for _, r := range p.hole.refers() {
			r.Offset += p.at
			out = append(out, r)
		}
	}
	return out
}

// Whole gives the reference of a template that is exactly one `${steps.ID.output.NAME}`, whose type only the catalogue knows.
func (t *Template) Whole() (Reference, bool) {
	hole := t.single()
	if hole == nil {
		return Reference{}, false
	}
	path, leaf, tested, ok := hole.stepPath(hole.ast.NativeRep().Expr())
	if !ok || tested || len(path) != 3 || path[1] != "output" {
		return Reference{}, false
	}
	return Reference{Step: path[0], Output: path[2], Offset: t.parts[0].at + hole.offsetOf(leaf)}, true
}

// Unguarded lists the uses of suspects[i] that fail when there are fewer suspects, given conditions known to be true by then.
func (t *Template) Unguarded(given ...*Condition) []Problem {
	least := known(given)
	var out []Problem
	for _, p := range t.parts {
		if p.hole != nil {
			out = append(out, shifted(p.hole.unguarded(least), p.at)...)
		}
	}
	return out
}
