package main

import (
	"math/rand/v2"

	"github.com/firebreak-dev/firebreak/bot"
)

// world says what makes a merge bad: it is faulty, and the fault does harm that people remember as an incident. Everything here adds to
// the logarithm of the odds of that. Nothing of it is a weight of the product. The signs of what makes a fault are those that studies of
// defects agree on (size, little review, inexperience, off hours, mixed changes); what makes harm of one is that nobody watches, that it
// cannot be undone, that it meets everybody, or that other trouble hides it. The strengths are invented, and every seed changes each
// of them by up to a half.
type world struct {
	name, about string
	// rate is the share of bad merges; size is per e-fold of lines, files per e-fold of files.
	rate, size, files float64
	// all scales everything below; zero leaves size alone.
	all float64
	// people and code are the deviations of authors and of repositories, which drift over a month; luck is what nobody can see.
	people, code, luck float64
}

// worlds are made so that lines alone find about as many bad merges as they do among the commits of ApacheJIT (15, 27, 48, 83 % in the
// largest 5, 10, 20, 50 %), except where size is the point.
func worlds() []world {
	usual := world{rate: .10, size: .50, files: .05, all: 1, people: .5, code: .5, luck: .5}
	with := func(name, about string, change func(*world)) world {
		w := usual
		w.name, w.about = name, about
		change(&w)
		return w
	}
	return []world{
		with("usual", "one merge in ten is bad", func(*world) {}),
		with("often bad", "one in five, as in ApacheJIT", func(w *world) { w.rate, w.size = .19, .60 }),
		with("rarely bad", "one in thirty", func(w *world) { w.rate, w.size = .033, .42 }),
		with("weak causes", "everything but size matters half as much", func(w *world) { w.all, w.size, w.people, w.code = .5, .46, .25, .25 }),
		with("people and code", "authors and repositories matter twice as much", func(w *world) { w.people, w.code = 1, 1 }),
		with("only size", "nothing but size matters: the score can only lose", func(w *world) { w.all, w.people, w.code, w.size = 0, 0, 0, .45 }),
	}
}

// causes are the strengths of one seed.
type causes struct {
	kinds                                                          map[bot.Kind]float64
	mixed, promptWithEvaluation                                    float64
	friday, offHours, eve, freeze, incident, dependency            float64
	unreviewed, selfMerged, reviewOld, ownerMissing                float64
	evaluationMissing, evaluationOld, inconclusive, failed, fanOut float64
	revert                                                         float64
	noRollback, untried, share                                     float64
}

// draw draws the strengths of a seed.
func (w world) draw(r *rand.Rand) causes {
	about := func(strength float64) float64 { return w.all * strength * (.5 + r.Float64()) }
	return causes{
		kinds: map[bot.Kind]float64{
			bot.Model: about(.5), bot.Prompt: about(.4), bot.Guardrail: about(.4), bot.Embedding: about(.4), bot.Retrieval: about(.3),
			bot.Policy: about(.2), bot.Infrastructure: about(.3), bot.Config: about(.2), bot.Flag: about(.1), bot.Evaluation: -about(.4),
		},
		mixed: about(.35), promptWithEvaluation: about(.3),
		friday: about(.3), offHours: about(.4), eve: about(.2), freeze: about(.5), incident: about(.9), dependency: about(.4),
		unreviewed: about(.7), selfMerged: about(.2), reviewOld: about(.4), ownerMissing: about(.4),
		evaluationMissing: about(.5), evaluationOld: about(.5), inconclusive: about(.4), failed: about(1.5), fanOut: about(.2),
		revert: -about(1), noRollback: about(.5), untried: about(.1), share: -about(.4),
	}
}
