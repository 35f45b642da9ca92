package configs

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// reference is a secret's reference. Inside {…} or […] its braces would end a plain value, and its colon may make a key of
// it, yet people write it there without quotes; so they are hidden from the YAML parser behind private-use runes, one for
// one, which keeps every column where it was.
var reference = regexp.MustCompile(`\$\{(env|file):[^{}\s"']*\}`)

const hiddenOpen, hiddenClose, hiddenColon = "\uE0F0", "\uE0F1", "\uE0F2"

func hide(text string) string {
	return reference.ReplaceAllStringFunc(text, func(s string) string {
		return strings.NewReplacer("{", hiddenOpen, "}", hiddenClose, ":", hiddenColon).Replace(s)
	})
}

func unhide(text string) string {
	return strings.NewReplacer(hiddenOpen, "{", hiddenClose, "}", hiddenColon, ":").Replace(text)
}

// parse makes the tree of the only document in data, or nil when there is none or it cannot be read.
func (r *reader) parse(data []byte) *node {
	start := Position{Line: 1, Col: 1}
	if len(data) > MaxSize {
		r.fault("", start, "too-large", fmt.Sprintf("the file has %d bytes, more than %d", len(data), MaxSize))
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		line, col := invalidUTF8(data)
		r.fault("", Position{line, col}, "not-utf8", "the file is not UTF-8 text here")
		return nil
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	r.doc.lines = strings.Split(text, "\n")
	tokens, file := r.parseAround(text)
	if deep := r.refuse(tokens); deep || file == nil {
		return nil
	}
	var body ast.Node
	for _, d := range file.Docs {
		switch {
		case d.Body == nil:
		case d.Body.Type() == ast.CommentType:
		case body == nil:
			body = d.Body
		default:
			at := position(d.Body.GetToken())
			if d.Start != nil {
				at = position(d.Start)
			}
			r.fault("---", at, "several-documents", "the file holds several documents; only one is allowed").
				Suggest("put what follows into a file of its own")
		}
	}
	if body == nil {
		return nil
	}
	b := &builder{reader: r}
	return b.build(body, "", 0)
}

// parseAround parses. Where the syntax is wrong, each top-level section is tried on its own, so that one slip neither hides
// what is wrong elsewhere nor drags its neighbours along: the faulty ones are told and left out, the rest is read.
func (r *reader) parseAround(text string) (token.Tokens, *ast.File) {
	tokens, file, whole := parseYAML(hide(text))
	if whole == nil {
		return tokens, file
	}
	lines := strings.Split(text, "\n")
	faulty := 0
	for first := 0; first < len(lines); {
		end := first + 1
		for end < len(lines) && !beginsSection(lines[end]) {
			end++
		}
		err := section(strings.Join(lines[first:end], "\n") + "\n")
		if err != nil && faulty < maxFaultySections {
			faulty++
			r.syntax(err, first)
			key, _, _ := strings.Cut(lines[first], ":")
			r.doc.told[key] = true
			clear(lines[first:end]) // emptied and not removed: everything keeps its place
		}
		first = end
	}
	if faulty > 0 {
		if tokens, file, whole = parseYAML(hide(strings.Join(lines, "\n"))); whole == nil {
			return tokens, file
		}
	}
	r.syntax(whole, 0)
	return nil, nil
}

// section tells what is wrong with a section that stands alone. One that is a mere word has no syntax error of its own, but
// breaks the sections around it.
func section(text string) error {
	_, file, err := parseYAML(hide(text))
	if err != nil || file == nil {
		return err
	}
	for _, d := range file.Docs {
		if s, ok := d.Body.(*ast.StringNode); ok {
			return &yaml.SyntaxError{Message: "a key without a colon and a value", Token: s.Token}
		}
	}
	return nil
}

// maxFaultySections is how many sections with wrong syntax are told.
const maxFaultySections = 20

// beginsSection tells whether a line may begin a key of the whole document.
func beginsSection(line string) bool {
	return line != "" && !strings.ContainsRune(" \t#-]}", rune(line[0]))
}

// parseYAML tokenizes and parses. Text from outside must not be able to stop the program, so a panic of the parser becomes an
// error, and what is nested too deep for its recursion never reaches it.
func parseYAML(text string) (tokens token.Tokens, file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML parser failed: %v", p)
		}
	}()
	tokens = lexer.Tokenize(text)
	if tooDeep(tokens) != nil {
		return tokens, nil, nil
	}
	file, err = parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	return tokens, file, err
}

// tooDeep returns the token at which brackets, or dashes within one line, nest deeper than MaxDepth. Indentation needs no
// check here: its depth grows with the square root of the size, and the tree's builder bounds it.
func tooDeep(tokens token.Tokens) *token.Token {
	depth, run, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			run, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			run++
		default:
		}
		if depth > MaxDepth || run > MaxDepth {
			return t
		}
	}
	return nil
}

// refuse reports the parts of YAML that are not allowed, wherever they stand, and tells whether it is nested too deep.
func (r *reader) refuse(tokens token.Tokens) bool {
	if t := tooDeep(tokens); t != nil {
		r.tooDeep(position(t))
		return true
	}
	for _, t := range tokens {
		at := position(t)
		switch t.Type {
		case token.AnchorType:
			r.fault("&", at, "anchor", "anchors are not allowed").Suggest("write the value out where it is used")
		case token.AliasType:
			r.fault("*", at, "alias", "aliases are not allowed").
				Suggest("write the value out; text that begins with * goes in quotes")
		case token.MergeKeyType:
			r.fault("<<", at, "merge-key", "merge keys are not allowed").Suggest("write the fields out")
		case token.TagType:
			r.fault("!", at, "tag", fmt.Sprintf("tags such as %s are not allowed", quote(t.Value))).
				Suggest("text that begins with ! goes in quotes")
		case token.DirectiveType:
			r.fault("%", at, "directive", "YAML directives are not allowed").Suggest("remove the line")
		default:
		}
	}
	return false
}

func (r *reader) tooDeep(at Position) {
	r.fault("", at, "too-deep", fmt.Sprintf("nested deeper than %d levels", MaxDepth))
}

// syntax reports the parser's error in words, at its place so many lines further down. The fault is one of the whole document:
// what a check would say of what is left would mostly follow from what is missing.
func (r *reader) syntax(err error, down int) {
	at, message := Position{1, 1}, err.Error()
	var s *yaml.SyntaxError
	if errors.As(err, &s) {
		message = s.Message
		if s.Token != nil {
			at = position(s.Token)
		}
	}
	at.Line += down
	line := ""
	if at.Line <= len(r.doc.lines) {
		line = r.doc.lines[at.Line-1]
	}
	switch {
	case strings.Contains(message, "\t"), strings.Contains(message, "tab character"):
		r.fault("", at, "syntax", "a tab cannot indent YAML").Suggest("indent with spaces")
	case strings.Contains(message, "reserved character"):
		r.fault("", at, "syntax", unhide(message)).Suggest("put the text in quotes")
	case strings.Contains(line, "${"):
		r.fault("", at, "syntax", unhide(message)).Suggest(`put text that holds ${…} in quotes, as "${…}"`)
	case strings.Contains(message, "mapping value is not allowed"):
		r.fault("", at, "syntax", "a second \": \" in one value").Suggest("put the value in quotes")
	default:
		r.fault("", at, "syntax", unhide(message))
	}
}

func position(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{Line: 1, Col: 1}
	}
	return Position{Line: max(1, t.Position.Line), Col: max(1, t.Position.Column)}
}

func invalidUTF8(data []byte) (line, col int) {
	line, col = 1, 1
	for len(data) > 0 {
		c, size := utf8.DecodeRune(data)
		switch {
		case c == utf8.RuneError && size == 1:
			return line, col
		case c == '\n':
			line, col = line+1, 1
		default:
			col++
		}
		data = data[size:]
	}
	return line, col
}
