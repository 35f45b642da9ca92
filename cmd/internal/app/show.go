package app

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
)

// Row is a line of an answer.
type Row = bot.Row

// Shown is an incident as its card shows it.
type Shown struct {
	Incident Incident
	Entries  []bot.Entry
	Headline string
	Rows     []Row
}

// Show asks for an incident and says what its card says.
func (c *Client) Show(ctx context.Context, id string) (Shown, error) {
	var answer struct {
		Incident Incident    `json:"incident"`
		Entries  []bot.Entry `json:"entries"`
	}
	if err := c.call(ctx, "GET", "/api/v1/incidents/"+url.PathEscape(id), nil, &answer); err != nil {
		return Shown{}, err
	}
	card := report.CardOf(report.View{Incident: answer.Incident, Entries: answer.Entries, Now: time.Now(), BaseURL: c.base})
	s := Shown{Incident: answer.Incident, Entries: answer.Entries, Headline: card.Headline}
	s.Rows = append(s.Rows, Row{Label: "State", Text: string(card.State) + ", " + answer.Incident.ID})
	for _, f := range card.Facts {
		s.Rows = append(s.Rows, Row{Label: f.Label, Text: f.Value})
	}
	for _, suspect := range card.Suspects {
		s.Rows = append(s.Rows, Row{Label: fmt.Sprintf("%.0f %%", 100*suspect.Probability), Text: fmt.Sprintf("%s %s (%s)", suspect.Kind, suspect.Title, suspect.Change)})
	}
	if !answer.Incident.Ranking.At.IsZero() {
		s.Rows = append(s.Rows, Row{Label: fmt.Sprintf("%.0f %%", 100*card.None), Text: "none of these"})
	}
	for _, said := range card.Doing {
		s.Rows = append(s.Rows, Row{Text: said})
	}
	s.Rows = append(s.Rows, Row{Label: "Page", Text: card.URL})
	return s, nil
}
