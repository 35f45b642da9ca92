package desk_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/desk"
	"github.com/firebreak-dev/firebreak/detectors"
)

var friday = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)

// house is everything behind the desk, and writes down what it was told to do.
type house struct {
	incidents []bot.Incident
	changes   []bot.Change
	asked     []bot.Approval
	freezes   []bot.Freeze
	stopped   bot.Stop
	done      []string
	audit     []string
	fail      error
}

func (h *house) did(format string, args ...any) error {
	if h.fail == nil {
		h.done = append(h.done, fmt.Sprintf(format, args...))
	}
	return h.fail
}

func (h *house) Incidents(_ context.Context, q bot.IncidentQuery) ([]bot.Incident, error) {
	var out []bot.Incident
	for _, in := range h.incidents {
		if len(q.States) == 0 || in.State != bot.Resolved {
			out = append(out, in)
		}
	}
	return out, h.fail
}

func (h *house) Incident(_ context.Context, id string) (bot.Incident, error) {
	for _, in := range h.incidents {
		if in.ID == id {
			return in, nil
		}
	}
	return bot.Incident{}, bot.Errorf(bot.NotFound, "no incident %q", id)
}

func (h *house) Changes(_ context.Context, q bot.ChangeQuery) ([]bot.Change, error) {
	h.done = append(h.done, fmt.Sprintf("changes of %q since %s", q.Service, q.To.Sub(q.From)))
	return h.changes, nil
}

func (h *house) Approvals(context.Context, bot.ApprovalQuery) ([]bot.Approval, error) {
	return h.asked, nil
}

func (h *house) Acknowledge(_ context.Context, id, by string) error {
	return h.did("%s acknowledged by %s", id, by)
}

func (h *house) Resolve(ctx context.Context, id, by, via, why string) (bot.Incident, error) {
	in, _ := h.Incident(ctx, id)
	return in, h.did("%s resolved by %s (%s): %s", id, by, via, why)
}

func (h *house) Note(ctx context.Context, id, by, via, text string) (bot.Incident, error) {
	in, _ := h.Incident(ctx, id)
	return in, h.did("%s noted by %s (%s): %s", id, by, via, text)
}

func (h *house) Mute(ctx context.Context, id string, lasts time.Duration, by, via, why string) (bot.Incident, error) {
	in, _ := h.Incident(ctx, id)
	in.Muted.Until = friday.Add(lasts)
	return in, h.did("%s muted for %s by %s (%s): %s", id, lasts, by, via, why)
}

func (h *house) Decide(_ context.Context, id string, d bot.Decision, by, via string) (bot.Approval, error) {
	return bot.Approval{ID: id, Incident: "inc-0000000001", By: by, Question: "Go on?"}, h.did("%s %s by %s (%s)", id, d, by, via)
}

func (h *house) Judge(_ context.Context, id string, v bot.Verdict) (bot.Incident, error) {
	return bot.Incident{}, h.did("%s: %s %s by %s (%s)", id, v.Change, v.Word, v.By, v.Via)
}

func (h *house) Declare(_ context.Context, d bot.Declared) (bot.Incident, error) {
	return bot.Incident{ID: "inc-new", Service: d.Service, Title: d.Title}, h.did("%s declared by %s (%s): %s", d.Service, d.By, d.Via, d.Title)
}

func (h *house) Card(_ context.Context, id string) (bot.Card, error) {
	return bot.Card{Incident: id, Headline: "support refuses 9.8 %", State: bot.Open, Facts: []bot.Fact{{Label: "Since", Value: "15:50"}}, Doing: []string{"paged"}}, nil
}

func (h *house) Outline(_ context.Context, name, incident string) ([]string, error) {
	return []string{"page " + name, "for " + incident}, h.fail
}

func (h *house) Run(_ context.Context, name, incident, by, via string) error {
	return h.did("playbook %s for %s by %s (%s)", name, incident, by, via)
}

func (h *house) Quote(_ context.Context, incident string, q bot.Quote, by, via string) (bot.Incident, bool, error) {
	for _, in := range h.incidents {
		if in.ID == incident {
			return in, q.Key != "old", h.did("%s quotes %q of %s by %s (%s)", incident, q.Text, q.Author, by, via)
		}
	}
	return bot.Incident{}, false, h.fail
}

func (h *house) Rollbacks(context.Context, string) (bot.Rollbacks, error) {
	return bot.Rollbacks{
		Held: []string{"it is stopped"}, Possible: []bot.Rollback{{
			Change: "github:acme/a#482", Kind: bot.Prompt, Title: "Warmer tone", Probability: .9, Playbook: "undo", Steps: []string{"ask", "revert"},
			Asks: []string{"asks mara: go on?"}, Consequences: []string{"undoes it"},
		}},
		Refused: []bot.NoRollback{{Change: "github:acme/a#480", Title: "Timeouts", Why: "no way back"}},
	}, h.fail
}

func (h *house) Rollback(_ context.Context, incident, change, playbook, by, via string) (bot.Rollback, error) {
	return bot.Rollback{Change: change, Playbook: "undo", Asks: []string{"asks mara: go on?"}}, h.did("%s of %s taken back by %q for %s (%s)", change, incident, playbook, by, via)
}

func (h *house) Openings(_ context.Context, service string, at time.Time) ([]bot.Opening, error) {
	return []bot.Opening{{Service: "support", Until: at.Add(time.Hour), Reasons: []bot.Reason{{Sentence: "it is Friday"}}}}, nil
}

func (h *house) Freezes(context.Context, bot.FreezeQuery) ([]bot.Freeze, error) {
	return h.freezes, nil
}

func (h *house) StartFreeze(_ context.Context, f bot.Freeze) (bot.Freeze, error) {
	return f, h.did("freeze until %s by %s (%s): %s", f.To.Format("15:04"), f.By, f.Via, f.Reason)
}

func (h *house) EndFreeze(_ context.Context, id, by, via, why string) (bot.Freeze, error) {
	return bot.Freeze{ID: id}, h.did("%s ended by %s (%s): %s", id, by, via, why)
}

func (h *house) Landing(_ context.Context, repository string, number int) (bot.Judged, error) {
	return bot.Judged{
		Title: "Warmer tone", Services: []string{"support"},
		Assessment: bot.Assessment{Level: bot.High, Reasons: []bot.Reason{{Sentence: "it is Friday", Weight: 1.5, Lower: "wait"}}, Unknown: []string{"reviews"}},
	}, h.fail
}

func (h *house) OnCall(_ context.Context, service string) ([]bot.Duty, error) {
	return []bot.Duty{
		{Service: "support", Levels: []bot.DutyLevel{{Level: 1, People: []bot.DutyPerson{{Name: "Omar", Until: friday.Add(time.Hour)}}}, {Level: 2}}, Of: friday, Stale: "away"},
		{Service: "search", Unknown: "no api_token"},
	}, nil
}

func (h *house) Stopped(context.Context) (bot.Stop, error) { return h.stopped, nil }

func (h *house) Stop(_ context.Context, s bot.Stop) (bot.Stop, error) {
	s.At = friday
	h.stopped = s
	return s, h.did("stop %t by %s (%s): %s", s.On, s.By, s.Via, s.Reason)
}

func (h *house) Link(ctx context.Context, id, to, title, by, via string) (bot.Incident, error) {
	in, _ := h.Incident(ctx, id)
	return in, h.did("%s linked with %s by %s (%s): %s", id, to, by, via, title)
}

func (h *house) Digest(_ context.Context, kind, service string, _ time.Time) (bot.Digest, error) {
	if kind == "nope" {
		return bot.Digest{}, bot.Errorf(bot.Invalid, "no digest %q", kind)
	}
	return bot.Digest{Kind: kind, Title: kind + " of " + service, Sections: []bot.Section{{Title: "Open", Rows: []bot.Row{{Label: "PAGE", Text: "support"}}}}}, h.fail
}

func (h *house) Postmortem(_ context.Context, id string) (bot.Postmortem, error) {
	return bot.Postmortem{
		Incident: id, Title: "support is well again", Seconds: map[string]float64{"detected": 480}, Impact: []string{"It refused."},
		Unknown: []string{"What did it."}, Questions: []string{"Why so late?"}, URL: "https://fb.example/incidents/" + id,
	}, h.fail
}

type audit struct{ h *house }

func (a audit) Note(_ context.Context, _ time.Time, actor, action, target, detail string) error {
	a.h.audit = append(a.h.audit, strings.Join([]string{actor, action, target, detail}, " | "))
	return nil
}

func newHouse() (*house, *desk.Desk) {
	h := &house{
		incidents: []bot.Incident{
			{ID: "inc-0000000001", Service: "support", Title: "refuses 9.8 %", State: bot.Open, Severity: detectors.Page, OpenedAt: friday.Add(-10 * time.Minute), Ranking: bot.Ranking{
				At: friday, None: .1, Suspects: []bot.Suspect{{Change: "github:acme/a#482", Kind: bot.Prompt, Title: "Warmer tone", Probability: .9, Reasons: []bot.Reason{{Sentence: "4 min before", Weight: 2}}}},
			}},
			{ID: "inc-0000009999", Service: "search", State: bot.Resolved, OpenedAt: friday.Add(-48 * time.Hour)},
		},
		changes: []bot.Change{{Kind: bot.Prompt, Title: "Warmer tone", Services: []string{"support"}, MergedAt: friday.Add(-time.Hour), Flags: []bot.Reason{{Sentence: "it is Friday"}}}},
		asked:   []bot.Approval{{ID: "apr-named", Of: []string{"mara", "team-leads"}, Question: "Go on?"}, {ID: "apr-open", Question: "Go on?"}},
	}
	return h, desk.New(desk.Parts{
		Reader: h, Operator: h, Playbooks: h, Rollbacks: h, Calendar: h, Landing: h, Rota: h, Switch: h, Audit: audit{h}, URL: func() string { return "https://fb.example" },
		Teller: h, Executing: func() (bool, string) { return true, "this process watches" },
		Budgets: func() []bot.Budget {
			return []bot.Budget{{Service: "search", Objective: "found", Target: .95, Days: 30, Left: .5}, {Service: "support", Objective: "useful", Target: .99, Days: 30, Left: -.2}, {Service: "support", Objective: "fast", Target: .9, Days: 7, Blind: "no data"}}
		},
		Blind: func() []string { return []string{"cost of search (no data)"} },
		Who:   func(bot.Role) string { return "mara, @oncall" },
		Now:   func() time.Time { return friday }, Logger: slog.New(slog.DiscardHandler),
	})
}

// text is an answer in lines.
func text(a bot.Answer) string {
	lines := []string{a.Title}
	for _, r := range a.Rows {
		lines = append(lines, strings.TrimSpace(r.Label+" "+r.Text))
	}
	return strings.Join(lines, "\n")
}

func TestWhatIsAskedForIsDone(t *testing.T) {
	for line, want := range map[string]string{
		"ack":                            "inc-0000000001 acknowledged by ana",
		"ack 0001":                       "inc-0000000001 acknowledged by ana",
		"resolve 9999":                   "inc-0000009999 resolved by ana (slack): ",
		"resolve it was a drill":         "inc-0000000001 resolved by ana (slack): it was a drill",
		"resolve inc-0000009999 a drill": "inc-0000009999 resolved by ana (slack): a drill",
		"note 0001 the vendor is told":   "inc-0000000001 noted by ana (slack): the vendor is told",
		"link 0001 https://x.example/1 the vendor": "inc-0000000001 linked with https://x.example/1 by ana (slack): the vendor",
		"link 0001 9999 the same":                  "inc-0000000001 linked with inc-0000009999 by ana (slack): the same",
		"declare search finds nothing":             "search declared by ana (slack): finds nothing",
		"mute 0001 1h known":                       "inc-0000000001 muted for 1h0m0s by ana (slack): known",
		"mute 0001 off":                            "inc-0000000001 muted for 0s by ana (slack): ",
		"freeze start 2h the shop":                 "freeze until 18:00 by ana (slack): the shop",
		"freeze end frz-0123 done":                 "frz-0123 ended by ana (slack): done",
		"approve apr-open":                         "apr-open approved by ana (slack)",
		"deny apr-open":                            "apr-open denied by ana (slack)",
		"playbook run generic 0001":                "playbook generic for inc-0000000001 by ana (slack)",
		"rollback start 0001 #482":                 `#482 of inc-0000000001 taken back by "" for ana (slack)`,
		"stop it rolls back in circles":            "stop true by ana (slack): it rolls back in circles",
		"stop lift":                                "stop false by ana (slack): ",
		"changes support 2d":                       `changes of "support" since 48h0m0s`,
	} {
		h, d := newHouse()
		a := d.Do(t.Context(), line, bot.Person{Name: "ana", Role: bot.Admin, Via: "slack"})
		if diff := cmp.Diff([]string{want}, h.done); diff != "" || a.Refused {
			t.Errorf("%s: %+v\n%s", line, a, diff)
		}
		if looks := strings.HasPrefix(line, "changes"); len(h.audit) != 1 && !looks {
			t.Errorf("%s: the audit log has %q", line, h.audit)
		}
	}
}

func TestWhatIsAskedAboutIsTold(t *testing.T) {
	for line, want := range map[string][]string{
		"help":                  {"What you can ask for", "status how things are"},
		"status":                {"1 incident is not over.", "PAGE support open, refuses 9.8 %, since 15:50 UTC (inc-0000000001)", "Waits for an answer Go on? (apr-named", "Budget spent support: useful: 99 % over 30 days; the budget is overspent by 20 %", "Cannot be seen cost of search (no data)", "likely prompt #482 (0.90)", "Changes of support are unwelcome until 17:00 UTC: it is Friday", "Works this process watches"},
		"handover search":       {"handover of search", "Open:\nPAGE support"},
		"digest weekly":         {"weekly of \n"},
		"postmortem 9999":       {"support is well again", "Seen after 8 min", "Impact It refused.", "Not known What did it.", "Question Why so late?", "Document as Markdown"},
		"incident":              {"1 incident is not over"},
		"incident 0001":         {"support refuses 9.8 %", "Since 15:50", "90 % prompt Warmer tone", "paged"},
		"suspects":              {"support: refuses 9.8 %, since 15:50 UTC", "90 % prompt Warmer tone", "10 % none of these", "#482 4 min before (+2.0)"},
		"changes":               {"1 change of all services in the last 24 h, 1 risky", "prompt Warmer tone, support, 15:00 UTC; risky: it is Friday"},
		"windows":               {"support no, until 17:00 UTC: it is Friday"},
		"slo":                   {"3 objectives\nsupport useful", "fast: 90 % over 7 days; what is left cannot be told: no data"},
		"slo search":            {"1 objective\nsearch found: 95 % over 30 days; 50 % of the budget is left"},
		"oncall":                {"support 1. Omar until 17:00 UTC; 2. nobody (as of 16:00 UTC: away)", "search not known: no api_token"},
		"risk acme/a#482":       {"Landing acme/a#482 now: high risk", "What Warmer tone (support)", "+1.5 it is Friday", "→ wait", "Not looked at reviews"},
		"playbook plan generic": {"Playbook generic would", "1. page generic"},
		"rollback":              {"What can be taken back: support, refuses 9.8 %", "Not now it is stopped", "90 % prompt #482, by playbook undo\nFirst asks mara: go on?\nundoes it\nSteps ask; revert", "Not #480 no way back", "To begin rollback start inc-0000000001 github:acme/a#482"},
	} {
		_, d := newHouse()
		a := d.Do(t.Context(), line, bot.Person{Name: "ana", Role: bot.Viewer, Via: "slack"})
		for _, w := range want {
			if a.Refused || !strings.Contains(text(a), w) {
				t.Errorf("%s: %q is not in\n%s", line, w, text(a))
			}
		}
	}
}

func TestWhoMayNotIsToldWhoCould(t *testing.T) {
	for line, q := range map[string]struct {
		role bot.Role
		want string
	}{
		"ack 0001":                  {bot.Viewer, `ana is a viewer, and "ack" is for responders; who could: mara, @oncall`},
		"status":                    {bot.Nobody, `ana is nobody here, and "status" is for viewers`},
		"stop lift":                 {bot.Responder, `"stop lift" is for approvers`},
		"freeze start 1h why":       {bot.Responder, "for approvers"},
		"playbook run generic 0001": {bot.Responder, "for approvers"},
		"rollback start 0001":       {bot.Responder, "for approvers"},
		"approve apr-open":          {bot.Responder, "for approvers"},
		"approve apr-nope":          {bot.Nobody, "for approvers"},
	} {
		h, d := newHouse()
		a := d.Do(t.Context(), line, bot.Person{Name: "ana", Role: q.role, Via: "slack"})
		if !a.Refused || !strings.Contains(a.Title, q.want) || len(h.done) != 0 {
			t.Errorf("%s: %+v, done %q", line, a, h.done)
		}
		if len(h.audit) != 1 || !strings.Contains(h.audit[0], "refused: ") {
			t.Errorf("%s: the audit log has %q", line, h.audit)
		}
	}
}

func TestWhoIsAskedByNameMayAnswerWhateverTheRole(t *testing.T) {
	h, d := newHouse()
	a := d.Do(t.Context(), "approve apr-named", bot.Person{Name: "Mara Lind", Known: []string{"U0MARA", "team-leads"}, Role: bot.Viewer, Via: "slack"})
	if a.Refused || len(h.done) != 1 || h.done[0] != "apr-named approved by team-leads (slack)" {
		t.Errorf("%+v, %q", a, h.done)
	}
}

func TestButtonsHeedRolesToo(t *testing.T) {
	press := func(role bot.Role) (*house, []error) {
		h, d := newHouse()
		ana := bot.Person{Name: "ana", Role: role, Via: "slack", Doubt: "the group leads could not be read"}
		_, judged := d.Judge(t.Context(), "inc-0000000001", bot.Verdict{Change: "github:acme/a#482", Word: bot.Confirmed}, ana)
		_, decided := d.Press(t.Context(), "apr-open", bot.Approved, ana)
		return h, []error{d.Acknowledge(t.Context(), "inc-0000000001", ana), judged, decided}
	}
	h, errs := press(bot.Approver)
	want := []string{"inc-0000000001: github:acme/a#482 confirmed by ana (slack)", "apr-open approved by ana (slack)", "inc-0000000001 acknowledged by ana"}
	if diff := cmp.Diff(want, h.done); diff != "" || errs[0] != nil || errs[1] != nil || errs[2] != nil || len(h.audit) != 3 {
		t.Errorf("%v, %q\n%s", errs, h.audit, diff)
	}
	h, errs = press(bot.Viewer)
	for _, err := range errs {
		if bot.CodeOf(err) != bot.Forbidden || !strings.Contains(err.Error(), "who could: mara, @oncall (the group leads could not be read)") {
			t.Errorf("a viewer: %v", err)
		}
	}
	if len(h.done) != 0 || len(h.audit) != 3 {
		t.Errorf("done %q, audit %q", h.done, h.audit)
	}
	if h, errs = press(bot.Nobody); len(h.done) != 0 || errs[2] == nil {
		t.Errorf("nobody: %q", h.done)
	}
}

func TestWhatCannotBeMeantIsAskedBack(t *testing.T) {
	h, d := newHouse()
	ana := bot.Person{Name: "ana", Role: bot.Admin, Via: "slack"}
	more := h.incidents[0]
	more.ID, more.Service = "inc-1110000001", "search"
	h.incidents = append(h.incidents, more)
	h.freezes = []bot.Freeze{{ID: "frz-1", Reason: "a"}, {ID: "frz-2", Reason: "b"}}
	for line, want := range map[string]string{
		"ack":              "2 incidents are open; name one: inc-0000000001 (support), inc-1110000001 (search)",
		"ack 0001":         `"0001" may be any of inc-0000000001 (support), inc-1110000001 (search)`,
		"ack 001":          `there is no incident "001"`,
		"ack nope12":       `there is no incident "nope12"`,
		"freeze end":       "2 freezes hold; name one: frz-1 (a), frz-2 (b)",
		"digest nope":      `no digest "nope"`,
		"link 0001 0001 x": "more of it",
		"slo nope":         `nothing is promised of "nope"`,
		"statsu":           `did you mean "status"?`,
	} {
		if a := d.Do(t.Context(), line, ana); !a.Refused || !strings.Contains(a.Title, want) || len(h.done) != 0 {
			t.Errorf("%s: %+v", line, a)
		}
	}
	h.fail = fmt.Errorf("disk on fire at /dev/sda")
	if a := d.Do(t.Context(), "declare support x", ana); !a.Refused || strings.Contains(a.Title, "sda") {
		t.Errorf("the operator's detail is told: %+v", a)
	}
}
