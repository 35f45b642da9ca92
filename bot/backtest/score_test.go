package backtest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/backtest"
	"github.com/firebreak-dev/firebreak/detectors"
)

var t0 = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return t0.Add(time.Duration(minutes) * time.Minute) }

// incident is one of a service from a minute to another, paged at a third; a negative minute is never.
func incident(id, service string, opened, recovered, paged int) backtest.Incident {
	in := backtest.Incident{ID: id, Service: service, OpenedAt: at(opened), TicketedAt: at(opened)}
	if recovered >= 0 {
		in.RecoveredAt = at(recovered)
	}
	if paged >= 0 {
		in.PagedAt = at(paged)
	}
	return in
}

func known(service string, from, to int, change string) backtest.Known {
	return backtest.Known{Service: service, From: at(from), To: at(to), Change: change}
}

func TestScore(t *testing.T) {
	named := incident("inc-1", "a", 12, 50, 13)
	named.Suspects = []bot.Suspect{{Change: "x", Probability: .6}, {Change: "y", Probability: .3}}
	early := incident("inc-1", "a", 40, 50, 41)
	early.Onset = detectors.Onset{At: at(15), Earliest: at(14), Latest: at(16)}
	production := incident("inc-1", "a", 12, 50, 13)
	production.Environment = "production"
	staging := known("a", 10, 30, "")
	staging.Environment = "staging"
	for _, test := range []struct {
		name      string
		incidents []backtest.Incident
		known     []backtest.Known
		caught    []bool
		by        detectors.Severity
		delay     float64
		rank      int
		missed    int
		wrong     int
		answers   []backtest.Answer
	}{
		{
			name:      "a page in time is a catch, with its delay and the place of the known change",
			incidents: []backtest.Incident{named}, known: []backtest.Known{known("a", 10, 45, "y")},
			caught: []bool{true}, by: detectors.Page, delay: 180, rank: 2, answers: []backtest.Answer{backtest.Confirmed},
		},
		{
			name:      "what nobody knows of is false",
			incidents: []backtest.Incident{incident("inc-1", "a", 12, 50, 13)}, known: []backtest.Known{},
			wrong: 1, answers: []backtest.Answer{backtest.False},
		},
		{
			name:      "without known ones nothing is false",
			incidents: []backtest.Incident{incident("inc-1", "a", 12, 50, 13)},
			answers:   []backtest.Answer{backtest.Unknown},
		},
		{
			name:      "an incident of another service confirms nothing",
			incidents: []backtest.Incident{incident("inc-1", "b", 12, 50, 13)}, known: []backtest.Known{known("a", 10, 45, "")},
			caught: []bool{false}, missed: 1, wrong: 1, answers: []backtest.Answer{backtest.False},
		},
		{
			name:      "nor does one of another environment",
			incidents: []backtest.Incident{production}, known: []backtest.Known{staging},
			caught: []bool{false}, missed: 1, wrong: 1, answers: []backtest.Answer{backtest.False},
		},
		{
			name:      "one that was opened later belongs to it by its onset",
			incidents: []backtest.Incident{early}, known: []backtest.Known{known("a", 10, 30, "")},
			caught: []bool{true}, by: detectors.Page, delay: 31 * 60, answers: []backtest.Answer{backtest.Confirmed},
		},
		{
			name:      "one that was over before is another",
			incidents: []backtest.Incident{incident("inc-1", "a", 2, 9, 3)}, known: []backtest.Known{known("a", 10, 30, "")},
			caught: []bool{false}, missed: 1, wrong: 1, answers: []backtest.Answer{backtest.False},
		},
		{
			name:      "one that is not over lasts to the end",
			incidents: []backtest.Incident{incident("inc-1", "a", 2, -1, 3)}, known: []backtest.Known{known("a", 500, 530, "")},
			caught: []bool{true}, by: detectors.Page, delay: -497 * 60, answers: []backtest.Answer{backtest.Confirmed},
		},
		{
			name:      "of several the page counts, though a ticket came before",
			incidents: []backtest.Incident{incident("inc-1", "a", 11, 12, -1), incident("inc-2", "a", 20, 40, 21)},
			known:     []backtest.Known{known("a", 10, 30, "")},
			caught:    []bool{true}, by: detectors.Page, delay: 11 * 60, answers: []backtest.Answer{backtest.Confirmed, backtest.Confirmed},
		},
		{
			name:      "a ticket is a catch, too",
			incidents: []backtest.Incident{incident("inc-1", "a", 14, 30, -1)}, known: []backtest.Known{known("a", 10, 30, "z")},
			caught: []bool{true}, by: detectors.Ticket, delay: 240, answers: []backtest.Answer{backtest.Confirmed},
		},
		{
			name:      "what Firebreak could not see is neither confirmed nor false",
			incidents: []backtest.Incident{incident("inc-1", bot.Self, 14, 30, 15)}, known: []backtest.Known{},
			answers: []backtest.Answer{backtest.Unknown},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := backtest.Score(backtest.Result{From: t0, To: at(600), Incidents: test.incidents}, test.known)
			var answers []backtest.Answer
			for _, in := range r.Incidents {
				answers = append(answers, in.Answer)
			}
			if diff := cmp.Diff(test.answers, answers); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			var caught []bool
			for _, k := range r.Known {
				caught = append(caught, k.Caught)
				if k.By != test.by || k.DelaySeconds != test.delay || k.SuspectRank != test.rank {
					t.Errorf("caught by %q after %g s, suspect %d; want %q, %g, %d", k.By, k.DelaySeconds, k.SuspectRank, test.by, test.delay, test.rank)
				}
			}
			if diff := cmp.Diff(test.caught, caught); diff != "" {
				t.Errorf("caught (-want +got):\n%s", diff)
			}
			if r.Missed != test.missed || r.False != test.wrong || r.Caught != len(r.Known)-test.missed {
				t.Errorf("%d caught, %d missed, %d false; want %d missed, %d false", r.Caught, r.Missed, r.False, test.missed, test.wrong)
			}
		})
	}
}

func TestScoreCountsWhoWasWoken(t *testing.T) {
	silent := incident("inc-3", "c", 1, 2, -1)
	silent.TicketedAt = time.Time{}
	r := backtest.Score(backtest.Result{To: at(60), Incidents: []backtest.Incident{
		incident("inc-1", "a", 1, 2, 1), incident("inc-2", "b", 1, 2, -1), silent,
	}}, nil)
	if r.Pages != 1 || r.Tickets != 1 {
		t.Errorf("%d pages and %d tickets, want one of each", r.Pages, r.Tickets)
	}
}

func TestTell(t *testing.T) {
	entry := func(kind bot.EntryKind, minute int, f detectors.Finding) bot.Entry {
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return bot.Entry{Incident: "inc", At: at(minute), Kind: kind, Data: data}
	}
	burns := func(severity detectors.Severity) detectors.Finding {
		return detectors.Finding{Key: "k", Service: "a", Signal: "s", Verdict: detectors.Firing, Severity: severity, Title: "it burns"}
	}
	entries := []bot.Entry{
		entry(bot.EntryOpened, 10, burns(detectors.Ticket)),
		entry(bot.EntryWorsened, 14, burns(detectors.Page)),
		entry(bot.EntryFinding, 20, burns(detectors.Page)),
		{Incident: "inc", At: at(40), Kind: bot.EntryRecovered},
	}
	in := backtest.Tell(bot.FoldIncident(entries), entries, at(100))
	if !in.TicketedAt.Equal(at(10)) || !in.PagedAt.Equal(at(14)) || in.LastedSeconds != 1800 || in.Severity != detectors.Page {
		t.Errorf("ticketed at %s, paged at %s, lasted %g s, %s", in.TicketedAt, in.PagedAt, in.LastedSeconds, in.Severity)
	}
	going := backtest.Tell(bot.FoldIncident(entries[:3]), entries[:3], at(100))
	if going.LastedSeconds != 90*60 || !going.RecoveredAt.IsZero() {
		t.Errorf("one that goes on lasts %g s up to the end", going.LastedSeconds)
	}
	if text, err := json.Marshal(going); err != nil || !json.Valid(text) || going.Suspects == nil {
		t.Errorf("suspects are a list in JSON, even an empty one: %s %v", text, err)
	}
}
