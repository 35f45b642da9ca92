package app

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// The ports of the engine as a backtest needs them: timelines and changes in memory, and nobody who is told, asked or woken.

// remembered keeps timelines, and the changes of a past.
type remembered struct {
	now        func() time.Time
	order      []string
	entries    map[string][]bot.Entry
	keys       map[string]map[string]bool
	incidents  map[string]bot.Incident
	changes    []bot.Change
	unresolved int
}

var _ engine.Timeline = (*remembered)(nil)

func newRemembered(changes []bot.Change, now func() time.Time) *remembered {
	return &remembered{
		now: now, entries: map[string][]bot.Entry{}, keys: map[string]map[string]bool{}, incidents: map[string]bot.Incident{}, changes: changes,
	}
}

// Append adds entries, but those whose key is there already.
func (m *remembered) Append(_ context.Context, entries ...bot.Entry) ([]bot.Entry, error) {
	var added []bot.Entry
	for _, e := range entries {
		if m.keys[e.Incident] == nil {
			m.keys[e.Incident] = map[string]bool{}
			m.order = append(m.order, e.Incident)
		}
		if e.Key != "" && m.keys[e.Incident][e.Key] {
			continue
		}
		m.keys[e.Incident][e.Key] = true
		m.entries[e.Incident] = append(m.entries[e.Incident], e)
		m.incidents[e.Incident] = m.incidents[e.Incident].Then(e)
		added = append(added, e)
	}
	m.unresolved = 0
	for _, in := range m.incidents {
		if in.State != bot.Resolved {
			m.unresolved++
		}
	}
	return added, nil
}

// Entries is a timeline, the oldest first.
func (m *remembered) Entries(_ context.Context, incident string) ([]bot.Entry, error) {
	return slices.Clone(m.entries[incident]), nil
}

// Incident is one of them.
func (m *remembered) Incident(_ context.Context, id string) (bot.Incident, error) {
	in, known := m.incidents[id]
	if !known {
		return in, bot.Errorf(bot.NotFound, "no incident %q", id)
	}
	return in, nil
}

// Incidents lists incidents, the newest first.
func (m *remembered) Incidents(_ context.Context, q bot.IncidentQuery) ([]bot.Incident, error) {
	var out []bot.Incident
	limit := cmp.Or(q.Limit, 100)
	for i := len(m.order) - 1; i >= 0 && len(out) < limit; i-- {
		in := m.incidents[m.order[i]]
		if (len(q.States) == 0 || slices.Contains(q.States, in.State)) && (q.Service == "" || q.Service == in.Service) {
			out = append(out, in)
		}
	}
	return out, nil
}

// Changes lists the changes as they were known at the time, the newest first: one that was merged and not yet deployed is known as
// merged, and one to come is not known.
func (m *remembered) Changes(_ context.Context, q bot.ChangeQuery) ([]bot.Change, error) {
	now := m.now()
	var out []bot.Change
	for _, c := range m.changes {
		if c.EffectiveAt.After(now) && !c.MergedAt.IsZero() {
			c.EffectiveAt, c.Environment = time.Time{}, ""
		}
		at := c.At()
		switch {
		case at.After(now), at.Before(q.From), !q.To.IsZero() && !at.Before(q.To):
		case q.Service != "" && !slices.Contains(c.Services, q.Service):
		default:
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b bot.Change) int { return b.At().Compare(a.At()) })
	return out[:min(len(out), cmp.Or(q.Limit, 100))], nil
}

// ledgerThen is the ledger as it was; nothing is written into it.
type ledgerThen struct {
	engine.Ledger
	then *remembered
}

// Changes lists the changes as they were known at the time.
func (l ledgerThen) Changes(ctx context.Context, q bot.ChangeQuery) ([]bot.Change, error) {
	return l.then.Changes(ctx, q)
}

type approvals = engine.Approvals

// noApprovals has no questions.
type noApprovals struct{ approvals }

// Approvals lists none.
func (noApprovals) Approvals(context.Context, bot.ApprovalQuery) ([]bot.Approval, error) {
	return nil, nil
}

// unkept keeps nothing, starts nothing and tells nobody.
type unkept struct{}

var (
	_ engine.Findings  = unkept{}
	_ engine.Memory    = unkept{}
	_ engine.Playbooks = unkept{}
	_ engine.Announcer = unkept{}
)

// SaveFindings forgets them.
func (unkept) SaveFindings(context.Context, []detectors.Finding) error { return nil }

// Remember forgets it.
func (unkept) Remember(context.Context, string, string, []byte) error { return nil }

// Recall knows nothing.
func (unkept) Recall(context.Context, string, string) ([]byte, bool, error) { return nil, false, nil }

// Choose chooses none.
func (unkept) Choose(string, expr.Scope) ([]playbooks.Plan, []string) { return nil, nil }

// Plans are none.
func (unkept) Plans() []playbooks.Plan { return nil }

// Update shows nothing.
func (unkept) Update(context.Context, string) {}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
