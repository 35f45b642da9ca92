package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/detectors"
)

// flaky is the timeline of a store that fails where the world says so.
type flaky struct {
	*store.DB
	w *world
}

var errFlaky = errors.New("the disk hiccups")

func (f flaky) Append(ctx context.Context, entries ...bot.Entry) ([]bot.Entry, error) {
	for _, entry := range entries {
		var finding detectors.Finding
		if json.Unmarshal(entry.Data, &finding) == nil && finding.Service != "" && finding.Service == f.w.refuses {
			return nil, errFlaky
		}
	}
	return f.DB.Append(ctx, entries...)
}

func (f flaky) Incident(ctx context.Context, id string) (bot.Incident, error) {
	if f.w.unread {
		return bot.Incident{}, errFlaky
	}
	return f.DB.Incident(ctx, id)
}

// of is a finding about another service.
func of(f detectors.Finding, service string) detectors.Finding {
	f.Key, f.Service = "burn/"+service+"//refusal_ratio/1h", service
	return f
}

func (w *world) startedFor() []string {
	var out []string
	for _, r := range w.started {
		out = append(out, r.Service)
	}
	return out
}

func TestTheMostUrgentServiceComesFirst(t *testing.T) {
	w := newWorld(t)
	ticket, page := w.firing(detectors.Ticket), w.firing(detectors.Page)
	quiet := of(page, "well")
	quiet.Verdict, quiet.Severity = detectors.Quiet, detectors.None
	late := of(page, "mail")
	late.Key += "-6h"
	findings := []detectors.Finding{quiet, of(ticket, "search"), of(page, "mail"), of(page, "support"), late}
	if err := w.Observe(t.Context(), findings); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mail", "support", "search"}, w.startedFor()); diff != "" {
		t.Error(diff)
	}
	for _, in := range w.incidents(t) {
		if in.Service == "mail" && len(in.Findings) != 2 {
			t.Errorf("the incident of mail has %d findings", len(in.Findings))
		}
	}
}

func TestAServiceWhoseIncidentCannotBeKeptIsInNobodysWay(t *testing.T) {
	w := newWorld(t)
	w.refuses = "search"
	page := w.firing(detectors.Page)
	findings := []detectors.Finding{of(page, "mail"), of(page, "search"), of(page, "support")}
	if err := w.Observe(t.Context(), findings); !errors.Is(err, errFlaky) {
		t.Fatalf("it must want to be told again, not %v", err)
	}
	if diff := cmp.Diff([]string{"mail", "support"}, w.startedFor()); diff != "" {
		t.Error(diff)
	}
	w.refuses = ""
	if err := w.Observe(t.Context(), findings); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mail", "support", "search"}, w.startedFor()); diff != "" {
		t.Error(diff)
	}
}

func TestAnIncidentThatWasKeptButCouldNotBeReadStillStartsItsPlaybook(t *testing.T) {
	w := newWorld(t)
	w.unread = true
	if err := w.Observe(t.Context(), []detectors.Finding{w.firing(detectors.Page)}); !errors.Is(err, errFlaky) {
		t.Fatal(err)
	}
	w.unread = false
	w.now = w.now.Add(15 * time.Second)
	if err := w.Tick(t.Context(), w.now); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"support"}, w.startedFor()); diff != "" {
		t.Error(diff)
	}
}
