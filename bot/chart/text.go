package chart

import (
	"strings"
	"unicode"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
)

// typeface measures and draws text in the two weights of a chart.
type typeface struct{ regular, bold *opentype.Font }

// loadTypeface reads the compiled-in fonts. It only indexes their tables, so doing it for every chart costs microseconds.
func loadTypeface() (typeface, error) {
	regular, err := opentype.Parse(liberationsansregular.TTF)
	if err != nil {
		return typeface{}, err
	}
	bold, err := opentype.Parse(liberationsansbold.TTF)
	if err != nil {
		return typeface{}, err
	}
	return typeface{regular: regular, bold: bold}, nil
}

// face is the font in one size and weight.
func (t typeface) face(size float64, bold bool) font.Face {
	f := font.Face{
		Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: font.Points(size)}, Face: t.regular,
	}
	if bold {
		f.Font.Weight, f.Face = xfont.WeightBold, t.bold
	}
	return f
}

// width of a text in logical pixels.
func (t typeface) width(s string, size float64, bold bool) float64 {
	f := t.face(size, bold)
	return f.Width(s).Points()
}

// mostRunes bounds what is measured at all: no line of a chart shows more.
const mostRunes = 200

// clean makes one line of outside text: control characters and characters that change the direction of writing become spaces.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "�")
	out := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == '\uFFFE' || r == '\uFFFF' {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(out), " ")
}

// fit cleans a text and cuts it to a width, with an ellipsis where something was cut.
func (t typeface) fit(s string, size float64, bold bool, room float64) string {
	runes := []rune(clean(s))
	cut := len(runes) > mostRunes
	if cut {
		runes = runes[:mostRunes]
	}
	if !cut && t.width(string(runes), size, bold) <= room {
		return string(runes)
	}
	// Search the longest beginning that leaves room for the ellipsis.
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if t.width(ellipsis(runes[:mid]), size, bold) <= room {
			low = mid
		} else {
			high = mid - 1
		}
	}
	if low == 0 {
		return ""
	}
	return ellipsis(runes[:low])
}

func ellipsis(runes []rune) string { return strings.TrimRight(string(runes), " ,;:·") + "…" }
