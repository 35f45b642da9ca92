package slack

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

var (
	userID  = regexp.MustCompile(`^[UW][A-Z0-9]{5,20}$`)
	groupID = regexp.MustCompile(`^S[A-Z0-9]{5,20}$`)
)

// Room is the channel of one incident, and how far it was set up. It is a small value that a RoomMemory keeps as it is.
type Room struct {
	// Channel is Slack's ID, empty until it is there; Name is what it is called.
	Channel string `json:"channel,omitempty"`
	Name    string `json:"name,omitempty"`
	// Asked tells that it was asked for, Telling that its first message was sent: after a crash both are looked for first.
	Asked   bool `json:"asked,omitempty"`
	Telling bool `json:"telling,omitempty"`
	// What is done.
	Topic      bool     `json:"topic,omitempty"`
	Bookmarked bool     `json:"bookmarked,omitempty"`
	Told       bool     `json:"told,omitempty"`
	Invited    []string `json:"invited,omitempty"`
	Archived   bool     `json:"archived,omitempty"`
	// Refused is why there is none, RefusedAt since when.
	Refused   string    `json:"refused,omitempty"`
	RefusedAt time.Time `json:"refused_at,omitzero"`
}

// RoomMemory keeps rooms across restarts.
type RoomMemory interface {
	RememberRoom(ctx context.Context, incident string, room Room) error
	RecallRoom(ctx context.Context, incident string) (room Room, found bool, err error)
}

// Meeting is what a room is for, and who belongs into it.
type Meeting struct {
	Incident string
	Service  string
	// Topic is one line of what is wrong, URL the incident's page.
	Topic    string
	URL      string
	OpenedAt time.Time
	// Invite are IDs of users and user groups.
	Invite []string
}

// Rooms gives incidents channels of their own.
type Rooms struct {
	c      *Client
	memory RoomMemory
	config ChannelsConfig
	result *prometheus.CounterVec
	locks  keyed

	mu sync.Mutex
	// kept is what was set up completely, so that nothing is asked for what did not change.
	kept map[string]string
}

// Rooms makes what keeps channels of incidents.
func (c *Client) Rooms(m RoomMemory) *Rooms {
	r := &Rooms{c: c, memory: m, config: c.config.IncidentChannels.WithDefaults(), kept: map[string]string{}, result: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firebreak_slack_rooms_total", Help: "Channels of incidents, by what became of them.",
	}, []string{"result"})}
	for _, result := range []string{"created", "found", "refused", "archived"} {
		r.result.WithLabelValues(result)
	}
	if c.options.Registerer != nil {
		c.options.Registerer.MustRegister(r.result)
	}
	return r
}

// Again is how long after a refusal a channel is asked for again: an operator may have mended what was wrong.
const againAfter = time.Hour

// Keep sets up an incident's channel as far as it is not, and tells whether it is new. An error is worth another try.
func (r *Rooms) Keep(ctx context.Context, m Meeting) (room Room, created bool, err error) {
	if r.unchanged(m) {
		return Room{}, false, nil
	}
	defer r.locks.lock(m.Incident)()
	room, _, err = r.memory.RecallRoom(ctx, m.Incident)
	switch {
	case err != nil:
		return room, false, unread("where the incident's channel is could not be read", err)
	case room.Archived || room.Refused != "" && r.c.options.Now().Sub(room.RefusedAt) < againAfter:
		return room, false, nil
	}
	if room.Channel == "" {
		if created, err = r.open(ctx, m, &room); err != nil || room.Channel == "" {
			return room, false, err
		}
	}
	for _, step := range []func(context.Context, Meeting, *Room) error{r.topic, r.bookmark, r.tell, r.invite} {
		if err := step(ctx, m, &room); err != nil {
			return room, created, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) >= maxShown {
		clear(r.kept)
	}
	r.kept[m.Incident] = fingerprint(m)
	return room, created, nil
}

func (r *Rooms) unchanged(m Meeting) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept[m.Incident] == fingerprint(m)
}

// fingerprint is what of a meeting would have to be set up again: who is invited.
func fingerprint(m Meeting) string {
	invite := slices.Clone(m.Invite)
	slices.Sort(invite)
	return "kept " + strings.Join(slices.Compact(invite), ",")
}

// open makes the channel, or finds the one that was made before a crash.
func (r *Rooms) open(ctx context.Context, m Meeting, room *Room) (created bool, err error) {
	const names = 4
	for n := range names {
		room.Name = roomName(m, n)
		if room.Asked { // it may be there
			if found, err := r.find(ctx, m, room.Name); err != nil || found != "" {
				return r.opened(ctx, m, room, found, "found", err)
			}
		}
		room.Asked = true
		if err := r.remember(ctx, m, *room); err != nil {
			return false, err
		}
		call := r.c.rest.Call()
		made, err := r.c.api(call).CreateConversationContext(ctx, api.CreateConversationParams{ChannelName: room.Name, IsPrivate: r.config.Private})
		if err == nil {
			return r.opened(ctx, m, room, made.ID, "created", nil)
		}
		err = failure(call, err)
		if wordOf(err) != "name_taken" {
			return false, r.refused(ctx, m, room, "a channel for the incident could not be made", err)
		}
		if found, err := r.find(ctx, m, room.Name); err != nil || found != "" {
			return r.opened(ctx, m, room, found, "found", err)
		}
	}
	err = r.c.permanent("the names %s and the like are taken by channels of others", roomName(m, 0))
	return false, r.refused(ctx, m, room, "a channel for the incident could not be made", err)
}

func (r *Rooms) opened(ctx context.Context, m Meeting, room *Room, id, result string, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	room.Channel, room.Asked, room.Refused = id, false, ""
	r.c.learn("#"+room.Name, id)
	r.result.WithLabelValues(result).Inc()
	return true, r.remember(ctx, m, *room)
}

// find looks for a channel of that name that is this incident's: its topic names it, or it has none yet and is named like it.
func (r *Rooms) find(ctx context.Context, m Meeting, name string) (id string, err error) {
	kind := "public_channel"
	if r.config.Private {
		kind = "private_channel"
	}
	cursor := ""
	for range channelPages {
		call := r.c.rest.Repeatable()
		channels, next, err := r.c.api(call).GetConversationsContext(ctx, &api.GetConversationsParameters{
			Cursor: cursor, ExcludeArchived: true, Limit: historyLimit, Types: []string{kind},
		})
		if err != nil {
			return "", failure(call, err)
		}
		for _, c := range channels {
			if c.Name == name && (c.Topic.Value == "" || strings.Contains(c.Topic.Value, m.Incident)) {
				return c.ID, nil
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return "", nil
}

// refused writes down that there is none, and why, where trying again would end alike.
func (r *Rooms) refused(ctx context.Context, m Meeting, room *Room, what string, err error) error {
	if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent {
		return err
	}
	remedy := "look at what Slack says; threads work all the same"
	switch wordOf(err) {
	case "missing_scope":
		remedy = "give the app the scopes channels:manage (groups:write for private ones), bookmarks:read and bookmarks:write, and install it again; or leave out slack.incident_channels"
	case "restricted_action", "user_is_restricted", "not_authorized", "no_permission":
		remedy = "let the app create channels in the workspace's settings, or leave out slack.incident_channels"
	}
	r.c.options.Logger.ErrorContext(ctx, "slack: an incident has no channel of its own", "incident", m.Incident, "what", what, "remedy", remedy, "error", err)
	r.result.WithLabelValues("refused").Inc()
	room.Asked, room.Refused, room.RefusedAt = false, bot.MessageOf(err), r.c.options.Now().UTC()
	return r.remember(ctx, m, *room)
}

func (r *Rooms) remember(ctx context.Context, m Meeting, room Room) error {
	if err := r.memory.RememberRoom(ctx, m.Incident, room); err != nil {
		return unread("the incident's channel could not be written down", err)
	}
	return nil
}

// settle takes the end of a step: what cannot be done is told and left out, the channel is of use all the same.
func (r *Rooms) settle(ctx context.Context, m Meeting, room Room, what string, err error) error {
	if err != nil {
		if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent {
			return err
		}
		r.c.options.Logger.WarnContext(ctx, "slack: a part of an incident's channel is missing", "incident", m.Incident, "what", what, "channel", room.Name, "error", err)
	}
	return r.remember(ctx, m, room)
}

const maxTopic = 250

func (r *Rooms) topic(ctx context.Context, m Meeting, room *Room) error {
	if room.Topic {
		return nil
	}
	text := m.Incident + " · " + m.Topic
	call := r.c.rest.Repeatable()
	_, err := r.c.api(call).SetTopicOfConversationContext(ctx, room.Channel, escape(line(text, maxTopic), maxTopic))
	if err != nil {
		err = failure(call, err)
	}
	room.Topic = true
	return r.settle(ctx, m, *room, "the channel has no topic", err)
}

// bookmark pins the incident's page, unless it is there.
func (r *Rooms) bookmark(ctx context.Context, m Meeting, room *Room) error {
	if room.Bookmarked || !link(m.URL) {
		return nil
	}
	call := r.c.rest.Repeatable()
	have, err := r.c.api(call).ListBookmarksContext(ctx, room.Channel)
	if err == nil && !slices.ContainsFunc(have, func(b api.Bookmark) bool { return b.Link == m.URL }) {
		call = r.c.rest.Call()
		_, err = r.c.api(call).AddBookmarkContext(ctx, room.Channel, api.AddBookmarkParameters{Title: "Incident page", Type: "link", Link: m.URL})
	}
	if err != nil {
		err = failure(call, err)
	}
	room.Bookmarked = true
	return r.settle(ctx, m, *room, "the channel has no bookmark", err)
}

// tell posts what the channel is for, once, with the way to the card.
func (r *Rooms) tell(ctx context.Context, m Meeting, room *Room) error {
	if room.Told {
		return nil
	}
	key := "room/" + m.Incident
	if room.Telling {
		if _, found, err := r.c.lookup(ctx, room.Channel, key); found || err != nil {
			room.Told = true
			return r.settle(ctx, m, *room, "whether the channel was told could not be looked at", err)
		}
	}
	room.Telling = true
	if err := r.remember(ctx, m, *room); err != nil {
		return err
	}
	a := bot.Answer{Title: m.Topic, Link: m.URL, Rows: []bot.Row{{Label: "Incident", Text: m.Incident}}}
	if place, found, err := r.c.options.Memory.Recall(ctx, m.Incident); err == nil && found && place.TS != "" {
		if address := r.c.permalink(ctx, place.Channel, place.TS); address != "" {
			a.Rows = append(a.Rows, bot.Row{Label: "Card", Text: "with buttons, kept up to date", Link: address})
		}
	}
	_, err := r.c.post(ctx, room.Channel, key, "", renderAnswer(a))
	if fate, _ := playbooks.FateOf(err); err != nil && fate != playbooks.Permanent {
		return err
	}
	room.Told = true
	return r.settle(ctx, m, *room, "the channel was not told what it is for", err)
}

// invite brings in who belongs there and is not, each once: whoever leaves is not fetched back.
func (r *Rooms) invite(ctx context.Context, m Meeting, room *Room) error {
	for _, user := range r.users(ctx, m.Invite) {
		if slices.Contains(room.Invited, user) || len(room.Invited) >= mostInvited {
			continue
		}
		call := r.c.rest.Repeatable() // who is in already is told so
		_, err := r.c.api(call).InviteUsersToConversationContext(ctx, room.Channel, user)
		if err != nil {
			err = failure(call, err)
		}
		if word := wordOf(err); word == "already_in_channel" || word == "cant_invite_self" {
			err = nil
		}
		room.Invited = append(room.Invited, user)
		if err := r.settle(ctx, m, *room, "somebody could not be invited: "+user, err); err != nil {
			room.Invited = room.Invited[:len(room.Invited)-1]
			return err
		}
	}
	return nil
}

// users are those who are meant, groups by their members.
func (r *Rooms) users(ctx context.Context, ids []string) []string {
	var out []string
	for _, id := range append(slices.Clone(ids), r.config.Invite...) {
		members := []string{id}
		if groupID.MatchString(id) {
			members, _ = r.c.membersOf(ctx, id) // who cannot be read is not invited now
		}
		for _, user := range members {
			if userID.MatchString(user) && !slices.Contains(out, user) {
				out = append(out, user)
			}
		}
	}
	return out
}

// Archive ends an incident's channel, if it has one. An error is worth another try.
func (r *Rooms) Archive(ctx context.Context, incident string) error {
	defer r.locks.lock(incident)()
	room, found, err := r.memory.RecallRoom(ctx, incident)
	switch {
	case err != nil:
		return unread("where the incident's channel is could not be read", err)
	case !found || room.Channel == "" || room.Archived:
		return nil
	}
	call := r.c.rest.Repeatable()
	if err := r.c.api(call).ArchiveConversationContext(ctx, room.Channel); err != nil {
		err = failure(call, err)
		fate, _ := playbooks.FateOf(err)
		word := wordOf(err)
		switch {
		case word == "already_archived" || word == "is_archived" || word == "channel_not_found":
		case fate != playbooks.Permanent:
			return err
		default:
			r.c.options.Logger.WarnContext(ctx, "slack: an incident's channel could not be archived; it stays", "channel", room.Name, "error", err)
		}
	}
	r.result.WithLabelValues("archived").Inc()
	room.Archived = true
	return r.remember(ctx, Meeting{Incident: incident}, room)
}

// AppLink is the address that opens a channel in whatever Slack somebody has.
func (r Room) AppLink() string { return "https://slack.com/app_redirect?channel=" + r.Channel }

// roomName is a channel's name by Slack's rules: at most 80 of lower-case letters, digits and hyphens. It begins with the day, so that a
// list of them is in order, and ends with the incident's ID, so that it is always the same.
func roomName(m Meeting, n int) string {
	tail := slug(m.Incident)
	tail = strings.TrimLeft(tail[max(0, len(tail)-6):], "-")
	if n > 0 {
		tail += fmt.Sprintf("-%d", n+1)
	}
	head := "inc-" + m.OpenedAt.UTC().Format("20060102") + "-"
	service := slug(m.Service)
	if room := maxChannel - len(head) - len(tail) - 1; len(service) > room {
		service = strings.TrimRight(service[:room], "-")
	}
	if service == "" {
		return head + tail
	}
	return head + service + "-" + tail
}

// slug keeps of a text what may stand in a channel's name.
func slug(s string) string {
	var b strings.Builder
	hyphen := false
	for _, c := range strings.ToLower(s) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			if hyphen && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(c)
			hyphen = false
		} else {
			hyphen = true
		}
	}
	return b.String()
}
