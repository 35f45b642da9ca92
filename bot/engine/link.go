package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
)

// mostLinked bounds how many incidents one is linked with: in a storm the first few tell as much as all.
const mostLinked = 10

// burning are the incidents that are open or acknowledged.
func burning(all []bot.Incident) []bot.Incident {
	out := make([]bot.Incident, 0, len(all))
	for _, in := range all {
		if in.State == bot.Open || in.State == bot.Acknowledged {
			out = append(out, in)
		}
	}
	return out
}

// link notes on an incident and on others that they belong together, and tells which others were told.
func (e *Engine) link(ctx context.Context, in bot.Incident) (map[string][]bot.Entry, error) {
	if in.State != bot.Open && in.State != bot.Acknowledged {
		return nil, nil
	}
	services := e.services()
	var entries []bot.Entry
	room := mostLinked - len(in.Linked)
	for _, other := range burning(e.open) {
		if room <= 0 {
			break
		}
		if len(other.Linked) >= mostLinked || linkedWith(in, other.ID) || linkedWith(other, in.ID) {
			continue
		}
		if why, linked := suspect.Linked(in, other, services); linked {
			entries = append(entries, e.linkEntry(in.ID, other, why), e.linkEntry(other.ID, in, why))
			room--
		}
	}
	if len(entries) == 0 {
		return nil, nil
	}
	added, err := e.parts.Timeline.Append(ctx, entries...)
	of := map[string][]bot.Entry{}
	for _, entry := range added {
		of[entry.Incident] = append(of[entry.Incident], entry)
	}
	return of, err
}

func linkedWith(in bot.Incident, other string) bool {
	return slices.ContainsFunc(in.Linked, func(l bot.Link) bool { return l.Incident == other })
}

func (e *Engine) linkEntry(incident string, other bot.Incident, why string) bot.Entry {
	now, key := e.parts.Now(), "linked/"+other.ID
	return bot.Entry{
		ID: bot.StableID("ent", now, incident, key), Incident: incident, At: now, Kind: bot.EntryLinked, Key: key, Actor: bot.Self,
		Sentence: fmt.Sprintf("belongs to the incident of %s (%s): %s", other.Service, other.ID, why),
		Data:     mustJSON(bot.Link{Incident: other.ID, Service: other.Service, Why: why}),
	}
}

// joined tells whether an incident that has just been opened has others beside it that may have the same cause: what is known of
// these tells more now.
func (e *Engine) joined(in bot.Incident, added []bot.Entry) bool {
	if !slices.ContainsFunc(added, func(entry bot.Entry) bool { return entry.Kind == bot.EntryOpened }) {
		return false
	}
	services := e.services()
	return slices.ContainsFunc(burning(e.open), func(other bot.Incident) bool { return suspect.Beside(in, other, services) })
}

// services is the service map by name.
func (e *Engine) services() map[string]bot.Service {
	all := e.current().Services
	out := make(map[string]bot.Service, len(all))
	for _, s := range all {
		out[s.Name] = s
	}
	return out
}
