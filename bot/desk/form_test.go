package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestAFormDoesWhatItsCommandDoes(t *testing.T) {
	for name, q := range map[string]struct {
		filled bot.Filled
		want   string
		title  string
	}{
		"mute":       {bot.Filled{Form: bot.Form{Name: bot.MuteForm, Incident: "inc-0000000001"}, Lasts: time.Hour, Text: "known"}, "inc-0000000001 muted for 1h0m0s by ana (slack): known", "Muted until"},
		"unmute":     {bot.Filled{Form: bot.Form{Name: bot.MuteForm, Incident: "inc-0000000001"}}, "inc-0000000001 muted for 0s by ana (slack): ", "Not muted any more"},
		"declare":    {bot.Filled{Form: bot.Form{Name: bot.DeclareForm, Service: "search"}, Severity: detectors.Ticket, Text: "page finds nothing"}, "search declared by ana (slack): page finds nothing", "Declared: "},
		"note":       {bot.Filled{Form: bot.Form{Name: bot.NoteForm, Incident: "inc-0000000001"}, Text: "told"}, "inc-0000000001 noted by ana (slack): told", "Noted"},
		"rollback":   {bot.Filled{Form: bot.Form{Name: bot.RollbackForm, Incident: "inc-0000000001"}, Change: "c#1", Playbook: "undo"}, `c#1 of inc-0000000001 taken back by "undo" for ana (slack)`, "Playbook undo begins"},
		"a quote":    {bot.Filled{Form: bot.Form{Name: bot.NoteForm}, Text: "x", Quote: bot.Quote{Key: "new", Text: "look", Author: "jo"}}, `inc-0000000001 quotes "look" of jo by ana (slack)`, "Noted"},
		"once again": {bot.Filled{Form: bot.Form{Name: bot.NoteForm}, Text: "x", Quote: bot.Quote{Key: "old", Text: "look", Author: "jo"}}, `inc-0000000001 quotes "look" of jo by ana (slack)`, "It stands on the timeline already"},
	} {
		h, d := newHouse()
		a, err := d.Fill(t.Context(), q.filled, bot.Person{Name: "ana", Role: bot.Approver, Via: "slack"})
		if diff := cmp.Diff([]string{q.want}, h.done); diff != "" || err != nil || !strings.HasPrefix(a.Title, q.title) || len(h.audit) != 1 {
			t.Errorf("%s: %+v, %v, audit %q\n%s", name, a, err, h.audit, diff)
		}
		h, d = newHouse()
		_, err = d.Fill(t.Context(), q.filled, bot.Person{Name: "eve", Role: bot.Viewer, Via: "slack"})
		if bot.CodeOf(err) != bot.Forbidden || len(h.done) != 0 || len(h.audit) != 1 || !strings.Contains(h.audit[0], "refused: ") {
			t.Errorf("%s by a viewer: %v, %q, audit %q", name, err, h.done, h.audit)
		}
	}
}

func TestACommandThatIsOnlyBegunCanBeAskedFor(t *testing.T) {
	for line, want := range map[string]bot.Form{
		"mute": {Name: bot.MuteForm, Incident: "inc-0000000001"}, "mute 9999": {Name: bot.MuteForm, Incident: "inc-0000009999"},
		"note": {Name: bot.NoteForm, Incident: "inc-0000000001"}, "declare": {Name: bot.DeclareForm}, "declare search": {Name: bot.DeclareForm, Service: "search"},
		"rollback": {Name: bot.RollbackForm, Incident: "inc-0000000001"}, "approve": {}, "mute 0001 soon why": {}, "nonsense": {}, "note nope12": {},
	} {
		_, d := newHouse()
		if a := d.Do(t.Context(), line, bot.Person{Name: "ana", Role: bot.Admin, Via: "slack"}); a.Form != want || a.Title == "" {
			t.Errorf("%s: %+v", line, a)
		}
	}
	h, d := newHouse()
	if a := d.Do(t.Context(), "mute", bot.Person{Name: "eve", Role: bot.Viewer, Via: "slack"}); a.Form.Name != "" || !strings.Contains(a.Title, "who could: ") || len(h.audit) != 1 {
		t.Errorf("a viewer: %+v, %q", a, h.audit)
	}
	if err := d.May(bot.RollbackForm, bot.Person{Name: "eve", Role: bot.Viewer}); err != nil {
		t.Errorf("a plan cannot be looked at: %v", err)
	}
}

func TestARollbackThatAPersonMayNotBeginIsHeld(t *testing.T) {
	_, d := newHouse()
	for role, want := range map[bot.Role]int{bot.Responder: 2, bot.Approver: 1} {
		if all, err := d.Rollbacks(t.Context(), "", bot.Person{Name: "ana", Role: role}); err != nil || len(all.Held) != want {
			t.Errorf("%s: %q, %v", role, all.Held, err)
		}
	}
	if _, err := d.Rollbacks(t.Context(), "", bot.Person{Name: "x"}); bot.CodeOf(err) != bot.Forbidden {
		t.Errorf("nobody: %v", err)
	}
}

func TestThePageOfAPerson(t *testing.T) {
	h, d := newHouse()
	h.stopped = bot.Stop{On: true, By: "jo", Reason: "circles", At: friday}
	home, err := d.Home(t.Context(), bot.Person{Name: "mara", Role: bot.Responder})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range home.Sections {
		b.WriteString("# " + s.Title + "\n" + text(bot.Answer{Title: s.Empty, Rows: s.Rows}) + "\n")
	}
	for _, want := range []string{"no action starts since 16:00 UTC, by jo: circles", "PAGE support open, refuses 9.8 %", "the budget is overspent by 20 %", "Now: changes of"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	if len(home.Approvals) != 1 || home.Approvals[0].ID != "apr-named" { // the other one is an approver's
		t.Errorf("%+v", home.Approvals)
	}
	if !slices.Equal(home.Forms, []bot.FormName{bot.DeclareForm, bot.NoteForm}) {
		t.Errorf("%q", home.Forms)
	}
	if home, err = d.Home(t.Context(), bot.Person{Name: "x"}); err != nil || len(home.Sections) != 1 || !strings.Contains(home.Sections[0].Empty, "nobody here") || len(home.Approvals) != 0 {
		t.Errorf("a stranger: %+v, %v", home, err)
	}
}
