package pagerduty_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/people"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func TestWhoIsOnCall(t *testing.T) {
	o := newOffice(t)
	want := []bot.DutyLevel{
		{Level: 1, People: []bot.DutyPerson{{Name: "Mara", Email: "mara@pager.example"}}}, {Level: 2, People: []bot.DutyPerson{{Name: "Jo", Email: "jo@pager.example"}}},
	}
	got := o.client.OnCall(t.Context(), "support-assistant")
	if diff := cmp.Diff(want, got.Levels); diff != "" || got.Policy != "PPOLICY" || got.Stale != "" || got.Unknown != "" {
		t.Errorf("%+v\n%s", got, diff)
	}
	before := total(o)
	o.client.OnCall(t.Context(), "support-assistant")
	if total(o) != before {
		t.Error("it is asked again within the minute")
	}

	// Later, while PagerDuty is away, what it said is told with its age; after a day it is not believed any more.
	o.now = o.now.Add(5 * time.Minute)
	o.Set(wire.Fault{Mode: wire.Broken})
	old := o.client.OnCall(t.Context(), "support-assistant")
	if diff := cmp.Diff(want, old.Levels); diff != "" || old.Stale == "" || !old.Of.Equal(got.Of) {
		t.Errorf("%+v\n%s", old, diff)
	}
	o.now = o.now.Add(25 * time.Hour)
	if gone := o.client.OnCall(t.Context(), "support-assistant"); gone.Unknown == "" || len(gone.Levels) > 0 {
		t.Errorf("%+v", gone)
	}
	if nobody := o.client.OnCall(t.Context(), "search"); !strings.Contains(nobody.Unknown, "services[].pagerduty") {
		t.Errorf("%+v", nobody)
	}
	o.configure(t, func(c *pagerduty.Config) { c.APIToken = secret.Value{} })
	if nobody := o.client.OnCall(t.Context(), "support-assistant"); !strings.Contains(nobody.Unknown, "api_token") {
		t.Errorf("%+v", nobody)
	}
}

func TestWhoIsOnCallNextAndWhoTheyAre(t *testing.T) {
	o := newOffice(t)
	handover := o.now.Add(40 * time.Hour).Truncate(time.Second)
	far := o.now.Add(60 * 24 * time.Hour)
	o.emails["Mara"], o.emails["Jo"] = "mara@acme.example", "?jo@acme.example"
	o.options.People = people.Config{Members: []people.Member{{Name: "mara", Email: "Mara@acme.example"}, {Name: "jo", Email: "jo@acme.example"}, {Name: "yui", PagerDuty: "PUYui"}}}
	for name, c := range map[string]struct {
		at   time.Time
		want []bot.DutyLevel
	}{
		"soon": {handover, []bot.DutyLevel{
			{Level: 1, People: []bot.DutyPerson{{Name: "mara", Email: "mara@acme.example", Until: handover}}, Next: []bot.DutyPerson{{Name: "yui", Email: "yui@pager.example", From: handover}}},
			{Level: 2, People: []bot.DutyPerson{{Name: "Jo", Until: handover}}}, // has not accepted the invitation to that address
		}},
		"in two months, which is not told": {far, []bot.DutyLevel{
			{Level: 1, People: []bot.DutyPerson{{Name: "mara", Email: "mara@acme.example", Until: far.UTC().Truncate(time.Second)}}},
			{Level: 2, People: []bot.DutyPerson{{Name: "Jo", Until: far.UTC().Truncate(time.Second)}}},
		}},
	} {
		o.Serve(officeKey, pagerdutyfake.Service{ID: "PF9KMXH", Name: "Support", Policy: "PPOLICY", OnCall: []string{"Mara", "Jo"}, Next: []string{"Yui"}, Handover: c.at})
		o.configure(t, func(*pagerduty.Config) {})
		got := o.client.OnCall(t.Context(), "support-assistant")
		if diff := cmp.Diff(c.want, got.Levels, cmpopts.EquateApproxTime(0)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAServiceUnderMaintenanceIsNotPaged(t *testing.T) {
	o := newOffice(t)
	o.Serve(officeKey, pagerdutyfake.Service{ID: "PF9KMXH", Name: "Support", Policy: "PPOLICY", Maintenance: true})
	if !o.client.OnCall(t.Context(), "support-assistant").Maintenance { // known before, or it would hang on how fast the machine is
		t.Error("the maintenance is not known")
	}
	page := byName(o.client.Actions())["pagerduty.page"].Handler
	outcome, err := page.Act(t.Context(), call("pagerduty.page", nil))
	if err != nil || outcome.Output["status"] != "maintenance" || !strings.Contains(outcome.Sentence, "nobody was paged") || len(o.Alerts()) != 0 {
		t.Errorf("%+v %v, %d alerts", outcome, err, len(o.Alerts()))
	}

	// When it cannot be told whether it is, people are paged.
	o.now = o.now.Add(5 * time.Minute)
	o.Set(wire.Fault{Mode: wire.Broken, Match: "/services"})
	if _, err := page.Act(t.Context(), call("pagerduty.page", nil)); err != nil || len(o.Alerts()) != 1 {
		t.Errorf("%v, %d alerts", err, len(o.Alerts()))
	}
}

func TestHelpAndTheNextLevel(t *testing.T) {
	o := newOffice(t)
	actions := byName(o.client.Actions())
	up := call("pagerduty.escalate", map[string]any{"to": "next_level"})
	if _, err := actions["pagerduty.escalate"].Handler.Act(t.Context(), up); err == nil || !strings.Contains(err.Error(), "page first") {
		// the incident must be known here to be looked for
		if bot.CodeOf(err) != bot.NotFound {
			t.Errorf("before the page: %v", err)
		}
	}
	o.page(t)
	o.read(t, false)
	for range 2 { // the same call again is the same level
		outcome, err := actions["pagerduty.escalate"].Handler.Act(t.Context(), up)
		if err != nil || outcome.Sentence != "PagerDuty: escalated to level 2 (Jo)" {
			t.Fatalf("%+v %v", outcome, err)
		}
	}
	if _, theirs := o.standing(t); theirs.Level != 2 || theirs.Assigned[0] != "Jo" {
		t.Errorf("%+v", theirs)
	}
	up.Key = "run-1/again"
	_, err := actions["pagerduty.escalate"].Handler.Act(t.Context(), up)
	if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent || !strings.Contains(err.Error(), "nobody above level 2") {
		t.Errorf("%v", err)
	}

	help := call("pagerduty.add_responders", map[string]any{"users": []any{"mara@acme.example"}, "message": "look at the prompt"})
	outcome, err := actions["pagerduty.add_responders"].Handler.Act(t.Context(), help)
	if err != nil || outcome.Output["asked"] != 1 {
		t.Fatalf("%+v %v", outcome, err)
	}
	if _, theirs := o.standing(t); len(theirs.Asked) != 1 {
		t.Errorf("%+v", theirs.Asked)
	}
	o.configure(t, func(c *pagerduty.Config) { c.From = "" })
	_, err = byName(o.client.Actions())["pagerduty.add_responders"].Handler.Act(t.Context(), help)
	if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent || !strings.Contains(err.Error(), "pagerduty.from") {
		t.Errorf("%v", err)
	}
}
