package app

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/integrations/slack"
)

const (
	// roomSpace is the memory space of channels of incidents.
	roomSpace = "slack-room"
	// roomsEvery is how often it is looked whether an incident needs its channel, or more people in it.
	roomsEvery = 15 * time.Second
	// mostArchived bounds the incidents that are looked at to archive their channels.
	mostArchived = 200
)

// chambers keeps the channels of incidents.
type chambers struct{ db *store.DB }

var _ slack.RoomMemory = chambers{}

// RememberRoom keeps an incident's channel.
func (c chambers) RememberRoom(ctx context.Context, incident string, room slack.Room) error {
	text, err := json.Marshal(room)
	if err != nil {
		return err
	}
	return c.db.Remember(ctx, roomSpace, incident, text)
}

// RecallRoom gives it back.
func (c chambers) RecallRoom(ctx context.Context, incident string) (room slack.Room, found bool, err error) {
	text, found, err := c.db.Recall(ctx, roomSpace, incident)
	if err != nil || !found {
		return room, false, err
	}
	err = json.Unmarshal(text, &room)
	return room, err == nil, err
}

// host gives incidents channels of their own, and ends these channels.
type host struct {
	a     *App
	rooms *slack.Rooms
}

// buildHost makes it; nil where no incident gets a channel.
func (a *App) buildHost() *host {
	if a.vendors.slack == nil {
		return nil
	}
	rooms := a.vendors.slack.Rooms(chambers{a.db}) // which counts them, also where there are none
	if !a.config.Slack.IncidentChannels.Wanted() || a.options.DryRun {
		return nil
	}
	return &host{a, rooms}
}

// keep sets up the channels of incidents that are not over. One that another incident speaks for has none.
func (h *host) keep(ctx context.Context) error {
	open, err := h.a.db.Incidents(ctx, bot.IncidentQuery{States: []bot.State{bot.Open, bot.Acknowledged}, Limit: mostDigestIncidents})
	if err != nil {
		return err
	}
	var errs []error
	for _, in := range open {
		if in.Severity.Rank() < h.a.config.Slack.IncidentChannels.From.Rank() || in.Lead.Incident != "" {
			continue
		}
		room, created, err := h.rooms.Keep(ctx, h.meeting(ctx, in))
		errs = append(errs, err)
		if created {
			_, err := h.a.engine.Link(ctx, in.ID, room.AppLink(), "#"+room.Name, bot.Self, "slack")
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// meeting says what the channel is for, and who belongs into it: who is on call, who was paged, who is on it, and the owners.
func (h *host) meeting(ctx context.Context, in bot.Incident) slack.Meeting {
	m := slack.Meeting{
		Incident: in.ID, Service: in.Service, OpenedAt: in.OpenedAt, URL: strings.TrimRight(h.a.address(), "/") + "/incidents/" + in.ID,
		Topic: strings.TrimSpace(strings.ToUpper(string(in.Severity)) + " " + in.Service + ": " + in.Title),
	}
	invite := func(name, address string) {
		if id := h.slackOf(ctx, name, address); id != "" && !slices.Contains(m.Invite, id) {
			m.Invite = append(m.Invite, id)
		}
	}
	for _, name := range append(slices.Clone(in.Page.Assigned), in.AcknowledgedBy) {
		invite(name, "")
	}
	if duties, err := (rota{h.a}).OnCall(ctx, in.Service); err == nil {
		for _, duty := range duties {
			for _, level := range duty.Levels {
				if level.Level > 1 {
					continue
				}
				for _, p := range level.People {
					invite(p.Name, p.Email)
				}
			}
		}
	}
	for _, s := range h.a.config.Services {
		if s.Name == in.Service {
			invite(s.Owner, "")
		}
	}
	return m
}

// slackOf is Slack's ID of a person or group: as the people section says, or of whoever has that address at Slack.
func (h *host) slackOf(ctx context.Context, name, address string) string {
	known := h.a.config.People
	if id := known.SlackOf(name); id != "" {
		return id
	}
	if said := known.AddressOf(name); said != "" {
		address = said
	}
	id, err := h.a.vendors.slack.UserOf(ctx, address)
	if err != nil {
		return "" // which the client has logged; the next look asks again
	}
	return id
}

// archive ends the channels of incidents that have been over for long enough.
func (h *host) archive(ctx context.Context) error {
	over, err := h.a.db.Incidents(ctx, bot.IncidentQuery{States: []bot.State{bot.Resolved}, Limit: mostArchived})
	if err != nil {
		return err
	}
	due := h.a.options.Clock.Now().Add(-h.a.config.Slack.IncidentChannels.WithDefaults().ArchiveAfter)
	var errs []error
	for _, in := range over {
		if in.ResolvedAt.Before(due) {
			errs = append(errs, h.rooms.Archive(ctx, in.ID))
		}
	}
	return errors.Join(errs...)
}
