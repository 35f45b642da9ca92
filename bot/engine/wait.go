package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// holding is the memory space of since when a waiting step's condition holds.
const holding = "wait-holds-since"

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

// wait looks once. Not being able to see is not "no": it breaks the hold and the step goes on waiting.
func (e *Engine) wait(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	until, _ := call.With["until"].(string)
	hold, _ := call.With["hold"].(time.Duration)
	timeout, ok := call.With["timeout"].(time.Duration)
	if !ok || timeout <= 0 {
		timeout = 30 * time.Minute
	}
	in, err := e.parts.Timeline.Incident(ctx, call.Incident)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	scope := e.Scope(in)
	scope.Now = call.Now
	holds, why, err := e.parts.Conditions.Holds(until, scope)
	if err != nil {
		holds, why = false, "cannot be told now: "+err.Error()
	}
	since, err := e.holdingSince(ctx, call, holds)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	waited := call.Now.Sub(call.Begun)
	output := map[string]any{"waited": waited.String()}
	switch {
	case holds && call.Now.Sub(since) >= hold:
		return playbooks.Outcome{Status: playbooks.Done, Output: output, Sentence: fmt.Sprintf("%s: held for %s", until, hold)}, nil
	case waited >= timeout:
		return playbooks.Outcome{
			Status: playbooks.Expired, Output: output, Sentence: fmt.Sprintf("%s did not come true within %s (%s)", until, timeout, why),
		}, nil
	default:
		again := call.Now.Add(e.current().PollEvery)
		if end := call.Begun.Add(timeout); again.After(end) {
			again = end
		}
		return playbooks.Outcome{Status: playbooks.Pending, Again: again, Sentence: "waits until " + until}, nil
	}
}

// holdingSince keeps since when the condition holds, so that a restart does not begin the hold anew.
func (e *Engine) holdingSince(ctx context.Context, call playbooks.Call, holds bool) (time.Time, error) {
	key := call.Run + "/" + call.Step
	if !holds {
		return time.Time{}, e.parts.Memory.Remember(ctx, holding, key, nil)
	}
	value, found, err := e.parts.Memory.Recall(ctx, holding, key)
	if err != nil {
		return time.Time{}, err
	}
	if since, err := time.Parse(time.RFC3339Nano, string(value)); found && err == nil {
		return since, nil
	}
	return call.Now, e.parts.Memory.Remember(ctx, holding, key, []byte(call.Now.UTC().Format(time.RFC3339Nano)))
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
