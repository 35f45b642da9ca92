package configs

import (
	"strconv"
	"unicode"
)

// inside returns where the byte at offset of a text stands in the file.
//
// Folding, indentation and chomping only ever change white space, so the characters that are not white space stand in the
// same order in the file and in the text. The n-th of them there is the n-th here; quotes and escapes are counted as what
// they stand for. An offset on white space stands as far behind the character before it as in the text.
func (d *Document) inside(n *node, offset int) Position {
	if n.kind != text || (offset <= 0 && n.style != block) {
		return n.pos
	}
	offset = min(max(offset, 0), len(n.text))
	before, spaces := 0, 0
	for _, c := range n.text[:offset] {
		if unicode.IsSpace(c) {
			spaces++
		} else {
			before, spaces = before+1, 0
		}
	}
	onSpace := offset == len(n.text)
	if !onSpace {
		for _, c := range n.text[offset:] {
			onSpace = unicode.IsSpace(c)
			break
		}
	}
	s := d.scan(n)
	at := n.pos
	if n.style == block {
		at = Position{Line: n.pos.Line + 1, Col: 1}
	}
	for range before {
		u, ok := s.next()
		if !ok {
			return at
		}
		at = Position{Line: u.Line, Col: u.Col + u.width}
	}
	if onSpace {
		return Position{Line: at.Line, Col: at.Col + spaces}
	}
	if u, ok := s.next(); ok {
		return u.Position
	}
	return at
}

// scanner walks over the characters of a text as they are written, white space left out.
type scanner struct {
	lines     []string
	runes     []rune
	line, col int // of the next rune, from 0
	style     style
}

// unitAt is one character of the text as it is written.
type unitAt struct {
	Position
	width int
}

func (d *Document) scan(n *node) *scanner {
	s := &scanner{lines: d.lines, line: n.pos.Line - 1, col: n.pos.Col - 1, style: n.style}
	switch n.style {
	case block:
		s.line, s.col = s.line+1, 0
	case singleQuoted, doubleQuoted:
		s.col++
	case plain:
	}
	if s.line >= 0 && s.line < len(s.lines) {
		s.runes = []rune(s.lines[s.line])
	}
	return s
}

func (s *scanner) next() (unitAt, bool) {
	for s.line >= 0 && s.line < len(s.lines) {
		if s.col >= len(s.runes) {
			s.line, s.col = s.line+1, 0
			if s.line < len(s.lines) {
				s.runes = []rune(s.lines[s.line])
			}
			continue
		}
		c, width := s.character()
		u := unitAt{Position{Line: s.line + 1, Col: s.col + 1}, width}
		s.col += width
		if !unicode.IsSpace(c) {
			return u, true
		}
	}
	return unitAt{}, false
}

// character decodes what stands at the cursor and tells how many characters of the file it takes.
func (s *scanner) character() (rune, int) {
	c := s.runes[s.col]
	left := len(s.runes) - s.col
	switch {
	case s.style == singleQuoted && c == '\'' && left > 1 && s.runes[s.col+1] == '\'':
		return c, 2
	case s.style != doubleQuoted || c != '\\':
		return c, 1
	case left == 1:
		return ' ', 1 // a line that ends in a backslash is continued: it stands for nothing
	}
	switch e := s.runes[s.col+1]; e {
	case 'n', 't', 'r', 'v', 'f', ' ', '\t', 'N', '_', 'L', 'P':
		return ' ', 2
	case 'x':
		return s.hex(4)
	case 'u':
		return s.hex(6)
	case 'U':
		return s.hex(10)
	default:
		return e, 2
	}
}

func (s *scanner) hex(width int) (rune, int) {
	if s.col+width > len(s.runes) {
		return 'x', len(s.runes) - s.col
	}
	code, err := strconv.ParseInt(string(s.runes[s.col+2:s.col+width]), 16, 32)
	if err != nil {
		return 'x', width
	}
	return rune(code), width
}
