package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
	"github.com/firebreak-dev/firebreak/detectors"
)

// The bounds of a brief.
const (
	briefSpan     = 24 * time.Hour
	mostRisky     = 5
	mostStandings = 5
)

// Brief tells what is known of a service to somebody who was woken at a time for whatever reason. Findings are the newest of each key.
// Where no incident is open, what would be suspected of something that began within the hour before is told.
func (e *Engine) Brief(ctx context.Context, service string, at time.Time, findings []detectors.Finding) (bot.Brief, error) {
	now := e.parts.Now()
	b := bot.Brief{Service: service, At: now, URL: e.current().BaseURL + "/", Objectives: standings(service, findings)}
	open, err := e.unresolved(ctx)
	if err != nil {
		return b, err
	}
	in := bot.Incident{
		Service: service, State: bot.Open, Severity: detectors.Page, OpenedAt: at,
		Onset: detectors.Onset{At: at, Earliest: at.Add(-unnoticed), Latest: at},
	}
	for _, o := range open {
		if o.Service == service && (b.Incident == "" || o.Severity.Rank() > in.Severity.Rank()) {
			in, b.Incident = o, o.ID
		}
	}
	b.Ranking = in.Ranking
	if b.Incident != "" {
		b.URL = e.incidentURL(b.Incident)
		card, err := e.view(ctx, b.Incident)
		if err != nil {
			return b, err
		}
		b.Headline = report.CardOf(card).Headline
	}
	if b.Incident == "" || in.Ranking.At.IsZero() {
		candidates, err := e.candidates(ctx, in, now)
		if err != nil {
			return b, err
		}
		b.Ranking = e.parts.Ranker.Rank(now, in, burning(open), candidates)
	}
	in.Ranking = b.Ranking
	plans, _ := e.parts.Playbooks.Choose("opened", e.Scope(in))
	for _, p := range plans {
		b.Playbooks = append(b.Playbooks, p.Name)
	}
	changes, err := e.parts.Ledger.Changes(ctx, bot.ChangeQuery{Service: service, From: now.Add(-briefSpan), To: now.Add(time.Minute), Limit: 200})
	if err != nil {
		return b, err
	}
	for _, c := range changes {
		if len(c.Flags) > 0 && len(b.Risky) < mostRisky {
			b.Risky = append(b.Risky, c)
		}
	}
	return b, nil
}

// standings are how the objectives of a service stand: of each the worst that is said of it.
func standings(service string, findings []detectors.Finding) []bot.Standing {
	worst := map[string]detectors.Finding{}
	rank := func(f detectors.Finding) int {
		switch f.Verdict {
		case detectors.Firing:
			return 10 + f.Severity.Rank()
		case detectors.Blind:
			return 5
		default:
			return 0
		}
	}
	for _, f := range findings {
		if f.Service != service || f.Objective == "" {
			continue
		}
		if known, is := worst[f.Objective]; !is || rank(f) > rank(known) {
			worst[f.Objective] = f
		}
	}
	all := make([]detectors.Finding, 0, len(worst))
	for _, f := range worst {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b detectors.Finding) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), strings.Compare(a.Objective, b.Objective))
	})
	all = all[:min(len(all), mostStandings)]
	out := make([]bot.Standing, 0, len(all))
	for _, f := range all {
		out = append(out, bot.Standing{Objective: f.Objective, State: string(f.Verdict), Sentence: standing(f)})
	}
	return out
}

// standing says how an objective stands, with what is left of its budget.
func standing(f detectors.Finding) string {
	said := "holds"
	switch f.Verdict {
	case detectors.Firing:
		said = cmp.Or(f.Title, "is missed")
	case detectors.Blind:
		said = "cannot be seen: " + strings.ReplaceAll(string(f.Blind), "_", " ")
	default:
	}
	for _, e := range f.Evidence {
		if e.Name == "budget_left" && e.Sentence != "" {
			said += "; " + e.Sentence
		}
	}
	return said
}
