package app

import (
	"context"
	"net/url"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/ical"
)

// Opening tells whether changes to a service are welcome.
type Opening = bot.Opening

// Freeze is a freeze that somebody started.
type Freeze = bot.Freeze

// askWithin bounds what a judgement without a server waits for others.
const askWithin = 10 * time.Second

// Openings judges a moment by the configuration alone, with the calendars that it names; an empty service means all. Where the
// configuration says under which URL its server is reached (server.url), that one's freezes are asked for.
func (c Config) Openings(ctx context.Context, service string, at, now time.Time) ([]bot.Opening, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	w, err := newWindows(c.Windows)
	if err != nil {
		return nil, err
	}
	if len(c.Calendars) > 0 {
		w.reader = ical.NewReader(c.Calendars, ical.Options{Now: func() time.Time { return now }})
		defer w.reader.Close()
	}
	unseen := ""
	if c.Server.URL != "" {
		w.freezes = func(ctx context.Context) ([]bot.Freeze, error) {
			return NewClient(c.Server.URL, c.Server.Token.Reveal()).Freezes(ctx, true)
		}
	}
	w.fetch(ctx)
	if err := w.lookAtFreezes(ctx); err != nil {
		unseen = "freezes that people started: " + err.Error()
	}
	out, err := openings(w, c, service, at)
	for i := range out {
		if unseen != "" {
			out[i].Unseen = append(out[i].Unseen, unseen)
		}
	}
	return out, err
}

// Windows asks whether changes are welcome; an empty service means all, the zero time now.
func (c *Client) Windows(ctx context.Context, service string, at time.Time) ([]bot.Opening, error) {
	query := url.Values{"service": {service}}
	if !at.IsZero() {
		query.Set("at", at.Format(time.RFC3339))
	}
	var answer struct {
		Windows []bot.Opening `json:"windows"`
	}
	err := c.call(ctx, "GET", "/api/v1/windows?"+query.Encode(), nil, &answer)
	return NotNil(answer.Windows), err
}

// Freezes lists freezes that people started, those that are over too where all is set.
func (c *Client) Freezes(ctx context.Context, all bool) ([]bot.Freeze, error) {
	query := url.Values{"limit": {"1000"}}
	if all {
		query.Set("all", "true")
	}
	var answer struct {
		Freezes []bot.Freeze `json:"freezes"`
	}
	err := c.call(ctx, "GET", "/api/v1/freezes?"+query.Encode(), nil, &answer)
	return NotNil(answer.Freezes), err
}

// StartFreeze starts a freeze.
func (c *Client) StartFreeze(ctx context.Context, f bot.Freeze) (bot.Freeze, error) {
	body := map[string]any{"services": f.Services, "reason": f.Reason, "by": f.By, "via": "cli"}
	for name, at := range map[string]time.Time{"from": f.From, "to": f.To} {
		if !at.IsZero() {
			body[name] = at
		}
	}
	return c.freeze(ctx, "/api/v1/freezes", body)
}

// EndFreeze ends a freeze.
func (c *Client) EndFreeze(ctx context.Context, id, by, reason string) (bot.Freeze, error) {
	return c.freeze(ctx, "/api/v1/freezes/"+url.PathEscape(id)+"/end", map[string]any{"by": by, "via": "cli", "reason": reason})
}

func (c *Client) freeze(ctx context.Context, path string, body map[string]any) (bot.Freeze, error) {
	var answer struct {
		Freeze bot.Freeze `json:"freeze"`
	}
	err := c.call(ctx, "POST", path, body, &answer)
	return answer.Freeze, err
}
