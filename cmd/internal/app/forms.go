package app

import (
	"context"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/slack"
)

var _ slack.Forms = clerk{}

// May tells whether a Slack user may use a form.
func (c clerk) May(ctx context.Context, form bot.FormName, user string) error {
	return c.a.desk.May(form, c.person(ctx, user))
}

// Unresolved are the incidents to choose from.
func (c clerk) Unresolved(ctx context.Context) ([]bot.Incident, error) {
	return c.a.desk.Unresolved(ctx)
}

// Services are those that are watched.
func (c clerk) Services() []string { return c.a.config.names() }

// Rollbacks tells a Slack user what could be taken back.
func (c clerk) Rollbacks(ctx context.Context, incident, user string) (bot.Rollbacks, error) {
	return c.a.desk.Rollbacks(ctx, incident, c.person(ctx, user))
}

// Fill carries out a form of a Slack user.
func (c clerk) Fill(ctx context.Context, f bot.Filled, user string) (bot.Answer, error) {
	return c.a.desk.Fill(ctx, f, c.person(ctx, user))
}

// Home is what a Slack user finds on the app's page.
func (c clerk) Home(ctx context.Context, user string) (bot.Home, error) {
	return c.a.desk.Home(ctx, c.person(ctx, user))
}

// mostRooms bounds how many channels of incidents are looked at.
const mostRooms = 50

// Room is the open incident that a channel was made for, empty where there is none or where that cannot be told.
func (c clerk) Room(ctx context.Context, channel string) string {
	open, err := c.a.desk.Unresolved(ctx)
	if err != nil || !c.a.config.Slack.IncidentChannels.Wanted() {
		return ""
	}
	for _, in := range open[:min(len(open), mostRooms)] {
		if room, found, err := (chambers{c.a.db}).RecallRoom(ctx, in.ID); err == nil && found && room.Channel == channel {
			return in.ID
		}
	}
	return ""
}

// Name is what others call a Slack user.
func (c clerk) Name(ctx context.Context, user string) string {
	address, _ := c.address(ctx, user) // without it the ID tells who it was
	return c.a.config.People.OfSlack(user, address, nil).Name
}

// keepHomes keeps the pages true that people opened in Slack, until the bot stops. Every process does so for those who reached it.
func (a *App) keepHomes(ctx context.Context) {
	if a.vendors.homes == nil {
		return
	}
	a.beside(ctx, "homes", func(ctx context.Context) { _ = a.vendors.homes.Run(ctx) }) // ends with the context only
}
