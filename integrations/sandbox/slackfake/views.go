package slackfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// View is a modal or a home that the bot showed, as it stands now.
type View struct {
	ID   string          `json:"id"`
	Type string          `json:"type"`
	User string          `json:"user"`
	Hash string          `json:"hash"`
	View json.RawMessage `json:"view"`
	// Updates counts how often it was shown anew, Closed tells that it is not before the person any more.
	Updates int  `json:"updates"`
	Closed  bool `json:"closed,omitempty"`
	// Errors are what the bot said at the fields of the last form that was sent off.
	Errors map[string]string `json:"errors,omitempty"`
}

// Slack's bounds of views.
const (
	triggerLife   = 3 * time.Second
	maxViewBlocks = 100
	maxViewBytes  = 250_000
	maxViews      = 500
)

// trigger is what a person's deed lets the bot open a modal with, once and at once. It lives by the wall clock.
type trigger struct {
	user    string
	expires time.Time
	used    bool
}

// triggerOf makes a trigger for somebody.
func (w *Workspace) triggerOf(by User) string {
	w.serial++
	id := strconv.Itoa(w.serial) + ".48105.c0ffee"
	life := w.cfg.TriggerLife
	if life <= 0 {
		life = triggerLife
	}
	if w.triggers == nil {
		w.triggers = map[string]*trigger{}
	}
	for known, t := range w.triggers {
		if time.Since(t.expires) > time.Minute {
			delete(w.triggers, known)
		}
	}
	w.triggers[id] = &trigger{user: by.ID, expires: time.Now().Add(life)}
	return id
}

// shape is what is looked at of a view.
type shape struct {
	Type     string          `json:"type"`
	Title    map[string]any  `json:"title"`
	Submit   map[string]any  `json:"submit"`
	Close    map[string]any  `json:"close"`
	Blocks   json.RawMessage `json:"blocks"`
	Meta     string          `json:"private_metadata"`
	Callback string          `json:"callback_id"`
}

// checkView says what Slack would not take of a view.
func checkView(raw, kind string) (list []string, word string) {
	var s shape
	if len(raw) > maxViewBytes {
		return nil, "view_too_large"
	}
	if json.Unmarshal([]byte(raw), &s) != nil {
		return []string{"[ERROR] not a JSON object [json-pointer:/view]"}, "invalid_arguments"
	}
	blocks := decoded(s.Blocks)
	list = faults(blocks, maxViewBlocks)
	k := &kit{}
	if s.Type != kind {
		k.faultf("must be a view of type %s", kind)
	}
	if kind == "modal" {
		k.text("title", anyOf(s.Title), 24, false)
		if s.Submit != nil {
			k.text("submit", anyOf(s.Submit), 24, false)
		}
		if s.Close != nil {
			k.text("close", anyOf(s.Close), 24, false)
		}
		if s.Submit == nil && slices.ContainsFunc(blocks, isInput) {
			k.faultf("missing required field: submit") // a modal with input blocks needs one
		}
	}
	k.short("private_metadata", s.Meta, 3000)
	k.short("callback_id", s.Callback, 255)
	if list = append(list, k.list...); len(list) > 0 {
		return list, "invalid_arguments"
	}
	return nil, ""
}

func anyOf(o map[string]any) any {
	if o == nil {
		return nil
	}
	return o
}

func isInput(b any) bool {
	o, _ := b.(map[string]any)
	return o["type"] == "input"
}

// refused is a view that was not taken, with why.
func refused(list []string, word string) (object, string) {
	if word == "" {
		return nil, ""
	}
	return object{"response_metadata": object{"messages": list}}, word
}

func (w *Workspace) openView(form url.Values) (object, string) {
	t := w.triggers[form.Get("trigger_id")]
	switch {
	case t == nil:
		return nil, "invalid_trigger_id"
	case t.used:
		return nil, "exchanged_trigger_id"
	case time.Now().After(t.expires):
		return nil, "expired_trigger_id"
	}
	if out, word := refused(checkView(form.Get("view"), "modal")); word != "" {
		return out, word
	}
	t.used = true
	w.serial++
	v := &View{ID: fmt.Sprintf("V0ACME%04d", w.serial), Type: "modal", User: t.user, View: json.RawMessage(form.Get("view"))}
	w.keep(v)
	return object{"view": w.shownView(v)}, ""
}

func (w *Workspace) keep(v *View) {
	v.Hash = w.hash()
	if len(w.views) >= maxViews {
		w.views = slices.Clone(w.views[maxViews/2:])
	}
	w.views = append(w.views, v)
}

func (w *Workspace) hash() string {
	w.serial++
	return fmt.Sprintf("156663117.%08x", w.serial)
}

func (w *Workspace) updateView(form url.Values) (object, string) {
	v := w.viewOf(form.Get("view_id"))
	switch {
	case v == nil || v.Closed:
		return nil, "not_found"
	case form.Get("hash") != "" && form.Get("hash") != v.Hash:
		return nil, "hash_conflict"
	}
	if out, word := refused(checkView(form.Get("view"), "modal")); word != "" {
		return out, word
	}
	w.replace(v, form.Get("view"))
	return object{"view": w.shownView(v)}, ""
}

func (w *Workspace) replace(v *View, raw string) {
	v.View, v.Hash, v.Updates, v.Errors = json.RawMessage(raw), w.hash(), v.Updates+1, nil
}

func (w *Workspace) publishView(form url.Values) (object, string) {
	user := form.Get("user_id")
	if user == "" {
		return nil, "user_not_found"
	}
	if out, word := refused(checkView(form.Get("view"), "home")); word != "" {
		return out, word
	}
	i := slices.IndexFunc(w.views, func(v *View) bool { return v.Type == "home" && v.User == user })
	if i < 0 {
		w.serial++
		v := &View{ID: fmt.Sprintf("V0HOME%04d", w.serial), Type: "home", User: user, View: json.RawMessage(form.Get("view"))}
		w.keep(v)
		return object{"view": w.shownView(v)}, ""
	}
	v := w.views[i]
	if form.Get("hash") != "" && form.Get("hash") != v.Hash {
		return nil, "hash_conflict"
	}
	w.replace(v, form.Get("view"))
	return object{"view": w.shownView(v)}, ""
}

func (w *Workspace) viewOf(id string) *View {
	for _, v := range w.views {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// shownView is a view as Slack gives it back.
func (w *Workspace) shownView(v *View) object {
	out := object{}
	_ = json.Unmarshal(v.View, &out) // it was checked
	out["id"], out["team_id"], out["hash"], out["app_id"], out["bot_id"] = v.ID, TeamID, v.Hash, AppID, BotID
	out["root_view_id"], out["previous_view_id"], out["app_installed_team_id"], out["external_id"] = v.ID, nil, TeamID, ""
	if out["private_metadata"] == nil {
		out["private_metadata"] = ""
	}
	out["state"] = object{"values": object{}}
	return out
}

// Views returns all views that the bot showed, oldest first, as they stand now.
func (w *Workspace) Views() []View {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]View, len(w.views))
	for i, v := range w.views {
		out[i] = *v
	}
	return out
}

// Blocks are the blocks of a view.
func (v View) Blocks() json.RawMessage {
	var s shape
	_ = json.Unmarshal(v.View, &s) // it was checked
	return s.Blocks
}

// input is what is looked at of an input block.
type input struct {
	Type    string `json:"type"`
	BlockID string `json:"block_id"`
	Element struct {
		Type     string `json:"type"`
		ActionID string `json:"action_id"`
		Initial  string `json:"initial_value"`
		Most     int    `json:"max_length"`
		Options  []struct {
			Value string         `json:"value"`
			Text  map[string]any `json:"text"`
		} `json:"options"`
		Chosen *struct {
			Value string         `json:"value"`
			Text  map[string]any `json:"text"`
		} `json:"initial_option"`
	} `json:"element"`
}

// state is what the fields of a view hold when somebody writes values into them, by block. What Slack's client would not let somebody
// write or choose is an error.
func (v View) state(values map[string]string) (object, error) {
	var blocks []input
	if err := json.Unmarshal(v.Blocks(), &blocks); err != nil {
		return nil, err
	}
	out := object{}
	known := map[string]bool{}
	for _, b := range blocks {
		if b.Type != "input" {
			continue
		}
		known[b.BlockID] = true
		value, given := values[b.BlockID]
		field := object{"type": b.Element.Type}
		if b.Element.Type != "static_select" {
			if !given {
				value = b.Element.Initial
			}
			if b.Element.Most > 0 && len([]rune(value)) > b.Element.Most {
				return nil, fmt.Errorf("%s takes %d characters", b.BlockID, b.Element.Most)
			}
			field["value"] = value
			out[b.BlockID] = object{b.Element.ActionID: field}
			continue
		}
		field["selected_option"] = nil
		if !given && b.Element.Chosen != nil {
			value = b.Element.Chosen.Value
		}
		for _, o := range b.Element.Options {
			if o.Value == value || o.Text["text"] == value {
				field["selected_option"] = object{"text": o.Text, "value": o.Value}
			}
		}
		if field["selected_option"] == nil && (given || b.Element.Chosen != nil) {
			return nil, fmt.Errorf("%s has no option %q", b.BlockID, value)
		}
		out[b.BlockID] = object{b.Element.ActionID: field}
	}
	for name := range values {
		if !known[name] {
			return nil, fmt.Errorf("the view has no field %q", name)
		}
	}
	return out, nil
}

// Submit makes the body that Slack posts when somebody sends a form off.
func (w *Workspace) Submit(v View, values map[string]string, by User) ([]byte, error) {
	state, err := v.state(values)
	if err != nil {
		return nil, err
	}
	return w.ofView(v, "view_submission", by, object{"state": object{"values": state}}, object{})
}

// CloseView makes the body that Slack posts when somebody closes one, and closes it.
func (w *Workspace) CloseView(v View, by User) ([]byte, error) {
	w.mu.Lock()
	if have := w.viewOf(v.ID); have != nil {
		have.Closed = true
	}
	w.mu.Unlock()
	return w.ofView(v, "view_closed", by, nil, object{"is_cleared": false})
}

// Choose makes the body that Slack posts when somebody chooses an option in a form that has said that it wants to know.
func (w *Workspace) Choose(v View, field, option string, by User) ([]byte, error) {
	state, err := v.state(map[string]string{field: option})
	if err != nil {
		return nil, err
	}
	action := object{}
	for id, f := range state[field].(object) {
		action = f.(object)
		action["action_id"], action["block_id"], action["action_ts"] = id, field, "1700000000.000000"
	}
	return w.ofView(v, "block_actions", by, object{"state": object{"values": state}}, object{
		"actions": []object{action}, "container": object{"type": "view", "view_id": v.ID},
	})
}

// PressIn makes the body that Slack posts when somebody presses a button of a view.
func (w *Workspace) PressIn(v View, b Button, by User) ([]byte, error) {
	return w.ofView(v, "block_actions", by, nil, object{
		"container": object{"type": "view", "view_id": v.ID},
		"actions": []object{{
			"action_id": b.ActionID, "block_id": b.BlockID, "type": "button", "value": b.Value,
			"text": object{"type": "plain_text", "text": b.Text, "emoji": true}, "action_ts": "1700000000.000000",
		}},
	})
}

// ofView is a payload about a view.
func (w *Workspace) ofView(v View, kind string, by User, more, payload object) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	shown := w.shownView(&v)
	if kind != "block_actions" {
		delete(shown, "blocks") // what nobody has recorded is not sent
	}
	for name, value := range more {
		shown[name] = value
	}
	payload["view"] = shown
	return w.interactive(kind, by, payload)
}

// interactive is the body of an interaction: a form with one field, payload.
func (w *Workspace) interactive(kind string, by User, payload object) ([]byte, error) {
	payload["type"], payload["token"] = kind, "legacy-token"
	payload["team"] = object{"id": TeamID, "domain": teamName}
	payload["user"] = object{"id": by.ID, "name": by.Name, "team_id": TeamID}
	if kind != "message_action" {
		payload["api_app_id"] = AppID
		payload["user"] = object{"id": by.ID, "username": by.Name, "name": by.Name, "team_id": TeamID}
	}
	payload["enterprise"], payload["is_enterprise_install"] = nil, false
	if kind != "view_closed" {
		payload["trigger_id"] = w.triggerOf(by)
	}
	data, err := json.Marshal(payload)
	return []byte(url.Values{"payload": {string(data)}}.Encode()), err
}

// Answered takes what the bot answered to a form that was sent off, as Slack does: nothing closes it, errors stand at its fields, and a
// view takes its place. What Slack would not understand is an error.
func (w *Workspace) Answered(v View, status int, body []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	have := w.viewOf(v.ID)
	if have == nil {
		return fmt.Errorf("there is no view %s", v.ID)
	}
	if status != http.StatusOK {
		return fmt.Errorf("the bot answered %d: the person reads that something went wrong", status)
	}
	if len(body) == 0 {
		have.Closed = true
		return nil
	}
	var answer struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("the bot's answer is no JSON: %w", err)
	}
	switch answer.Action {
	case "clear":
		have.Closed = true
	case "update":
		if list, word := checkView(string(answer.View), "modal"); word != "" {
			return fmt.Errorf("%s: %v", word, list)
		}
		w.replace(have, string(answer.View))
	case "errors":
		state, _ := have.state(nil)
		if len(answer.Errors) == 0 {
			return fmt.Errorf("errors without any")
		}
		for block := range answer.Errors {
			if state[block] == nil {
				return fmt.Errorf("an error at %q, which is no input block of the view", block)
			}
		}
		have.Errors = answer.Errors
	default:
		return fmt.Errorf("response_action %q", answer.Action)
	}
	return nil
}
