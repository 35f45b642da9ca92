package chart_test

import (
	"bytes"
	"flag"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot/chart"
	"github.com/firebreak-dev/firebreak/detectors"
)

var update = flag.Bool("update", false, "write the golden files and the picture of the documentation")

func at(hour, minute int) time.Time { return time.Date(2026, 11, 20, hour, minute, 0, 0, time.UTC) }

// story is the chart of the demo's Friday: a prompt is merged, refusals rise, a revert brings them back.
func story(zone *time.Location) chart.Chart {
	noise := rand.New(rand.NewPCG(7, 7))
	var refusals, control []detectors.Point
	for t := at(14, 0); !t.After(at(17, 0)); t = t.Add(time.Minute) {
		base := 0.014 + 0.0022*math.Sin(float64(t.Unix())/2600)
		value := base
		if m := t.Sub(at(15, 51)).Minutes(); m > 0 && t.Before(at(16, 22)) {
			value += 0.084 * (1 - math.Exp(-m/6))
		}
		if m := t.Sub(at(16, 22)).Minutes(); m >= 0 {
			value += 0.084 * math.Exp(-m/5)
		}
		value *= 1 + 0.05*noise.NormFloat64()
		refusals = append(refusals, detectors.Point{At: t, Value: value})
		control = append(control, detectors.Point{At: t, Value: base * 0.85 * (1 + 0.05*noise.NormFloat64())})
	}
	return chart.Chart{
		Title: "Refusal ratio of support-assistant", Subtitle: "9.8 %, usually 1.4 %, since 16:51 · recovered after 42 min", Unit: "ratio",
		Lines:     []chart.Line{{Name: "prompt version 482", Points: refusals}, {Name: "other services", Points: control}},
		Objective: &chart.Objective{Name: "objective", Value: 0.05},
		Onset:     detectors.Onset{At: at(15, 51), Earliest: at(15, 49), Latest: at(15, 53)},
		Incident:  chart.Band{From: at(15, 51), To: at(16, 33)},
		Markers: []chart.Marker{
			{At: at(14, 40), Label: "retrieval config", Kind: chart.Other, Strength: 0.03},
			{At: at(15, 12), Label: "code #479", Kind: chart.Other, Strength: 0.01},
			{At: at(15, 45), Label: "prompt #482 · 0.91", Kind: chart.Suspect, Strength: 0.91},
			{At: at(16, 20), Label: "revert #485", Kind: chart.Action, Strength: 1},
		},
		From: at(14, 0), To: at(17, 0), Zone: zone,
	}
}

func berlin(tb testing.TB) *time.Location {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		tb.Skipf("no zone data: %v", err)
	}
	return zone
}

// TestPictureOfTheDocumentation draws the README's picture; with -update it writes it.
func TestPictureOfTheDocumentation(t *testing.T) {
	picture, err := chart.PNG(story(berlin(t)))
	if err != nil {
		t.Fatal(err)
	}
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil || size.Width != 1440 || size.Height != 880 {
		t.Fatalf("the picture is %d by %d: %v", size.Width, size.Height, err)
	}
	if !*update {
		return
	}
	folder := filepath.Join("..", "..", "docs", "pictures")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "incident-chart.png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkPNG(b *testing.B) {
	c := story(berlin(b))
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		picture, err := chart.PNG(c)
		if err != nil {
			b.Fatal(err)
		}
		size = len(picture)
	}
	each := b.Elapsed() / time.Duration(b.N)
	b.Logf("figure: chart of an incident, drawn %d times | at most 150 ms, 150 KB | %d ms, %d KB", b.N, each.Milliseconds(), size/1000)
}

func BenchmarkSVG(b *testing.B) {
	c := story(berlin(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := chart.SVG(c); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAltSaysWhatThePictureShows(t *testing.T) {
	want := "Refusal ratio of support-assistant, 15:00 to 18:00, Fri 20 Nov 2026, CET (UTC+01:00): between 1.1 % and 10 %, last 1.4 %. " +
		"Level of objective: 5 %. It began 16:51 ±2 min. retrieval config at 15:40. code #479 at 16:12. prompt #482 · 0.91 at 16:45. " +
		"revert #485 at 17:20."
	if got := chart.Alt(story(berlin(t))); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	long := story(nil)
	for range 100 {
		long.Markers = append(long.Markers, chart.Marker{At: at(15, 0), Label: "one more change"})
	}
	if got := len([]rune(chart.Alt(long))); got != 1000 {
		t.Errorf("%d characters", got)
	}
}

func ExampleAlt() {
	fmt.Println(chart.Alt(chart.Chart{
		Title: "Cost per request of sales-copilot", Unit: "usd", From: at(9, 0), To: at(10, 0),
		Lines:   []chart.Line{{Points: []detectors.Point{{At: at(9, 0), Value: 0.011}, {At: at(9, 30), Value: 0.015}}}},
		Markers: []chart.Marker{{At: at(9, 13), Label: "a new response model", Kind: chart.Suspect}},
	}))
	// Output:
	// Cost per request of sales-copilot, 09:00 to 10:00, Fri 20 Nov 2026, UTC: between $0.011 and $0.015, last $0.015. a new response model at 09:13.
}
