package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/chart"
	"github.com/firebreak-dev/firebreak/bot/report"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Card is what an incident looks like now, with its chart.
func (e *Engine) Card(ctx context.Context, incident string) (bot.Card, error) {
	view, err := e.view(ctx, incident)
	if err != nil {
		return bot.Card{}, err
	}
	card := report.CardOf(view)
	if c, drawn := e.chartOf(ctx, view.Incident, view.Entries); drawn {
		if card.Chart, err = chart.PNG(c); err != nil {
			return bot.Card{}, fmt.Errorf("draw the chart: %w", err)
		}
		card.Alt = chart.Alt(c)
	}
	return card, nil
}

// ChartSVG is the chart for the page, empty when there is nothing to draw.
func (e *Engine) ChartSVG(ctx context.Context, incident string) ([]byte, error) {
	view, err := e.view(ctx, incident)
	if err != nil {
		return nil, err
	}
	c, drawn := e.chartOf(ctx, view.Incident, view.Entries)
	if !drawn {
		return nil, nil
	}
	svg, err := chart.SVG(c)
	return []byte(svg), err
}

// Report is the incident's report in Markdown, as things stand.
func (e *Engine) Report(ctx context.Context, incident string) (string, error) {
	view, err := e.view(ctx, incident)
	if err != nil {
		return "", err
	}
	return report.Markdown(report.ReportOf(view)), nil
}

// Postmortem is what is known of an incident, what is not, and the report as the document of both.
func (e *Engine) Postmortem(ctx context.Context, incident string) (bot.Postmortem, error) {
	view, err := e.view(ctx, incident)
	if err != nil {
		return bot.Postmortem{}, err
	}
	return report.PostmortemOf(view), nil
}

// view collects what cards and reports are made from.
func (e *Engine) view(ctx context.Context, incident string) (report.View, error) {
	in, err := e.parts.Timeline.Incident(ctx, incident)
	if err != nil {
		return report.View{}, err
	}
	entries, err := e.parts.Timeline.Entries(ctx, incident)
	if err != nil {
		return report.View{}, err
	}
	approvals, err := e.parts.Approvals.Approvals(ctx, bot.ApprovalQuery{Incident: incident})
	if err != nil {
		return report.View{}, err
	}
	settings := e.current()
	services := make(map[string]bot.Service, len(settings.Services))
	for _, s := range settings.Services {
		services[s.Name] = s
	}
	return report.View{
		Incident: in, Entries: entries, Services: services, Approvals: approvals, Now: e.parts.Now(),
		BaseURL: settings.BaseURL, Zone: settings.Zone,
	}, nil
}

// incidentURL is the address of an incident's page.
func (e *Engine) incidentURL(id string) string { return e.current().BaseURL + "/incidents/" + id }

// chartOf draws an incident: its signal, the objective, when it began, what was changed and what was done. False means that there
// is nothing to draw.
func (e *Engine) chartOf(ctx context.Context, in bot.Incident, entries []bot.Entry) (chart.Chart, bool) {
	charted, known := e.charted(in)
	if e.parts.Windows == nil || !known {
		return chart.Chart{}, false
	}
	now := e.parts.Now()
	from, to := span(in, now)
	step := stepOf(to.Sub(from))
	id := detectors.SeriesID{Signal: charted.Signal, Service: in.Service, Environment: in.Environment}
	points := e.parts.Windows.Points(id, from.Truncate(step), to.Truncate(step), step)
	if len(points) < 2 {
		return chart.Chart{}, false
	}
	c := chart.Chart{
		Title:    capital(charted.Title) + " of " + in.Service,
		Subtitle: caption(in, charted, points, e.current().Zone),
		Unit:     charted.Unit,
		Lines:    []chart.Line{{Name: charted.Title, Points: points}},
		Onset:    in.Onset,
		Incident: chart.Band{From: in.OpenedAt, To: in.MitigatedAt},
		From:     from, To: to, Zone: e.current().Zone,
	}
	if charted.Objective != 0 {
		c.Objective = &chart.Objective{Name: charted.ObjectiveName, Value: charted.Objective}
	}
	c.Markers = append(e.changeMarkers(ctx, in, from, to), actionMarkers(entries, e.current().Rollbacks)...)
	return c, true
}

// capital begins a text with a capital letter.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// charted tells how the incident's signal is drawn. An objective with events of its own is a signal of its own name.
func (e *Engine) charted(in bot.Incident) (Charted, bool) {
	for _, c := range e.current().Charted {
		if c.Service == in.Service && c.Signal == in.Signal {
			return c, true
		}
	}
	return Charted{}, false
}

// span is the stretch that a chart shows: half an hour before the onset, or twice the time since, up to the end of it all.
func span(in bot.Incident, now time.Time) (from, to time.Time) {
	began := in.OpenedAt
	if !in.Onset.IsZero() {
		began = in.Onset.Earliest
	}
	to = now
	if !in.ResolvedAt.IsZero() {
		to = in.ResolvedAt
	}
	lead := max(45*time.Minute, to.Sub(began))
	return began.Add(-min(lead, 6*time.Hour)), to
}

// stepOf keeps a chart at a few hundred points.
func stepOf(span time.Duration) time.Duration {
	switch {
	case span <= 6*time.Hour:
		return time.Minute
	case span <= 48*time.Hour:
		return 5 * time.Minute
	default:
		return time.Hour
	}
}

// changeMarkers are the suspects with their probability, then the changes that are none.
func (e *Engine) changeMarkers(ctx context.Context, in bot.Incident, from, to time.Time) []chart.Marker {
	var markers []chart.Marker
	suspected := map[string]bool{}
	for _, s := range in.Ranking.Suspects {
		suspected[s.Change] = true
		if s.Probability < .02 || s.At.Before(from) || s.At.After(to) {
			continue
		}
		markers = append(markers, chart.Marker{
			At: s.At, Label: fmt.Sprintf("%s %s (%.2f)", s.Kind, report.ShortName(s.Change, s.Title), s.Probability), Kind: chart.Suspect,
			Strength: s.Probability,
		})
	}
	changes, err := e.parts.Ledger.Changes(ctx, bot.ChangeQuery{Service: in.Service, From: from, To: to, Limit: 20})
	if err != nil {
		return markers // a chart without them is better than none
	}
	for _, c := range changes {
		if suspected[c.ID] || c.At().Before(from) {
			continue
		}
		kind, label := chart.Other, fmt.Sprintf("%s %s", c.Kind, report.ShortName(c.ID, c.Title))
		if c.Reverts != "" {
			kind, label = chart.Action, "revert "+report.ShortName(c.ID, c.Title)
		}
		markers = append(markers, chart.Marker{At: c.At(), Label: label, Kind: kind})
	}
	return markers
}

// actionMarkers are the steps that did something about it.
func actionMarkers(entries []bot.Entry, rollbacks []string) []chart.Marker {
	var markers []chart.Marker
	for _, entry := range entries {
		if entry.Kind != bot.EntryStep {
			continue
		}
		var step struct {
			Action string `json:"action"`
			State  string `json:"state"`
		}
		if json.Unmarshal(entry.Data, &step) != nil || step.State != "done" {
			continue
		}
		switch {
		case step.Action == approvalAction:
			markers = append(markers, chart.Marker{At: entry.At, Label: "approved", Kind: chart.Action, Strength: .3})
		case slices.Contains(rollbacks, step.Action):
			markers = append(markers, chart.Marker{At: entry.At, Label: "rolled back", Kind: chart.Action, Strength: 1})
		}
	}
	return markers
}
