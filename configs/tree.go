package configs

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Position is a place in a file: line and column count from 1, the column in characters.
type Position struct {
	Line int
	Col  int
}

// kind is what a node is.
type kind int

const (
	null kind = iota
	boolean
	integer
	float
	text
	list
	mapping
	// broken stands where something was refused; nothing more is said about it.
	broken
)

// style is how a text is written, which decides where its characters stand.
type style int

const (
	plain style = iota
	singleQuoted
	doubleQuoted
	block
)

// node is a value of the file. The tree is our own, so that nothing outside this file and parse.go knows the parser.
type node struct {
	kind  kind
	style style
	// text is the decoded text; for numbers and booleans it is as written.
	text    string
	pos     Position
	items   []*node
	entries []entry
	// index leads from a key to its first entry.
	index map[string]int
}

// entry is a key of a mapping with its value.
type entry struct {
	key   string
	pos   Position
	value *node
}

func (n *node) scalar() bool { return n.kind != list && n.kind != mapping && n.kind != broken }

// get returns the entry of a key; the first one when it is doubled.
func (n *node) get(key string) (entry, bool) {
	i, ok := n.index[key]
	if !ok {
		return entry{}, false
	}
	return n.entries[i], true
}

// exponent finds numbers such as 1e3, which YAML 1.2 calls numbers and the parser calls text.
var exponent = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$`)

// builder makes our tree from the parser's.
type builder struct{ *reader }

func (b *builder) build(n ast.Node, path string, depth int) *node {
	at := position(n.GetToken())
	if depth > MaxDepth {
		b.tooDeep(at)
		return &node{kind: broken, pos: at}
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return &node{kind: null, text: unhide(n.Token.Value), pos: at}
	case *ast.BoolNode:
		return &node{kind: boolean, text: n.Token.Value, pos: at}
	case *ast.IntegerNode:
		return &node{kind: integer, text: n.Token.Value, pos: at}
	case *ast.FloatNode:
		return &node{kind: float, text: n.Token.Value, pos: at}
	case *ast.InfinityNode:
		return &node{kind: float, text: n.Token.Value, pos: at}
	case *ast.NanNode:
		return &node{kind: float, text: n.Token.Value, pos: at}
	case *ast.StringNode:
		if styleOf(n.Token) == plain && exponent.MatchString(n.Value) {
			return &node{kind: float, text: n.Value, pos: at}
		}
		return &node{kind: text, style: styleOf(n.Token), text: unhide(n.Value), pos: at}
	case *ast.LiteralNode:
		return &node{kind: text, style: block, text: unhide(n.Value.Value), pos: at}
	case *ast.SequenceNode:
		out := &node{kind: list, pos: at}
		for i, v := range n.Values {
			out.items = append(out.items, b.build(v, path+"["+strconv.Itoa(i)+"]", depth+1))
		}
		return out
	case *ast.MappingNode:
		return b.mapping(n.Values, at, path, depth)
	case *ast.MappingValueNode:
		return b.mapping([]*ast.MappingValueNode{n}, at, path, depth)
	case *ast.AnchorNode:
		b.doc.told[path] = true
		if n.Value == nil {
			return &node{kind: broken, pos: at}
		}
		return b.build(n.Value, path, depth+1)
	case *ast.TagNode, *ast.AliasNode:
		b.doc.told[path] = true // the token was refused already
		return &node{kind: broken, pos: at}
	default:
		b.fault(path, at, "syntax", "this kind of YAML is not allowed here: "+n.Type().YAMLName())
		return &node{kind: broken, pos: at}
	}
}

func (b *builder) mapping(values []*ast.MappingValueNode, at Position, path string, depth int) *node {
	out := &node{kind: mapping, pos: at, index: make(map[string]int, len(values))}
	for _, v := range values {
		key, keyAt, ok := b.key(v.Key, path)
		if !ok {
			continue
		}
		below := diag.Join(path, key)
		if first, doubled := out.get(key); doubled {
			b.fault(below, keyAt, "duplicate-key", "the key "+quote(key)+" is there twice; first in line "+
				strconv.Itoa(first.pos.Line)).Key = true
			out.entries = append(out.entries, entry{key, keyAt, &node{kind: broken, pos: keyAt}})
			continue
		}
		out.index[key] = len(out.entries)
		child := &node{kind: null, pos: keyAt}
		if v.Value != nil {
			child = b.build(v.Value, below, depth+1)
		}
		if child.kind == null && v.Value != nil && v.Value.GetToken().Type == token.ImplicitNullType {
			child.pos = keyAt
		}
		out.entries = append(out.entries, entry{key, keyAt, child})
	}
	if len(out.entries) > 0 && at.Line == out.entries[0].pos.Line && out.entries[0].pos.Col < at.Col {
		out.pos = out.entries[0].pos // a block mapping begins with its first key, not with the colon behind it
	}
	return out
}

func (b *builder) key(n ast.MapKeyNode, path string) (string, Position, bool) {
	at := position(n.GetToken())
	switch n := n.(type) {
	case *ast.StringNode:
		return unhide(n.Value), at, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return unhide(n.GetToken().Value), at, true
	case *ast.MergeKeyNode:
		b.doc.told[path] = true // the token was refused already; what it would have brought is missing
		return "", at, false
	default:
		b.fault(path, at, "bad-key", "a key must be plain text").Key = true
		return "", at, false
	}
}

func styleOf(t *token.Token) style {
	switch t.Type {
	case token.SingleQuoteType:
		return singleQuoted
	case token.DoubleQuoteType:
		return doubleQuoted
	default:
		return plain
	}
}

// natural is the value of a node where the Go type does not say what it should be: nil, bool, int64 (uint64 when it does not
// fit), float64, string, []any or map[string]any.
func (n *node) natural() any {
	switch n.kind {
	case boolean:
		return strings.EqualFold(n.text, "true")
	case integer:
		if i, err := parseInt(n.text, 64); err == nil {
			return i
		}
		if u, err := parseUint(n.text, 64); err == nil {
			return u
		}
		f, _ := parseFloat(n.text)
		return f
	case float:
		f, err := parseFloat(n.text)
		if err != nil {
			return math.NaN()
		}
		return f
	case text:
		return n.text
	case list:
		out := make([]any, 0, len(n.items))
		for _, item := range n.items {
			out = append(out, item.natural())
		}
		return out
	case mapping:
		out := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			if e.value.kind != broken {
				out[e.key] = e.value.natural()
			}
		}
		return out
	default:
		return nil
	}
}
