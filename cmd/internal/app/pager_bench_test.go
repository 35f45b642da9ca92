package app

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
)

// BenchmarkOpenedToEvent measures how long it takes from an incident's opening until PagerDuty has accepted the event: the whole bot on
// SQLite, which notes on the page what it knows meanwhile.
//
//	go test ./cmd/internal/app -run '^$' -bench OpenedToEvent -benchtime 50x
func BenchmarkOpenedToEvent(b *testing.B) {
	h := newHouse(b, plan{services: b.N, token: true, playbook: pageAndTell})
	took := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for i := range b.N {
		began := time.Now()
		h.observe(b, burns(i, 0, detectors.Firing))
		until(b, time.Minute, func() string {
			if len(h.pager.Alerts()) == i+1 {
				return ""
			}
			return "PagerDuty has no alert"
		})
		took = append(took, time.Since(began))
	}
	figure(b, took, "incident opened to event accepted, %d incidents one by one | p95 at most 300 ms | p50 %.0f ms, p99 %.0f ms")
}

// BenchmarkPageToNote measures how long it takes from an incident that another tool raises at PagerDuty until the note of what is known of the
// service stands on it: eight changes of the service, a bot on SQLite, webhooks and the REST API on loopback.
//
//	go test ./cmd/internal/app -run '^$' -bench PageToNote -benchtime 50x
func BenchmarkPageToNote(b *testing.B) {
	h := newHouse(b, plan{services: b.N, token: true})
	for i := range b.N {
		for n := range 8 {
			at := time.Now().Add(-time.Duration(3+15*n) * time.Minute)
			c := bot.Change{
				ID: fmt.Sprintf("x:%d-%d", i, n), Title: fmt.Sprintf("change %d, case %d", n, i), Kind: bot.Prompt, Services: []string{fmt.Sprintf("service-%d", i)},
				MergedAt: at, EffectiveAt: at, Seen: at,
			}
			if err := h.app.engine.Record(b.Context(), c); err != nil {
				b.Fatal(err)
			}
		}
	}
	took := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for i := range b.N {
		b.StopTimer()
		<-time.After(500 * time.Millisecond) // the pace at which PagerDuty may be asked is measured by others
		b.StartTimer()
		began := time.Now()
		in := h.pager.Raise(fmt.Sprintf("others-PSERVICE%d", i), "latency is bad", fmt.Sprintf("other/%d", i))
		until(b, time.Minute, func() string {
			all := h.pager.Incidents()
			if notes := all[len(all)-1].Notes; len(notes) > 0 && strings.Contains(notes[0].Content, fmt.Sprintf("case %d", i)) {
				return ""
			}
			return in.ID + " has no note that names a change"
		})
		took = append(took, time.Since(began))
	}
	figure(b, took, "webhook of PagerDuty to note, %d incidents of others, eight changes each | p95 at most 2 s | p50 %.0f ms, p99 %.0f ms")
}

// pagerWebhooksASecond is the pace of BenchmarkPagerWebhooks.
const pagerWebhooksASecond = 50

// BenchmarkPagerWebhooks has people and tools do things to 40 pages of ours at PagerDuty, 50 a second, one in ten told twice, and measures how
// long PagerDuty waits for the answer. Then it compares: every incident stands here as it does there.
//
//	go test ./cmd/internal/app -run '^$' -bench PagerWebhooks -benchtime 3000x
func BenchmarkPagerWebhooks(b *testing.B) {
	h := newHouse(b, plan{services: stormServices, token: true, playbook: pageOnly})
	for i := range stormServices {
		h.observe(b, burns(i, 0, detectors.Firing))
	}
	until(b, time.Minute, func() string {
		if n := len(h.pager.Alerts()); n < stormServices {
			return fmt.Sprintf("%d pages", n)
		}
		return ""
	})
	var keys []string
	for _, a := range h.pager.Alerts() {
		keys = append(keys, a.DedupKey)
	}
	until(b, time.Minute, func() string { return h.unpaged(b) })
	h.hold() // from here on they are delivered as they come, each beside the others
	random := rand.New(rand.NewPCG(1, 2))
	took := make([]time.Duration, 0, b.N)
	var mu sync.Mutex
	var under sync.WaitGroup
	failed := 0
	deliver := func(w pagerdutyfake.Webhook) {
		began := time.Now()
		status := h.hook(b.Context(), w)
		mu.Lock()
		defer mu.Unlock()
		took = append(took, time.Since(began))
		if status/100 != 2 {
			failed++
		}
	}
	b.ResetTimer()
	began := time.Now()
	for i := range b.N {
		<-time.After(time.Until(began.Add(time.Duration(i) * time.Second / pagerWebhooksASecond)))
		key := keys[random.IntN(len(keys))]
		for len(h.mail) == 0 {
			act := []string{"acknowledge", "unacknowledge", "reassign", "prioritize"}[random.IntN(4)]
			_ = h.pager.Do(key, act, "Mara", "Jo") // what cannot be done now is not told
		}
		for len(h.mail) > 0 {
			w := <-h.mail
			under.Go(func() { deliver(w) })
			if i%10 == 0 {
				under.Go(func() { deliver(w) })
			}
		}
	}
	under.Wait()
	b.StopTimer()
	until(b, 3*time.Minute, func() string { return h.unpaged(b) })
	if failed > 0 {
		b.Errorf("%d were not taken", failed)
	}
	figure(b, took, "webhooks of PagerDuty, %d at 50 a second, 1 in 10 twice | answered within 5 s, none lost | p50 %.1f ms, p99 %.1f ms")
}
