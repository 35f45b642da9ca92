package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
)

func delivery(id string, minutes int) bot.Delivery {
	return bot.Delivery{ID: id, Source: "github", Event: "push", Body: []byte("{\"id\":\"" + id + "\"}\x00\xff"), ReceivedAt: minute(minutes)}
}

func TestInbox(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		put := func(d bot.Delivery) bool { return must[bool](t)(db.PutDelivery(ctx, d)) }
		pending := func(limit int) []bot.Delivery { return must[[]bot.Delivery](t)(db.PendingDeliveries(ctx, limit)) }

		late, early := delivery("b", 2), delivery("a", 1)
		if !put(late) || !put(early) {
			t.Fatal("a first delivery must be fresh")
		}
		twin := early
		twin.Body = []byte("another body")
		if put(twin) {
			t.Error("the same source and ID again must not be fresh")
		}
		other := early
		other.Source = "alertmanager"
		if !put(other) {
			t.Error("the same ID of another source is another delivery")
		}
		if d := cmp.Diff([]bot.Delivery{other, early, late}, pending(0)); d != "" {
			t.Errorf("pending, oldest first, with the first body (-want +got):\n%s", d)
		}
		if got := pending(1); len(got) != 1 || got[0].Source != "alertmanager" {
			t.Errorf("a limit of one gives %v", got)
		}

		if err := db.FinishDelivery(ctx, "github", "a", ""); err != nil {
			t.Fatal(err)
		}
		if err := db.FinishDelivery(ctx, "github", "b", "not JSON"); err != nil {
			t.Fatal(err)
		}
		if put(early) || put(late) {
			t.Error("a finished delivery that comes again must not be fresh")
		}
		if got := pending(0); len(got) != 1 || got[0].Source != "alertmanager" {
			t.Errorf("pending after two were finished: %v", got)
		}
		late.Problem = "not JSON"
		if d := cmp.Diff([]bot.Delivery{late}, must[[]bot.Delivery](t)(db.UndecodableDeliveries(ctx, 0))); d != "" {
			t.Errorf("an undecodable delivery keeps its body and tells why (-want +got):\n%s", d)
		}
		want := map[store.DeliveryState]int{store.DeliveryPending: 1, store.DeliveryDone: 1, store.DeliveryUndecodable: 1}
		if d := cmp.Diff(want, must[map[store.DeliveryState]int](t)(db.CountDeliveries(ctx))); d != "" {
			t.Errorf("counts (-want +got):\n%s", d)
		}
		var body []byte
		row := db.SQL().QueryRowContext(ctx, `SELECT body FROM deliveries WHERE state = 'done'`)
		if err := row.Scan(&body); err != nil || len(body) != 0 {
			t.Errorf("the body of an understood delivery is still there: %q, %v", body, err)
		}
	})
}

func TestInboxRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for name, d := range map[string]struct {
			delivery bot.Delivery
			code     bot.ErrorCode
		}{
			"a delivery without an ID":       {bot.Delivery{Source: "github"}, bot.Invalid},
			"a delivery without a source":    {bot.Delivery{ID: "1"}, bot.Invalid},
			"an ID of NUL bytes":             {bot.Delivery{Source: "github", ID: "\x00"}, bot.Invalid},
			"an ID that no index would take": {bot.Delivery{Source: "github", ID: strings.Repeat("x", 600)}, bot.TooLarge},
		} {
			if _, err := db.PutDelivery(ctx, d.delivery); bot.CodeOf(err) != d.code {
				t.Errorf("%s: %v, want %s", name, err, d.code)
			}
		}
		wantCode(t, db.FinishDelivery(ctx, "github", "nobody", ""), bot.NotFound)
	})
}

func TestInboxHasEachDeliveryOnceHoweverManyBringIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fresh := race(t, 16, func(int) (n int, err error) {
			for i := range 10 {
				is, err := db.PutDelivery(t.Context(), delivery(fmt.Sprint(i), i))
				if err != nil {
					return n, err
				}
				if is {
					n++
				}
			}
			return n, nil
		})
		if fresh != 10 {
			t.Errorf("%d deliveries were told to be fresh, want 10", fresh)
		}
	})
}

func TestDeliveriesAreCountedByStretch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		hour := t0.Truncate(time.Hour)
		for i, d := range []struct {
			source string
			at     time.Time
		}{
			{"github", hour},
			{"github", hour.Add(time.Microsecond)},
			{"github", hour.Add(time.Hour)},
			{"events", hour.Add(90 * time.Minute)},
			{"github", hour.Add(3 * time.Hour)},
			{"github", hour.Add(3*time.Hour + time.Microsecond)},
		} {
			must[bool](t)(db.PutDelivery(t.Context(), bot.Delivery{ID: string(rune('a' + i)), Source: d.source, ReceivedAt: d.at}))
		}
		got := must[[]store.DeliveryCount](t)(db.DeliveryCounts(t.Context(), hour, hour.Add(3*time.Hour), time.Hour))
		want := []store.DeliveryCount{
			{Source: "events", End: hour.Add(2 * time.Hour), N: 1},
			{Source: "github", End: hour.Add(time.Hour), N: 2},
			{Source: "github", End: hour.Add(3 * time.Hour), N: 1},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("counts (-want +got):\n%s", d)
		}
		_, err := db.DeliveryCounts(t.Context(), hour, hour, 0)
		wantCode(t, err, bot.Invalid)
	})
}
