package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// What a plan may say of errors, expiries, denials and unconfirmed attempts. The empty word is "fail", or "ask".
const (
	OnFail     = "fail"
	OnContinue = "continue"
	OnEnd      = "end"
	OnEscalate = "escalate"

	OnUnknownRetry  = "retry"
	OnUnknownVerify = "verify"
	OnUnknownAsk    = "ask"
)

// AskEvery is how often an unanswered question about an unconfirmed attempt is looked at again without being woken.
const AskEvery = 30 * time.Second

// PollAtMostEvery bounds how often a pending step is asked again without being woken, whatever the step itself wants.
const PollAtMostEvery = time.Second

// Input is all that a decision rests on.
type Input struct {
	Run  Run
	Plan playbooks.Plan
	// Events is the run's journal, oldest first.
	Events []Event
	// Alive holds the IDs of the steps that this process is carrying out right now. An attempt without an answer that is not
	// among them is an orphan of a process that stopped.
	Alive map[string]bool
	// Woken asks pending steps and open questions again even if their time has not come.
	Woken bool
	Now   time.Time
}

// Next decides what is next in a run. It is pure: the same input and the same answers of eval give the same decision.
func Next(in Input, eval Evaluator) Decision {
	f := fold(in.Plan, in.Events)
	n := &planner{in: in, eval: eval, folded: f}
	n.out.Steps = f.steps
	if f.over != nil {
		n.out.Over = true
		n.out.Ending = &Ending{State: f.over.State, Reason: f.over.Reason, Sentence: f.over.Error}
		return n.out
	}
	if n.turned != nil {
		n.out.Ending = &Ending{State: n.turned.State, Reason: n.turned.Reason, Sentence: n.turned.Error}
		n.onFailure()
		return n.out
	}
	if n.out.Ending = n.ending(); n.out.Ending == nil {
		n.forward()
	}
	if n.out.Ending != nil {
		n.turn()
	}
	return n.out
}

// planner gathers one decision.
type planner struct {
	in   Input
	eval Evaluator
	folded
	out Decision
}

// ending says whether the run is on its way out, and why. The first reason in time wins, so that a later one never rewrites
// what people were told.
func (n *planner) ending() *Ending {
	var first *Ending
	var at time.Time
	consider := func(e Ending, when time.Time) {
		if first == nil || when.Before(at) {
			first, at = &e, when
		}
	}
	over := 0
	for _, s := range n.in.Plan.Steps {
		state := n.steps[s.ID]
		if !state.Phase.Over() {
			continue
		}
		over++
		if e, ends := endingOf(s, state); ends {
			consider(e, state.At)
		}
	}
	if n.abort != nil {
		consider(Ending{State: Cancelled, Reason: AbortAsked, Sentence: "aborted by " + nobody(n.abort.By)}, n.abort.At)
	}
	if first != nil {
		return first
	}
	if over == len(n.in.Plan.Steps) {
		return &Ending{State: Succeeded, Reason: AllOver, Sentence: n.tally()}
	}
	if deadline := n.deadline(); !deadline.IsZero() && !n.in.Now.Before(deadline) {
		return &Ending{
			State: Failed, Reason: RunTimeout,
			Sentence: fmt.Sprintf("the run took longer than its timeout of %s", n.in.Plan.Timeout),
		}
	}
	return nil
}

// endingOf says how a step that is over ends its run, if it does.
func endingOf(s playbooks.Step, state StepState) (Ending, bool) {
	policy, reason, what := "", Reason(""), ""
	switch state.Phase {
	case PhaseFailed:
		policy, reason, what = s.OnError, StepFailed, "failed"
	case PhaseDenied:
		policy, reason, what = s.OnDenied, StepDenied, "was denied"
	case PhaseExpired:
		policy, reason, what = s.OnExpiry, StepExpired, "expired"
	case PhaseDone, PhaseSkipped, PhaseWaiting, PhaseInFlight, PhasePending, PhaseRetrying, PhaseUnknown:
		return Ending{}, false
	}
	sentence := fmt.Sprintf("step %s %s", s.ID, what)
	if state.Sentence != "" {
		sentence += ": " + state.Sentence
	}
	switch policy {
	case OnContinue:
		return Ending{}, false
	case OnEnd:
		return Ending{State: Succeeded, Reason: reason, Sentence: sentence + "; the playbook ends here"}, true
	case OnEscalate:
		return Ending{State: Failed, Reason: reason, Sentence: sentence + "; it is escalated"}, true
	default:
		return Ending{State: Failed, Reason: reason, Sentence: sentence}, true
	}
}

// deadline is the end of the run's timeout, zero when it has none.
func (n *planner) deadline() time.Time {
	if n.in.Plan.Timeout <= 0 || n.in.Run.StartedAt.IsZero() {
		return time.Time{}
	}
	return n.in.Run.StartedAt.Add(n.in.Plan.Timeout)
}

// forward decides about the plan's steps while nothing ends the run.
func (n *planner) forward() {
	for _, s := range n.in.Plan.Steps {
		state := n.steps[s.ID]
		switch {
		case state.Phase.Over():
		case state.Phase != PhaseWaiting:
			n.goOn(s, state)
		case n.ready(s):
			n.begin(s)
		}
	}
	if n.idle() {
		n.out.Ending = &Ending{State: Failed, Reason: BrokenPlan, Sentence: "no step of the plan can ever begin"}
		return
	}
	if deadline := n.deadline(); !deadline.IsZero() {
		n.wait(Wait{Until: deadline, Reason: RunTimeout, Sentence: "the run's timeout"})
	}
}

// turn sends the run on its way out. That it failed is written down before the first on_failure step begins, so that neither
// a late answer of another branch nor a clock that goes back changes its course.
func (n *planner) turn() {
	if n.out.Ending.State == Succeeded || len(n.in.Plan.OnFailure) == 0 {
		n.close()
		return
	}
	n.fact(Event{
		Kind: Turned, State: n.out.Ending.State, Reason: n.out.Ending.Reason, Error: n.out.Ending.Sentence, ID: string(Turned),
	})
}

// onFailure decides about the on_failure steps: one after the other, each whatever became of the one before. People are not
// waited for here: what is open is said when the run ends.
func (n *planner) onFailure() {
	for _, s := range n.in.Plan.OnFailure {
		switch state := n.steps[s.ID]; {
		case state.Phase.Over(), state.Phase == PhaseUnknown && state.asked:
		case state.Phase == PhaseWaiting:
			n.begin(s)
			return
		default:
			n.goOn(s, state)
			return
		}
	}
	n.close()
}

// close ends the run, as soon as nothing that this process began is under way any more.
func (n *planner) close() {
	sentence := n.out.Ending.Sentence
	for _, s := range slices.Concat(n.in.Plan.Steps, n.in.Plan.OnFailure) {
		switch state := n.steps[s.ID]; {
		case n.in.Alive[s.ID]:
			n.wait(Wait{Step: s.ID, Reason: UnderWay, Sentence: "an attempt is under way"})
		case state.Phase == PhaseUnknown, state.Phase == PhaseInFlight:
			sentence += fmt.Sprintf("; whether %s (%s) took effect was never confirmed", s.ID, s.Action)
		}
	}
	if len(n.out.Waits) > 0 {
		return
	}
	n.out.Over = true
	n.out.Ending.Sentence = sentence
	n.fact(Event{
		Kind: Over, State: n.out.Ending.State, Reason: n.out.Ending.Reason, Error: sentence, ID: string(Over),
	})
}

// ready tells whether all that a step needs is over in a way that lets the run go on.
func (n *planner) ready(s playbooks.Step) bool {
	for _, id := range s.Needs {
		state, known := n.steps[id]
		if !known || !state.Phase.Over() {
			return false
		}
	}
	return true
}

// idle tells that nothing was decided at all.
func (n *planner) idle() bool {
	return len(n.out.Moves) == 0 && len(n.out.Facts) == 0 && len(n.out.Waits) == 0
}

func (n *planner) move(m Move) { n.out.Moves = append(n.out.Moves, m) }
func (n *planner) wait(w Wait) { n.out.Waits = append(n.out.Waits, w) }

func (n *planner) fact(e Event) {
	e.Run, e.At = n.in.Run.ID, n.in.Now
	n.out.Facts = append(n.out.Facts, e)
}

func (n *planner) scope() Scope {
	return Scope{Run: n.in.Run.Scope, Steps: n.steps, Now: n.in.Now}
}

// tally says in a sentence how the steps of a run that went through ended.
func (n *planner) tally() string {
	counts := map[Phase]int{}
	for _, s := range n.in.Plan.Steps {
		counts[n.steps[s.ID].Phase]++
	}
	sentence := fmt.Sprintf("%d of %d steps done", counts[PhaseDone], len(n.in.Plan.Steps))
	for _, p := range []Phase{PhaseSkipped, PhaseFailed, PhaseDenied, PhaseExpired} {
		if counts[p] > 0 {
			sentence += fmt.Sprintf(", %d %s", counts[p], p)
		}
	}
	return sentence
}

// eventID names an event within its run: the same thing that happened has the same ID, however often it is written.
func eventID(kind EventKind, step string, attempt, number int) string {
	return fmt.Sprintf("%s/%s/%d/%d", kind, step, attempt, number)
}

func nobody(name string) string {
	if name == "" {
		return "somebody"
	}
	return name
}
