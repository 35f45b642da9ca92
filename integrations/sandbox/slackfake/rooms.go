package slackfake

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Room is a channel that was made here, with what happened to it.
type Room struct {
	Name      string
	Private   bool
	Archived  bool
	Topic     string
	Members   []string
	Bookmarks []Bookmark
}

// Bookmark is a link that stands above a channel.
type Bookmark struct{ ID, Title, Link string }

// Rooms returns the channels that were made, by ID.
func (w *Workspace) Rooms() map[string]Room {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make(map[string]Room, len(w.rooms))
	for id, r := range w.rooms {
		copied := *r
		copied.Members, copied.Bookmarks = slices.Clone(r.Members), slices.Clone(r.Bookmarks)
		out[id] = copied
	}
	return out
}

// AddRoom makes a channel as a person would.
func (w *Workspace) AddRoom(name, topic string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.addRoom(&Room{Name: name, Topic: topic})
}

func (w *Workspace) addRoom(r *Room) string {
	if w.rooms == nil {
		w.rooms = map[string]*Room{}
	}
	id := fmt.Sprintf("C0ROOM%04d", len(w.rooms)+1)
	w.rooms[id] = r
	w.channels = append(w.channels, Channel{ID: id, Name: r.Name})
	return id
}

// roomMethods are those that make channels and furnish them.
func (w *Workspace) roomMethods(name string) method {
	return map[string]method{
		"conversations.create": w.createRoom, "conversations.setTopic": w.setTopic, "conversations.invite": w.inviteInto,
		"conversations.archive": w.archiveRoom, "bookmarks.add": w.addBookmark, "bookmarks.list": w.listBookmarks,
	}[name]
}

var roomName = regexp.MustCompile(`^[a-z0-9_-]{1,80}$`)

func (w *Workspace) createRoom(form url.Values) (object, string) {
	name := form.Get("name")
	switch {
	case name == "":
		return nil, "invalid_name_required"
	case len(name) > 80:
		return nil, "invalid_name_maxlength"
	case !roomName.MatchString(name):
		return nil, "invalid_name_specials"
	case slices.ContainsFunc(w.channels, func(c Channel) bool { return c.Name == name }):
		return nil, "name_taken"
	}
	id := w.addRoom(&Room{Name: name, Private: form.Get("is_private") == "true", Members: []string{BotUser}})
	c, _ := w.byID(id)
	return object{"channel": w.describe(c)}, ""
}

// room finds one that something can be done to.
func (w *Workspace) room(id string) (*Room, string) {
	r := w.rooms[id]
	switch {
	case r == nil:
		return nil, "channel_not_found"
	case r.Archived:
		return nil, "is_archived"
	}
	return r, ""
}

func (w *Workspace) setTopic(form url.Values) (object, string) {
	r, word := w.room(form.Get("channel"))
	if word != "" {
		return nil, word
	}
	if len([]rune(form.Get("topic"))) > 250 {
		return nil, "too_long"
	}
	r.Topic = form.Get("topic")
	c, _ := w.byID(form.Get("channel"))
	return object{"channel": w.describe(c)}, ""
}

func (w *Workspace) inviteInto(form url.Values) (object, string) {
	r, word := w.room(form.Get("channel"))
	if word != "" {
		return nil, word
	}
	for user := range strings.SplitSeq(form.Get("users"), ",") {
		switch {
		case user == BotUser:
			return nil, "cant_invite_self"
		case !slices.ContainsFunc(w.cfg.Users, func(u User) bool { return u.ID == user }):
			return nil, "user_not_found"
		case slices.Contains(r.Members, user):
			return nil, "already_in_channel"
		}
		r.Members = append(r.Members, user)
	}
	c, _ := w.byID(form.Get("channel"))
	return object{"channel": w.describe(c)}, ""
}

func (w *Workspace) archiveRoom(form url.Values) (object, string) {
	r := w.rooms[form.Get("channel")]
	switch {
	case r == nil:
		return nil, "channel_not_found"
	case r.Archived:
		return nil, "already_archived"
	}
	r.Archived = true
	return object{}, ""
}

func (w *Workspace) addBookmark(form url.Values) (object, string) {
	r, word := w.room(form.Get("channel_id"))
	switch {
	case word != "":
		return nil, word
	case form.Get("title") == "" || form.Get("type") != "link":
		return nil, "invalid_bookmark_type"
	case !strings.HasPrefix(form.Get("link"), "http"):
		return nil, "invalid_link"
	}
	b := Bookmark{ID: fmt.Sprintf("Bk%08d", len(r.Bookmarks)+1), Title: form.Get("title"), Link: form.Get("link")}
	r.Bookmarks = append(r.Bookmarks, b)
	return object{"bookmark": describeBookmark(form.Get("channel_id"), b)}, ""
}

func (w *Workspace) listBookmarks(form url.Values) (object, string) {
	r, word := w.room(form.Get("channel_id"))
	if word != "" {
		return nil, word
	}
	out := make([]object, 0, len(r.Bookmarks))
	for _, b := range r.Bookmarks {
		out = append(out, describeBookmark(form.Get("channel_id"), b))
	}
	return object{"bookmarks": out}, ""
}

func describeBookmark(channel string, b Bookmark) object {
	return object{"id": b.ID, "channel_id": channel, "title": b.Title, "link": b.Link, "type": "link", "date_created": 1_700_000_000, "rank": "i"}
}

func (w *Workspace) describeRoom(c Channel, r *Room) object {
	return object{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": !r.Private, "is_group": r.Private, "is_im": false,
		"is_mpim": false, "is_private": r.Private, "is_archived": r.Archived, "is_general": false, "is_member": slices.Contains(r.Members, BotUser),
		"created": 1_700_000_000, "creator": BotUser, "context_team_id": TeamID, "is_shared": false,
		"topic": object{"value": r.Topic, "creator": BotUser, "last_set": 0}, "purpose": object{"value": "", "creator": "", "last_set": 0},
	}
}

// leftOut tells whether a list that is narrowed leaves a channel out.
func (w *Workspace) leftOut(c Channel, form url.Values) bool {
	r := w.rooms[c.ID]
	if r == nil {
		return false
	}
	kind := "public_channel"
	if r.Private {
		kind = "private_channel"
	}
	asked := form.Get("types")
	return r.Archived && form.Get("exclude_archived") == "true" || asked != "" && !strings.Contains(asked, kind)
}
