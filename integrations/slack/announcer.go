package slack

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Bounds of the Announcer.
const (
	maxPending  = 10_000
	maxTries    = 30 // after so many it is told that a card is out of date
	firstPause  = time.Second
	longestWait = time.Minute
)

// Announcer keeps standing cards up to date. Many updates of one incident become one edit that shows the newest state; a
// channel is edited at most once per Config.EditEvery, and not before a hint of Slack's is over. It posts only what somebody else tried
// to post while Slack was away: the card as it is then, once. While no card waits, the threads below them are brought up to date.
type Announcer struct {
	client *Client

	mu      sync.Mutex
	pending map[string]*pending
	threads threads
	gates   map[string]time.Time // channel → when it may be edited again
	wake    chan struct{}
	idle    chan struct{} // closed while nothing is pending
}

// pending is an incident whose card is out of date.
type pending struct {
	at    time.Time // not before
	asked time.Time // for fairness: the longest waiting goes first
	tries int
	// again is set when an update came while the edit was under way.
	busy, again bool
}

// Announcer makes the announcer of this client. Run does the work.
func (c *Client) Announcer() *Announcer {
	a := &Announcer{
		client:  c,
		pending: map[string]*pending{},
		gates:   map[string]time.Time{},
		wake:    make(chan struct{}, 1),
		idle:    make(chan struct{}),
	}
	close(a.idle)
	return a
}

// Update says that an incident changed. It returns at once; an incident without a card is left alone.
func (a *Announcer) Update(ctx context.Context, incident string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if p := a.pending[incident]; p != nil {
		p.again = p.busy
		return nil
	}
	if len(a.pending) >= maxPending {
		return bot.Errorf(bot.Unavailable, "slack: %d cards wait for an edit already", maxPending)
	}
	if len(a.pending) == 0 {
		a.idle = make(chan struct{})
	}
	now := time.Now()
	a.pending[incident] = &pending{at: now, asked: now}
	select {
	case a.wake <- struct{}{}:
	default:
	}
	return nil
}

// Run edits cards until ctx ends. Call it once.
func (a *Announcer) Run(ctx context.Context) error {
	for {
		incident, pause := a.next(time.Now())
		if incident != "" {
			a.work(ctx, incident)
			if ctx.Err() == nil {
				continue
			}
		}
		if incident == "" {
			thread, wait := a.threads.next(time.Now())
			if thread != "" {
				a.reply(ctx, thread)
				continue
			}
			pause = min(pause, wait)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-a.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// Flush waits until nothing is pending, or ctx ends.
func (a *Announcer) Flush(ctx context.Context) error {
	a.mu.Lock()
	idle := a.idle
	a.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// next picks the incident that is due and waits longest, or says how long there is nothing to do.
func (a *Announcer) next(now time.Time) (incident string, pause time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	pause = longestWait
	var first *pending
	for id, p := range a.pending {
		if left := p.at.Sub(now); left > 0 {
			pause = min(pause, left)
			continue
		}
		if first == nil || p.asked.Before(first.asked) || (p.asked.Equal(first.asked) && id < incident) {
			incident, first = id, p
		}
	}
	if first != nil {
		first.busy, first.again = true, false
	}
	return incident, pause
}

// work edits one card, or puts it off.
func (a *Announcer) work(ctx context.Context, incident string) {
	channel, result, err := a.attempt(ctx, incident)
	a.client.edits.WithLabelValues(result).Inc()
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	p := a.pending[incident]
	p.busy = false
	if ctx.Err() != nil {
		return // we are stopping: what is pending stays so
	}
	switch result {
	case resultDeferred:
		p.at = a.gates[channel]
		return
	case resultEdited, resultPosted:
		a.close(channel, now.Add(a.client.config.EditEvery), now)
	case resultFailed:
		if a.putOff(p, channel, err, now) {
			if p.tries == maxTries {
				a.client.options.Logger.LogAttrs(ctx, slog.LevelWarn, "slack: a card is still out of date; it is tried again every minute",
					slog.String("incident", incident), slog.Any("error", err))
			}
			return
		}
		a.client.options.Logger.LogAttrs(ctx, slog.LevelError, "slack: a card could not be edited",
			slog.String("incident", incident), slog.Any("error", err))
	}
	if result != resultFailed && result != resultAbsent {
		a.threads.owe(incident, now)
	}
	if p.again {
		p.at, p.asked, p.tries, p.again = now, now, 0, false
		return
	}
	delete(a.pending, incident)
	if len(a.pending) == 0 {
		close(a.idle)
	}
}

// putOff arranges another try unless there is no hope.
func (a *Announcer) putOff(p *pending, channel string, err error, now time.Time) bool {
	fate, hint := playbooks.FateOf(err)
	if fate == playbooks.Permanent {
		return false
	}
	pause := max(hint, min(firstPause<<min(p.tries, 6), longestWait))
	p.tries++
	p.at = now.Add(pause)
	if hint > 0 && channel != "" {
		a.close(channel, now.Add(hint), now)
	}
	return true
}

// close keeps a channel from being edited until then, and forgets channels that may be.
func (a *Announcer) close(channel string, until, now time.Time) {
	for known, at := range a.gates {
		if !at.After(now) {
			delete(a.gates, known)
		}
	}
	a.gates[channel] = until
}

// The results of an attempt, as metric labels.
const (
	resultEdited    = "edited"
	resultPosted    = "posted"
	resultUnchanged = "unchanged"
	resultAbsent    = "absent"
	resultDeferred  = "deferred"
	resultFailed    = "failed"
)

func (a *Announcer) attempt(ctx context.Context, incident string) (channel, result string, err error) {
	c := a.client
	defer c.locks.lock(incident)()
	place, found, err := c.options.Memory.Recall(ctx, incident)
	if err != nil {
		return "", resultFailed, unread("where the card stands could not be read", err)
	}
	if !found || place.TS == "" && place.Channel == "" {
		return "", resultAbsent, nil
	}
	a.mu.Lock()
	gate := a.gates[place.Channel]
	a.mu.Unlock()
	if gate.After(time.Now()) {
		return place.Channel, resultDeferred, nil
	}
	card, err := c.options.Cards.Card(ctx, incident)
	if err != nil {
		return place.Channel, resultFailed, unread("the incident could not be read", err)
	}
	if place.TS == "" {
		return a.catchUp(ctx, incident, place, card)
	}
	changed, err := c.edit(ctx, incident, place, card)
	if why, _ := troubleOf(err); why != "" && card.State != bot.Resolved {
		if _, err = c.elsewhere(ctx, incident, place.Channel, card, err); err == nil {
			return place.Channel, resultPosted, nil
		}
	}
	switch {
	case err != nil:
		return place.Channel, resultFailed, err
	case !changed:
		return place.Channel, resultUnchanged, nil
	default:
		return place.Channel, resultEdited, nil
	}
}

// catchUp posts a card that could not be posted when it was asked for, unless it stands all the same. The incident's lock is held.
func (a *Announcer) catchUp(ctx context.Context, incident string, place Place, card bot.Card) (channel, result string, err error) {
	if place.Asked {
		if place, _, err = a.client.recover(ctx, incident, place.Channel, place); err != nil {
			return place.Channel, resultFailed, err
		}
	}
	if place.TS != "" {
		if _, err = a.client.edit(ctx, incident, place, card); err != nil {
			return place.Channel, resultFailed, err
		}
		return place.Channel, resultEdited, nil
	}
	if _, err = a.client.postNew(ctx, incident, place.Channel, place, card); err != nil {
		return place.Channel, resultFailed, err
	}
	return place.Channel, resultPosted, nil
}

// editCounter counts attempts by result.
func editCounter(reg prometheus.Registerer) *prometheus.CounterVec {
	edits := rest.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firebreak_slack_card_edits_total",
		Help: "Attempts to bring a standing card up to date, by what came of it.",
	}, []string{"result"}))
	for _, r := range []string{resultEdited, resultPosted, resultUnchanged, resultAbsent, resultDeferred, resultFailed} {
		edits.WithLabelValues(r)
	}
	return edits
}
