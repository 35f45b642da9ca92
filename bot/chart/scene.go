package chart

// point is a place in logical pixels, from the upper left corner.
type point struct{ x, y float64 }

// box is a rectangle in logical pixels.
type box struct{ left, top, right, bottom float64 }

// overlaps tells whether two boxes share more than an edge.
func (b box) overlaps(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// role says what a thing on the chart is for; how it looks follows from it alone.
type role string

const (
	rolePaper     role = "paper"
	roleTitle     role = "title"
	roleQuiet     role = "quiet" // subtitle, axis labels
	roleGrid      role = "grid"
	roleAxis      role = "axis"
	roleMain      role = "main"
	roleArea      role = "area"
	roleCompared  role = "compared"
	roleObjective role = "objective"
	roleIncident  role = "incident"
	roleOnset     role = "onset"
	roleGap       role = "gap"
)

// stemRole and labelRole are those of a marker.
func stemRole(k MarkerKind) role  { return role("stem-" + k) }
func pillRole(k MarkerKind) role  { return role("pill-" + k) }
func labelRole(k MarkerKind) role { return role("label-" + k) }

// anchor says which end of a text stands at its place.
type anchor string

const (
	anchorStart  anchor = "start"
	anchorMiddle anchor = "middle"
	anchorEnd    anchor = "end"
)

// The things that a scene is made of. Exactly one of the pointers of a shape is set.
type (
	area struct {
		role   role
		box    box
		radius float64
	}
	stroke struct {
		role   role
		points []point
		// closed makes it a filled shape and not a line.
		closed bool
		// strength in [0, 1] scales its width.
		strength float64
	}
	words struct {
		role   role
		at     point
		anchor anchor
		size   float64
		bold   bool
		text   string
	}
	shape struct {
		area   *area
		stroke *stroke
		words  *words
	}
)

// scene is a chart, laid out: what stands where. It is painted in order.
type scene struct {
	width, height float64
	shapes        []shape
	// labels are the boxes of the markers' labels, and plot that of the lines; both are kept for tests of the layout.
	labels []box
	plot   box
	face   typeface
}

func (s *scene) rect(r role, b box, radius float64) {
	s.shapes = append(s.shapes, shape{area: &area{role: r, box: b, radius: radius}})
}

func (s *scene) line(r role, points ...point) {
	s.shapes = append(s.shapes, shape{stroke: &stroke{role: r, points: points, strength: 1}})
}

func (s *scene) say(r role, at point, a anchor, size float64, bold bool, text string) {
	if text != "" {
		s.shapes = append(s.shapes, shape{words: &words{role: r, at: at, anchor: a, size: size, bold: bold, text: text}})
	}
}

// style is how a role looks. Ink means the colour of the surrounding text, so that a dark page needs no second picture.
type style struct {
	colour  string // "#rrggbb"; what the SVG says too, unless ink
	ink     bool
	opacity float64
	width   float64
	dash    []float64
}

// The colours are from one family of mid tones that can be told apart in every common kind of colour blindness, and that stand out from
// white as well as from near-black.
const (
	black  = "#1f2328"
	grey   = "#59636e"
	red    = "#d1242f"
	purple = "#8250df"
	amber  = "#9a6700"
	green  = "#1a7f37"
)

// look gives the style of a role.
func look(r role) style {
	switch r {
	case rolePaper:
		return style{colour: "#ffffff", opacity: 1}
	case roleTitle:
		return style{colour: black, ink: true, opacity: 1}
	case roleGrid:
		return style{colour: black, ink: true, opacity: 0.12, width: 1}
	case roleAxis:
		return style{colour: black, ink: true, opacity: 0.4, width: 1}
	case roleMain:
		return style{colour: red, opacity: 1, width: 2.6}
	case roleArea:
		return style{colour: red, opacity: 0.08}
	case roleCompared:
		return style{colour: grey, ink: true, opacity: 0.55, width: 1.6}
	case roleObjective:
		return style{colour: amber, opacity: 1, width: 1.6, dash: []float64{9, 5}}
	case roleIncident:
		return style{colour: red, opacity: 0.09}
	case roleOnset:
		return style{colour: amber, opacity: 0.22}
	case roleGap:
		return style{colour: black, ink: true, opacity: 0.05}
	case stemRole(Suspect), pillRole(Suspect), labelRole(Suspect):
		return markerLook(r, Suspect, style{colour: purple, opacity: 1, width: 2})
	case stemRole(Action), pillRole(Action), labelRole(Action):
		return markerLook(r, Action, style{colour: green, opacity: 1, width: 1.8, dash: []float64{8, 4}})
	case stemRole(Began), pillRole(Began), labelRole(Began):
		return markerLook(r, Began, style{colour: amber, opacity: 1, width: 1.6, dash: []float64{2, 3}})
	case stemRole(Other), pillRole(Other), labelRole(Other):
		return markerLook(r, Other, style{colour: grey, ink: true, opacity: 0.75, width: 1.4, dash: []float64{4, 4}})
	default:
		return style{colour: black, ink: true, opacity: 0.7}
	}
}

// markerLook turns the look of a stem into that of its pill or label.
func markerLook(r role, k MarkerKind, stem style) style {
	switch r {
	case pillRole(k):
		return style{colour: stem.colour, ink: stem.ink, opacity: 0.13}
	case labelRole(k):
		return style{colour: stem.colour, ink: stem.ink, opacity: 1}
	default:
		return stem
	}
}
