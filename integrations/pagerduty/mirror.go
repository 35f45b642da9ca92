package pagerduty

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Incidents are ours, as they stand.
type Incidents interface {
	Incident(ctx context.Context, id string) (bot.Incident, error)
	Incidents(ctx context.Context, q bot.IncidentQuery) ([]bot.Incident, error)
}

// MirrorOptions are what a Mirror is given. All are needed but Logger and Wait.
type MirrorOptions struct {
	Incidents Incidents
	// Owed is the verb that PagerDuty has to be told of an incident, empty where it knows as much.
	Owed func(bot.Incident) string
	// Hear takes what asking found.
	Hear   func(ctx context.Context, news []bot.PageNews) error
	Logger *slog.Logger
}

// Mirror keeps both sides alike: it tells PagerDuty what was acknowledged and resolved here, and asks PagerDuty, where there is a token,
// for what no webhook told.
type Mirror struct {
	client  *Client
	options MirrorOptions

	mu      sync.Mutex
	waiting map[string]time.Time // incidents that are to be looked at, and when
	failed  map[string]int       // how often in a row one could not be told
	woken   chan struct{}
}

// The paces of a mirror.
const (
	// mirrorRetry is the pause after the first failure; it doubles up to mirrorSlow.
	mirrorRetry = 2 * time.Second
	mirrorSlow  = 30 * time.Second
	// askEvery is how often PagerDuty is asked, askFor how long after its end an incident is still asked for.
	askEvery = time.Minute
	askFor   = time.Hour
	mostAsks = 100
	// mostWaiting bounds what waits; beyond it the next look at all incidents finds the rest.
	mostWaiting = 5000
)

// Mirror makes one. Run has it work.
func (c *Client) Mirror(o MirrorOptions) *Mirror {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Mirror{client: c, options: o, waiting: map[string]time.Time{}, failed: map[string]int{}, woken: make(chan struct{}, 1)}
	c.wished = func(incident string) { m.look(incident, time.Now().Add(mirrorRetry)) }
	return m
}

// Update has an incident looked at. It does not block.
func (m *Mirror) Update(_ context.Context, incident string) { m.look(incident, time.Now()) }

func (m *Mirror) look(incident string, at time.Time) {
	m.mu.Lock()
	if _, known := m.waiting[incident]; known || len(m.waiting) < mostWaiting {
		m.waiting[incident] = at
	}
	m.mu.Unlock()
	select {
	case m.woken <- struct{}{}:
	default:
	}
}

// Run works until the context ends. It begins with what a restart may have left untold.
func (m *Mirror) Run(ctx context.Context) {
	m.lookBack(ctx)
	ask := time.NewTicker(askEvery)
	defer ask.Stop()
	retry := time.NewTicker(mirrorRetry / 2)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.woken:
		case <-retry.C:
		case <-ask.C:
			if err := m.Ask(ctx); err != nil && ctx.Err() == nil {
				m.options.Logger.WarnContext(ctx, "PagerDuty could not be asked how its incidents stand", "error", err)
			}
		}
		for _, incident := range m.due(time.Now()) {
			after, err := m.Tell(ctx, incident)
			if err != nil && ctx.Err() == nil {
				pause := max(after, m.pause(incident))
				m.options.Logger.WarnContext(ctx, "PagerDuty could not be told; it is tried again", "incident", incident, "after", pause, "error", err)
				m.look(incident, time.Now().Add(pause))
				continue
			}
			m.mu.Lock()
			delete(m.failed, incident)
			m.mu.Unlock()
		}
	}
}

// lookBack has the incidents looked at that are open or ended in the last hour.
func (m *Mirror) lookBack(ctx context.Context) {
	recent, err := m.options.Incidents.Incidents(ctx, bot.IncidentQuery{Limit: 200})
	if err != nil {
		m.options.Logger.WarnContext(ctx, "what PagerDuty may have to be told could not be read", "error", err)
		return
	}
	for _, in := range recent {
		if in.State != bot.Resolved || m.client.now().Sub(in.ResolvedAt) < askFor {
			m.look(in.ID, time.Now())
		}
	}
}

// pause is how long an incident waits that could not be told.
func (m *Mirror) pause(incident string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	tries := m.failed[incident]
	if tries > 0 || len(m.failed) < mostWaiting {
		m.failed[incident] = tries + 1
	}
	return min(mirrorRetry<<min(tries, 6), mirrorSlow)
}

func (m *Mirror) due(now time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for incident, at := range m.waiting {
		if !at.After(now) {
			out = append(out, incident)
			delete(m.waiting, incident)
		}
	}
	return out
}

const (
	pagedSpace = "pagerduty-paged"
	toldSpace  = "pagerduty-told"
)

// told is what PagerDuty was told last of an incident.
type told struct {
	Verb string    `json:"verb"`
	Of   time.Time `json:"of"`
	// Heard is the word of PagerDuty's that was known then: a newer one that still differs is answered again.
	Heard time.Time `json:"heard"`
}

// Tell tells PagerDuty what it has to know of an incident, once for each word of its own. It gives how long to wait after an error.
func (m *Mirror) Tell(ctx context.Context, incident string) (after time.Duration, err error) {
	c := m.client
	in, err := m.options.Incidents.Incident(ctx, incident)
	if bot.CodeOf(err) == bot.NotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if !c.config.key(in.Service).IsSet() {
		return 0, nil
	}
	var w wishes
	if _, err := c.recall(ctx, wishSpace, in.ID, &w); err != nil {
		return 0, err
	}
	if after, err := m.late(ctx, in, w); err != nil {
		return after, err
	}
	verb := m.options.Owed(in)
	if verb == "" {
		return 0, nil
	}
	var yes bool
	if paged, err := c.recall(ctx, pagedSpace, in.ID, &yes); err != nil || !paged && in.Page.ID == "" {
		return 0, err
	}
	of := told{Verb: verb, Of: in.AcknowledgedAt, Heard: in.Page.At}
	if in.State == bot.Resolved {
		of.Of = in.ResolvedAt
	}
	var last told
	if known, err := c.recall(ctx, toldSpace, in.ID, &last); err != nil || known && last.Verb == of.Verb && last.Of.Equal(of.Of) && last.Heard.Equal(of.Heard) {
		return 0, err
	}
	_, err = c.send(ctx, in.Service, pd.V2Event{Action: verb, DedupKey: dedupKey(in.ID)})
	if err != nil {
		fate, after := playbooks.FateOf(err)
		if fate == playbooks.Permanent {
			m.options.Logger.ErrorContext(ctx, "PagerDuty refuses to be told", "incident", in.ID, "verb", verb, "error", err)
			return 0, c.remember(ctx, toldSpace, in.ID, of)
		}
		return after, err
	}
	m.options.Logger.InfoContext(ctx, "PagerDuty was told", "incident", in.ID, "verb", verb)
	return 0, c.remember(ctx, toldSpace, in.ID, of)
}

// Ask asks how the pages of the incidents of this hour stand, and hands on what is new.
func (m *Mirror) Ask(ctx context.Context) error {
	c := m.client
	if !c.config.Asks() {
		return nil
	}
	recent, err := m.options.Incidents.Incidents(ctx, bot.IncidentQuery{Limit: 200})
	if err != nil {
		return err
	}
	asked := 0
	for _, in := range recent {
		var yes bool
		paged, err := c.recall(ctx, pagedSpace, in.ID, &yes)
		if err != nil {
			return err
		}
		settled := in.State == bot.Resolved && c.now().Sub(in.ResolvedAt) > askFor
		if settled || !paged && in.Page.ID == "" || asked == mostAsks {
			continue
		}
		asked++
		n, found, err := c.seen(ctx, in)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if err := m.options.Hear(ctx, []bot.PageNews{n}); err != nil {
			return err
		}
		m.look(in.ID, time.Now())
	}
	return nil
}

// pageOfREST is an incident as the REST API tells it.
type pageOfREST struct {
	ID          string      `json:"id"`
	Number      int         `json:"incident_number"`
	URL         string      `json:"html_url"`
	Title       string      `json:"title"`
	Status      string      `json:"status"`
	Key         string      `json:"incident_key"`
	Urgency     string      `json:"urgency"`
	CreatedAt   hook.Moment `json:"created_at"`
	ChangedAt   hook.Moment `json:"last_status_change_at"`
	ChangedBy   *reference  `json:"last_status_change_by"`
	Priority    *reference  `json:"priority"`
	Policy      *reference  `json:"escalation_policy"`
	Service     *reference  `json:"service"`
	Assignments []struct {
		Assignee reference `json:"assignee"`
	} `json:"assignments"`
	Acknowledgements []struct {
		Acknowledger reference `json:"acknowledger"`
	} `json:"acknowledgements"`
	ResolvedBy *struct {
		Type     string     `json:"type"`
		Incident *reference `json:"incident"`
	} `json:"resolve_reason"`
}

// page makes a noun of it.
func (p pageOfREST) page() bot.Page {
	out := bot.Page{
		ID: hook.Word(p.ID), Number: p.Number, URL: hook.Link(p.URL), Status: bot.PageStatus(p.Status), At: p.ChangedAt.Time, Urgency: hook.Word(p.Urgency),
	}
	if out.Status.Rank() == 0 {
		out.Status = ""
	}
	if out.At.IsZero() {
		out.At = p.CreatedAt.Time
	}
	if p.Priority != nil {
		out.Priority = hook.Word(p.Priority.Summary)
	}
	for _, a := range p.Assignments {
		if len(out.Assigned) < mostAssignees {
			out.Assigned = append(out.Assigned, nameOf(&a.Assignee))
		}
	}
	return out
}

// seen asks for the page of an incident: by its ID where that is known, else by the key, of several the newest.
func (c *Client) seen(ctx context.Context, in bot.Incident) (bot.PageNews, bool, error) {
	var p pageOfREST
	if in.Page.ID != "" && in.Page.Status != bot.PageResolved {
		var answer struct {
			Incident pageOfREST `json:"incident"`
		}
		if err := c.read(ctx, "/incidents/"+url.PathEscape(in.Page.ID), nil, &answer); err != nil {
			return bot.PageNews{}, false, err
		}
		p = answer.Incident
	} else {
		var answer struct {
			Incidents []pageOfREST `json:"incidents"`
		}
		query := url.Values{"incident_key": {dedupKey(in.ID)}, "date_range": {"all"}, "sort_by": {"created_at:desc"}, "limit": {"1"}}
		if err := c.read(ctx, "/incidents", query, &answer); err != nil || len(answer.Incidents) == 0 {
			return bot.PageNews{}, false, err
		}
		p = answer.Incidents[0]
	}
	page := p.page()
	if page.ID == "" || page.Status == "" {
		return bot.PageNews{}, false, nil
	}
	n := bot.PageNews{
		ID: "seen/" + page.ID + "/" + p.Status + "/" + page.At.UTC().Format(time.RFC3339), Kind: bot.PageSeen, Pager: pagerName, By: c.who(ctx, p.ChangedBy),
		Page: page, Title: hook.Title(p.Title), Incident: in.ID, Service: in.Service,
	}
	if page.Status == bot.PageAcknowledged && len(p.Acknowledgements) > 0 {
		n.By = c.who(ctx, &p.Acknowledgements[len(p.Acknowledgements)-1].Acknowledger)
	}
	if p.ResolvedBy != nil && p.ResolvedBy.Type == "merge_resolve_reason" && p.ResolvedBy.Incident != nil {
		n.Into = bot.Page{ID: hook.Word(p.ResolvedBy.Incident.ID), URL: hook.Link(p.ResolvedBy.Incident.URL)}
		n.Said = "merged into " + firstOf(hook.Title(p.ResolvedBy.Incident.Summary), n.Into.ID)
		if err := c.link(ctx, n.Into.ID, link{Incident: in.ID}); err != nil {
			return n, false, err
		}
	}
	return n, true, c.link(ctx, page.ID, link{Incident: in.ID})
}
