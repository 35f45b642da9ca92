package githubfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode"
)

// field is one selected field of a GraphQL document.
type field struct {
	name, alias string
	args        map[string]any
	fields      []field
}

// document is one operation.
type document struct {
	kind   string // "query" or "mutation"
	fields []field
}

// maxTokens bounds the work on one document.
const maxTokens = 4_000

var errSyntax = errors.New("syntax error")

// parseQuery reads a document of one operation: variables, arguments, aliases and inline fragments; no named fragments and no
// directives.
func parseQuery(text string, variables map[string]any) (document, error) {
	tokens, err := lex(text)
	if err != nil {
		return document{}, err
	}
	p := &queryParser{tokens: tokens, variables: variables}
	doc := document{kind: "query"}
	if p.peek() != "{" {
		doc.kind = p.next()
		if doc.kind != "query" && doc.kind != "mutation" {
			return document{}, fmt.Errorf("%w: %q is no operation", errSyntax, doc.kind)
		}
		for p.peek() != "{" && p.peek() != "" {
			p.next() // the operation's name and the types of its variables
		}
	}
	doc.fields = p.selection(0)
	if p.err == nil && p.peek() != "" {
		p.fail("unexpected %q after the operation", p.peek())
	}
	return doc, p.err
}

// lex cuts a document into names, numbers, punctuation and strings (which keep their quotes).
func lex(text string) ([]string, error) {
	var out []string
	runes := []rune(text)
	for i := 0; i < len(runes); {
		c, from := runes[i], i
		switch {
		case unicode.IsSpace(c) || c == ',' || c == '\ufeff':
			i++
			continue
		case c == '#':
			for i < len(runes) && runes[i] != '\n' {
				i++
			}
			continue
		case c == '"':
			for i++; i < len(runes) && runes[i] != '"'; i++ {
				if runes[i] == '\\' {
					i++
				}
			}
			if i++; i > len(runes) {
				return nil, fmt.Errorf("%w: a string does not end", errSyntax)
			}
		case c == '.':
			for i < len(runes) && runes[i] == '.' {
				i++
			}
		case wordRune(c):
			for i < len(runes) && wordRune(runes[i]) {
				i++
			}
		default:
			i++
		}
		if out = append(out, string(runes[from:i])); len(out) > maxTokens {
			return nil, fmt.Errorf("%w: the document is too long", errSyntax)
		}
	}
	return out, nil
}

func wordRune(c rune) bool { return c == '_' || c == '-' || unicode.IsLetter(c) || unicode.IsDigit(c) }

type queryParser struct {
	tokens    []string
	variables map[string]any
	err       error
}

func (p *queryParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: %s", errSyntax, fmt.Sprintf(format, args...))
	}
	p.tokens = nil
}

func (p *queryParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *queryParser) next() string {
	t := p.peek()
	if len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *queryParser) expect(want string) {
	if got := p.next(); got != want {
		p.fail("expected %q, got %q", want, got)
	}
}

// maxDepth bounds nesting.
const maxDepth = 20

func (p *queryParser) selection(depth int) []field {
	if depth > maxDepth {
		p.fail("too deep")
		return nil
	}
	p.expect("{")
	var out []field
	for p.err == nil && p.peek() != "}" {
		if p.peek() == "" {
			p.fail("the document ends early")
			return nil
		}
		if p.peek() == "..." {
			p.next()
			p.expect("on")
			p.next()
			out = append(out, p.selection(depth+1)...)
			continue
		}
		f := field{name: p.next()}
		if p.peek() == ":" {
			p.next()
			f.alias, f.name = f.name, p.next()
		}
		if p.peek() == "(" {
			f.args = p.object("(", ")", depth)
		}
		if p.peek() == "{" {
			f.fields = p.selection(depth + 1)
		}
		out = append(out, f)
	}
	p.expect("}")
	return out
}

// object reads name: value pairs between two brackets.
func (p *queryParser) object(from, to string, depth int) map[string]any {
	p.expect(from)
	out := map[string]any{}
	for p.err == nil && p.peek() != to && p.peek() != "" {
		name := p.next()
		p.expect(":")
		out[name] = p.value(depth + 1)
	}
	p.expect(to)
	return out
}

func (p *queryParser) value(depth int) any {
	if depth > maxDepth {
		p.fail("too deep")
		return nil
	}
	switch p.peek() {
	case "{":
		return p.object("{", "}", depth)
	case "[":
		p.next()
		list := []any{}
		for p.err == nil && p.peek() != "]" && p.peek() != "" {
			list = append(list, p.value(depth+1))
		}
		p.expect("]")
		return list
	case "$":
		p.next()
		return p.variables[p.next()]
	default:
		return literal(p.next())
	}
}

// literal is a string, a number, a truth value, null or the name of an enum's member.
func literal(token string) any {
	if len(token) > 0 && token[0] == '"' {
		var text string
		if json.Unmarshal([]byte(token), &text) == nil {
			return text
		}
	}
	if n, err := strconv.ParseFloat(token, 64); err == nil {
		return n
	}
	switch token {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	return token
}
