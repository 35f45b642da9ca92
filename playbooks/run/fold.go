package run

import (
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// folded is what the journal of a run says.
type folded struct {
	steps map[string]StepState
	// abort, turned and over are the first events of their kind.
	abort, turned, over *Event
}

// fold reads the journal of a run. Events of steps that the plan does not have are left out, as is whatever comes after a
// step's or the run's end: what is over stays over.
func fold(plan playbooks.Plan, events []Event) folded {
	f := folded{steps: make(map[string]StepState, len(plan.Steps)+len(plan.OnFailure))}
	defs := make(map[string]playbooks.Step, len(plan.Steps)+len(plan.OnFailure))
	for _, list := range [][]playbooks.Step{plan.Steps, plan.OnFailure} {
		for _, s := range list {
			defs[s.ID] = s
			f.steps[s.ID] = StepState{Phase: PhaseWaiting}
		}
	}
	for i := range events {
		e := &events[i]
		if f.over != nil {
			break
		}
		switch e.Kind {
		case Aborted:
			if f.abort == nil {
				f.abort = e
			}
			continue
		case Turned:
			if f.turned == nil {
				f.turned = e
			}
			continue
		case Over:
			f.over = e
			continue
		case Intent, Answered, Erred, Skipped, Absent, Asked:
		}
		def, known := defs[e.Step]
		state := f.steps[e.Step]
		if !known || state.Phase.Over() {
			continue
		}
		state.apply(def, *e)
		f.steps[e.Step] = state
	}
	return f
}

// apply moves a step on by one event.
func (s *StepState) apply(def playbooks.Step, e Event) {
	s.At = e.At
	if e.Attempt > s.Attempt {
		s.Attempt = e.Attempt
	}
	switch e.Kind {
	case Intent:
		if s.Begun.IsZero() {
			s.Begun = e.At
		}
		s.Phase, s.asked = PhaseInFlight, false
	case Answered:
		s.results++
		s.answer(e)
	case Erred:
		s.results++
		s.errors++
		s.Sentence = e.Error
		s.fail(def, e)
	case Absent:
		s.results++
		s.Sentence = e.Error
		s.absent(def, e)
	case Asked:
		s.results++
		s.Phase, s.asked = PhaseUnknown, true
	case Skipped:
		s.Phase, s.Sentence = PhaseSkipped, e.Error
	case Aborted, Turned, Over:
	}
}

// answer applies an outcome.
func (s *StepState) answer(e Event) {
	s.errors, s.confirmed = 0, true
	if e.Outcome == nil {
		s.Phase, s.Sentence = PhaseFailed, "the journal holds an answer without an outcome"
		return
	}
	s.Output, s.Sentence = e.Outcome.Output, e.Outcome.Sentence
	switch e.Outcome.Status {
	case playbooks.Done:
		s.Phase = PhaseDone
	case playbooks.Denied:
		s.Phase = PhaseDenied
	case playbooks.Expired:
		s.Phase = PhaseExpired
	case playbooks.Pending:
		s.Phase, s.Again = PhasePending, e.Outcome.Again
	default:
		s.Phase, s.Sentence = PhaseFailed, "the action gave the unknown status "+string(e.Outcome.Status)
	}
}

// fail applies an error. Once a step has answered, what it does has taken effect, so an error of a later look is only a look
// to be repeated and never an unknown effect.
func (s *StepState) fail(def playbooks.Step, e Event) {
	switch {
	case e.Fate == playbooks.Permanent:
		s.Phase = PhaseFailed
	case e.Fate == playbooks.Transient, s.confirmed, def.OnUnknown == OnUnknownRetry:
		s.again(def, e, def.Retry.Attempts)
	default:
		s.Phase = PhaseUnknown
	}
}

// absent applies the certainty that an attempt left no trace. The attempt of a program that stopped costs nothing; one that
// failed and is known to have left nothing may be repeated once even where attempts is 1; a person's word always counts.
func (s *StepState) absent(def playbooks.Step, e Event) {
	s.asked = false
	if e.By != "" {
		s.repeats++
	}
	switch {
	case s.repeats > MaxRepeats:
		s.Phase = PhaseFailed
		return
	case e.By != "", s.errors == 0:
		s.Phase, s.Again = PhaseRetrying, e.At
		return
	}
	s.again(def, e, max(2, def.Retry.Attempts))
}

// again plans the next attempt, or fails the step when none is left.
func (s *StepState) again(def playbooks.Step, e Event, attempts int) {
	if s.errors >= max(1, attempts) {
		s.Phase = PhaseFailed
		return
	}
	s.Phase = PhaseRetrying
	s.Again = e.At.Add(pause(def.Retry, s.errors))
	if e.RetryAt.After(s.Again) {
		s.Again = e.RetryAt
	}
}

// pause is the backoff after the given number of errors in a row: doubling from Backoff, up to Max.
func pause(r playbooks.Retry, errors int) time.Duration {
	limit := r.Max
	if limit <= 0 {
		limit = longestPause
	}
	d := r.Backoff
	for range errors - 1 {
		if d >= limit {
			break
		}
		d *= 2
	}
	return max(0, min(d, limit))
}

// MaxRepeats is how often people may have a step repeated whose attempts nobody can confirm.
const MaxRepeats = 3

// longestPause bounds the doubling where the plan gives no Max.
const longestPause = 10 * time.Minute
