package pagerduty

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// BrieferOptions are what a Briefer is given.
type BrieferOptions struct {
	// Brief tells what is known of a service, for something that began at a time.
	Brief func(ctx context.Context, service string, at time.Time) (bot.Brief, error)
	// Hear takes news of pages that are found to be ours.
	Hear   func(ctx context.Context, news []bot.PageNews) error
	Logger *slog.Logger
}

// Briefer writes what is known of a service onto PagerDuty's incidents of it, whoever raised them: a note, and where the account has them
// custom fields and a status update. Notes cannot be edited, so a further one says only what is new, and there are five at most.
type Briefer struct {
	client  *Client
	options BrieferOptions
	// extras are what an account may not have.
	fields, updates, past, related extra

	mu    sync.Mutex
	pages map[string]*briefed
	woken chan struct{}
}

// briefed is an incident of PagerDuty's that is open, as far as is known.
type briefed struct {
	page    bot.Page
	service string
	ours    bool
	began   time.Time
	due     time.Time
}

// The paces of a briefer.
const (
	// briefAgain is how often an open page is looked at again, briefFor for how long.
	briefAgain  = 30 * time.Second
	briefFor    = 2 * time.Hour
	mostBriefed = 500
)

// Briefer makes one. Run has it work.
func (c *Client) Briefer(o BrieferOptions) *Briefer {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Briefer{client: c, options: o, pages: map[string]*briefed{}, woken: make(chan struct{}, 1)}
}

// Paged hears of a page. It does not block.
func (b *Briefer) Paged(_ context.Context, n bot.PageNews) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch known := b.pages[n.Page.ID]; {
	case n.Page.Status == bot.PageResolved || n.Kind == bot.PageClosed || n.Kind == bot.PageMerged:
		delete(b.pages, n.Page.ID)
		return
	case known != nil:
		known.ours = known.ours || n.Incident != ""
	case n.Service == "" || n.Second || len(b.pages) >= mostBriefed:
		return // an escalation says all in itself
	default:
		b.pages[n.Page.ID] = &briefed{page: n.Page, service: n.Service, ours: n.Incident != "", began: n.Page.At}
	}
	b.wake()
}

func (b *Briefer) wake() {
	select {
	case b.woken <- struct{}{}:
	default:
	}
}

// Run works until the context ends.
func (b *Briefer) Run(ctx context.Context) {
	tick := time.NewTicker(briefAgain / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.woken:
		case <-tick.C:
		}
		for _, page := range b.due(time.Now()) {
			if ctx.Err() != nil {
				return
			}
			err := b.Brief(ctx, page)
			if err != nil && ctx.Err() == nil {
				b.options.Logger.WarnContext(ctx, "what is known could not be told to PagerDuty; it is tried again", "page", page, "error", err)
			}
		}
	}
}

// due are the pages that are to be looked at now; those that are open for long are let go.
func (b *Briefer) due(now time.Time) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for id, p := range b.pages {
		switch {
		case p.due.IsZero() || !p.due.After(now):
			p.due = now.Add(briefAgain)
			out = append(out, id)
		case b.client.now().Sub(p.began) > briefFor:
			delete(b.pages, id)
		}
	}
	return out
}

const briefSpace = "pagerduty-brief"

// written is what stands on a page.
type written struct {
	Notes int      `json:"notes"`
	Said  []string `json:"said"`
	// Pending tells that the next note was sent and no answer came.
	Pending bool `json:"pending,omitempty"`
	// Extras tells that what is written once was written.
	Extras bool `json:"extras,omitempty"`
	Linked bool `json:"linked,omitempty"`
}

// Brief writes onto a page what is known and not written yet.
func (b *Briefer) Brief(ctx context.Context, id string) error {
	b.mu.Lock()
	p, known := b.pages[id]
	if !known {
		b.mu.Unlock()
		return nil
	}
	page := *p
	b.mu.Unlock()
	c := b.client
	var w written
	if _, err := c.recall(ctx, briefSpace, id, &w); err != nil {
		return err
	}
	if w.Pending {
		if err := b.settle(ctx, id, &w); err != nil {
			return err
		}
	}
	brief, err := b.options.Brief(ctx, page.service, page.began)
	if err != nil {
		return err
	}
	if err := b.note(ctx, id, brief, &w); err != nil {
		return err
	}
	if !w.Extras {
		b.extras(ctx, id, brief)
		w.Extras = true
	}
	if !w.Linked && !page.ours {
		if err := b.link(ctx, page); err != nil {
			return err
		}
		w.Linked = true
	}
	return c.remember(ctx, briefSpace, id, w)
}

// note writes the next note, where there is something new. That it is sent is kept first: a note that may have been written is looked
// for and never sent twice.
func (b *Briefer) note(ctx context.Context, id string, brief bot.Brief, w *written) error {
	c := b.client
	text, said := noteOf(brief, w.Said, w.Notes)
	if text == "" {
		return nil
	}
	if w.Notes == 0 {
		text += b.alike(ctx, id)
	}
	pending := *w
	pending.Pending, pending.Said = true, said
	if err := c.remember(ctx, briefSpace, id, pending); err != nil {
		return err
	}
	call := c.api.Call()
	body := map[string]any{"note": map[string]string{"content": text}}
	err := c.write(ctx, call, http.MethodPost, "/incidents/"+url.PathEscape(id)+"/notes", body)
	if fate, _ := playbooks.FateOf(err); err != nil && fate != playbooks.Unknown {
		if remembered := c.remember(ctx, briefSpace, id, *w); remembered != nil { // it is certain that nothing was written
			return remembered
		}
		if fate == playbooks.Permanent {
			b.forget(id)
		}
		return err
	}
	if err != nil {
		return err
	}
	w.Notes, w.Said = w.Notes+1, said
	return c.remember(ctx, briefSpace, id, *w)
}

func (b *Briefer) forget(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.pages, id)
}

// settle finds out whether the note was written whose answer was lost.
func (b *Briefer) settle(ctx context.Context, id string, w *written) error {
	var answer struct {
		Notes []struct {
			Content string `json:"content"`
		} `json:"notes"`
	}
	if err := b.client.read(ctx, "/incidents/"+url.PathEscape(id)+"/notes", nil, &answer); err != nil {
		return err
	}
	w.Pending = false
	for _, n := range answer.Notes {
		if strings.HasPrefix(n.Content, noteMark(w.Notes+1)) {
			w.Notes++
			return nil
		}
	}
	w.Said = nil // nobody has read it: the note says all again
	return nil
}

// extras writes what is written once, where the account has it.
func (b *Briefer) extras(ctx context.Context, id string, brief bot.Brief) {
	c := b.client
	path := "/incidents/" + url.PathEscape(id)
	if fields := fieldsOf(c.config.CustomFields, brief); len(fields) > 0 {
		b.once(ctx, &b.fields, "custom fields", http.MethodPut, path+"/custom_fields/values", map[string]any{"custom_fields": fields})
	}
	if c.config.StatusUpdates && brief.Incident != "" {
		message := line(brief.Service+": "+brief.Headline, maxNoteLine)
		b.once(ctx, &b.updates, "status updates", http.MethodPost, path+"/status_updates", map[string]any{"message": message})
	}
}

// once writes something that an account may not have. What is lost otherwise is logged: it is worth no second attempt.
func (b *Briefer) once(ctx context.Context, x *extra, what, method, path string, body any) {
	if x.isOff() {
		return
	}
	call := b.client.api.Call()
	err := b.client.write(ctx, call, method, path, body)
	b.tellOff(ctx, x, what, err, call.Answer().Status)
}

func (b *Briefer) tellOff(ctx context.Context, x *extra, what string, err error, status int) {
	switch off, fresh := x.refused(status, err); {
	case fresh:
		b.options.Logger.WarnContext(ctx, "PagerDuty refuses something that not every account has; it is not tried again until the next start", "what", what, "error", err)
	case err != nil && !off:
		b.options.Logger.WarnContext(ctx, "something could not be written to PagerDuty", "what", what, "error", err)
	}
}

// maxField is how many characters the value of a custom field may have.
const maxField = 200

// fieldWords are what custom fields can be filled with.
func fieldWords() []string { return []string{"suspect", "probability", "incident", "playbook", "page"} }

// fieldsOf are the values of custom fields, by the words of the configuration.
func fieldsOf(names map[string]string, b bot.Brief) []map[string]any {
	values := map[string]string{"incident": line(b.Incident, maxField), "playbook": line(strings.Join(b.Playbooks, ", "), maxField)}
	if len(b.URL) <= maxField { // half an address leads nowhere
		values["page"] = b.URL
	}
	if s := b.Ranking.Suspects; len(s) > 0 {
		values["suspect"] = line(firstOf(s[0].Title, s[0].Change), maxField)
		values["probability"] = percent(s[0].Probability)
	}
	var out []map[string]any
	for _, word := range fieldWords() {
		if name := names[word]; name != "" && values[word] != "" {
			out = append(out, map[string]any{"name": name, "value": values[word]})
		}
	}
	return out
}

// alike is what PagerDuty itself knows: incidents of the past that were like it, and those of now that belong to it.
func (b *Briefer) alike(ctx context.Context, id string) string {
	type found struct {
		Incident struct {
			Title     string      `json:"title"`
			CreatedAt hook.Moment `json:"created_at"`
		} `json:"incident"`
	}
	var answer struct {
		Past    []found `json:"past_incidents"`
		Related []found `json:"related_incidents"`
	}
	var out string
	ask := func(x *extra, what, path string) {
		if x.isOff() {
			return
		}
		call := b.client.api.Repeatable()
		err := b.client.ask(ctx, call, http.MethodGet, "/incidents/"+url.PathEscape(id)+path, nil, nil, &answer)
		b.tellOff(ctx, x, what, err, call.Answer().Status)
	}
	ask(&b.past, "past incidents", "/past_incidents")
	ask(&b.related, "related incidents", "/related_incidents")
	if n := len(answer.Past); n > 0 {
		out += "\n• PagerDuty knows of incidents like it; the first: " + line(answer.Past[0].Incident.Title, 150) + dated(answer.Past[0].Incident.CreatedAt)
	}
	if n := len(answer.Related); n > 0 {
		out += "\n• PagerDuty holds as related: " + line(answer.Related[0].Incident.Title, 150) + dated(answer.Related[0].Incident.CreatedAt)
	}
	return out
}

func dated(at hook.Moment) string {
	if at.IsZero() {
		return ""
	}
	return " of " + at.UTC().Format("2006-01-02 15:04 UTC")
}

// link finds out whether an incident whose key is not ours holds one of our alerts, as those do that PagerDuty groups.
func (b *Briefer) link(ctx context.Context, page briefed) error {
	var answer struct {
		Alerts []struct {
			Key string `json:"alert_key"`
		} `json:"alerts"`
	}
	if err := b.client.read(ctx, "/incidents/"+url.PathEscape(page.page.ID)+"/alerts", nil, &answer); err != nil {
		return err
	}
	var news []bot.PageNews
	for _, a := range answer.Alerts {
		incident, second := incidentOf(a.Key)
		if incident == "" || len(news) == mostLinks {
			continue
		}
		if err := b.client.link(ctx, page.page.ID, link{Incident: incident, Second: second}); err != nil {
			return err
		}
		news = append(news, bot.PageNews{
			ID: "alerts/" + page.page.ID + "/" + incident, Kind: bot.PageSeen, Pager: pagerName, Page: page.page, Incident: incident, Second: second,
			Service: page.service, Said: "found among the alerts of a page",
		})
	}
	if len(news) == 0 {
		return nil
	}
	return b.options.Hear(ctx, news)
}
