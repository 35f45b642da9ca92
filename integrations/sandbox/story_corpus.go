package sandbox

import (
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
)

const indexer = "corpus-pipeline"

// rebuilt is the guilty rebuild of the corpus, as its pipeline tells of it.
func rebuilt() record {
	return record{
		ID: "support-2026-11-21", Source: indexer, Kind: "retrieval", Title: "corpus support rebuilt from snapshot 2026-08-14, shard by shard",
		Services: []string{Service},
	}
}

// corpusStory is about a corpus that is rebuilt from the wrong snapshot at night: shard by shard the look-ups find less.
func corpusStory() Scenario {
	return Scenario{
		Name: "corpus-at-night", About: "a corpus is rebuilt from the wrong snapshot at 02:00; the share of look-ups that find something slides by twelve points in two hours",
		Truth: "corpus support", Cause: rebuilt().change(), begins: time.Date(2026, 11, 21, 0, 30, 0, 0, time.UTC), speed: 300,
		cast: readers, vital: misses(0.21),
		wishes: wishes{
			detectors: watchDrift + "\n  shift:\n    - {service: support-assistant, signals: [retrieval_hit_ratio], severity: ticket}",
			sections:  tellers,
		},
		acts: corpusActs, ends: (*director).settled, deadline: 7 * time.Hour,
		promises: []promise{opens(1, "ticket"), pages(0), cards(1), names(1), tellsASlope(), comesBack(), nothingTwice()},
	}
}

// tellers are the sections by which pipelines, registries and flags tell of themselves.
const tellers = `
events: {token: "${env:` + envEvents + `}"}
flags: {token: "${env:` + envFlags + `}", services: {"^support-": support-assistant, "^billing-": billing-assistant}}
`

// readers are the usual services; the assistant looks things up.
func readers() []assistant.Service {
	all := assistant.Services()
	for i := range all {
		if all[i].Name == Service {
			all[i].Normal.Hits = 0.82
		}
	}
	return all
}

func corpusActs(d *director) []act {
	const begins, steps = 30 * time.Minute, 24
	acts := []act{
		{45 * time.Second, func() { d.say("It is night. %s looks things up in its corpus.", Service) }},
		{8 * time.Minute, func() {
			d.say("The corpus of billing is rebuilt, as every night.")
			d.tell(record{
				ID: "billing-2026-11-21", Source: indexer, Kind: "retrieval", Title: "corpus billing rebuilt", EffectiveAt: d.now(),
				Services: []string{"billing-assistant"},
			})
		}},
		{begins, func() {
			d.say("The corpus of support is rebuilt, from a snapshot that is three months old.")
			r := rebuilt()
			r.EffectiveAt = d.now()
			d.tell(r)
		}},
		{begins + 50*time.Minute, func() { d.flip("ev-2231", "support-night-greeting", d.now()) }},
	}
	acts = append(acts, d.lands(12*time.Minute, repoAssistants, retrievalPull, colleague, nil)...)
	for i := 1; i <= steps; i++ {
		worse := readers()[0].Normal
		worse.Hits -= 0.12 * float64(i) / steps
		acts = append(acts, act{begins + time.Duration(i)*5*time.Minute, func() {
			d.sandbox.world.Deploy(Service, "", worse, d.now(), 0)
		}})
	}
	d.onceOpen(40*time.Minute, func() {
		d.say("The alias goes back to the corpus of yesterday.")
		d.tell(record{
			ID: "support-2026-11-20", Source: indexer, Kind: "retrieval", Title: "corpus support: alias back to 2026-11-20", EffectiveAt: d.now(),
			Services: []string{Service}, Reverts: d.scenario.Cause,
		})
		d.dropActs()
		d.sandbox.world.Deploy(Service, "", readers()[0].Normal, d.now(), time.Minute)
	})
	return acts
}

// dropActs forgets what has not happened yet.
func (d *director) dropActs() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acts = nil
}

// tellsASlope promises that the onset is an interval of minutes that holds the beginning or lies behind it: a slope is not a step.
func tellsASlope() promise {
	return promise{"the onset is told as an interval of ten minutes or more, and not before the rebuild", func(d *director, _ Summary) bool {
		in, ok := d.incident()
		return ok && in.Onset.Latest.Sub(in.Onset.Earliest) >= 10*time.Minute && in.Onset.Latest.After(d.scenario.begins.Add(30*time.Minute))
	}}
}

// settled tells that the service answers as before and that the bot says so.
func (d *director) settled() bool {
	in, ok := d.incident()
	return ok && (in.State == "mitigated" || in.State == "resolved") && d.answersAsBefore()
}
