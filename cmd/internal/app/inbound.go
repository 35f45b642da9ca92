package app

import (
	"time"

	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/bot/server"
	"github.com/firebreak-dev/firebreak/integrations/alertmanager"
	"github.com/firebreak-dev/firebreak/integrations/argo"
	"github.com/firebreak-dev/firebreak/integrations/events"
	"github.com/firebreak-dev/firebreak/integrations/flagger"
	"github.com/firebreak-dev/firebreak/integrations/flags"
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
	if c.Alertmanager.Enabled() {
		out["alertmanager"] = alertmanager.New(c.Alertmanager, c.services(), now)
	}
	if c.Argo.Enabled() {
		out["argo"] = argo.New(c.Argo, now)
	}
	if c.Flagger.Enabled() {
		out["flagger"] = flagger.New(c.Flagger, now)
	}
	launchDarkly, forwarded := flags.Sources(c.Flags, now)
	if launchDarkly != nil {
		out["launchdarkly"] = launchDarkly
	}
	if forwarded != nil {
		out["flags"] = forwarded
	}
	return out
}
