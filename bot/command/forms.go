package command

import "github.com/firebreak-dev/firebreak/bot"

// Form is a command as it is written.
type Form struct {
	// Name is its first word, or its first two.
	Name string
	// Usage is all of it, What what it does, in few words: both together fit the width of a phone.
	Usage, What string
	// Role is the least that a person must be.
	Role bot.Role
}

// The names of the commands.
const (
	Help         = "help"
	Status       = "status"
	Incident     = "incident"
	Ack          = "ack"
	Resolve      = "resolve"
	Note         = "note"
	Link         = "link"
	Declare      = "declare"
	Mute         = "mute"
	Suspects     = "suspects"
	Changes      = "changes"
	Windows      = "windows"
	FreezeStart  = "freeze start"
	FreezeEnd    = "freeze end"
	SLO          = "slo"
	OnCall       = "oncall"
	Risk         = "risk"
	Approve      = "approve"
	Deny         = "deny"
	PlaybookRun  = "playbook run"
	PlaybookPlan = "playbook plan"
	Rollback     = "rollback"
	// RollbackStart begins what Rollback tells of.
	RollbackStart = "rollback start"
	Handover      = "handover"
	Postmortem    = "postmortem"
	Digest        = "digest"
	Stop          = "stop"
	StopLift      = "stop lift"
)

// Forms lists all commands in the order in which help tells them.
func Forms() []Form {
	return []Form{
		{Status, "status", "how things are", bot.Viewer},
		{Incident, "incident [ID]", "one incident, or all open ones", bot.Viewer},
		{Ack, "ack [ID]", "I am on it", bot.Responder},
		{Resolve, "resolve [ID] [why]", "it is over", bot.Responder},
		{Note, "note ID text", "add to the timeline", bot.Responder},
		{Link, "link ID URL|ID [title]", "hang on what belongs to it", bot.Responder},
		{Declare, "declare SERVICE title", "open an incident", bot.Responder},
		{Mute, "mute ID 1h why", "start nothing more; off ends it", bot.Responder},
		{Suspects, "suspects [ID]", "what did it, and why", bot.Viewer},
		{Changes, "changes [SERVICE] [24h]", "what was changed", bot.Viewer},
		{Windows, "windows [SERVICE]", "may we change things now?", bot.Viewer},
		{FreezeStart, "freeze start 4h why", "nothing should change", bot.Approver},
		{FreezeEnd, "freeze end [ID] [why]", "end a freeze", bot.Approver},
		{OnCall, "oncall [SERVICE]", "who is asked, level by level", bot.Viewer},
		{SLO, "slo [SERVICE]", "objectives and budgets", bot.Viewer},
		{Risk, "risk PR", "how risky is landing it now?", bot.Viewer},
		{Approve, "approve ID", "let a playbook go on", bot.Approver},
		{Deny, "deny ID", "do not let it", bot.Approver},
		{PlaybookPlan, "playbook plan NAME [ID]", "what it would do", bot.Viewer},
		{PlaybookRun, "playbook run NAME ID", "start it", bot.Approver},
		{Handover, "handover [SERVICE]", "what the next one must know", bot.Viewer},
		{Postmortem, "postmortem [ID]", "what happened, and how long", bot.Viewer},
		{Digest, "digest KIND [SERVICE]", "morning, forecast, weekly", bot.Viewer},
		{Rollback, "rollback [ID]", "what could be taken back", bot.Viewer},
		{RollbackStart, "rollback start ID [#482]", "take it back", bot.Approver},
		{Stop, "stop why", "no action starts any more", bot.Responder},
		{StopLift, "stop lift [why]", "actions may start again", bot.Approver},
		{Help, "help", "this", bot.Viewer},
	}
}

// FormOf finds the form of a command's name.
func FormOf(name string) Form {
	for _, f := range Forms() {
		if f.Name == name {
			return f
		}
	}
	return Form{Name: name, Usage: name, Role: bot.Admin}
}
