package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/detectors"
)

// errFollows tells that a trigger waits while another incident speaks for its own.
var errFollows = errors.New("the incident follows another one")

// attach has an incident that was opened just now follow one with the same cause, before anything is started for it. When that cannot
// be kept it stands by itself: somebody is woken once too often rather than never.
func (e *Engine) attach(ctx context.Context, t *touched, id string) {
	if e.current().Group.Apart || !slices.ContainsFunc(t.added[id], func(entry bot.Entry) bool { return entry.Kind == bot.EntryOpened }) {
		return
	}
	in := t.incidents[id]
	lead, why, follows := suspect.Lead(in, others(burning(e.open), id), e.hit, e.services())
	if !follows {
		return
	}
	now := e.parts.Now()
	entry := func(incident string, kind bot.EntryKind, other bot.Incident, format string) bot.Entry {
		key := string(kind) + "/" + other.ID
		return bot.Entry{
			ID: bot.StableID("ent", now, incident, key), Incident: incident, At: now, Kind: kind, Key: key, Actor: bot.Self,
			Sentence: fmt.Sprintf(format, other.Service, other.ID, why), Data: mustJSON(bot.Link{Incident: other.ID, Service: other.Service, Why: why}),
		}
	}
	added, err := e.parts.Timeline.Append(ctx,
		entry(id, bot.EntryFollows, lead, "follows the incident of %s (%s), which speaks for both: %s. Nothing is started for this one while that one burns"),
		entry(lead.ID, bot.EntryLeads, in, "speaks for the incident of %s (%s): %s"))
	if err != nil {
		e.parts.Logger.ErrorContext(ctx, "an incident could not be put under another; it stands by itself", "incident", id, "lead", lead.ID, "error", err)
		return
	}
	for _, a := range added {
		if a.Incident == id {
			t.grow(id, []bot.Entry{a})
			e.open = replaceIncident(e.open, t.incidents[id])
			continue
		}
		e.reveal(t, lead.ID, a)
	}
}

// reveal notes what was added to another open incident than the one that is looked at.
func (e *Engine) reveal(t *touched, id string, added bot.Entry) {
	for i := range e.open {
		if e.open[i].ID == id {
			e.open[i] = e.open[i].Then(added)
			t.add(e.open[i], []bot.Entry{added})
		}
	}
}

func others(all []bot.Incident, but string) []bot.Incident {
	return slices.DeleteFunc(all, func(in bot.Incident) bool { return in.ID == but })
}

// release lets an incident stand by itself again where its lead does not speak for it any longer; what it was not to start begins then.
func (e *Engine) release(ctx context.Context, t *touched, in bot.Incident) error {
	if in.Lead.Incident == "" {
		return nil
	}
	lead, err := e.leadOf(ctx, in)
	if err != nil && bot.CodeOf(err) != bot.NotFound {
		return err
	}
	now := e.parts.Now()
	why, leaves := suspect.Leaves(now, in, lead, e.current().Group.WithDefaults().RecoveredAfter, e.services())
	if lead.ID == "" {
		why, leaves = "the incident that it followed is not known any more", true
	}
	if !leaves {
		return nil
	}
	link := func(other bot.Link) bot.Link { other.Why = why; return other }
	entries := []bot.Entry{{
		ID: bot.NewID("ent", now), Incident: in.ID, At: now, Kind: bot.EntryReleased, Actor: bot.Self, Data: mustJSON(link(in.Lead)),
		Sentence: fmt.Sprintf("stands by itself and no longer follows the incident of %s (%s): %s", in.Lead.Service, in.Lead.Incident, why),
	}}
	if lead.ID != "" && lead.State != bot.Resolved {
		entries = append(entries, bot.Entry{
			ID: bot.NewID("ent", now), Incident: lead.ID, At: now, Kind: bot.EntryReleased, Actor: bot.Self,
			Sentence: fmt.Sprintf("does not speak for the incident of %s (%s) any longer: %s", in.Service, in.ID, why),
			Data:     mustJSON(link(bot.Link{Incident: in.ID, Service: in.Service})),
		})
	}
	added, err := e.parts.Timeline.Append(ctx, entries...)
	for _, a := range added {
		e.reveal(t, a.Incident, a)
	}
	return err
}

// leadOf is the incident that speaks for another one: most are open.
func (e *Engine) leadOf(ctx context.Context, in bot.Incident) (bot.Incident, error) {
	for _, other := range e.open {
		if other.ID == in.Lead.Incident {
			return other, nil
		}
	}
	return e.parts.Timeline.Incident(ctx, in.Lead.Incident)
}

// releaseAll looks at every open incident that follows another.
func (e *Engine) releaseAll(ctx context.Context, t *touched) error {
	open := slices.Clone(e.open)
	errs := make([]error, 0, len(open))
	for _, in := range open {
		errs = append(errs, e.release(ctx, t, in))
	}
	return errors.Join(errs...)
}

// hitBy are the services of which findings say that they burn, and since when.
func hitBy(findings []detectors.Finding) map[string]time.Time {
	out := map[string]time.Time{}
	for _, f := range findings {
		if f.Verdict != detectors.Firing || f.Severity.Rank() < detectors.Ticket.Rank() || f.Service == bot.Self {
			continue
		}
		at := f.Onset.At
		if at.IsZero() {
			at = f.At
		}
		if known, there := out[f.Service]; !there || at.Before(known) {
			out[f.Service] = at
		}
	}
	return out
}

// upstreamFirst puts groups with a more severe finding first, and among equals those on which most of the others that are hit depend, so
// that the cause leads and not one of its effects. What is equal in both stays in order.
func (e *Engine) upstreamFirst(groups [][]detectors.Finding) {
	services := e.services()
	behind := map[string]int{}
	for service := range e.hit {
		for _, upstream := range suspect.Upstream(service, services) {
			behind[upstream]++
		}
	}
	slices.SortStableFunc(groups, func(a, b []detectors.Finding) int {
		return cmp.Or(cmp.Compare(urgency(b), urgency(a)), cmp.Compare(behind[b[0].Service], behind[a[0].Service]))
	})
}
