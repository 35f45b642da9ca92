package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/bot/group"
	"github.com/firebreak-dev/firebreak/detectors"
)

// behind is a world in which so many services depend on one gateway.
func behind(t *testing.T, n int) *world {
	w := newWorld(t)
	services := []bot.Service{{Name: "gateway"}}
	for i := range n {
		services = append(services, bot.Service{Name: fmt.Sprintf("service-%02d", i), DependsOn: []string{"gateway"}})
	}
	w.Reload(engine.Settings{Services: services})
	return w
}

// burn has the services burn at once.
func (w *world) burn(t *testing.T, severity detectors.Severity, services ...string) {
	t.Helper()
	var findings []detectors.Finding
	for _, s := range services {
		findings = append(findings, of(w.firing(severity), s))
	}
	if err := w.Observe(t.Context(), findings); err != nil {
		t.Fatal(err)
	}
}

func quietOnes(w *world, services ...string) []detectors.Finding {
	var out []detectors.Finding
	for _, s := range services {
		f := of(w.firing(detectors.Page), s)
		f.Verdict, f.Severity = detectors.Quiet, detectors.None
		out = append(out, f)
	}
	return out
}

func (w *world) incidentOf(t *testing.T, service string) bot.Incident {
	t.Helper()
	for _, in := range w.incidents(t) {
		if in.Service == service {
			return in
		}
	}
	t.Fatalf("%s has no incident", service)
	return bot.Incident{}
}

func forty() []string {
	out := make([]string, 0, 40)
	for i := range 40 {
		out = append(out, fmt.Sprintf("service-%02d", i))
	}
	return out
}

func TestFortyServicesBehindOneGatewayWakeSomebodyOnce(t *testing.T) {
	w := behind(t, 40)
	w.burn(t, detectors.Page, append(forty(), "gateway")...)
	if diff := cmp.Diff([]string{"gateway"}, w.startedFor()); diff != "" {
		t.Error(diff)
	}
	lead := w.incidentOf(t, "gateway")
	if len(lead.Followers) != 40 {
		t.Errorf("it speaks for %d others", len(lead.Followers))
	}
	card, err := w.Card(t.Context(), lead.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := bot.Fact{Label: "Also hit", Value: "service-00, service-01, service-02, service-03, service-04 and 35 more: both began within 60 s, and service-39 depends on gateway"}
	if !slices.Contains(card.Facts, want) {
		t.Errorf("the card says %+v", card.Facts)
	}
	follower := w.incidentOf(t, "service-07")
	if entries := w.entriesOf(t, follower.ID, bot.EntryFollows); len(entries) != 1 || !strings.HasPrefix(entries[0].Sentence, "follows the incident of gateway ("+lead.ID+"), which speaks for both: ") {
		t.Errorf("%+v", entries)
	}
}

func TestTeamsMayWantTheirOwnPageWhateverElseBurns(t *testing.T) {
	w := newWorld(t)
	w.Reload(engine.Settings{Services: []bot.Service{{Name: "gateway"}, {Name: "chat", DependsOn: []string{"gateway"}}}, Group: group.Config{Apart: true}})
	w.burn(t, detectors.Page, "gateway", "chat")
	if diff := cmp.Diff([]string{"gateway", "chat"}, w.startedFor()); diff != "" {
		t.Error(diff)
	}
}

func TestAGatewayThatNobodyWatchesIsOneCauseStill(t *testing.T) {
	w := behind(t, 40)
	w.burn(t, detectors.Page, forty()...)
	if diff := cmp.Diff([]string{"service-00"}, w.startedFor()); diff != "" {
		t.Error(diff)
	}
	if why := w.incidentOf(t, "service-01").Lead.Why; why != "40 services that depend on gateway were hit at the same time" {
		t.Error(why)
	}
}

func TestAFollowerThatBurnsOnSpeaksForItself(t *testing.T) {
	w := behind(t, 3)
	w.burn(t, detectors.Page, "gateway", "service-00", "service-01")
	quiet := func(services ...string) {
		t.Helper()
		if err := w.Observe(t.Context(), quietOnes(w, services...)); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(time.Minute)
	quiet("gateway", "service-01")
	for range 30 {
		w.now = w.now.Add(time.Minute)
		if err := w.Tick(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
		if len(w.started) > 1 {
			break
		}
	}
	if diff := cmp.Diff([]string{"gateway", "service-00"}, w.startedFor()); diff != "" {
		t.Errorf("service-00 burns on, service-01 came back with the gateway:\n%s", diff)
	}
	if in := w.incidentOf(t, "service-00"); in.Lead.Incident != "" || len(w.entriesOf(t, in.ID, bot.EntryReleased)) != 1 {
		t.Errorf("it still follows: %+v", in.Lead)
	}
	if lead := w.incidentOf(t, "gateway"); len(lead.Followers) != 1 || lead.Followers[0].Service != "service-01" {
		t.Errorf("the gateway speaks for %+v", lead.Followers)
	}
}

func TestWhatAFollowerWaitsWithOutlivesARestart(t *testing.T) {
	w := behind(t, 3)
	w.burn(t, detectors.Page, "gateway", "service-00")
	w.restart(t)
	w.Reload(engine.Settings{Services: []bot.Service{{Name: "gateway"}, {Name: "service-00", DependsOn: []string{"gateway"}}}})
	if err := w.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"gateway"}, w.startedFor()); diff != "" {
		t.Error(diff)
	}
	w.now = w.now.Add(time.Minute)
	if err := w.Observe(t.Context(), quietOnes(w, "gateway")); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		w.now = w.now.Add(time.Minute)
		if err := w.Tick(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"gateway", "service-00"}, w.startedFor()); diff != "" {
		t.Errorf("%+v is over:\n%s", w.incidentOf(t, "gateway").MitigatedAt, diff)
	}
}
