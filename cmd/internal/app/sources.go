package app

import (
	"context"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/absent"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
)

// deliveriesSignal counts what sources of changes sent. It is Firebreak's own, told from the inbox and not from Prometheus.
const deliveriesSignal = "webhook_deliveries"

// sources asks Prometheus for signals, and the inbox for what was delivered.
type sources struct {
	*prometheus.Source
	inbox interface {
		DeliveryCounts(ctx context.Context, from, to time.Time, width time.Duration) ([]store.DeliveryCount, error)
	}
	// from names the sources of deliveries.
	from []string
}

var (
	_ watch.Source  = sources{}
	_ watch.Clocked = sources{}
	_ watch.Renamer = sources{}
)

// Ask answers from where the signal is known.
func (s sources) Ask(ctx context.Context, q watch.Query) (watch.Answer, error) {
	if q.Signal != deliveriesSignal {
		return s.Source.Ask(ctx, q)
	}
	counts, err := s.inbox.DeliveryCounts(ctx, q.From, q.To, q.Step)
	if err != nil {
		return watch.Answer{}, &watch.Sightless{Reason: detectors.Unreachable, Err: err}
	}
	type stretch struct {
		source string
		end    int64
	}
	n := make(map[stretch]int, len(counts))
	for _, c := range counts {
		n[stretch{c.Source, c.End.Unix()}] = c.N
	}
	var a watch.Answer
	for _, source := range s.from {
		for end := q.From.Add(q.Step); !end.After(q.To); end = end.Add(q.Step) {
			// A stretch without deliveries is known: nothing came.
			a.Readings = append(a.Readings, watch.Reading{Series: deliveriesOf(source), At: end, Total: float64(n[stretch{source, end.Unix()}])})
		}
	}
	return a, nil
}

// Watched are the signals of Prometheus, and the deliveries.
func (s sources) Watched() []watch.Watched {
	out := s.Source.Watched()
	if len(s.from) == 0 {
		return out
	}
	w := watch.Watched{Signal: detectors.Signal{
		Name: deliveriesSignal, Title: "webhook deliveries", Shape: detectors.Count, Worse: detectors.Down,
	}}
	for _, source := range s.from {
		w.Series = append(w.Series, deliveriesOf(source))
	}
	return append(out, w)
}

func deliveriesOf(source string) detectors.SeriesID {
	return detectors.SeriesID{Signal: deliveriesSignal, Service: bot.Self, Slice: absent.SourceSlice(source)}
}

// deliverers names the sources of changes that send webhooks.
func (c Config) deliverers() []string {
	var out []string
	if c.GitHub.Enabled() {
		out = append(out, "github")
	}
	for name := range c.inbound(nil) {
		if name != "alertmanager" { // alerts come when something is wrong: their silence is good news
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
