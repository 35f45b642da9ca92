package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestABriefTellsOfAServiceWithoutAnIncident(t *testing.T) {
	w := newWorld(t)
	change := bot.Change{ID: "github:acme/a#482", Title: "Warmer tone", MergedAt: w.now.Add(-2 * time.Hour)}
	if err := w.Record(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	quiet, firing, blind := w.firing(detectors.Page), w.firing(detectors.Page), w.firing(detectors.Page)
	quiet.Objective, quiet.Verdict = "useful-answers", detectors.Quiet
	quiet.Evidence = []detectors.Evidence{{Name: "budget_left", Sentence: "61 % of the budget is left"}}
	firing.Objective, blind.Objective, blind.Verdict, blind.Blind = "cheap-answers", "fast-answers", detectors.Blind, detectors.Blindness("no_data")
	other := firing
	other.Service = "search"
	b, err := w.Brief(t.Context(), "support", w.now, []detectors.Finding{quiet, firing, blind, other})
	if err != nil {
		t.Fatal(err)
	}
	want := []bot.Standing{
		{Objective: "cheap-answers", State: "firing", Sentence: "refuses 9.8 %"},
		{Objective: "fast-answers", State: "blind", Sentence: "cannot be seen: no data"},
		{Objective: "useful-answers", State: "quiet", Sentence: "holds; 61 % of the budget is left"},
	}
	if diff := cmp.Diff(want, b.Objectives); diff != "" {
		t.Error(diff)
	}
	if len(b.Ranking.Suspects) != 1 || len(b.Risky) != 1 || b.Incident != "" || len(b.Playbooks) != 1 {
		t.Errorf("%+v", b)
	}
	if len(w.incidents(t)) != 0 {
		t.Error("a brief opened an incident")
	}

	w.observe(t, w.firing(detectors.Page))
	b, err = w.Brief(t.Context(), "support", w.now, nil)
	if err != nil || b.Incident != w.incidents(t)[0].ID || b.Headline == "" || b.URL != "/incidents/"+b.Incident {
		t.Errorf("%+v %v", b, err)
	}
}

func TestWhatThePagerSaysStandsOnTheTimelineOnce(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	id := w.incidents(t)[0].ID
	begun := len(w.started)
	n := bot.PageNews{
		ID: "evt-1", Kind: bot.PageTaken, Pager: "PagerDuty", By: "Mara", Incident: id,
		Page: bot.Page{ID: "P1", Status: bot.PageAcknowledged, At: w.now},
	}
	unknown := n
	unknown.Incident = "inc-forgotten"
	for range 2 {
		if err := w.HearPages(t.Context(), []bot.PageNews{n, unknown}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := w.db.Entries(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	in := w.incidents(t)[0]
	if in.State != bot.Acknowledged || in.AcknowledgedBy != "Mara" || len(w.entriesOf(t, id, bot.EntryAcknowledged)) != 1 {
		t.Errorf("%+v\n%v", in, kinds(entries))
	}

	// Dropped there and taken here again, then resolved there: the incident is over, and what follows from that has begun or not as always.
	n.ID, n.Kind, n.By, n.Page.Status, n.Page.At = "evt-2", bot.PageDropped, "", bot.PageTriggered, w.now.Add(time.Minute)
	if err := w.HearPages(t.Context(), []bot.PageNews{n}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Minute)
	if err := w.Acknowledge(t.Context(), id, "omar"); err != nil {
		t.Fatal(err)
	}
	if in := w.incidents(t)[0]; in.AcknowledgedBy != "omar" {
		t.Errorf("by %q", in.AcknowledgedBy)
	}
	n.ID, n.Kind, n.By, n.Page.Status, n.Page.At = "evt-3", bot.PageClosed, "Jo", bot.PageResolved, w.now.Add(time.Minute)
	if err := w.HearPages(t.Context(), []bot.PageNews{n}); err != nil {
		t.Fatal(err)
	}
	if in := w.incidents(t)[0]; in.State != bot.Resolved || in.ResolvedBy != "Jo" || len(w.started) != begun {
		t.Errorf("%s by %q, %d runs", in.State, in.ResolvedBy, len(w.started))
	}
}
