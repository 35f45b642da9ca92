package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func (e *Engine) signalWait() playbooks.Bound {
	return playbooks.Bound{
		Action: playbooks.Action{
			Name: "signal.wait", Doc: "Waits until a condition on the signals has held for a time.", Waits: true, Idempotent: true,
			Params: []playbooks.Param{
				{Name: "until", Type: playbooks.Condition, Required: true, Doc: "what must hold, as burn(1h) < 1"},
				{Name: "hold", Type: playbooks.Duration, Doc: "for how long it must hold without a break (0s)"},
				{Name: "timeout", Type: playbooks.Duration, Doc: "how long to wait in all; then the step expires (30m)"},
			},
			Outputs: map[string]playbooks.Type{"waited": playbooks.Duration},
		},
		Handler: playbooks.HandlerFunc(e.wait),
	}
}

// wait looks once. Not being able to see is not "no": the hold stands still until sight returns.
func (e *Engine) wait(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	until, _ := call.With["until"].(string)
	needed, _ := call.With["hold"].(time.Duration)
	timeout, ok := call.With["timeout"].(time.Duration)
	if !ok || timeout <= 0 {
		timeout = 30 * time.Minute
	}
	saw, why, err := e.lookAt(ctx, call, until)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	h, err := e.heldNow(ctx, call.Run+"/"+call.Step, call.Now, saw)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	e.parts.Logger.DebugContext(ctx, "looked at a condition", "run", call.Run, "step", call.Step, "why", why, "held", h.Held.String())
	waited := call.Now.Sub(call.Begun)
	output := map[string]any{"waited": waited.String()}
	switch {
	case saw == looksTrue && h.Held >= needed:
		return playbooks.Outcome{Status: playbooks.Done, Output: output, Sentence: fmt.Sprintf("%s: held for %s", until, needed)}, nil
	case waited >= timeout:
		return playbooks.Outcome{
			Status: playbooks.Expired, Output: output, Sentence: fmt.Sprintf("%s did not hold for %s within %s (%s)", until, needed, timeout, why),
		}, nil
	default:
		again := call.Now.Add(e.current().PollEvery)
		if end := call.Begun.Add(timeout); again.After(end) {
			again = end
		}
		return playbooks.Outcome{Status: playbooks.Pending, Again: again, Sentence: "waits until " + until}, nil
	}
}

// lookAt evaluates a waiting step's condition now, and tells what decided it.
func (e *Engine) lookAt(ctx context.Context, call playbooks.Call, until string) (look, string, error) {
	in, err := e.parts.Timeline.Incident(ctx, call.Incident)
	if err != nil {
		return looksBlind, "", err
	}
	scope := e.Scope(in)
	scope.Now = call.Now
	holds, why, err := e.parts.Conditions.Holds(until, scope)
	switch {
	case err != nil:
		return looksBlind, "cannot be told now: " + err.Error(), nil //nolint:nilerr // that it cannot be told is what was seen
	case holds:
		return looksTrue, why, nil
	default:
		return looksFalse, why, nil
	}
}

func (e *Engine) reportWrite() playbooks.Bound {
	return playbooks.Bound{
		Action: playbooks.Action{
			Name: "report.write", Doc: "Writes the incident's report from its timeline.", Idempotent: true,
			Params: []playbooks.Param{
				{Name: "format", Type: playbooks.String, Allowed: []string{"markdown"}, Doc: "markdown is the only one"},
			},
			Outputs: map[string]playbooks.Type{"document": playbooks.String, "url": playbooks.String},
		},
		Handler: playbooks.HandlerFunc(e.writeReport),
	}
}

func (e *Engine) writeReport(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	text, err := e.Report(ctx, call.Incident)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	name := "incidents/" + call.Incident + ".md"
	if err := e.parts.Documents.PutDocument(ctx, name, call.Incident, "text/markdown", []byte(text), call.Now); err != nil {
		return playbooks.Outcome{}, err
	}
	url := e.incidentURL(call.Incident) + "/report.md"
	_, err = e.parts.Timeline.Append(ctx, bot.Entry{
		ID: bot.NewID("ent", call.Now), Incident: call.Incident, At: call.Now, Kind: bot.EntryReport, Key: "report/" + call.Key,
		Actor: "playbook " + call.Playbook, Sentence: "wrote the report", Data: []byte(fmt.Sprintf(`{"document":%q}`, name)),
	})
	return playbooks.Outcome{
		Status: playbooks.Done, Output: map[string]any{"document": name, "url": url}, Sentence: "wrote the report",
	}, err
}
