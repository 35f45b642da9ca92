package app

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

var outageLasts = flag.Duration("outage", 30*time.Second, "how long the vendor of BenchmarkOutage is away")

// outageIncidents open one after the other, the first ones before a vendor is away and the last ones after.
const outageIncidents = 20

// BenchmarkOutage has one vendor be away in the middle of twenty incidents, which people acknowledge and resolve here and acknowledge there, and the
// bot be restarted while it is: the whole bot on SQLite, stand-ins that enforce their limits. Then it compares: every incident has one
// card and one page that show how it stands, but for pages that nobody needed any more when PagerDuty was back.
//
//	go test ./cmd/internal/app -run '^$' -bench Outage -benchtime 1x -args -outage 10m
func BenchmarkOutage(b *testing.B) {
	for _, vendor := range []string{"slack", "pagerduty"} {
		for _, mode := range []wire.Mode{wire.Broken, wire.Never, wire.Lost, wire.Limited} {
			b.Run(vendor+"/"+string(mode), func(b *testing.B) {
				for range b.N {
					outage(b, vendor, mode)
				}
			})
		}
	}
}

func outage(b *testing.B, vendor string, mode wire.Mode) {
	h := newHouse(b, plan{services: outageIncidents, token: true, playbook: pageAndTell})
	gate := map[string]func(wire.Fault){"slack": h.slack.Set, "pagerduty": h.pager.Set}[vendor]
	every := *outageLasts / (outageIncidents / 2)
	began := time.Now()
	for i := range outageIncidents + 4 {
		<-time.After(time.Until(began.Add(time.Duration(i) * every)))
		switch i {
		case outageIncidents / 4:
			gate(wire.Fault{Mode: mode, RetryAfter: 5})
		case outageIncidents / 2:
			h.restart(b)
		case outageIncidents * 3 / 4:
			gate(wire.Fault{})
		}
		if i < outageIncidents {
			h.observe(b, burns(i, 0, detectors.Firing))
		}
		if i >= 4 {
			h.live(b, i-4)
		}
	}
	back := time.Now()
	until(b, 5*time.Minute, func() string { return h.unpaged(b) + h.unshown(b) })
	b.Logf("figure: outage of %s (%s) for %s in the middle of %d incidents, with a restart | both sides equal to the truth, none doubled | %d pages, %d cards, equal %.0f s after the last one changed",
		vendor, mode, *outageLasts, outageIncidents, len(h.pager.Alerts()), len(h.cards(b)), time.Since(back).Seconds())
}

// live is what becomes of an incident after a while: one in four is left alone.
func (h *house) live(b *testing.B, service int) {
	b.Helper()
	for id, in := range h.incidents(b) {
		if in.Service != fmt.Sprintf("service-%d", service) {
			continue
		}
		var err error
		switch service % 4 {
		case 0:
			err = h.app.engine.Acknowledge(b.Context(), id, "ana")
		case 1:
			_, err = h.app.engine.Resolve(b.Context(), id, "ana", "api", "it was a test")
		case 2:
			_ = h.pager.Do("firebreak/"+id, "acknowledge", "Mara", "") // where there is no page yet, nobody can
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
