package app

import (
	"context"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/engine"
)

// latePager makes nouns of PagerDuty's webhooks; the client is made after the engine.
type latePager struct{ app *App }

var _ engine.Source = latePager{}

// Tell reads a delivery.
func (p latePager) Tell(ctx context.Context, d bot.Delivery) (bot.Told, error) {
	return p.app.vendors.pagerduty.Tell(ctx, d)
}
