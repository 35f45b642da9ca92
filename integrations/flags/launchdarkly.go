package flags

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// Signed hears LaunchDarkly. It is safe for concurrent use.
type Signed struct {
	config LaunchDarkly
	owners owners
	now    func() time.Time
}

// entry is an entry of the audit log, which is what LaunchDarkly sends.
type entry struct {
	ID        string      `json:"_id"`
	Date      hook.Moment `json:"date"`
	Kind      string      `json:"kind"`
	Name      string      `json:"name"`
	TitleVerb string      `json:"titleVerb"`
	Member    struct {
		Email string `json:"email"`
		First string `json:"firstName"`
		Last  string `json:"lastName"`
	} `json:"member"`
	Accesses []struct {
		Action   string `json:"action"`
		Resource string `json:"resource"`
	} `json:"accesses"`
	Target struct {
		Resources []string `json:"resources"`
	} `json:"target"`
	Links struct {
		Site struct {
			Href string `json:"href"`
		} `json:"site"`
	} `json:"_links"`
}

// Receive proves X-LD-Signature, the HMAC-SHA256 of the body, and names the delivery by the entry that it carries. No time is signed:
// an entry that was seen is the same delivery however late it comes.
func (s *Signed) Receive(header http.Header, body []byte) (bot.Delivery, error) {
	if err := hook.Size(body); err != nil {
		return bot.Delivery{}, err
	}
	if header.Get("X-Ld-Signature") == "" {
		return bot.Delivery{}, bot.Errorf(bot.Unauthorized, "X-LD-Signature is missing: check “Sign this webhook” in LaunchDarkly")
	}
	if err := hook.Hex(header.Get("X-Ld-Signature"), s.config.Secret, body); err != nil {
		return bot.Delivery{}, err
	}
	if _, err := hook.JSON(header); err != nil {
		return bot.Delivery{}, err
	}
	d := bot.Delivery{ID: hook.Digest(string(body)), Source: "launchdarkly", Event: "undecodable", Body: body, ReceivedAt: s.now()}
	if e, err := readEntry(body); err == nil {
		d.Event = hook.Word(e.Kind)
		if hook.ID("_id", e.ID) == nil {
			d.ID = e.ID
		}
	}
	return d, nil
}

func readEntry(body []byte) (entry, error) {
	var e entry
	err := json.Unmarshal(body, &e)
	var odd *json.UnmarshalTypeError
	if err != nil && (!errors.As(err, &odd) || odd.Field == "") {
		return e, bot.Errorf(bot.Invalid, "the body is not an entry of LaunchDarkly's audit log").Because(err)
	}
	return e, nil
}

// Tell makes one change for each environment in which the flag was changed.
func (s *Signed) Tell(_ context.Context, d bot.Delivery) (bot.Told, error) {
	e, err := readEntry(d.Body)
	if err != nil {
		return bot.Told{}, err
	}
	if e.Kind != "flag" && e.Kind != "segment" {
		return bot.Told{Unused: "entries about a " + hook.Word(e.Kind) + " alter no flag"}, nil
	}
	at := e.Date.Time
	if at.IsZero() || at.After(d.ReceivedAt.Add(10*time.Minute)) {
		at = d.ReceivedAt
	}
	var out bot.Told
	touched := e.touched()
	for _, t := range touched {
		if len(s.config.Environments) > 0 && t.environment != "" && !slices.Contains(s.config.Environments, t.environment) {
			continue
		}
		c := s.owners.change("launchdarkly", hook.Word(d.ID+"/"+t.environment+"/"+t.key), t.key, d.ReceivedAt)
		c.Environment, c.EffectiveAt, c.Author = t.environment, at, e.author()
		c.Title = hook.Title(strings.TrimSpace(strings.Join([]string{e.Kind, e.Name, "(" + t.key + "):", e.TitleVerb, strings.Join(t.actions, ", ")}, " ")))
		c.URL = hook.Link(e.Links.Site.Href)
		if old, now := e.switched(t); old != "" {
			c.Inputs = []bot.Input{{Kind: bot.Flag, Name: t.key, Old: old, New: now}}
		}
		out.Changes = append(out.Changes, c)
	}
	if len(touched) == 0 {
		out.Unused = "the entry names no flag"
	} else if len(out.Changes) == 0 {
		out.Unused = "the entry is about other environments"
	}
	return out, nil
}

// author is a name; an address only where there is none.
func (e entry) author() string {
	if name := hook.Word(e.Member.First + " " + e.Member.Last); name != "" {
		return name
	}
	return hook.Word(e.Member.Email)
}

// switched tells from which state to which a flag was switched, and nothing where something else of it was changed. Switching it back is
// told by the same words the other way round, so that it is known to undo this.
func (e entry) switched(p place) (old, now string) {
	const on, off = "on", "off"
	switch {
	case !slices.Equal(p.actions, []string{"updateOn"}):
		return "", ""
	case strings.HasPrefix(e.TitleVerb, "turned on "):
		return off, on
	case strings.HasPrefix(e.TitleVerb, "turned off "):
		return on, off
	default:
		return "", ""
	}
}

// place is a flag in an environment, and what was done to it.
type place struct {
	environment, key string
	actions          []string
}

// maxPlaces bounds the environments of one entry.
const maxPlaces = 100

// touched reads resources like "proj/default:env/production:flag/new-prompt;tag".
func (e entry) touched() []place {
	var out []place
	add := func(resource, action string) {
		t := place{}
		for part := range strings.SplitSeq(resource, ":") {
			part, _, _ = strings.Cut(part, ";")
			switch kind, key, _ := strings.Cut(part, "/"); kind {
			case "env":
				t.environment = hook.Word(key)
			case "flag", "segment":
				t.key = hook.Word(key)
			}
		}
		if t.key == "" || len(out) >= maxPlaces {
			return
		}
		i := slices.IndexFunc(out, func(known place) bool { return known.environment == t.environment && known.key == t.key })
		if i < 0 {
			out = append(out, t)
			i = len(out) - 1
		}
		if action = hook.Word(action); action != "" && !slices.Contains(out[i].actions, action) {
			out[i].actions = append(out[i].actions, action)
		}
	}
	for _, a := range e.Accesses {
		add(a.Resource, a.Action)
	}
	if len(out) == 0 {
		for _, resource := range e.Target.Resources {
			add(resource, "")
		}
	}
	return out
}

func sortedOnce(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
