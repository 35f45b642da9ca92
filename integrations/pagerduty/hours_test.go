package pagerduty_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func hours(t *testing.T) pagerduty.Hours {
	t.Helper()
	var days calendar.Days
	if err := days.UnmarshalText([]byte("mon-fri")); err != nil {
		t.Fatal(err)
	}
	nine, six := calendar.Clock(9*60), calendar.Clock(18*60)
	return pagerduty.Hours{Zone: "Europe/Berlin", Days: days, From: &nine, To: &six, Holidays: []string{"de"}}
}

func TestUrgencyFollowsTheSupportHours(t *testing.T) {
	for _, c := range []struct {
		name, at string
		said     bool
		severity detectors.Severity
		override string
		want     string
	}{
		{"a ticket while people are at work is loud", "2026-11-20T16:59:00Z", true, detectors.Ticket, "", "error"},
		{"a ticket a minute later can wait", "2026-11-20T17:00:00Z", true, detectors.Ticket, "", "warning"},
		{"a ticket at the weekend can wait", "2026-11-21T10:00:00Z", true, detectors.Ticket, "", "warning"},
		{"a ticket on a public holiday can wait", "2026-12-25T10:00:00Z", true, detectors.Ticket, "", "warning"},
		{"a page is loud at night", "2026-11-21T02:00:00Z", true, detectors.Page, "", "critical"},
		{"what informs never is", "2026-11-20T10:00:00Z", true, detectors.Info, "", "info"},
		{"without hours a ticket can wait", "2026-11-20T10:00:00Z", false, detectors.Ticket, "", "warning"},
		{"what the playbook says counts before", "2026-11-20T10:00:00Z", true, detectors.Ticket, "info", "info"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			v := newVendor(t, false)
			card := refusals()
			card.Severity = c.severity
			options := pagerduty.Options{Cards: cards{"inc-1": card}, Now: func() time.Time { return at }}
			if c.said {
				options.Hours = map[string]pagerduty.Hours{"support-assistant": hours(t)}
			}
			client := pagerduty.New(pagerduty.Config{RoutingKey: routingKey, EventsURL: v.server.URL}, options)
			defer client.Close()
			with := map[string]any{}
			if c.override != "" {
				with["severity"] = c.override
			}
			outcome, err := byName(client.Actions())["pagerduty.page"].Handler.Act(t.Context(), call("pagerduty.page", with))
			if err != nil || outcome.Status != playbooks.Done {
				t.Fatal(err)
			}
			if got := v.events[0]["payload"].(map[string]any)["severity"]; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestSupportHoursThatAreNoneAreRefused(t *testing.T) {
	nine := calendar.Clock(9 * 60)
	r := diag.New()
	pagerduty.Config{SupportHours: pagerduty.Hours{Zone: "Berlin", From: &nine, To: &nine, Holidays: []string{"atlantis"}}}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+": "+f.Code)
	}
	if diff := cmp.Diff([]string{"support_hours.zone: unknown-zone", "support_hours.to: bad-window", "support_hours.holidays[0]: unknown-country"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhoIsOnCallTellsHowLoudItIs(t *testing.T) {
	o := newOffice(t)
	if got := o.client.OnCall(t.Context(), "support-assistant"); got.Urgency != "always high" {
		t.Errorf("%+v", got)
	}
}
