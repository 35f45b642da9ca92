package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// drift is the detector whose findings are changes: a vendor changed the model that answers.
const drift = "drift"

// forgotten is how long a model must have been away to be new again: the detector looks back for a week.
const forgotten = 7 * 24 * time.Hour

// mostNews bounds what an incident is told at its beginning.
const mostNews = 10

// takeNews remembers findings that are mere information, and puts into the ledger what of them is a change. The answer tells that
// the ledger knows more than before. It is called while placing.
func (e *Engine) takeNews(ctx context.Context, findings []detectors.Finding) (learnt bool, err error) {
	var errs []error
	for _, f := range findings {
		if f.Verdict != detectors.Firing || f.Severity.Rank() > detectors.Info.Rank() {
			delete(e.news, f.Key)
		} else {
			e.news[f.Key] = f
		}
		if f.Detector == drift && f.Verdict == detectors.Firing {
			created, err := e.recordDrift(ctx, f)
			learnt = learnt || created
			errs = append(errs, err)
		}
	}
	return learnt, errors.Join(errs...)
}

// recordDrift makes a change of what a vendor did, once: its time is the one that was seen first, for later looks see it coarser.
func (e *Engine) recordDrift(ctx context.Context, f detectors.Finding) (created bool, err error) {
	// The title names what was asked for and what answers now; the key of the finding names only the former.
	sum := sha256.Sum256([]byte(f.Key + "\x00" + f.Title))
	id := drift + ":" + f.Service + "/" + hex.EncodeToString(sum[:6])
	known, err := e.parts.Ledger.Change(ctx, id)
	if err == nil && f.Onset.Earliest.Sub(known.EffectiveAt) > forgotten {
		// It went away and came back, long enough after for the detector to take it for new.
		id += "-" + f.Onset.Earliest.UTC().Format("20060102")
		_, err = e.parts.Ledger.Change(ctx, id)
	}
	if bot.CodeOf(err) != bot.NotFound {
		return false, err
	}
	c := bot.Change{
		// It answered somewhen in the step in which it was first seen; what it broke may have broken as early.
		ID: id, Kind: bot.Vendor, Kinds: []bot.Kind{bot.Vendor}, Source: drift, Title: f.Title, Services: []string{f.Service},
		Environment: f.Environment, EffectiveAt: f.Onset.Earliest, Seen: e.parts.Now(),
	}
	if err := e.Record(ctx, c); err != nil {
		return false, fmt.Errorf("keep what a vendor changed: %w", err)
	}
	return true, nil
}

// tellNews notes in an incident that has just been opened what else is known of its service: what differs between environments,
// which model answers since when, which signal moves strangely.
func (e *Engine) tellNews(ctx context.Context, in bot.Incident) ([]bot.Entry, error) {
	now := e.parts.Now()
	var entries []bot.Entry
	for _, key := range slices.Sorted(maps.Keys(e.news)) {
		f := e.news[key]
		if f.Service != in.Service || f.Title == "" || len(entries) == mostNews {
			continue
		}
		noteKey := "news/" + key
		entries = append(entries, bot.Entry{
			ID: bot.StableID("ent", now, in.ID, noteKey), Incident: in.ID, At: now, Kind: bot.EntryNote, Key: noteKey, Actor: bot.Self,
			Sentence: "known beside it: " + f.Title,
		})
	}
	if len(entries) == 0 {
		return nil, nil
	}
	return e.parts.Timeline.Append(ctx, entries...)
}
