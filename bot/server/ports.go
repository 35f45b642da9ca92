package server

import (
	"context"
	"net/http"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// Receiver verifies a webhook over its raw body and names it. It must not parse before it has verified. Errors are
// bot.Error: Unauthorized for a bad signature, Invalid for what is no delivery at all.
type Receiver interface {
	Receive(header http.Header, body []byte) (bot.Delivery, error)
}

// Inbox keeps deliveries until they are worked off. Receive answers quickly; fresh is false for one that is known.
type Inbox interface {
	Accept(ctx context.Context, d bot.Delivery) (fresh bool, err error)
}

// Reader is what the API and the pages show.
type Reader interface {
	Incidents(ctx context.Context, q bot.IncidentQuery) ([]bot.Incident, error)
	Incident(ctx context.Context, id string) (bot.Incident, error)
	Entries(ctx context.Context, incident string) ([]bot.Entry, error)
	Changes(ctx context.Context, q bot.ChangeQuery) ([]bot.Change, error)
	Findings(ctx context.Context) ([]detectors.Finding, error)
	Runs(ctx context.Context, q run.Query) ([]run.Run, error)
	RunEvents(ctx context.Context, id string) ([]run.Event, error)
	Approvals(ctx context.Context, q bot.ApprovalQuery) ([]bot.Approval, error)
}

// Viewer renders an incident for people.
type Viewer interface {
	Card(ctx context.Context, incident string) (bot.Card, error)
	ChartSVG(ctx context.Context, incident string) ([]byte, error)
	Report(ctx context.Context, incident string) (string, error)
}

// Operator carries out what people ask for.
type Operator interface {
	Decide(ctx context.Context, approval string, decision bot.Decision, by, via string) (bot.Approval, error)
	Acknowledge(ctx context.Context, incident, by string) error
}

// Check is one line of the health answer.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// Health tells how the parts are.
type Health interface {
	// Live is about the process: a check that fails here means that a restart would help.
	Live(ctx context.Context) []Check
	// Ready is about the service: a check that fails here means that it cannot do its work now.
	Ready(ctx context.Context) []Check
}
