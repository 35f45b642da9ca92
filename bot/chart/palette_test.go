package chart

import (
	"image"
	"image/color"
	"testing"

	"pgregory.net/rapid"
)

func TestFewColoursLookAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		full := image.NewRGBA(image.Rect(0, 0, 40, 40))
		used := rapid.SampledFrom([]int{1, 2, 200, 256, 257, 1600}).Draw(rt, "colours")
		shade := rapid.SliceOfN(rapid.Byte(), 3*used, 3*used).Draw(rt, "shades")
		for i := range 1600 {
			s := shade[3*(i%used):]
			full.SetRGBA(i%40, i/40, color.RGBA{s[0], s[1], s[2], 255})
		}
		full.SetRGBA(0, 0, color.RGBA{255, 255, 255, 255})
		full.SetRGBA(1, 0, color.RGBA{0, 0, 0, 255})
		small, most := fewColours(full), 0
		for i := range 1600 {
			a, b := full.RGBAAt(i%40, i/40), color.RGBAModel.Convert(small.At(i%40, i/40)).(color.RGBA)
			for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
				most = max(most, d, -d)
			}
		}
		if used < 255 && most > 0 || most > 32 {
			rt.Fatalf("%d colours are off by %d", used, most)
		}
		if white := small.At(0, 0); white != (color.RGBA{255, 255, 255, 255}) {
			rt.Fatalf("white is %v", white)
		}
	})
}
