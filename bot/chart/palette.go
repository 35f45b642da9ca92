package chart

import (
	"image"
	"image/color"
)

// mostColours is how many a picture with a palette may have.
const mostColours = 256

// fewColours is a picture with a palette: a chart has few colours, and the shades of their edges, so that a byte for each pixel does. Where
// there are more, shades that nobody can tell apart become one.
func fewColours(from image.Image) image.Image {
	full, known := from.(*image.RGBA)
	if !known {
		return from
	}
	for bits := uint(0); bits < 6; bits++ {
		if out := palette(full, bits); out != nil {
			return out
		}
	}
	return from
}

// palette gives a picture its palette when so many of the low bits of each colour are left out, nil when even then there are too many.
func palette(full *image.RGBA, bits uint) *image.Paletted {
	out := image.NewPaletted(full.Rect, make(color.Palette, 0, mostColours))
	index := map[uint32]uint8{}
	var last uint32
	var at uint8
	for y := range full.Rect.Dy() {
		row := full.Pix[y*full.Stride : y*full.Stride+4*full.Rect.Dx()]
		line := out.Pix[y*out.Stride:]
		for x := range full.Rect.Dx() {
			r, g, b := row[4*x]>>bits, row[4*x+1]>>bits, row[4*x+2]>>bits
			key := uint32(r)<<16 | uint32(g)<<8 | uint32(b) | 1<<24 // white paper: nothing shines through
			if key != last {
				next, seen := index[key]
				if !seen {
					if len(out.Palette) == mostColours {
						return nil
					}
					next = uint8(len(out.Palette))
					index[key] = next
					out.Palette = append(out.Palette, color.RGBA{R: widened(r, bits), G: widened(g, bits), B: widened(b, bits), A: 255})
				}
				last, at = key, next
			}
			line[x] = at
		}
	}
	return out
}

// widened is a channel of fewer bits as one of eight, the darkest and the brightest as they were.
func widened(v uint8, bits uint) uint8 {
	return uint8(uint(v) * 255 / (255 >> bits))
}
