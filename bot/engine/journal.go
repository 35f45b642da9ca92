package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// Journal keeps the journals of runs and tells them on the incidents' timelines in the same transaction. It implements
// run.Journal.
type Journal struct {
	runs      Runs
	announcer Announcer
}

var _ run.Journal = (*Journal)(nil)

// NewJournal makes a journal over the store. The announcer shows what a run did as soon as it is written.
func NewJournal(runs Runs, announcer Announcer) *Journal {
	return &Journal{runs: runs, announcer: announcer}
}

// Begin stores a run and says so on the timeline.
func (j *Journal) Begin(ctx context.Context, r run.Run) (bool, error) {
	created, err := j.runs.BeginRun(ctx, r, bot.Entry{
		ID: bot.NewID("ent", r.StartedAt), Incident: r.Incident, At: r.StartedAt, Kind: bot.EntryRun, Key: "run/" + r.ID + "/begun",
		Actor: "firebreak", Sentence: fmt.Sprintf("playbook %s begins (%s)", r.Playbook, r.Trigger),
		Data: mustJSON(map[string]string{"run": r.ID, "playbook": r.Playbook, "state": string(run.Running)}),
	})
	if err == nil && created {
		j.announcer.Update(ctx, r.Incident)
	}
	return created, err
}

// Append adds an event, and a timeline entry where it says something to people.
func (j *Journal) Append(ctx context.Context, event run.Event) error {
	r, err := j.runs.Run(ctx, event.Run)
	if err != nil {
		return err
	}
	entry, told := entryOf(r, event)
	if !told {
		_, err := j.runs.AppendRun(ctx, event)
		return err
	}
	added, err := j.runs.AppendRun(ctx, event, entry)
	if err == nil && added {
		j.announcer.Update(ctx, r.Incident)
	}
	return err
}

// Events returns a run's events in the order of adding.
func (j *Journal) Events(ctx context.Context, id string) ([]run.Event, error) {
	return j.runs.RunEvents(ctx, id)
}

// Run returns a run with its newest state.
func (j *Journal) Run(ctx context.Context, id string) (run.Run, error) { return j.runs.Run(ctx, id) }

// entryOf words an event for the timeline. Intents and repeated "not yet" stay in the journal: people want to know what came
// of a step, and that a step waits is told once.
func entryOf(r run.Run, event run.Event) (bot.Entry, bool) {
	sentence, told := "", true
	switch event.Kind {
	case run.Answered:
		sentence, told = answerSentence(event)
	case run.Erred:
		sentence = fmt.Sprintf("%s failed (%s): %s", event.Step, event.Fate, event.Error)
		if !event.RetryAt.IsZero() {
			sentence += "; it is tried again"
		}
	case run.Skipped:
		sentence = event.Step + " skipped"
		if event.Error != "" {
			sentence += ": " + event.Error
		}
	case run.Aborted:
		sentence = fmt.Sprintf("playbook %s was told to stop", r.Playbook)
	case run.Over:
		sentence = fmt.Sprintf("playbook %s %s", r.Playbook, event.State)
		if event.Error != "" {
			sentence += ": " + event.Error
		}
	case run.Intent:
		told = false
	default:
		told = false
	}
	if !told {
		return bot.Entry{}, false
	}
	kind := bot.EntryStep
	if event.Step == "" {
		kind = bot.EntryRun
	}
	data := map[string]any{"run": r.ID, "playbook": r.Playbook, "step": event.Step, "action": event.Action, "kind": string(event.Kind)}
	if event.Outcome != nil {
		data["state"], data["output"] = string(event.Outcome.Status), event.Outcome.Output
	}
	if event.Kind == run.Over {
		data["state"] = string(event.State)
	}
	return bot.Entry{
		ID: bot.NewID("ent", event.At), Incident: r.Incident, At: event.At, Kind: kind, Key: "run/" + r.ID + "/" + event.ID,
		Actor: "playbook " + r.Playbook, Sentence: sentence, Data: mustJSON(data),
	}, true
}

func answerSentence(event run.Event) (string, bool) {
	if event.Outcome == nil {
		return "", false
	}
	if event.Outcome.Status == playbooks.Pending {
		return "", false
	}
	sentence := event.Outcome.Sentence
	if sentence == "" {
		sentence = string(event.Outcome.Status)
	}
	return event.Step + ": " + sentence, true
}

// mustJSON encodes what is made of strings and of JSON values that were decoded before; a value that cannot be encoded leaves
// the entry without data rather than the timeline without the entry.
func mustJSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return data
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
