package configs

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Diagnostic is a fault with its place. Its JSON form is stable.
type Diagnostic struct {
	File string `json:"file"`
	// Line and Col count from 1, Col in characters.
	Line int    `json:"line"`
	Col  int    `json:"col"`
	Path string `json:"path,omitempty"`
	// Code is a short stable word for machines, as "unknown-key".
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Allowed []string `json:"allowed,omitempty"`
	Fix     string   `json:"fix,omitempty"`
	// Source is the line of the file, or the part of it around Col when it is long; secrets are masked.
	Source string `json:"source"`
	// SourceCol is the column at which Source begins, zero when that is the first.
	SourceCol int `json:"source_col,omitempty"`
}

// String is the first line that Render prints.
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Col, d.Message)
}

// maxSource is how many characters of a line are shown.
const maxSource = 160

func (d *Document) diagnostic(f diag.Fault, at Position) Diagnostic {
	out := Diagnostic{
		File: d.Name, Line: at.Line, Col: at.Col,
		Path: f.Path, Code: f.Code, Message: f.Message, Allowed: f.Allowed, Fix: f.Fix,
	}
	if len(out.Path) > 0 && strings.ContainsRune("&*!%<-", rune(out.Path[0])) {
		out.Path = "" // a part of YAML that is refused wherever it stands
	}
	runes := d.show(at.Line)
	if len(runes) > maxSource {
		from := min(max(0, at.Col-1-maxSource/2), len(runes)-maxSource)
		runes = runes[from : from+maxSource]
		if from > 0 {
			out.SourceCol = from + 1
		}
	}
	out.Source = string(runes)
	return out
}

// show returns a line of the file as people may see it. Lines are kept, for one long line may have many faults.
func (d *Document) show(n int) []rune {
	if n < 1 || n > len(d.lines) {
		return nil
	}
	if runes, ok := d.shown[n]; ok {
		return runes
	}
	if d.shown == nil {
		d.shown = map[int][]rune{}
	}
	line := strings.NewReplacer(d.hidden...).Replace(d.lines[n-1])
	d.shown[n] = []rune(printable(maskLikely(line)))
	return d.shown[n]
}

// Values that stand behind the name of a secret, and passwords inside addresses. Where a line cannot be read as YAML, the key
// is mistyped, or a neighbour is at fault, this is what keeps a token out of the logs of a build.
var (
	likelySecret = regexp.MustCompile(
		`(?i)((?:token|secret|passwords?|passwd|bearer|api_?key|routing_key|private_key)"?\s*:\s*["']?)([^\s"'$#{\[,|>][^\s"',}\]]{3,})`)
	likelyPassword = regexp.MustCompile(`(://[^\s/:@"']*:)([^\s/@"'$][^\s/@"']*)@`)
)

func maskLikely(line string) string {
	line = likelyPassword.ReplaceAllStringFunc(line, func(s string) string {
		parts := likelyPassword.FindStringSubmatch(s)
		return parts[1] + dots(parts[2]) + "@"
	})
	return likelySecret.ReplaceAllStringFunc(line, func(s string) string {
		parts := likelySecret.FindStringSubmatch(s)
		return parts[1] + dots(parts[2])
	})
}

// printable replaces control characters, which could otherwise steer the terminal that shows the line.
func printable(line string) string {
	return strings.Map(func(c rune) rune {
		if c != '\t' && (unicode.IsControl(c) || unicode.In(c, unicode.Bidi_Control)) {
			return unicode.ReplacementChar
		}
		return c
	}, line)
}

// Sort orders diagnostics by file, line and column.
func Sort(diags []Diagnostic) {
	slices.SortStableFunc(diags, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}

// paint holds the terminal's codes; the zero value paints nothing.
type paint struct{ bold, red, green, dim, off string }

// Render writes diagnostics for people, in the given order: where and what, the source line, a caret under the column, what
// would have been allowed, and the fix. Colour only repeats what the words say.
func Render(w io.Writer, diags []Diagnostic, color bool) error {
	var p paint
	if color {
		p = paint{bold: "\x1b[1m", red: "\x1b[1;31m", green: "\x1b[32m", dim: "\x1b[2m", off: "\x1b[0m"}
	}
	var b bytes.Buffer
	for i, d := range diags {
		if i > 0 {
			b.WriteByte('\n')
		}
		d.render(&b, p)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (d Diagnostic) render(b *bytes.Buffer, p paint) {
	fmt.Fprintf(b, "%s%s:%d:%d:%s %s\n", p.bold, printable(d.File), d.Line, d.Col, p.off, printable(d.Message))
	if d.Source != "" {
		fmt.Fprintf(b, "%s%5d |%s %s\n", p.dim, d.Line, p.off, d.Source)
		fmt.Fprintf(b, "%s      |%s %s%s^%s\n", p.dim, p.off, pad(d.Source, d.Col-max(1, d.SourceCol)), p.red, p.off)
	}
	if len(d.Allowed) > 0 {
		fmt.Fprintf(b, "        allowed: %s\n", printable(strings.Join(d.Allowed, ", ")))
	}
	if d.Fix != "" {
		fmt.Fprintf(b, "        %sfix:%s %s\n", p.green, p.off, printable(d.Fix))
	}
}

// pad is white space as wide as the first n characters of a line: tabs stay tabs, wide characters take two cells.
func pad(line string, n int) string {
	var b strings.Builder
	for _, c := range line {
		if n--; n < 0 {
			break
		}
		switch {
		case c == '\t':
			b.WriteByte('\t')
		case unicode.In(c, unicode.Mn, unicode.Me, unicode.Cf):
		case width.LookupRune(c).Kind() == width.EastAsianWide, width.LookupRune(c).Kind() == width.EastAsianFullwidth:
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	for ; n > 0; n-- {
		b.WriteByte(' ') // the column lies behind the end of the line
	}
	return b.String()
}
