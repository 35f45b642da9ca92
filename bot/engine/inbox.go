package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Accept keeps a delivery and wakes the worker. What it returns without an error is safe.
func (e *Engine) Accept(ctx context.Context, d bot.Delivery) (fresh bool, err error) {
	fresh, err = e.parts.Inbox.PutDelivery(ctx, d)
	if err == nil && fresh {
		e.arrive()
	}
	return fresh, err
}

func (e *Engine) arrive() {
	select {
	case e.arrived <- struct{}{}:
	default: // the worker is awake already
	}
}

const (
	inboxBatch = 50
	// inboxRetry is how long the worker waits after a delivery that could not be worked off, and how often it looks by itself.
	inboxRetry = 15 * time.Second
)

// WorkInbox works deliveries off, in the order of arrival, until the context ends.
func (e *Engine) WorkInbox(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.arrived:
		case <-timer.C:
		}
		for e.workBatch(ctx) {
		}
		timer.Reset(inboxRetry)
	}
}

// workBatch tells whether there may be more. Deliveries are finished only when what follows from them is done, so that a crash
// in between does it again.
func (e *Engine) workBatch(ctx context.Context) bool {
	deliveries, err := e.parts.Inbox.PendingDeliveries(ctx, inboxBatch+len(e.partial))
	if err != nil {
		if ctx.Err() == nil {
			e.parts.Logger.ErrorContext(ctx, "the inbox could not be read", "error", err)
		}
		return false
	}
	var worked []worked
	changed := false
	for _, d := range deliveries {
		if e.partial.waits(d, e.parts.Now()) {
			continue
		}
		w, err := e.workDelivery(ctx, d)
		if err != nil {
			e.parts.Logger.WarnContext(ctx, "a delivery waits", "source", d.Source, "delivery", d.ID, "error", err)
			e.metrics.told.WithLabelValues(d.Source, "later").Inc()
			break
		}
		changed = changed || w.changed
		if w.partial != "" && e.partial.again(d, e.parts.Now()) {
			e.parts.Logger.WarnContext(ctx, "a delivery told a part only; it is read again later", "source", d.Source, "delivery", d.ID, "why", w.partial)
			continue
		}
		worked = append(worked, w)
	}
	if changed {
		if err := e.rerank(ctx); err != nil {
			e.parts.Logger.ErrorContext(ctx, "suspects could not be ranked anew", "error", err)
			return false
		}
	}
	for _, w := range worked {
		if err := e.parts.Inbox.FinishDelivery(ctx, w.delivery.Source, w.delivery.ID, w.problem); err != nil {
			e.parts.Logger.ErrorContext(ctx, "a delivery could not be finished; it is worked off again", "delivery", w.delivery.ID, "error", err)
			return false
		}
		delete(e.partial, deliveryKey(w.delivery))
	}
	return len(worked) == inboxBatch
}

// worked is a delivery that needs nothing more.
type worked struct {
	delivery bot.Delivery
	// problem says why it could not be used, partial what is missing of what it told.
	problem, partial string
	changed          bool
}

// workDelivery makes changes of one delivery. What cannot be decoded is kept with the reason and is never in the way of the
// next; what cannot be kept now is an error, and the delivery is tried again.
func (e *Engine) workDelivery(ctx context.Context, d bot.Delivery) (worked, error) {
	ctx, span := e.parts.Tracer.Start(ctx, "engine.workDelivery")
	defer span.End()
	w := worked{delivery: d}
	source, known := e.parts.Sources[d.Source]
	if !known {
		w.problem = "no source of this name is configured"
		return w, nil
	}
	told, err := tell(ctx, source, d)
	if err != nil {
		if bot.CodeOf(err) == bot.Unavailable || ctx.Err() != nil {
			return w, err
		}
		e.metrics.told.WithLabelValues(d.Source, "undecodable").Inc()
		e.parts.Logger.WarnContext(ctx, "a delivery cannot be used; its body is kept", "source", d.Source, "event", d.Event,
			"delivery", d.ID, "error", err)
		w.problem = err.Error()
		return w, nil
	}
	for _, c := range told.Changes {
		if err := e.Record(ctx, c); err != nil {
			return w, err
		}
		w.changed = true
	}
	for _, deployment := range told.Deployments {
		if !deployment.Succeeded {
			continue
		}
		effective, err := e.parts.Ledger.Deployed(ctx, deployment)
		if err != nil {
			return w, fmt.Errorf("note deployment: %w", err)
		}
		w.changed = w.changed || len(effective) > 0
	}
	if err := e.Observe(ctx, told.Findings); err != nil {
		return w, fmt.Errorf("observe what was told: %w", err)
	}
	if err := e.hear(ctx, told); err != nil {
		return w, fmt.Errorf("hear of pull requests: %w", err)
	}
	if err := e.HearPages(ctx, told.Pages); err != nil {
		return w, fmt.Errorf("hear of pages: %w", err)
	}
	result := "ok"
	switch w.partial = told.Incomplete; {
	case w.partial != "":
		result = "later"
	case told.Unused != "":
		result, w.problem = "unused", told.Unused
		e.parts.Logger.InfoContext(ctx, "a delivery told nothing; its body is kept", "source", d.Source, "event", d.Event,
			"delivery", d.ID, "why", told.Unused)
	}
	e.metrics.told.WithLabelValues(d.Source, result).Inc()
	return w, nil
}

// hear hands on what was told of pull requests, where anybody keeps their checks.
func (e *Engine) hear(ctx context.Context, told Told) error {
	if e.parts.Pulls == nil {
		return nil
	}
	var errs []error
	if len(told.Pulls) > 0 {
		errs = append(errs, e.parts.Pulls.Heard(ctx, told.Pulls))
	}
	if len(told.Protected) > 0 {
		errs = append(errs, e.parts.Pulls.Protect(ctx, told.Protected))
	}
	for _, said := range told.Evaluations {
		errs = append(errs, e.parts.Pulls.Evaluated(ctx, said))
	}
	return errors.Join(errs...)
}

// tell guards against a decoder that panics over what a stranger sent.
func tell(ctx context.Context, source Source, d bot.Delivery) (told Told, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.Join(err, fmt.Errorf("decoding panicked: %v", r))
		}
	}()
	return source.Tell(ctx, d)
}

// Record classifies a change, notes what made it risky when it landed, and keeps it.
func (e *Engine) Record(ctx context.Context, c bot.Change) error {
	if c.Seen.IsZero() {
		c.Seen = e.parts.Now()
	}
	c = e.parts.Classifier.Classify(c)
	c.Flags = e.parts.Calendar.Flags(c)
	created, err := e.parts.Ledger.PutChange(ctx, c)
	if err != nil {
		return fmt.Errorf("keep change: %w", err)
	}
	if created && e.parts.Herald != nil {
		e.parts.Herald.Changed(ctx, c)
	}
	if created {
		e.parts.Logger.InfoContext(ctx, "change", "change", c.ID, "kind", string(c.Kind), "services", c.Services, "flags", len(c.Flags))
	}
	return nil
}
