package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// Bounds of what is looked through.
const (
	mostOpen   = 200
	mostRecent = 200
	shown      = 10
)

// unresolved are the incidents that are not over, newest first.
func (d *Desk) unresolved(ctx context.Context) ([]bot.Incident, error) {
	return d.parts.Reader.Incidents(ctx, bot.IncidentQuery{States: []bot.State{bot.Open, bot.Acknowledged, bot.Mitigated}, Limit: mostOpen})
}

// meant finds the incident that a person means: by its ID, by the end of one, or, without any, the only one that is open.
func (d *Desk) meant(ctx context.Context, id string) (bot.Incident, error) {
	if id == "" {
		open, err := d.unresolved(ctx)
		switch {
		case err != nil:
			return bot.Incident{}, err
		case len(open) == 1:
			return open[0], nil
		case len(open) == 0:
			return bot.Incident{}, bot.Errorf(bot.NotFound, "no incident is open; name one by its ID")
		default:
			return bot.Incident{}, bot.Errorf(bot.Invalid, "%d incidents are open; name one: %s", len(open), names(open))
		}
	}
	in, err := d.parts.Reader.Incident(ctx, id)
	if bot.CodeOf(err) != bot.NotFound {
		return in, err
	}
	return d.endsWith(ctx, id)
}

// leastEnd is how many letters the end of an ID must have: fewer are a slip more often than a name.
const leastEnd = 4

// endsWith finds the incident whose ID ends like that, among the recent ones.
func (d *Desk) endsWith(ctx context.Context, end string) (bot.Incident, error) {
	unknown := bot.Errorf(bot.NotFound, "there is no incident %q; incident lists those that are open", end)
	if len(end) < leastEnd {
		return bot.Incident{}, unknown
	}
	recent, err := d.parts.Reader.Incidents(ctx, bot.IncidentQuery{Limit: mostRecent})
	if err != nil {
		return bot.Incident{}, err
	}
	var found []bot.Incident
	for _, in := range recent {
		if strings.HasSuffix(in.ID, strings.ToLower(end)) {
			found = append(found, in)
		}
	}
	switch len(found) {
	case 0:
		return bot.Incident{}, unknown
	case 1:
		return found[0], nil
	default:
		return bot.Incident{}, bot.Errorf(bot.Invalid, "%q may be any of %s; write more of it", end, names(found))
	}
}

func names(incidents []bot.Incident) string {
	var out []string
	for i, in := range incidents {
		if i == shown {
			out = append(out, fmt.Sprintf("and %d more", len(incidents)-i))
			break
		}
		out = append(out, fmt.Sprintf("%s (%s)", in.ID, in.Service))
	}
	return strings.Join(out, ", ")
}
