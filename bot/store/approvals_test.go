package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
)

func anApproval(id string, at int) bot.Approval {
	return bot.Approval{
		ID: id, Incident: "i1", Run: "r1", Step: "ask", Question: "Revert #482?", Of: []string{"U1", "U2"},
		AskedAt: minute(at), Expires: minute(at + 10),
	}
}

func TestAnApprovalIsAskedOnceAndDecidedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		asked := anApproval("a1", 1)
		got, created, err := db.AskApproval(ctx, asked, note("i1", "asked"))
		if err != nil || !created {
			t.Fatalf("created %v, %v", created, err)
		}
		if d := cmp.Diff(asked, got); d != "" {
			t.Errorf("asked (-want +got):\n%s", d)
		}
		other := asked
		other.Question, other.Expires = "another question", minute(99)
		got, created, err = db.AskApproval(ctx, other, note("i1", "asked again"))
		if err != nil || created {
			t.Errorf("asking again: created %v, %v", created, err)
		}
		if d := cmp.Diff(asked, got); d != "" {
			t.Errorf("asking again changed the question (-want +got):\n%s", d)
		}

		want := asked
		want.Decision, want.By, want.Via, want.DecidedAt = bot.Approved, "ana", "slack", minute(3)
		if d := cmp.Diff(want, must[bot.Approval](t)(db.Decide(ctx, "a1", bot.Approved, "ana", "slack", minute(3), note("i1", "approved")))); d != "" {
			t.Errorf("decided (-want +got):\n%s", d)
		}
		late, err := db.Decide(ctx, "a1", bot.Denied, "ben", "api", minute(4), note("i1", "denied"))
		said := wantCode(t, err, bot.Conflict)
		for _, word := range []string{"approved", "ana", "15:07:05 UTC", "slack"} {
			if !strings.Contains(said.Message, word) {
				t.Errorf("the refusal %q does not say %q", said.Message, word)
			}
		}
		if d := cmp.Diff(want, late); d != "" {
			t.Errorf("the one who came late does not see who decided (-want +got):\n%s", d)
		}
		if d := cmp.Diff(want, must[bot.Approval](t)(db.Approval(ctx, "a1"))); d != "" {
			t.Errorf("approval (-want +got):\n%s", d)
		}
		// Asking once more, as a restarted run does, gives the decision.
		if got, _, err := db.AskApproval(ctx, asked); err != nil || got.Decision != bot.Approved {
			t.Errorf("asking a decided question: %+v, %v", got, err)
		}

		var told []string
		for _, e := range must[[]bot.Entry](t)(db.Entries(ctx, "i1")) {
			told = append(told, e.Sentence)
		}
		if d := cmp.Diff([]string{"asked", "approved"}, told); d != "" {
			t.Errorf("timeline (-want +got):\n%s", d)
		}
		wantLine := store.AuditEntry{At: minute(3), Actor: "ana", Action: "approval.approved", Target: "i1", Detail: "via slack: Revert #482?"}
		if d := cmp.Diff([]store.AuditEntry{wantLine}, must[[]store.AuditEntry](t)(db.AuditLog(ctx, 0))); d != "" {
			t.Errorf("audit log (-want +got):\n%s", d)
		}
	})
}

func TestDecideRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		_, err := db.Decide(t.Context(), "nobody", bot.Approved, "ana", "api", t0)
		wantCode(t, err, bot.NotFound)
		_, err = db.Decide(t.Context(), "nobody", "maybe", "ana", "api", t0)
		wantCode(t, err, bot.Invalid)
		_, err = db.Approval(t.Context(), "nobody")
		wantCode(t, err, bot.NotFound)
		_, _, err = db.AskApproval(t.Context(), bot.Approval{})
		wantCode(t, err, bot.Invalid)
	})
}

func TestOfManyWhoDecideAtOnceOneDoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, _, err := db.AskApproval(t.Context(), anApproval("a1", 1)); err != nil {
			t.Fatal(err)
		}
		decided := race(t, 16, func(i int) (int, error) {
			_, err := db.Decide(t.Context(), "a1", []bot.Decision{bot.Approved, bot.Denied}[i%2], fmt.Sprint(i), "api", minute(2), note("i1", "decided"))
			switch bot.CodeOf(err) {
			case "":
				return 1, nil
			case bot.Conflict:
				return 0, nil
			default:
				return 0, err
			}
		})
		if n := len(must[[]bot.Entry](t)(db.Entries(t.Context(), "i1"))); decided != 1 || n != 1 {
			t.Errorf("%d were told that they decided, the timeline tells %d, want 1 and 1", decided, n)
		}
	})
}

func TestApprovalQueries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for i := range 4 {
			a := anApproval(fmt.Sprintf("a%d", i), i)
			a.Incident, a.Run = fmt.Sprintf("i%d", i%2), fmt.Sprintf("r%d", i)
			if _, _, err := db.AskApproval(ctx, a); err != nil {
				t.Fatal(err)
			}
		}
		must[bot.Approval](t)(db.Decide(ctx, "a2", bot.Expired, "firebreak", "clock", minute(20)))
		for name, c := range map[string]struct {
			query bot.ApprovalQuery
			want  []string
		}{
			"everything, newest first": {bot.ApprovalQuery{}, []string{"a3", "a2", "a1", "a0"}},
			"open":                     {bot.ApprovalQuery{Open: true}, []string{"a3", "a1", "a0"}},
			"of an incident":           {bot.ApprovalQuery{Incident: "i0"}, []string{"a2", "a0"}},
			"open of an incident":      {bot.ApprovalQuery{Incident: "i0", Open: true}, []string{"a0"}},
			"of a run":                 {bot.ApprovalQuery{Run: "r3"}, []string{"a3"}},
			"the newest":               {bot.ApprovalQuery{Limit: 1}, []string{"a3"}},
		} {
			var got []string
			for _, a := range must[[]bot.Approval](t)(db.Approvals(ctx, c.query)) {
				got = append(got, a.ID)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	})
}
