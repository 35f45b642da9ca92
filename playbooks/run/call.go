package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/playbooks"
)

const (
	// attemptTimeout bounds an attempt of a step that has no timeout, or that waits and so has one for its whole wait.
	attemptTimeout = 30 * time.Second
	// abandonAfter is how long a call may go on after its time is up before it is left behind.
	abandonAfter = 2 * time.Second
	// maxOutput and maxSentence bound in bytes what a step leaves in the journal.
	maxOutput   = 64 << 10
	maxSentence = 2 << 10
)

// carryOut makes a move and says what became of it.
func (a *advance) carryOut(ctx context.Context, m Move, call playbooks.Call, state StepState) result {
	ctx, cancel := a.callContext(ctx, m)
	defer cancel()
	switch m.Kind {
	case Verify:
		return a.verify(ctx, m, call, state)
	case Ask:
		if m.Step.OnUnknown == OnUnknownVerify {
			// What could not be looked up before may be by now; then nobody needs to answer.
			return a.verify(ctx, m, call, state)
		}
		return a.ask(ctx, m, state)
	case Begin, Retry, Poll:
	}
	began := time.Now() // real time, for the metric alone: the outside knows no other
	out, err := a.act(ctx, call)
	a.metrics.called(call.Action, time.Since(began), out, err)
	if err != nil {
		return a.erred(m, err)
	}
	return a.answered(m, out, "", state)
}

// callContext bounds a call in real time, since the outside knows no other. It outlives ctx by the grace: a call that is
// under way is better finished than left unknown.
func (a *advance) callContext(ctx context.Context, m Move) (context.Context, context.CancelFunc) {
	timeout := m.Step.Timeout
	if timeout <= 0 || a.actions[m.Step.Action].Waits {
		timeout = attemptTimeout
	}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(a.Grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-call.Done():
		}
	})
	return call, func() { stop(); cancel() }
}

// act calls the handler. A panic is an error, and a handler that does not come back in time is left behind: in both cases
// nobody knows whether there was an effect.
func (a *advance) act(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	type reply struct {
		out playbooks.Outcome
		err error
	}
	done := make(chan reply, 1)
	go func() {
		var r reply
		defer func() {
			if p := recover(); p != nil {
				a.Logger.ErrorContext(ctx, "an action panicked", "run", call.Run, "step", call.Step, "action", call.Action,
					"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				r = reply{err: &playbooks.Failure{Fate: playbooks.Unknown, Err: errors.New("the action broke off")}}
			}
			done <- r
		}()
		r.out, r.err = a.actions[call.Action].Handler.Act(ctx, call)
	}()
	select {
	case r := <-done:
		return r.out, r.err
	case <-ctx.Done():
	}
	late := time.NewTimer(abandonAfter)
	defer late.Stop()
	select {
	case r := <-done:
		return r.out, r.err
	case <-late.C:
		a.Logger.ErrorContext(ctx, "an action does not stop when its time is up", "run", call.Run, "step", call.Step, "action", call.Action)
		return playbooks.Outcome{}, &playbooks.Failure{Fate: playbooks.Unknown, Err: errors.New("no answer in time")}
	}
}

// answered turns an outcome into a result. Of a pending step only the first answer and those with a new output are written.
func (a *advance) answered(m Move, out playbooks.Outcome, by string, state StepState) result {
	out.Sentence = clean(out.Sentence)
	var dropped bool
	if out.Output, dropped = plain(out.Output); dropped {
		out.Sentence = strings.TrimSpace(out.Sentence + " (its output is too large, or no JSON, and was dropped)")
	}
	if out.Status == "" {
		out.Status = playbooks.Done
	}
	e := a.event(m, Answered, func(e *Event) { e.Outcome, e.By = &out, by })
	if out.Status == playbooks.Pending && m.Kind == Poll && reflect.DeepEqual(out.Output, state.Output) {
		return result{step: m.Step.ID, look: &e}
	}
	return result{step: m.Step.ID, events: []Event{e}}
}

// erred turns an error into a result.
func (a *advance) erred(m Move, err error) result {
	fate, after := playbooks.FateOf(err)
	e := a.event(m, Erred, func(e *Event) {
		e.Fate, e.Error = fate, clean(err.Error())
		if after > 0 {
			e.RetryAt = e.At.Add(after)
		}
	})
	return result{step: m.Step.ID, events: []Event{e}}
}

// verify looks up whether an attempt took effect; where that cannot be told, people are asked.
func (a *advance) verify(ctx context.Context, m Move, call playbooks.Call, state StepState) result {
	v, can := a.actions[call.Action].Handler.(playbooks.Verifier)
	if !can {
		return a.ask(ctx, m, state)
	}
	out, found, err := a.lookUp(ctx, v, call)
	switch {
	case err != nil:
		a.Logger.WarnContext(ctx, "an unconfirmed attempt could not be looked up", "run", call.Run, "step", call.Step,
			"action", call.Action, "error", err)
		return a.ask(ctx, m, state)
	case found:
		return a.answered(m, out, "", state)
	default:
		e := a.event(m, Absent, func(e *Event) { e.Error = "it was looked up: the attempt left no trace" })
		return result{step: m.Step.ID, events: []Event{e}}
	}
}

func (a *advance) lookUp(ctx context.Context, v playbooks.Verifier, call playbooks.Call) (out playbooks.Outcome, found bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the look-up broke off: %v", p)
		}
	}()
	return v.Verify(ctx, call)
}

// ask puts the question whether an attempt took effect, or looks whether it was answered.
func (a *advance) ask(ctx context.Context, m Move, state StepState) result {
	answer := Answer{Verdict: GiveUp, By: "nobody"}
	if a.Approver != nil {
		var err error
		// The same words each time, so that the question of one attempt can be told from that of the next.
		question := fmt.Sprintf("Nobody could confirm whether attempt %d of %s (%s) took effect: look there first.", m.Attempt, m.Step.ID, m.Step.Action)
		if answer, err = a.Approver.AskUnknown(ctx, a.run, m.Step, question); err != nil {
			a.Logger.ErrorContext(ctx, "nobody could be asked about an unconfirmed attempt; it is tried again", "run", a.run.ID,
				"step", m.Step.ID, "error", err)
			e := a.event(m, Asked, func(*Event) {})
			return result{step: m.Step.ID, look: &e}
		}
	}
	switch answer.Verdict {
	case Happened:
		sentence := nobody(answer.By) + " says that it took effect"
		return a.answered(m, playbooks.Outcome{Status: playbooks.Done, Sentence: sentence}, answer.By, state)
	case Repeat:
		e := a.event(m, Absent, func(e *Event) {
			e.By = nobody(answer.By)
			e.Error = e.By + " says that it did not take effect"
		})
		return result{step: m.Step.ID, events: []Event{e}}
	case GiveUp:
		e := a.event(m, Erred, func(e *Event) {
			e.By, e.Fate = answer.By, playbooks.Permanent
			e.Error = "whether it took effect was not confirmed: " + m.Sentence
		})
		return result{step: m.Step.ID, events: []Event{e}}
	default:
		e := a.event(m, Asked, func(*Event) {})
		if state.asked {
			return result{step: m.Step.ID, look: &e}
		}
		return result{step: m.Step.ID, events: []Event{e}}
	}
}

// plain turns an output into what it is after it was stored, so that expressions see the same before and after a restart.
func plain(output map[string]any) (map[string]any, bool) {
	if len(output) == 0 {
		return nil, false
	}
	data, err := json.Marshal(output)
	if err != nil || len(data) > maxOutput {
		return nil, true
	}
	var again map[string]any
	if err := json.Unmarshal(data, &again); err != nil {
		return nil, true
	}
	return again, false
}

// clean makes text from outside fit for every store: valid, without NUL, bounded.
func clean(text string) string {
	return clip(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD"), maxSentence)
}

// clip shortens text to at most n bytes and an ellipsis, never within a character.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}
