package pagerduty

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// HeraldOptions are what a Herald is given.
type HeraldOptions struct {
	// Changes lists the ledger, newest first.
	Changes func(ctx context.Context, q bot.ChangeQuery) ([]bot.Change, error)
	Logger  *slog.Logger
}

// Herald tells PagerDuty of the changes of services that have a routing key, each once. They wait behind the pages: of the events that a
// key may have, changes take a third at most.
type Herald struct {
	client  *Client
	options HeraldOptions
	turns   rest.Turns

	mu      sync.Mutex
	waiting []bot.Change
	woken   chan struct{}
}

const (
	changeEvery   = 2 * time.Second
	changesAtOnce = 10
	// mostHeralded bounds what waits; what is beyond it is told by the next look into the ledger.
	mostHeralded = 2000
	// heraldFrom is how far back the ledger is looked at, heraldEvery how often.
	heraldFrom  = 6 * time.Hour
	heraldEvery = 10 * time.Minute
	heraldRetry = 30 * time.Second
)

// Herald makes one. Run has it work.
func (c *Client) Herald(o HeraldOptions) *Herald {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Herald{client: c, options: o, woken: make(chan struct{}, 1)}
}

// Changed has a change told. It does not block.
func (h *Herald) Changed(_ context.Context, change bot.Change) {
	h.mu.Lock()
	if len(h.waiting) < mostHeralded {
		h.waiting = append(h.waiting, change)
	}
	h.mu.Unlock()
	select {
	case h.woken <- struct{}{}:
	default:
	}
}

// Run works until the context ends. What was not told before a crash is found in the ledger.
func (h *Herald) Run(ctx context.Context) {
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.woken:
		case <-look.C:
			h.look(ctx)
			look.Reset(heraldEvery)
		}
		for change, more := h.next(); more && ctx.Err() == nil; change, more = h.next() {
			if after, err := h.Tell(ctx, change); err != nil && ctx.Err() == nil {
				h.options.Logger.WarnContext(ctx, "PagerDuty could not be told of a change; it is tried again", "change", change.ID, "error", err)
				look.Reset(max(after, heraldRetry))
				break
			}
		}
	}
}

func (h *Herald) next() (bot.Change, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiting) == 0 {
		return bot.Change{}, false
	}
	first := h.waiting[0]
	h.waiting = h.waiting[1:]
	return first, true
}

// look finds what the ledger has of the last hours, oldest first.
func (h *Herald) look(ctx context.Context) {
	now := h.client.now()
	found, err := h.options.Changes(ctx, bot.ChangeQuery{From: now.Add(-heraldFrom), To: now.Add(time.Minute), Limit: 1000})
	if err != nil {
		h.options.Logger.WarnContext(ctx, "the ledger could not be read for PagerDuty", "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting = h.waiting[:0]
	for i := len(found) - 1; i >= 0; i-- {
		h.waiting = append(h.waiting, found[i])
	}
}

const changeSpace = "pagerduty-change"

// Tell tells PagerDuty of a change, once for each routing key of its services. After an error it gives how long to wait.
func (h *Herald) Tell(ctx context.Context, change bot.Change) (after time.Duration, err error) {
	c := h.client
	var said []string
	if _, err := c.recall(ctx, changeSpace, change.ID, &said); err != nil {
		return 0, err
	}
	for _, service := range change.Services {
		key := c.config.key(service)
		name := keyName(key)
		if !key.IsSet() || slices.Contains(said, name) {
			continue
		}
		if after, err := h.send(ctx, key, change); err != nil {
			if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent {
				return after, err
			}
			h.options.Logger.ErrorContext(ctx, "PagerDuty refuses to hear of a change", "change", change.ID, "service", service, "error", err)
		}
		said = append(said, name)
		if err := c.remember(ctx, changeSpace, change.ID, said); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// keyName tells keys apart without telling them.
func keyName(key secret.Value) string { return hook.Digest(key.Reveal()) }

// send hands one change event over. It may be sent again: at worst PagerDuty shows a change twice.
func (h *Herald) send(ctx context.Context, key secret.Value, change bot.Change) (after time.Duration, err error) {
	c := h.client
	if after, err := h.turns.Wait(ctx, rest.Pace{Key: keyName(key), Every: changeEvery, AtOnce: changesAtOnce}); err != nil {
		return after, err
	}
	if after, err := c.turn(ctx, key); err != nil {
		return after, err
	}
	call := c.rest.Repeatable()
	client := pd.NewClient("", pd.WithV2EventsAPIEndpoint(c.config.EventsURL))
	client.HTTPClient = call.HTTP(nil)
	event := changeEvent(change)
	event.RoutingKey = key.Reveal()
	_, err = client.CreateChangeEventWithContext(ctx, event)
	err = call.Failure(err, vendorText(call.Answer().Body))
	_, after = playbooks.FateOf(err)
	return after, err
}

// changeEvent words a change as people read it beside an incident.
func changeEvent(change bot.Change) pd.ChangeEvent {
	e := pd.ChangeEvent{Payload: pd.ChangeEventPayload{
		Summary: line(string(change.Kind)+": "+firstOf(line(change.Title, maxSummary), change.ID), maxSummary),
		Source:  orElse(line(firstOf(change.Repository, change.Source), maxSource), "firebreak"),
	}}
	if at := change.At(); !at.IsZero() {
		e.Payload.Timestamp = at.UTC().Format(time.RFC3339)
	}
	details := map[string]any{"Services": strings.Join(change.Services, ", "), "Change": line(change.ID, maxDetail)}
	for label, text := range map[string]string{
		"Author": change.Author, "Environment": change.Environment, "Revision": change.Revision, "Way back": change.Rollback,
	} {
		if text != "" {
			details[label] = line(text, maxDetail)
		}
	}
	if len(change.Flags) > 0 {
		why := make([]string, 0, len(change.Flags))
		for _, f := range change.Flags {
			why = append(why, f.Sentence)
		}
		details["Risky because"] = line(strings.Join(why, "; "), maxDetail)
	}
	e.Payload.CustomDetails = details
	if strings.HasPrefix(change.URL, "https://") || strings.HasPrefix(change.URL, "http://") {
		e.Links = []pd.ChangeEventLink{{Href: change.URL, Text: "The change"}}
	}
	return e
}
