package app

import (
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// A storm is so many findings on so many services, spread over a minute.
const (
	stormFindings = 300
	stormServices = 40
)

// BenchmarkStorm has 300 findings fire on 40 services within a minute: one routing key, one channel, the whole bot on SQLite, stand-ins that
// enforce Slack's and PagerDuty's limits. Then it counts: every incident has one page and one card that shows how it stands, and no limit was
// met twice.
//
//	go test ./cmd/internal/app -run '^$' -bench Storm -benchtime 1x
func BenchmarkStorm(b *testing.B) {
	for range b.N {
		h := newHouse(b, plan{services: stormServices, token: true, playbook: pageAndTell})
		began := time.Now()
		for i := range stormFindings {
			<-time.After(time.Until(began.Add(time.Duration(i) * time.Minute / stormFindings)))
			h.observe(b, burns(i%stormServices, i/stormServices, detectors.Firing))
		}
		first := (<-h.paged).Sub(began)
		until(b, 3*time.Minute, func() string { return h.unpaged(b) + h.unshown(b) })
		took := time.Since(began)
		met := 0
		for _, refused := range []map[string]int{h.slack.Refused(), h.pager.Refused()} {
			for key, n := range refused {
				if met += n; n > 1 {
					b.Errorf("the limit of %s was met %d times", key, n)
				}
			}
		}
		cards, pages := len(h.cards(b)), len(h.pager.Alerts())
		if cards > stormServices || first > time.Second {
			b.Errorf("%d cards, the first page after %s", cards, first)
		}
		b.Logf("figure: storm: %d findings on %d services in a minute | at most 40 cards, none lost, no limit met twice, first page within 1 s | %d cards, %d pages, first after %d ms, all shown after %.0f s, limits met %d times",
			stormFindings, stormServices, cards, pages, first.Milliseconds(), took.Seconds(), met)
	}
}
