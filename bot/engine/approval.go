package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// approvalAction is the action that asks people.
const approvalAction = "approval.ask"

// defaultExpiry is how long a question stands when the playbook does not say.
const defaultExpiry = 15 * time.Minute

// Actions are the actions that are the engine's own: they need no vendor.
func (e *Engine) Actions() []playbooks.Bound {
	return []playbooks.Bound{e.approvalAsk(), e.signalWait(), e.reportWrite()}
}

func (e *Engine) approvalAsk() playbooks.Bound {
	return playbooks.Bound{
		Action: playbooks.Action{
			Name: approvalAction, Doc: "Asks named people and waits for their answer, until it expires.", Waits: true, Idempotent: true,
			Params: []playbooks.Param{
				{Name: "question", Type: playbooks.String, Doc: "what is asked; a sentence about the run when left out"},
				{Name: "of", Type: playbooks.String, Doc: "who may answer: names separated by commas, or the service's owner"},
				{Name: "expires", Type: playbooks.Duration, Doc: "how long the question stands (15m)"},
				{Name: "second", Type: playbooks.Bool, Doc: "whether a second person has to answer: who started the playbook by hand may not (false)"},
			},
			Outputs: map[string]playbooks.Type{"by": playbooks.String, "via": playbooks.String},
		},
		Handler: playbooks.HandlerFunc(e.ask),
	}
}

// ask puts the question once and tells how it stands.
func (e *Engine) ask(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	expires := defaultExpiry
	if d, ok := call.With["expires"].(time.Duration); ok && d > 0 {
		expires = d
	}
	question, _ := call.With["question"].(string)
	if question == "" {
		question = e.question(ctx, call)
	}
	of, _ := call.With["of"].(string)
	notBy := ""
	if second, _ := call.With["second"].(bool); second {
		var err error
		if notBy, err = e.begunBy(ctx, call.Run); err != nil {
			return playbooks.Outcome{}, err
		}
	}
	approval, err := e.putQuestion(ctx, bot.Approval{
		ID: ApprovalID(call.Run, call.Step), Incident: call.Incident, Run: call.Run, Step: call.Step, Question: question,
		Of: e.deciders(call.Service, of), NotBy: notBy, AskedAt: call.Now, Expires: call.Begun.Add(expires),
	})
	if err != nil {
		return playbooks.Outcome{}, err
	}
	if approval.Decision == "" && !call.Now.Before(approval.Expires) {
		if approval, err = e.expire(ctx, approval, call.Now); err != nil {
			return playbooks.Outcome{}, err
		}
	}
	return outcomeOf(approval), nil
}

// begunBy is the person who started a run by hand, empty for one that started by itself.
func (e *Engine) begunBy(ctx context.Context, id string) (string, error) {
	r, err := e.parts.Runs.Run(ctx, id)
	if err != nil || r.Trigger != askedFor {
		return "", err
	}
	entries, err := e.parts.Timeline.Entries(ctx, r.Incident)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		if id == RunID(r.Incident, r.Playbook, entry.ID) {
			return entry.Actor, nil
		}
	}
	return "", bot.Errorf(bot.NotFound, "who started the run %s is not known", id)
}

// putQuestion keeps the question and announces it when it is new.
func (e *Engine) putQuestion(ctx context.Context, a bot.Approval) (bot.Approval, error) {
	kept, created, err := e.parts.Approvals.AskApproval(ctx, a, approvalEntry(a, a.AskedAt, "firebreak", "asks: "+a.Question))
	if err != nil {
		return bot.Approval{}, err
	}
	if created {
		e.parts.Announcer.Update(ctx, a.Incident)
	}
	return kept, nil
}

// question words what is about to happen where the playbook does not.
func (e *Engine) question(ctx context.Context, call playbooks.Call) string {
	in, err := e.parts.Timeline.Incident(ctx, call.Incident)
	if err == nil && len(in.Ranking.Suspects) > 0 {
		s := in.Ranking.Suspects[0]
		return fmt.Sprintf("Go on with playbook %s? The likely cause is %s %s (%.2f).", call.Playbook, s.Kind, s.Title, s.Probability)
	}
	return fmt.Sprintf("Go on with playbook %s?", call.Playbook)
}

func (e *Engine) expire(ctx context.Context, a bot.Approval, now time.Time) (bot.Approval, error) {
	decided, err := e.parts.Approvals.Decide(ctx, a.ID, bot.Expired, "nobody", "expiry", now,
		approvalEntry(a, now, "firebreak", "nobody answered in time: "+a.Question))
	if bot.CodeOf(err) == bot.Conflict { // somebody answered in the same moment: their word counts
		return e.parts.Approvals.Approval(ctx, a.ID)
	}
	if err == nil {
		e.parts.Announcer.Update(ctx, a.Incident)
	}
	return decided, err
}

func outcomeOf(a bot.Approval) playbooks.Outcome {
	output := map[string]any{"by": a.By, "via": a.Via}
	switch a.Decision {
	case bot.Approved:
		return playbooks.Outcome{Status: playbooks.Done, Output: output, Sentence: "approved by " + a.By}
	case bot.Denied:
		return playbooks.Outcome{Status: playbooks.Denied, Output: output, Sentence: "denied by " + a.By}
	case bot.Expired:
		return playbooks.Outcome{Status: playbooks.Expired, Output: output, Sentence: "nobody answered in time"}
	default:
		return playbooks.Outcome{Status: playbooks.Pending, Again: a.Expires, Sentence: "waits for an answer"}
	}
}

// ApprovalID names the question of a run's step; it fits into a button and a command line.
func ApprovalID(runID, step string) string { return "apr-" + shortHash(runID+"\x00"+step) }

// deciders are those who may answer. The owner stands for the service's approvers; a service that names none lets anyone answer.
func (e *Engine) deciders(service, of string) []string {
	s := e.service(service)
	var names []string
	for name := range strings.SplitSeq(of, ",") {
		switch name = strings.TrimSpace(name); name {
		case "":
		case s.Owner:
			names = append(names, s.Approvers...)
		default:
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = s.Approvers
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Decide writes an answer down and wakes the run. Only those who were asked may answer, each question is answered once, and an
// answer after the expiry comes too late.
func (e *Engine) Decide(ctx context.Context, id string, decision bot.Decision, by, via string) (bot.Approval, error) {
	a, err := e.parts.Approvals.Approval(ctx, id)
	if err != nil {
		return bot.Approval{}, err
	}
	if len(a.Of) > 0 && !slices.Contains(a.Of, by) {
		return a, bot.Errorf(bot.Forbidden, "%s may not answer this; %s could", by, strings.Join(a.Of, ", "))
	}
	if a.NotBy != "" && by == a.NotBy {
		could := strings.Join(slices.DeleteFunc(slices.Clone(a.Of), func(name string) bool { return name == by }), ", ")
		return a, bot.Errorf(bot.Forbidden, "%s started this, and a second person has to answer; %s could", by, cmp.Or(could, "anybody else who may approve"))
	}
	now := e.parts.Now()
	if a.Decision == "" && !now.Before(a.Expires) {
		return a, bot.Errorf(bot.Conflict, "the question expired at %s", a.Expires.UTC().Format(time.RFC3339))
	}
	decided, err := e.parts.Approvals.Decide(ctx, id, decision, by, via, now,
		approvalEntry(a, now, by, fmt.Sprintf("%s by %s (%s): %s", decision, by, via, a.Question)))
	if err != nil {
		return decided, err
	}
	// The row is the truth and the wake only hurries: a sweeper wakes the run again if this is lost.
	if err := e.runner.Wake(ctx, a.Run); err != nil {
		e.parts.Logger.WarnContext(ctx, "the run will see the answer with the next sweep", "run", a.Run, "error", err)
	}
	e.parts.Announcer.Update(ctx, a.Incident)
	return decided, nil
}

func approvalEntry(a bot.Approval, at time.Time, actor, sentence string) bot.Entry {
	data, _ := json.Marshal(a) // strings and times only
	return bot.Entry{
		ID: bot.NewID("ent", at), Incident: a.Incident, At: at, Kind: bot.EntryApproval,
		Key: "approval/" + a.ID + "/" + strings.SplitN(sentence, ":", 2)[0], Actor: actor, Sentence: sentence, Data: data,
	}
}

// AskUnknown asks people what to do about a step whose effect nobody could confirm: approved means to send it again, denied and
// expired to count it as failed. An answer holds for one attempt, which the question names. It implements run.Approver.
func (e *Engine) AskUnknown(ctx context.Context, r run.Run, step playbooks.Step, question string) (run.Answer, error) {
	now := e.parts.Now()
	a, err := e.putQuestion(ctx, bot.Approval{
		ID: ApprovalID(r.ID, step.ID+"/unknown/"+question), Incident: r.Incident, Run: r.ID, Step: step.ID,
		Question: question + " Approve to send it again, deny to count it as failed.",
		Of:       e.deciders(r.Service, ""), AskedAt: now, Expires: now.Add(24 * time.Hour),
	})
	if err != nil {
		return run.Answer{}, err
	}
	if a.Decision == "" && !now.Before(a.Expires) {
		if a, err = e.expire(ctx, a, now); err != nil {
			return run.Answer{}, err
		}
	}
	switch a.Decision {
	case bot.Approved:
		return run.Answer{Verdict: run.Repeat, By: a.By}, nil
	case bot.Denied, bot.Expired:
		return run.Answer{Verdict: run.GiveUp, By: a.By}, nil
	default:
		return run.Answer{}, nil
	}
}
