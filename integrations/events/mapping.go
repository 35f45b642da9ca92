package events

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// program is a compiled mapping.
type program struct {
	when   *expr.MessageCondition
	fields map[string]*expr.MessageTemplate
	lists  map[string][]*expr.MessageTemplate
}

// fault is a problem of an expression and where it stands.
type fault struct {
	path    []string
	field   string
	index   int
	code    string
	problem expr.Problem
}

// texts are the templates of the change, by their keys.
func (f Fields) texts() map[string]string {
	return map[string]string{
		"id": f.ID, "kind": f.Kind, "title": f.Title, "repository": f.Repository, "revision": f.Revision, "author": f.Author,
		"url": f.URL, "environment": f.Environment, "merged_at": f.MergedAt, "effective_at": f.EffectiveAt, "exposure": f.Exposure,
	}
}

func (m Mapping) compile(env *expr.Messages) (*program, []fault) {
	p := &program{fields: map[string]*expr.MessageTemplate{}, lists: map[string][]*expr.MessageTemplate{}}
	var faults []fault
	tell := func(path []string, field string, index int, problems []expr.Problem) {
		for _, x := range problems {
			faults = append(faults, fault{path, field, index, "bad-expression", x})
		}
	}
	if m.When != "" {
		var problems []expr.Problem
		p.when, problems = env.Condition(m.When)
		tell(nil, "when", -1, problems)
	}
	texts := m.Change.texts()
	for _, needed := range []string{"id", "kind", "title"} {
		if texts[needed] == "" {
			faults = append(faults, fault{[]string{"change"}, needed, -1, "missing", expr.Problem{
				Message: "a change needs " + map[string]string{"id": "an id", "kind": "a kind", "title": "a title"}[needed],
				Fix:     map[string]string{"id": "write for example id: ${body.id}", "kind": "write for example kind: prompt", "title": "write for example title: prompt ${body.name}"}[needed],
			}})
		}
	}
	for _, name := range sortedKeys(texts) {
		if texts[name] == "" {
			continue
		}
		template, problems := env.Template(texts[name], expr.String)
		tell([]string{"change"}, name, -1, problems)
		p.fields[name] = template
	}
	if kind := p.fields["kind"]; kind != nil {
		if word, constant := kind.Constant(); constant && !slices.Contains(kindWords(), word) {
			faults = append(faults, fault{[]string{"change"}, "kind", -1, "unknown-kind", expr.Problem{
				Message: fmt.Sprintf("unknown kind of change %q", word), Fix: "known are " + strings.Join(kindWords(), ", "),
			}})
		}
	}
	for name, list := range map[string][]string{"services": m.Change.Services, "paths": m.Change.Paths} {
		for i, text := range list {
			template, problems := env.Template(text, expr.Any)
			tell([]string{"change"}, name, i, problems)
			p.lists[name] = append(p.lists[name], template)
		}
	}
	return p, faults
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Mapped receives the JSON of one sender and makes changes of it.
type Mapped struct {
	mapping Mapping
	program *program
	now     func() time.Time
}

// source is the name of its deliveries, and the end of its path below /webhooks/.
func (m *Mapped) source() string { return "events/" + m.mapping.Name }

// Receive proves who sent a delivery and names it. Nothing of the body is parsed.
func (m *Mapped) Receive(header http.Header, body []byte) (bot.Delivery, error) {
	if err := hook.Size(body); err != nil {
		return bot.Delivery{}, err
	}
	now := m.now()
	id, err := m.mapping.proven(header, body, now)
	if err != nil {
		return bot.Delivery{}, err
	}
	if _, err := hook.JSON(header); err != nil {
		return bot.Delivery{}, err
	}
	if id == "" {
		id = hook.Digest(string(body))
	}
	return bot.Delivery{ID: id, Source: m.source(), Event: m.mapping.Name, Body: body, ReceivedAt: now}, nil
}

// Tell makes the change that the mapping makes of a delivery.
func (m *Mapped) Tell(_ context.Context, d bot.Delivery) (bot.Told, error) {
	body, err := decode(d.Body)
	if err != nil {
		return bot.Told{}, err
	}
	return m.mapping.tell(m.program, expr.Message{Body: body, Received: d.ReceivedAt})
}

// decode reads JSON into what expressions understand.
func decode(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var body any
	if err := decoder.Decode(&body); err != nil {
		return nil, bot.Errorf(bot.Invalid, "the body is not JSON").Because(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, bot.Errorf(bot.Invalid, "the body holds more than one JSON value")
	}
	body, err := expr.Values(body)
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "the body cannot be read").Because(err)
	}
	return body, nil
}

func (m Mapping) tell(p *program, message expr.Message) (bot.Told, error) {
	if p.when != nil {
		holds, err := p.when.Eval(message)
		if err != nil {
			return bot.Told{}, m.failed("when", err)
		}
		if !holds {
			return bot.Told{Unused: "the mapping " + m.Name + " makes nothing of it: its condition is not true"}, nil
		}
	}
	values, lists, err := m.render(p, message)
	if err != nil {
		return bot.Told{}, err
	}
	change, err := m.change(values, lists, message.Received)
	if err != nil {
		return bot.Told{}, err
	}
	return bot.Told{Changes: []bot.Change{change}}, nil
}

func (m Mapping) failed(field string, err error) error {
	return bot.Errorf(bot.Invalid, "the mapping %s failed at %s: %v", m.Name, field, err)
}

func (m Mapping) render(p *program, message expr.Message) (map[string]string, map[string][]string, error) {
	values := make(map[string]string, len(p.fields))
	for _, name := range sortedKeys(p.fields) {
		value, err := p.fields[name].Render(message)
		if err != nil {
			return nil, nil, m.failed("change."+name, err)
		}
		values[name], _ = value.(string)
	}
	lists := make(map[string][]string, len(p.lists))
	for _, name := range sortedKeys(p.lists) {
		for _, template := range p.lists[name] {
			value, err := template.Render(message)
			if err != nil {
				return nil, nil, m.failed("change."+name, err)
			}
			lists[name] = appendWords(lists[name], value)
		}
	}
	return values, lists, nil
}

// maxList bounds the services and paths of one change.
const maxList = 3000

// appendWords adds a text, or the texts of a list.
func appendWords(to []string, value any) []string {
	items, isList := value.([]any)
	if !isList {
		items = []any{value}
	}
	for _, item := range items {
		if item == nil || len(to) >= maxList {
			continue
		}
		if word := hook.Word(fmt.Sprint(item)); word != "" && !slices.Contains(to, word) {
			to = append(to, word)
		}
	}
	return to
}

// ahead is how far a sender's clock may be ahead of ours.
const ahead = 10 * time.Minute

// timeOf reads a time; what cannot be read, and what lies in the future, is not known.
func timeOf(text string, received time.Time) time.Time {
	at := hook.Time(text)
	if at.After(received.Add(ahead)) {
		return time.Time{}
	}
	return at
}

func (m Mapping) change(v map[string]string, lists map[string][]string, received time.Time) (bot.Change, error) {
	id, title, kind := hook.Word(v["id"]), hook.Title(v["title"]), bot.Kind(v["kind"])
	switch {
	case id == "":
		return bot.Change{}, bot.Errorf(bot.Invalid, "the mapping %s gave an empty id", m.Name)
	case title == "":
		return bot.Change{}, bot.Errorf(bot.Invalid, "the mapping %s gave an empty title", m.Name)
	case !slices.Contains(bot.Kinds(), kind):
		return bot.Change{}, bot.Errorf(bot.Invalid, "the mapping %s gave the unknown kind %q", m.Name, hook.Word(v["kind"]))
	}
	c := bot.Change{
		ID: m.Name + ":" + id, Kind: kind, Source: m.Name, Repository: hook.Word(v["repository"]), Revision: hook.Word(v["revision"]),
		Title: title, Author: hook.Word(v["author"]), URL: hook.Link(v["url"]), Environment: hook.Word(v["environment"]),
		Services: lists["services"], Paths: lists["paths"],
		MergedAt: timeOf(v["merged_at"], received), EffectiveAt: timeOf(v["effective_at"], received), Seen: received,
	}
	if c.MergedAt.IsZero() && c.EffectiveAt.IsZero() {
		c.EffectiveAt = received
	}
	if share, err := strconv.ParseFloat(v["exposure"], 64); err == nil && share > 0 && share <= 1 {
		c.Exposure = share
		at := received
		if !c.EffectiveAt.IsZero() {
			at = c.EffectiveAt
		}
		c.Rollout = []bot.RolloutStep{{At: at, Share: share}}
	}
	return c, nil
}
