package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// dpi is two pixels to a logical one (72 to an inch): the picture is 1440 by 880 pixels.
const dpi = 144

// PNG draws the chart on white, 1440 by 880 pixels.
func PNG(c Chart) ([]byte, error) {
	s, err := layout(c)
	if err != nil {
		return nil, err
	}
	p := painter{canvas: vgimg.NewWith(vgimg.UseWH(vg.Points(s.width), vg.Points(s.height)), vgimg.UseDPI(dpi)), scene: s}
	for _, shape := range s.shapes {
		switch {
		case shape.area != nil:
			p.area(shape.area)
		case shape.stroke != nil:
			p.stroke(shape.stroke)
		case shape.words != nil:
			p.words(shape.words)
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, fewColours(p.canvas.Image())); err != nil {
		return nil, fmt.Errorf("encoding the picture: %w", err)
	}
	return out.Bytes(), nil
}

// painter puts a scene on gonum's canvas, whose y axis points up.
type painter struct {
	canvas *vgimg.Canvas
	scene  *scene
}

func (p painter) at(x, y float64) vg.Point {
	return vg.Point{X: vg.Points(x), Y: vg.Points(p.scene.height - y)}
}

func (p painter) area(a *area) {
	s := look(a.role)
	p.canvas.SetColor(s.rgba())
	b, r := a.box, a.radius
	var path vg.Path
	if r <= 0 {
		path.Move(p.at(b.left, b.top))
		path.Line(p.at(b.right, b.top))
		path.Line(p.at(b.right, b.bottom))
		path.Line(p.at(b.left, b.bottom))
	} else {
		path.Move(p.at(b.left+r, b.top))
		path.Line(p.at(b.right-r, b.top))
		path.QuadTo(p.at(b.right, b.top), p.at(b.right, b.top+r))
		path.Line(p.at(b.right, b.bottom-r))
		path.QuadTo(p.at(b.right, b.bottom), p.at(b.right-r, b.bottom))
		path.Line(p.at(b.left+r, b.bottom))
		path.QuadTo(p.at(b.left, b.bottom), p.at(b.left, b.bottom-r))
		path.Line(p.at(b.left, b.top+r))
		path.QuadTo(p.at(b.left, b.top), p.at(b.left+r, b.top))
	}
	path.Close()
	p.canvas.Fill(path)
}

func (p painter) stroke(k *stroke) {
	s := look(k.role)
	p.canvas.SetColor(s.rgba())
	var path vg.Path
	for i, pt := range k.points {
		if i == 0 {
			path.Move(p.at(pt.x, pt.y))
		} else {
			path.Line(p.at(pt.x, pt.y))
		}
	}
	if k.closed {
		path.Close()
		p.canvas.Fill(path)
		return
	}
	dash := make([]vg.Length, 0, len(s.dash))
	for _, d := range s.dash {
		dash = append(dash, vg.Points(d))
	}
	p.canvas.SetLineDash(dash, 0)
	p.canvas.SetLineWidth(vg.Points(s.width * k.strength))
	p.canvas.Stroke(path)
}

func (p painter) words(w *words) {
	p.canvas.SetColor(look(w.role).rgba())
	x := w.at.x
	switch w.anchor {
	case anchorMiddle:
		x -= p.scene.face.width(w.text, w.size, w.bold) / 2
	case anchorEnd:
		x -= p.scene.face.width(w.text, w.size, w.bold)
	case anchorStart:
	}
	p.canvas.FillString(p.scene.face.face(w.size, w.bold), p.at(x, w.at.y), w.text)
}

// rgba is the colour of a style with its opacity.
func (s style) rgba() color.NRGBA {
	var r, g, b uint8
	// The colours are written in this package; a wrong one would be black, and seen by the test of the styles.
	_, _ = fmt.Sscanf(s.colour, "#%02x%02x%02x", &r, &g, &b)
	return color.NRGBA{R: r, G: g, B: b, A: uint8(math.Round(255 * s.opacity))}
}
