package app

import (
	"time"

	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/bot/server"
	"github.com/firebreak-dev/firebreak/integrations/events"
)

// inbound is an integration that only listens.
type inbound interface {
	server.Receiver
	engine.Source
}

// inbound lists the integrations that only listen, by the end of their path below /webhooks/, which is the source of their deliveries.
func (c Config) inbound(now func() time.Time) map[string]inbound {
	out := map[string]inbound{}
	for name, source := range events.Sources(c.Events, now) {
		out[name] = source
	}
	return out
}
