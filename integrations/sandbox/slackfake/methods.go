package slackfake

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// object is a JSON object of an answer.
type object = map[string]any

// method answers one Web API method. It is called under the lock; an error word makes the answer {"ok":false}.
type method func(form url.Values) (object, string)

// methods is the list of what is known.
func (w *Workspace) methods(name string) method {
	switch name {
	case "auth.test":
		return w.authTest
	case "chat.postMessage":
		return w.postMessage
	case "chat.update":
		return w.update
	case "chat.delete":
		return w.remove
	case "chat.postEphemeral":
		return w.postEphemeral
	case "chat.getPermalink":
		return w.permalink
	case "conversations.history":
		return w.history
	case "conversations.replies":
		return w.threadReplies
	case "conversations.list":
		return w.list
	case "conversations.info", "conversations.join":
		return w.channelInfo
	case "files.getUploadURLExternal":
		return w.uploadURL
	case "files.completeUploadExternal":
		return w.completeUpload
	case "files.info":
		return w.fileInfo
	case "reactions.add", "reactions.remove":
		return w.react(name == "reactions.add")
	case "views.open":
		return w.openView
	case "views.update":
		return w.updateView
	case "views.publish":
		return w.publishView
	case "usergroups.users.list":
		return w.groupMembers
	case "users.info":
		return w.userInfo
	case "users.lookupByEmail":
		return w.userByEmail
	case "bots.info":
		return w.botInfo
	default:
		return w.roomMethods(name)
	}
}

func (w *Workspace) serveMethod(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	if name == "apps.connections.open" { // it takes no arguments, and clients send none in ways of their own
		w.openConnection(rw, r)
		return
	}
	form, err := formOf(r)
	if err != nil {
		w.Strange(r, "%v", err)
		answer(rw, nil, "invalid_form_data")
		return
	}
	if word := w.authorise(r, form); word != "" {
		answer(rw, nil, word)
		return
	}
	if w.cfg.Limited {
		if wait := w.tooMany(name, form); wait > 0 {
			refuse(rw, http.StatusTooManyRequests, wait)
			return
		}
	}
	call := w.methods(name)
	switch {
	case call == nil:
		w.Strange(r, "unknown method")
		answer(rw, nil, "unknown_method")
		return
	case slices.Contains(w.cfg.Unscoped, name):
		answer(rw, object{"needed": needs[name], "provided": "chat:write"}, "missing_scope")
		return
	}
	w.mu.Lock()
	out, word := call(form)
	w.mu.Unlock()
	if word != "" && !expected[word] {
		w.Strange(r, "refused with %q", word)
	}
	answer(rw, out, word)
}

// needs are the scopes of methods that the token of a workspace may be told to lack.
var needs = map[string]string{
	"conversations.create": "channels:manage", "conversations.setTopic": "channels:manage", "conversations.invite": "channels:manage",
	"conversations.archive": "channels:manage", "bookmarks.add": "bookmarks:write", "bookmarks.list": "bookmarks:read",
	"users.info": "users:read", "users.lookupByEmail": "users:read.email",
}

// expected are refusals that a sound client may meet; any other means that the request itself was wrong.
var expected = map[string]bool{
	"message_not_found": true, "thread_not_found": true, "already_reacted": true, "no_reaction": true,
	"name_taken": true, "already_in_channel": true, "already_archived": true, "missing_scope": true,
	"users_not_found": true, "user_not_found": true, "channel_not_found": true,
	"expired_trigger_id": true, "hash_conflict": true, "not_found": true, "is_archived": true, "not_in_channel": true,
}

// authorise takes the token from the header or the form, as Slack does.
func (w *Workspace) authorise(r *http.Request, form url.Values) string {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = form.Get("token")
	}
	switch token {
	case w.cfg.Token:
		return ""
	case "":
		return "not_authed"
	default:
		return "invalid_auth"
	}
}

// formOf reads a call's arguments, which come as a form, as a query or as JSON.
func formOf(r *http.Request) (url.Values, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
		return r.Form, nil
	}
	var body map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	form := url.Values{}
	for key, raw := range body {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			form.Set(key, text)
		} else {
			form.Set(key, string(raw))
		}
	}
	return form, nil
}

func answer(w http.ResponseWriter, out object, word string) {
	if out == nil {
		out = object{}
	}
	out["ok"] = word == ""
	if word != "" {
		out["error"] = word
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(out)
}

func (w *Workspace) authTest(url.Values) (object, string) {
	return object{
		"url": "https://" + teamName + ".slack.com/", "team": teamName, "user": "firebreak", "team_id": TeamID,
		"user_id": BotUser, "bot_id": BotID, "is_enterprise_install": false,
	}, ""
}

func (w *Workspace) permalink(form url.Values) (object, string) {
	m := w.find(form.Get("channel"), form.Get("message_ts"))
	if m == nil {
		return nil, "message_not_found"
	}
	link := w.cfg.Base + "/archives/" + m.Channel + "/p" + strings.ReplaceAll(m.TS, ".", "")
	return object{"channel": m.Channel, "permalink": link}, ""
}

func (w *Workspace) list(form url.Values) (object, string) {
	out := make([]object, 0, len(w.channels))
	for _, c := range w.channels {
		if !w.leftOut(c, form) {
			out = append(out, w.describe(c))
		}
	}
	return object{"channels": out, "response_metadata": object{"next_cursor": ""}}, ""
}

func (w *Workspace) channelInfo(form url.Values) (object, string) {
	c, ok := w.byID(form.Get("channel"))
	if !ok {
		return nil, "channel_not_found"
	}
	return object{"channel": w.describe(c)}, ""
}

// byID finds a channel where Slack takes an ID only.
func (w *Workspace) byID(id string) (Channel, bool) {
	c, ok := w.Channel(id)
	return c, ok && c.ID == id
}

func (w *Workspace) describe(c Channel) object {
	if room := w.rooms[c.ID]; room != nil {
		return w.describeRoom(c, room)
	}
	return object{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": true, "is_group": false, "is_im": false,
		"is_mpim": false, "is_private": false, "is_archived": false, "is_general": false, "is_member": true,
		"created": 1_700_000_000, "creator": BotUser, "context_team_id": TeamID, "is_shared": false,
		"topic": object{"value": "", "creator": "", "last_set": 0}, "purpose": object{"value": "", "creator": "", "last_set": 0},
	}
}

func (w *Workspace) react(add bool) method {
	return func(form url.Values) (object, string) {
		m := w.find(form.Get("channel"), form.Get("timestamp"))
		name := form.Get("name")
		switch {
		case m == nil:
			return nil, "message_not_found"
		case name == "":
			return nil, "invalid_name"
		}
		i := slices.Index(m.Reactions, name)
		switch {
		case add && i >= 0:
			return nil, "already_reacted"
		case add:
			m.Reactions = append(slices.Clone(m.Reactions), name)
		case i < 0:
			return nil, "no_reaction"
		default:
			m.Reactions = slices.Delete(slices.Clone(m.Reactions), i, i+1)
		}
		return object{}, ""
	}
}

func (w *Workspace) userInfo(form url.Values) (object, string) {
	for _, u := range w.cfg.Users {
		if u.ID == form.Get("user") {
			return object{"user": person(u)}, ""
		}
	}
	return nil, "user_not_found"
}

func (w *Workspace) groupMembers(form url.Values) (object, string) {
	users, known := w.cfg.Groups[form.Get("usergroup")]
	if !known {
		return nil, "no_such_subteam"
	}
	return object{"users": users}, ""
}

func (w *Workspace) userByEmail(form url.Values) (object, string) {
	for _, u := range w.cfg.Users {
		if u.Email != "" && strings.EqualFold(u.Email, form.Get("email")) {
			return object{"user": person(u)}, ""
		}
	}
	return nil, "users_not_found"
}

func person(u User) object {
	team := u.Team
	if team == "" {
		team = TeamID
	}
	return object{
		"id": u.ID, "team_id": team, "name": u.Name, "real_name": u.RealName, "deleted": false, "is_bot": false,
		"is_email_confirmed": !u.Unconfirmed, "tz": "Europe/Berlin", "tz_label": "Central European Time", "tz_offset": 3600,
		"profile": object{"real_name": u.RealName, "display_name": u.Name, "email": u.Email, "team": team},
	}
}

func (w *Workspace) botInfo(url.Values) (object, string) {
	return object{"bot": object{
		"id": BotID, "deleted": false, "name": "firebreak", "updated": 1_700_000_000, "app_id": AppID, "user_id": BotUser,
		"icons": object{},
	}}, ""
}
