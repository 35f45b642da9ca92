package expr

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Problem is one thing that is wrong with an expression or a template.
type Problem struct {
	// Offset is in bytes, into the text as it was written.
	Offset int
	// Message is a sentence for people without a full stop.
	Message string
	// Fix says what to write instead, where that is plain.
	Fix string
}

// shifted moves problems of a part to their place in the whole.
func shifted(problems []Problem, by int) []Problem {
	for i := range problems {
		problems[i].Offset += by
	}
	return problems
}

var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']+)'`)
	noField    = regexp.MustCompile(`^undefined field '([^']+)'`)
	noOverload = regexp.MustCompile(`^found no matching overload for '([^']+)' applied to '(.*)'`)
	badLiteral = regexp.MustCompile(`^invalid (matches|duration|timestamp) argument`)
	noSelect   = regexp.MustCompile(`^type '([^']+)' does not support field selection`)
)

// problems says CEL's issues in the language's words and places.
func (e *Env) problems(src source, parsed *cel.Ast, issues *cel.Issues) []Problem {
	var out []Problem
	for _, issue := range issues.Errors() {
		offset := 0
		if start, ok := lineStart(src.cel, issue.Location.Line()); ok {
			offset = start + bytesOf(src.cel[start:], issue.Location.Column())
		}
		p := Problem{Offset: offset, Message: tidy(issue.Message)}
		switch {
		case undeclared.MatchString(issue.Message):
			e.nameProblem(&p, src, undeclared.FindStringSubmatch(issue.Message)[1])
		case noField.MatchString(issue.Message):
			fieldProblem(&p, src, parsed, noField.FindStringSubmatch(issue.Message)[1])
		case noOverload.MatchString(issue.Message):
			m := noOverload.FindStringSubmatch(issue.Message)
			overloadProblem(&p, m[1], m[2])
		case badLiteral.MatchString(issue.Message):
			what := badLiteral.FindStringSubmatch(issue.Message)[1]
			p.Message = "this is not a " + strings.Replace(what, "matches", "regular expression (RE2)", 1)
		case noSelect.MatchString(issue.Message):
			p.Message = some(noSelect.FindStringSubmatch(issue.Message)[1]) + " has no fields"
		}
		p.Offset = src.back(p.Offset)
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		out = append(out, Problem{Message: tidy(issues.Err().Error())})
	}
	slices.SortStableFunc(out, func(a, b Problem) int { return a.Offset - b.Offset })
	if parsed == nil {
		// What follows from a first mistake of syntax says nothing.
		out = out[:1]
		out[0].Fix = written(src.written, out[0].Offset)
	}
	return out
}

// written says how an operator is written here, where another language's stands at the offset.
func written(text string, offset int) string {
	rest := text[clamp(offset, len(text)):]
	for _, x := range []struct{ theirs, ours string }{
		{"and ", "&&"}, {"or ", "||"}, {"not ", "!"}, {"=~", "matches"}, {"=", "=="}, {"& ", "&&"}, {"| ", "||"},
	} {
		if strings.HasPrefix(rest, x.theirs) {
			return "write " + x.ours
		}
	}
	return ""
}

func lineStart(s string, line int) (int, bool) {
	start := 0
	for ; line > 1; line-- {
		n := strings.IndexByte(s[start:], '\n')
		if n < 0 {
			return 0, false
		}
		start += n + 1
	}
	return start, true
}

func (e *Env) nameProblem(p *Problem, src source, name string) {
	p.Message = fmt.Sprintf("unknown name %q", name)
	// A call is reported at its parenthesis; people look at its name.
	last := name[strings.LastIndexByte(name, '.')+1:]
	if at := strings.LastIndex(src.cel[:clamp(p.Offset, len(src.cel))], last); at >= 0 && !strings.HasPrefix(src.cel[p.Offset:], last) {
		p.Offset = at
	}
	p.suggest(last, e.known, e.own)
}

// suggest names the nearest candidate, or lists the few that matter.
func (p *Problem) suggest(word string, candidates, few []string) {
	// Anything is near to a very short word; there the first letter must be right.
	near := diag.Nearest(word, candidates)
	if near != "" && (len(word) > 3 || near[0] == word[0]) {
		p.Fix = fmt.Sprintf("did you mean %q?", near)
		return
	}
	p.Fix = "known are " + strings.Join(few, ", ")
}

func fieldProblem(p *Problem, src source, parsed *cel.Ast, name string) {
	if strings.HasPrefix(src.cel[clamp(p.Offset, len(src.cel)):], ".") {
		p.Offset++
	}
	owner, names := ownerOf(parsed, name)
	p.Message = fmt.Sprintf("unknown field %q", name)
	if owner != "" {
		p.Message = fmt.Sprintf("%s has no field %q", owner, name)
	}
	p.suggest(name, names, names)
}

// ownerOf finds what a wrong field was asked of: the type's name and its fields, or every field when it is not plain.
func ownerOf(parsed *cel.Ast, name string) (owner string, fields []string) {
	if parsed != nil {
		ast.PreOrderVisit(parsed.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
			if x.Kind() == ast.SelectKind && x.AsSelect().FieldName() == name && owner == "" {
				owner = objectOf(x.AsSelect().Operand())
			}
		}))
	}
	for _, o := range objects() {
		for _, f := range o.fields {
			if (owner == "" || o.name == owner) && !slices.Contains(fields, f.name) {
				fields = append(fields, f.name)
			}
		}
	}
	return owner, fields
}

// objectOf guesses the object type of an operand from its shape; "" when it cannot.
func objectOf(x ast.Expr) string {
	switch x.Kind() {
	case ast.IdentKind:
		switch x.AsIdent() {
		case "incident":
			return incidentType
		case "service":
			return serviceType
		}
	case ast.SelectKind:
		if op := x.AsSelect().Operand(); op.Kind() == ast.IdentKind && op.AsIdent() == "steps" {
			return stepType
		}
	case ast.CallKind:
		if index, ok := indexInto(x, "suspects"); ok && index != nil {
			return suspectType
		}
		if index, ok := indexInto(x, "steps"); ok && index != nil {
			return stepType
		}
	default: // not plain
	}
	return ""
}

// signs are the operators whose CEL names differ from what people write.
var signs = strings.NewReplacer("_[_]", "[]", "_?_:_", "?:", "@in", "in", "_", "", "@", "")

func overloadProblem(p *Problem, function, arguments string) {
	name := signs.Replace(function)
	if strings.ContainsAny(function, "_@") && function != name {
		p.Message = fmt.Sprintf("%q cannot be applied to %s", name, arguments)
	} else {
		p.Message = fmt.Sprintf("%s cannot be called with %s", function, arguments)
	}
	switch {
	case (function == "burn") && arguments != "(duration)":
		p.Fix = "write a window, as burn(1h)"
	case function == "ratio":
		p.Fix = `write a signal and a window, as ratio("refusal_ratio", 5m)`
	case function == "value":
		p.Fix = `write a signal, as value("latency_p95")`
	case arguments == "(double, int)" || arguments == "(int, double)":
		p.Fix = "write the whole number with a point, as 1.0"
	case strings.Contains(arguments, "duration") && (strings.Contains(arguments, "int") || strings.Contains(arguments, "double")):
		p.Fix = "compare durations with durations, as 5m"
	}
}

var (
	expecting  = regexp.MustCompile(` expecting \{.*\}| expecting .*`)
	unexpected = regexp.MustCompile(`(?s)^(?:mismatched|extraneous|no viable alternative at) input (?:at )?'(.*)'$`)
	unreadable = regexp.MustCompile(`(?s)^token recognition error at: '(.*)'$`)
	noise      = strings.NewReplacer("Syntax error: ", "", "\n", " ", " (in container '')", "", "google.protobuf.", "")
)

// tidy takes the parser's internals out of a message.
func tidy(message string) string {
	message = strings.TrimSpace(noise.Replace(expecting.ReplaceAllString(message, "")))
	if m := unexpected.FindStringSubmatch(message); m != nil {
		if strings.HasSuffix(m[1], "<EOF>") {
			return "the expression ends too early"
		}
		return fmt.Sprintf("unexpected %q", m[1])
	}
	if m := unreadable.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("unexpected %q", strings.TrimSpace(m[1]))
	}
	return message
}

// plainError takes the machine's words out of an error of the evaluator.
func plainError(err error) string {
	var cancelled interpreter.EvalCancelledError
	if errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded {
		return fmt.Sprintf("it takes more than %d steps", maxCost)
	}
	var celErr *types.Err
	if errors.As(err, &celErr) && errors.Is(celErr.Unwrap(), ErrBlind) {
		return celErr.Unwrap().Error()
	}
	return tidy(err.Error())
}
