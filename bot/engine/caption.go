package engine

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/chart"
	"github.com/firebreak-dev/firebreak/detectors"
)

// caption is the line below a chart's title: how far the signal went, what is usual, and for how long.
func caption(in bot.Incident, charted Charted, points []detectors.Point, zone *time.Location) string {
	var parts []string
	if worst, usual, known := extremes(points, in.Onset, charted.Falls); known {
		parts = append(parts, fmt.Sprintf("%s at worst, usually %s", chart.Tell(worst, charted.Unit), chart.Tell(usual, charted.Unit)))
	}
	began := in.Onset.At
	if began.IsZero() {
		began = in.OpenedAt
	}
	if zone == nil {
		zone = time.UTC
	}
	parts = append(parts, "since "+began.In(zone).Format("15:04"))
	over := in.MitigatedAt
	if over.IsZero() {
		over = in.ResolvedAt
	}
	text := strings.Join(parts, ", ")
	if !over.IsZero() && over.After(began) {
		text += fmt.Sprintf(" · over after %d min", int(math.Round(over.Sub(began).Minutes())))
	}
	return text
}

// extremes are the value that lies farthest on the bad side since the onset, and the median of what was seen before it.
func extremes(points []detectors.Point, onset detectors.Onset, falls bool) (worst, usual float64, known bool) {
	var before []float64
	worst = math.NaN()
	for _, p := range points {
		switch {
		case math.IsNaN(p.Value):
		case p.At.Before(onset.Earliest):
			before = append(before, p.Value)
		case math.IsNaN(worst) || (p.Value > worst) != falls:
			worst = p.Value
		}
	}
	if len(before) == 0 || math.IsNaN(worst) || onset.IsZero() {
		return 0, 0, false
	}
	slices.Sort(before)
	return worst, before[len(before)/2], true
}
