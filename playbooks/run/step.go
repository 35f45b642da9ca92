package run

import (
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// begin decides about a step that has not begun and may.
func (n *planner) begin(s playbooks.Step) {
	move := Move{Kind: Begin, Step: s, Attempt: 1, Reason: NeedsOver, Sentence: "what it needs is over"}
	if s.When == "" {
		n.move(move)
		return
	}
	yes, err := n.eval.Condition(s.When, n.scope())
	switch {
	case err != nil:
		n.fact(Event{
			Kind: Erred, Step: s.ID, Action: s.Action, Fate: playbooks.Permanent, Reason: ConditionBroken,
			ID:    eventID(Erred, s.ID, 0, 0),
			Error: fmt.Sprintf("its condition cannot be evaluated: %v", err),
		})
	case !yes:
		n.fact(Event{
			Kind: Skipped, Step: s.ID, Action: s.Action, Reason: ConditionFalse, ID: eventID(Skipped, s.ID, 0, 0),
			Error: "its condition is false: " + s.When,
		})
	default:
		n.move(move)
	}
}

// goOn decides about a step that has begun and is not over.
func (n *planner) goOn(s playbooks.Step, state StepState) {
	if n.in.Alive[s.ID] {
		n.wait(Wait{Step: s.ID, Reason: UnderWay, Sentence: "it is being carried out"})
		return
	}
	move := Move{Step: s, Attempt: state.Attempt, Number: state.results, Begun: state.Begun}
	switch state.Phase {
	case PhaseInFlight:
		move.Reason = Orphaned
		move.Sentence = fmt.Sprintf("the program stopped while attempt %d was under way", state.Attempt)
		n.unconfirmed(move)
	case PhaseUnknown:
		move.Reason = Unconfirmed
		move.Sentence = fmt.Sprintf("attempt %d may or may not have taken effect", state.Attempt)
		if !state.asked {
			n.unconfirmed(move)
			return
		}
		n.askAgain(move, state)
	case PhaseRetrying:
		n.retry(move, state)
	case PhasePending:
		n.poll(move, state)
	case PhaseWaiting, PhaseDone, PhaseFailed, PhaseDenied, PhaseExpired, PhaseSkipped:
	}
}

// unconfirmed decides about an attempt of which nobody knows whether it took effect.
func (n *planner) unconfirmed(move Move) {
	switch move.Step.OnUnknown {
	case OnUnknownRetry:
		move.Kind, move.Attempt = Retry, move.Attempt+1
	case OnUnknownVerify:
		move.Kind = Verify
	default:
		move.Kind = Ask
	}
	n.move(move)
}

// askAgain looks at an open question when its time has come, or when somebody rang.
func (n *planner) askAgain(move Move, state StepState) {
	move.Kind = Ask
	due := state.At.Add(AskEvery)
	switch {
	case n.in.Woken:
		move.Reason = Woken
		n.move(move)
	case !n.in.Now.Before(due):
		n.move(move)
	default:
		n.wait(Wait{Step: move.Step.ID, Until: due, Reason: Person, Sentence: "people were asked: " + move.Sentence})
	}
}

// retry repeats a failed attempt when its pause is over.
func (n *planner) retry(move Move, state StepState) {
	if state.confirmed && n.expired(move.Step, state) {
		n.expire(move)
		return
	}
	if n.in.Now.Before(state.Again) {
		n.wait(Wait{
			Step: move.Step.ID, Until: state.Again, Reason: Backoff,
			Sentence: fmt.Sprintf("attempt %d failed: %s", state.Attempt, state.Sentence),
		})
		return
	}
	move.Kind, move.Attempt, move.Reason = Retry, state.Attempt+1, BackoffOver
	move.Sentence = fmt.Sprintf("attempt %d failed: %s", state.Attempt, state.Sentence)
	n.move(move)
}

// poll asks a pending step again. A step whose whole wait is over is asked one last time at or after that moment, so that
// what came true in the last interval is not missed.
func (n *planner) poll(move Move, state StepState) {
	due, reason := state.Again, PollDue
	if soonest := state.At.Add(PollAtMostEvery); !due.IsZero() && due.Before(soonest) {
		due = soonest
	}
	deadline := stepDeadline(move.Step, state)
	if !deadline.IsZero() && (due.IsZero() || due.After(deadline)) {
		due, reason = deadline, StepTimeout
	}
	switch {
	case n.expired(move.Step, state):
		n.expire(move)
		return
	case n.in.Woken:
		reason = Woken
	case due.IsZero() || n.in.Now.Before(due):
		n.wait(Wait{Step: move.Step.ID, Until: due, Reason: NotYet, Sentence: state.Sentence})
		return
	}
	move.Kind, move.Reason, move.Sentence = Poll, reason, "it was not over yet: "+state.Sentence
	n.move(move)
}

// expired tells that a step's whole wait is over and that it was looked at since.
func (n *planner) expired(s playbooks.Step, state StepState) bool {
	deadline := stepDeadline(s, state)
	return !deadline.IsZero() && !state.At.Before(deadline)
}

// expire ends a step whose whole wait is over.
func (n *planner) expire(move Move) {
	n.fact(Event{
		Kind: Answered, Step: move.Step.ID, Action: move.Step.Action, Attempt: move.Attempt,
		ID: eventID(Answered, move.Step.ID, move.Attempt, move.Number),
		Outcome: &playbooks.Outcome{
			Status: playbooks.Expired, Sentence: fmt.Sprintf("it took longer than its timeout of %s", move.Step.Timeout),
		},
	})
}

// stepDeadline is the end of a waiting step's whole wait, zero when it has none.
func stepDeadline(s playbooks.Step, state StepState) time.Time {
	if s.Timeout <= 0 || state.Begun.IsZero() {
		return time.Time{}
	}
	return state.Begun.Add(s.Timeout)
}
