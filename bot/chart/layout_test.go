package chart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/detectors"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// anyText is what people and machines put into titles.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(), rapid.SampledFrom([]string{
			"", "prompt #482 · 0.91", "<script>alert(1)</script>", "\u202eevil", "a\nb", "\xff\xfe",
			strings.Repeat("W", 5000), "模型 v13", "]]>&amp;", "\u0000",
		}))
}

// anyChart draws a chart of any sort, from the tame to the absurd.
func anyChart(t *rapid.T) Chart {
	value := rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64Range(-1e9, 1e9),
		rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 0.05, 1e-300, math.MaxFloat64}))
	minute := rapid.IntRange(-600, 600)
	c := Chart{
		Title: anyText().Draw(t, "title"), Subtitle: anyText().Draw(t, "subtitle"),
		Unit: rapid.SampledFrom([]string{"ratio", "seconds", "usd", "tokens", "", "parsecs"}).Draw(t, "unit"),
	}
	for range rapid.IntRange(0, 8).Draw(t, "lines") {
		l := Line{Name: anyText().Draw(t, "name")}
		for range rapid.IntRange(0, 40).Draw(t, "points") {
			l.Points = append(l.Points, detectors.Point{At: noon.Add(time.Duration(minute.Draw(t, "at")) * time.Minute), Value: value.Draw(t, "value")})
		}
		c.Lines = append(c.Lines, l)
	}
	for range rapid.IntRange(0, 15).Draw(t, "markers") {
		c.Markers = append(c.Markers, Marker{
			At: noon.Add(time.Duration(minute.Draw(t, "at")) * time.Minute), Label: anyText().Draw(t, "label"),
			Kind:     rapid.SampledFrom([]MarkerKind{Suspect, Other, Action, Began, "unheard of"}).Draw(t, "kind"),
			Strength: rapid.SampledFrom([]float64{0, 0.5, 1, -3, math.NaN()}).Draw(t, "strength"),
		})
	}
	if rapid.Bool().Draw(t, "bounded") {
		c.From, c.To = noon.Add(time.Duration(minute.Draw(t, "from"))*time.Minute), noon.Add(time.Duration(minute.Draw(t, "to"))*time.Minute)
	}
	if rapid.Bool().Draw(t, "objective") {
		c.Objective = &Objective{Name: anyText().Draw(t, "objective"), Value: value.Draw(t, "level")}
	}
	if rapid.Bool().Draw(t, "onset") {
		at := noon.Add(time.Duration(minute.Draw(t, "onset")) * time.Minute)
		c.Onset = detectors.Onset{At: at, Earliest: at.Add(-5 * time.Minute), Latest: at.Add(3 * time.Minute)}
		c.Incident = Band{From: at}
	}
	return c
}

// boxOf is the room that a text takes.
func boxOf(s *scene, w *words) box {
	width := s.face.width(w.text, w.size, w.bold)
	left := w.at.x
	switch w.anchor {
	case anchorMiddle:
		left -= width / 2
	case anchorEnd:
		left -= width
	case anchorStart:
	}
	return box{left, w.at.y - 0.75*w.size, left + width, w.at.y + 0.22*w.size}
}

func TestLabelsNeverTouchAndNeverLeaveTheChart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := layout(anyChart(t))
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range s.labels {
			if a.left < s.plot.left-0.01 || a.right > s.plot.right+0.01 || a.top < 0 || a.bottom > s.plot.top {
				t.Fatalf("label %v leaves the lanes above %v", a, s.plot)
			}
			for _, b := range s.labels[i+1:] {
				if a.overlaps(b) {
					t.Fatalf("labels %v and %v collide", a, b)
				}
			}
		}
		if len(s.labels) > mostLabels {
			t.Fatalf("%d labels", len(s.labels))
		}
		if s.plot.bottom-s.plot.top < 100 {
			t.Fatalf("the plot is only %f high", s.plot.bottom-s.plot.top)
		}
	})
}

func TestEveryTextStaysOnThePaperAndLabelsStayFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := layout(anyChart(t))
		if err != nil {
			t.Fatal(err)
		}
		var texts []box
		for _, sh := range s.shapes {
			if sh.words == nil {
				continue
			}
			b := boxOf(s, sh.words)
			if b.left < 0 || b.right > s.width+0.01 || b.top < 0 || b.bottom > s.height {
				t.Fatalf("%q at %v leaves the paper", sh.words.text, b)
			}
			if strings.ContainsFunc(sh.words.text, func(r rune) bool { return r < ' ' }) {
				t.Fatalf("%q has control characters", sh.words.text)
			}
			if !strings.HasPrefix(string(sh.words.role), "label-") {
				texts = append(texts, b)
			}
		}
		for _, l := range s.labels {
			for _, b := range texts {
				if l.overlaps(b) && b.bottom < s.plot.top {
					t.Fatalf("label %v covers the head at %v", l, b)
				}
			}
		}
	})
}

func TestStemsNeverRunThroughALabel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := layout(anyChart(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, sh := range s.shapes {
			if sh.stroke == nil || !strings.HasPrefix(string(sh.stroke.role), "stem-") {
				continue
			}
			x, top, bottom := sh.stroke.points[0].x, sh.stroke.points[0].y, sh.stroke.points[1].y
			for _, l := range s.labels {
				if l.left+1 < x && x < l.right-0.01 && top < l.bottom-0.01 && bottom > l.top+0.01 {
					t.Fatalf("a stem at %f from %f to %f runs through the label %v", x, top, bottom, l)
				}
			}
		}
	})
}

func TestEveryNumberOfAPictureIsFinite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := layout(anyChart(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, sh := range s.shapes {
			if sh.stroke == nil {
				continue
			}
			for _, p := range sh.stroke.points {
				if math.IsNaN(p.x) || math.IsNaN(p.y) || math.Abs(p.x) > 2*width || math.Abs(p.y) > 2*height {
					t.Fatalf("%s has the point %v", sh.stroke.role, p)
				}
			}
		}
	})
}

func TestSVGIsWellFormedAndHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyChart(t)
		picture, err := SVG(c)
		if err != nil {
			t.Fatal(err)
		}
		decoder := xml.NewDecoder(strings.NewReader(picture))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("not well formed: %v\n%s", err, picture)
			}
			element, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			switch element.Name.Local {
			case "svg", "rect", "path", "text":
			default:
				t.Fatalf("an element %q", element.Name.Local)
			}
			for _, a := range element.Attr {
				if a.Name.Local == "style" || a.Name.Local == "href" || strings.HasPrefix(a.Name.Local, "on") {
					t.Fatalf("an attribute %s=%q", a.Name.Local, a.Value)
				}
			}
		}
	})
}

func TestTicksAreRoundFewAndCoverTheData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-1e6, 1e6).Draw(t, "low")
		high := low + rapid.Float64Range(0, 1e6).Draw(t, "more")
		s := scaleOf(low, high, "")
		if s.low > low || s.high < high {
			t.Fatalf("the axis %v does not cover %f to %f", s, low, high)
		}
		if n := len(s.ticks()); n < 2 || n > 10 {
			t.Fatalf("%d ticks from %f to %f: %v", n, low, high, s)
		}
	})
}

func TestTimeTicks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skipf("no zone data: %v", err)
	}
	labels := func(from, to time.Time, zone *time.Location) string {
		var out []string
		for _, tick := range timeTicks(from, to, zone, 8) {
			out = append(out, tick.label)
		}
		return strings.Join(out, " ")
	}
	cases := []struct {
		name     string
		from, to time.Time
		zone     *time.Location
		want     string
	}{
		{"an hour and a half", noon.Add(7 * time.Minute), noon.Add(97 * time.Minute), time.UTC, "12:15 12:30 12:45 13:00 13:15 13:30"},
		{"in its zone", noon, noon.Add(4 * time.Hour), berlin, "13:00 13:30 14:00 14:30 15:00 15:30 16:00 16:30 17:00"},
		{"over midnight", noon, noon.Add(24 * time.Hour), time.UTC, "12:00 15:00 18:00 21:00 21 Nov 03:00 06:00 09:00 12:00"},
		{"a week", noon, noon.Add(7 * 24 * time.Hour), time.UTC, "21 Nov 22 Nov 23 Nov 24 Nov 25 Nov 26 Nov 27 Nov"},
		{
			"the night with 25 hours", time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 4, 0, 0, 0, time.UTC), berlin,
			"22:00 23:00 25 Oct 01:00 02:00 02:00 03:00 04:00 05:00",
		},
		{
			"days round a change of the clock", time.Date(2026, 10, 23, 22, 0, 0, 0, time.UTC), time.Date(2026, 10, 28, 22, 0, 0, 0, time.UTC), berlin,
			"24 Oct 25 Oct 26 Oct 27 Oct 28 Oct",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := labels(c.from, c.to, c.zone); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAGapStaysAGap(t *testing.T) {
	var points []detectors.Point
	for i := range 60 {
		p := detectors.Point{At: noon.Add(time.Duration(i) * time.Minute), Value: 1}
		switch {
		case i == 10:
			p.Value = math.NaN()
		case i >= 30 && i < 40:
			continue
		}
		points = append(points, p)
	}
	if got := len(runs(points)); got != 3 {
		t.Errorf("%d stretches, want 3", got)
	}
	s, err := layout(Chart{Lines: []Line{{Points: points}}})
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, sh := range s.shapes {
		if sh.words != nil {
			said += sh.words.text + "|"
		}
	}
	if !strings.Contains(said, "no data") {
		t.Errorf("the gap is not named: %s", said)
	}
}

func TestASpikeOfOneSampleSurvivesThinning(t *testing.T) {
	points := make([]detectors.Point, 50_000)
	for i := range points {
		points[i] = detectors.Point{At: noon.Add(time.Duration(i) * time.Second), Value: 1}
	}
	points[31_234].Value = 9
	thinned := thin(points)
	if len(thinned) > mostPoints+2 {
		t.Errorf("%d points are left", len(thinned))
	}
	highest := 0.0
	for _, p := range thinned {
		highest = max(highest, p.Value)
	}
	if highest != 9 {
		t.Error("the spike is gone")
	}
}

func TestLabelsAreArrangedSoThatStemsStayWhole(t *testing.T) {
	face, err := loadTypeface()
	if err != nil {
		t.Fatal(err)
	}
	at := func(x float64) time.Time { return noon.Add(time.Duration(x) * time.Second) }
	place := func(t time.Time) float64 { return t.Sub(noon).Seconds() }
	markers := []Marker{
		{At: at(217), Label: "retrieval config", Kind: Other},
		{At: at(327), Label: "code #479", Kind: Other},
		{At: at(440), Label: "prompt #482 (0.91)", Kind: Suspect},
		{At: at(461), Label: "began 16:51 ±2 min", Kind: Began},
		{At: at(561), Label: "revert #485", Kind: Action},
	}
	all, lanes := placeLabels(markers, face, 79, 698, place)
	if lanes > 2 {
		t.Errorf("%d lanes where two are enough", lanes)
	}
	for _, p := range all {
		for _, q := range all {
			if p.crossing(q) {
				t.Errorf("the stem of %q runs behind %q", p.text, q.text)
			}
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\tc": "a b c", "\u202eevil\u202c": "evil", "\x00": "", "\xff": "�", " two  words ": "two words", "模型 v13": "模型 v13",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestTell(t *testing.T) {
	for _, c := range []struct {
		value      float64
		unit, want string
	}{
		{0.05, "ratio", "5 %"},
		{0.0144, "ratio", "1.4 %"},
		{0.25, "seconds", "250 ms"},
		{2.5, "seconds", "2.5 s"},
		{0, "seconds", "0 s"},
		{0.12, "usd", "$0.12"},
		{-3, "usd", "-$3"},
		{12_000, "tokens", "12k"},
		{3_400_000, "tokens", "3.4M"},
		{42, "", "42"},
		{0, "ratio", "0 %"},
		{2.5e9, "", "2.5G"},
		{100, "requests", "100"},
	} {
		if got := Tell(c.value, c.unit); got != c.want {
			t.Errorf("%g of %q is told as %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

func TestColoursOfTheStylesCanBeRead(t *testing.T) {
	for _, r := range []role{
		rolePaper, roleTitle, roleQuiet, roleGrid, roleAxis, roleMain, roleArea, roleCompared, roleObjective, roleIncident,
		roleOnset, roleGap, stemRole(Suspect), labelRole(Action), pillRole(Began), stemRole(Other),
	} {
		s := look(r)
		c := s.rgba()
		if got := fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B); got != s.colour || c.A == 0 {
			t.Errorf("%s is painted %s with opacity %d, and is %s", r, got, c.A, s.colour)
		}
	}
}

func TestTheStylesheetNamesOnlyWhatIsDrawn(t *testing.T) {
	at := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
	picture, err := SVG(Chart{
		Lines:     []Line{{Points: []detectors.Point{{At: at(0), Value: 1}, {At: at(30), Value: 2}, {At: at(60), Value: 1}}}},
		Objective: &Objective{Value: 1.5}, Onset: detectors.Onset{At: at(30), Earliest: at(28), Latest: at(32)}, Incident: Band{From: at(30)},
		Markers: []Marker{{At: at(20), Label: "a", Kind: Suspect}, {At: at(40), Label: "b", Kind: Action}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.FieldsFunc(Stylesheet, func(r rune) bool { return strings.ContainsRune(" ,{}\n", r) }) {
		if _, name, found := strings.Cut(word, ".chart-"); found && !strings.Contains(picture, `class="chart-`+name+`"`) {
			t.Errorf("no part of the picture is of the class chart-%s", name)
		}
	}
}
