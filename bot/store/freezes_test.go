package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
)

func aFreeze(id string, from, to int) bot.Freeze {
	f := bot.Freeze{ID: id, Services: []string{"support", "search"}, Reason: "an audit", By: "ana", Via: "cli", From: minute(from)}
	if to > 0 {
		f.To = minute(to)
	}
	return f
}

func TestAFreezeIsStartedOnceAndEndedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		want := aFreeze("f1", 1, 30)
		if d := cmp.Diff(want, must[bot.Freeze](t)(db.PutFreeze(ctx, want, minute(1)))); d != "" {
			t.Errorf("started (-want +got):\n%s", d)
		}
		other := want
		other.Reason = "another"
		if d := cmp.Diff(want, must[bot.Freeze](t)(db.PutFreeze(ctx, other, minute(2)))); d != "" {
			t.Errorf("starting it again changed it (-want +got):\n%s", d)
		}
		want.EndedAt, want.EndedBy, want.EndReason = minute(5), "ben", "it is over"
		if d := cmp.Diff(want, must[bot.Freeze](t)(db.EndFreeze(ctx, "f1", "ben", "slack", "it is over", minute(5)))); d != "" {
			t.Errorf("ended (-want +got):\n%s", d)
		}
		_, err := db.EndFreeze(ctx, "f1", "eve", "api", "", minute(6))
		if said := wantCode(t, err, bot.Conflict); !strings.Contains(said.Message, "ben ended it already") {
			t.Errorf("the refusal says %q", said.Message)
		}
		_, err = db.EndFreeze(ctx, "none", "eve", "api", "", minute(6))
		wantCode(t, err, bot.NotFound)
		must[bot.Freeze](t)(db.PutFreeze(ctx, aFreeze("f2", 1, 3), minute(1)))
		_, err = db.EndFreeze(ctx, "f2", "eve", "api", "", minute(3))
		wantCode(t, err, bot.Conflict)

		lines := must[[]store.AuditEntry](t)(db.AuditLog(ctx, 10))
		var got []string
		for _, l := range lines {
			got = append(got, l.Actor+" "+l.Action+" "+l.Target+" "+l.Detail)
		}
		if d := cmp.Diff([]string{
			"ana freeze.start support,search via cli: f2: an audit", "ben freeze.end support,search via slack: f1: it is over",
			"ana freeze.start support,search via cli: f1: an audit",
		}, got); d != "" {
			t.Errorf("audit (-want +got):\n%s", d)
		}
	})
}

func TestFreezesThatAreOverAreLeftOutAndGoWithTheLedger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for _, f := range []bot.Freeze{aFreeze("past", 1, 10), aFreeze("ended", 2, 0), aFreeze("open", 3, 0), aFreeze("coming", 40, 50)} {
			must[bot.Freeze](t)(db.PutFreeze(ctx, f, minute(1)))
		}
		must[bot.Freeze](t)(db.EndFreeze(ctx, "ended", "ben", "api", "", minute(12)))
		ids := func(since time.Time) (out []string) {
			for _, f := range must[[]bot.Freeze](t)(db.Freezes(ctx, bot.FreezeQuery{Since: since})) {
				out = append(out, f.ID)
			}
			return out
		}
		for at, want := range map[int][]string{0: {"coming", "open", "ended", "past"}, 10: {"coming", "open", "ended"}, 12: {"coming", "open"}, 60: {"open"}} {
			if d := cmp.Diff(want, ids(minute(at))); d != "" {
				t.Errorf("since minute %d (-want +got):\n%s", at, d)
			}
		}
		if _, err := db.Retention(ctx, store.Retention{}, minute(20).AddDate(0, 0, 400)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"coming", "open"}, ids(time.Time{})); d != "" {
			t.Errorf("after 400 days (-want +got):\n%s", d)
		}
	})
}
