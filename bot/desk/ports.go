package desk

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Reader is what there is to look at.
type Reader interface {
	Incidents(ctx context.Context, q bot.IncidentQuery) ([]bot.Incident, error)
	Incident(ctx context.Context, id string) (bot.Incident, error)
	Changes(ctx context.Context, q bot.ChangeQuery) ([]bot.Change, error)
	Approvals(ctx context.Context, q bot.ApprovalQuery) ([]bot.Approval, error)
}

// Operator does what is asked for.
type Operator interface {
	Linker
	Acknowledge(ctx context.Context, incident, by string) error
	Resolve(ctx context.Context, incident, by, via, reason string) (bot.Incident, error)
	Note(ctx context.Context, incident, by, via, text string) (bot.Incident, error)
	// Quote notes what somebody else said; fresh is false where that was done before.
	Quote(ctx context.Context, incident string, q bot.Quote, by, via string) (in bot.Incident, fresh bool, err error)
	Mute(ctx context.Context, incident string, lasts time.Duration, by, via, reason string) (bot.Incident, error)
	Decide(ctx context.Context, approval string, decision bot.Decision, by, via string) (bot.Approval, error)
	Judge(ctx context.Context, incident string, v bot.Verdict) (bot.Incident, error)
	Declare(ctx context.Context, d bot.Declared) (bot.Incident, error)
	Card(ctx context.Context, incident string) (bot.Card, error)
}

// Playbooks tells what playbooks would do, and starts them.
type Playbooks interface {
	// Outline tells a playbook's steps in words; with an incident, whether its condition holds there.
	Outline(ctx context.Context, name, incident string) ([]string, error)
	// Run starts one for an incident.
	Run(ctx context.Context, name, incident, by, via string) error
}

// Rollbacks tells which changes of an incident could be taken back, and has a playbook do it. An empty change is the likeliest, an empty
// playbook the first that can.
type Rollbacks interface {
	Rollbacks(ctx context.Context, incident string) (bot.Rollbacks, error)
	Rollback(ctx context.Context, incident, change, playbook, by, via string) (bot.Rollback, error)
}

// Calendar tells when changes are welcome, and has freezes started and ended.
type Calendar interface {
	Openings(ctx context.Context, service string, at time.Time) ([]bot.Opening, error)
	Freezes(ctx context.Context, q bot.FreezeQuery) ([]bot.Freeze, error)
	StartFreeze(ctx context.Context, f bot.Freeze) (bot.Freeze, error)
	EndFreeze(ctx context.Context, id, by, via, reason string) (bot.Freeze, error)
}

// Landing judges landing a pull request now.
type Landing interface {
	Landing(ctx context.Context, repository string, number int) (bot.Judged, error)
}

// Rota tells who is on call; an empty service means all.
type Rota interface {
	OnCall(ctx context.Context, service string) ([]bot.Duty, error)
}

// Switch is the kill switch.
type Switch interface {
	Stopped(ctx context.Context) (bot.Stop, error)
	// Stop turns it on or off; it gives how it stands then.
	Stop(ctx context.Context, s bot.Stop) (bot.Stop, error)
}

// Audit keeps who did what.
type Audit interface {
	Note(ctx context.Context, at time.Time, actor, action, target, detail string) error
}
