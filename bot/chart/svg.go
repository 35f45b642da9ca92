package chart

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
)

// SVG draws the chart for a web page: one element without script, style attribute or reference, so that it may stand in a page with a
// strict content security policy. Texts and grid take the colour of the text around them; every shape has a class "chart-<role>" by
// which a stylesheet of the page may change its colour. The view box is 720 by 440.
func SVG(c Chart) (string, error) {
	s, err := layout(c)
	if err != nil {
		return "", err
	}
	fonts, err := loadTypeface()
	if err != nil {
		return "", err
	}
	w := &writer{typeface: fonts}
	w.open("svg",
		"xmlns", "http://www.w3.org/2000/svg", "class", "chart", "viewBox", "0 0 "+decimal(s.width)+" "+decimal(s.height),
		"role", "img", "aria-label", Alt(c), "font-family", "Liberation Sans, Arial, Helvetica, sans-serif")
	for _, shape := range s.shapes {
		switch {
		case shape.area != nil && shape.area.role == rolePaper: // the page is the paper
		case shape.area != nil:
			w.area(shape.area)
		case shape.stroke != nil:
			w.stroke(shape.stroke)
		case shape.words != nil:
			w.words(shape.words)
		}
	}
	w.buffer.WriteString("</svg>\n")
	return w.buffer.String(), nil
}

// Stylesheet is what a page adds to its own stylesheet so that the accents of a chart stand out from a dark page as they do from a light
// one. Without it they are readable, but dim.
const Stylesheet = `.chart { display: block; width: 100%; height: auto; }
@media (prefers-color-scheme: dark) {
  .chart-main { stroke: #ff7b72; }
  .chart-area { fill: #ff7b72; }
  .chart-incident { fill: #ff7b72; }
  .chart-stem-suspect { stroke: #bc8cff; }
  .chart-pill-suspect, .chart-label-suspect { fill: #bc8cff; }
  .chart-stem-action { stroke: #56d364; }
  .chart-pill-action, .chart-label-action { fill: #56d364; }
  .chart-stem-began, path.chart-objective { stroke: #e3b341; }
  .chart-pill-began, .chart-label-began, .chart-onset, text.chart-objective { fill: #e3b341; }
}
`

// writer writes elements, escaping every value.
type writer struct {
	buffer   bytes.Buffer
	typeface typeface
}

// open writes a start tag; attributes come in pairs, those with an empty value are left out.
func (w *writer) open(name string, attributes ...string) {
	w.tag(name, ">", attributes)
	w.buffer.WriteByte('\n')
}

func (w *writer) tag(name, end string, attributes []string) {
	w.buffer.WriteByte('<')
	w.buffer.WriteString(name)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] == "" {
			continue
		}
		w.buffer.WriteByte(' ')
		w.buffer.WriteString(attributes[i])
		w.buffer.WriteString(`="`)
		w.escape(attributes[i+1])
		w.buffer.WriteByte('"')
	}
	w.buffer.WriteString(end)
}

func (w *writer) escape(s string) {
	_ = xml.EscapeText(&w.buffer, []byte(s)) // a buffer does not fail
}

func (w *writer) area(a *area) {
	s := look(a.role)
	b := a.box
	radius := ""
	if a.radius > 0 {
		radius = decimal(a.radius)
	}
	w.tag("rect", "/>\n", []string{
		"class", class(a.role), "x", decimal(b.left), "y", decimal(b.top), "width", decimal(b.right - b.left),
		"height", decimal(b.bottom - b.top), "rx", radius, "fill", s.paint(), "fill-opacity", partly(s.opacity),
	})
}

func (w *writer) stroke(k *stroke) {
	s := look(k.role)
	var path strings.Builder
	for i, p := range k.points {
		if i == 0 {
			path.WriteByte('M')
		} else {
			path.WriteByte('L')
		}
		path.WriteString(decimal(p.x))
		path.WriteByte(' ')
		path.WriteString(decimal(p.y))
	}
	if k.closed {
		path.WriteByte('Z')
		w.tag("path", "/>\n", []string{
			"class", class(k.role), "d", path.String(), "fill", s.paint(), "fill-opacity", partly(s.opacity),
		})
		return
	}
	dash := make([]string, 0, len(s.dash))
	for _, d := range s.dash {
		dash = append(dash, decimal(d))
	}
	w.tag("path", "/>\n", []string{
		"class", class(k.role), "d", path.String(), "fill", "none", "stroke", s.paint(), "stroke-opacity", partly(s.opacity),
		"stroke-width", decimal(s.width * k.strength), "stroke-dasharray", strings.Join(dash, " "), "stroke-linejoin", "round",
	})
}

func (w *writer) words(t *words) {
	s := look(t.role)
	weight, end := "", ""
	if t.bold {
		weight = "bold"
	}
	if t.anchor != anchorStart {
		end = string(t.anchor)
	}
	w.tag("text", ">", []string{
		"class", class(t.role), "x", decimal(t.at.x), "y", decimal(t.at.y), "font-size", decimal(t.size), "font-weight", weight,
		"text-anchor", end, "textLength", w.length(t), "lengthAdjust", "spacingAndGlyphs", "fill", s.paint(),
		"fill-opacity", partly(s.opacity),
	})
	w.escape(t.text)
	w.buffer.WriteString("</text>\n")
}

// length is the width that the layout left for a text: a browser without the fonts named above has others, which may be wider.
func (w *writer) length(t *words) string {
	if t.text == "" {
		return ""
	}
	return decimal(w.typeface.width(t.text, t.size, t.bold))
}

// class is a role's name in a stylesheet. Kinds of markers come from outside this package, so an unknown one is told as such.
func class(r role) string {
	for _, c := range string(r) {
		if (c < 'a' || c > 'z') && c != '-' {
			return "chart-unknown"
		}
	}
	return "chart-" + string(r)
}

func (s style) paint() string {
	if s.ink {
		return "currentColor"
	}
	return s.colour
}

func partly(opacity float64) string {
	if opacity == 1 {
		return ""
	}
	return decimal(opacity)
}

// decimal writes a number with at most two digits behind the point.
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
