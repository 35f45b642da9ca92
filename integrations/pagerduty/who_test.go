package pagerduty_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/bot/people"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

var _ pagerduty.People = people.Config{}

func TestPeopleAreWhomTheConfigurationMeans(t *testing.T) {
	for _, c := range []struct {
		name   string
		member people.Member
		email  string
		fault  wire.Mode
		want   string
	}{
		{"by PagerDuty's ID", people.Member{Name: "mara", PagerDuty: "PUMara", Email: "other@acme.example"}, "", wire.Healthy, "mara"},
		{"by the address, however it is written", people.Member{Name: "mara", Email: "Mara.Lind@acme.example"}, "mara.lind@ACME.example", wire.Healthy, "mara"},
		{"an address that was not accepted yet proves nothing", people.Member{Name: "mara", Email: "mara@acme.example"}, "?mara@acme.example", wire.Healthy, "Mara"},
		{"who is not named has PagerDuty's name", people.Member{Name: "jo", Email: "jo@acme.example"}, "mara@acme.example", wire.Healthy, "Mara"},
		{"while PagerDuty cannot be asked it is its name, too", people.Member{Name: "mara", Email: "mara@acme.example"}, "mara@acme.example", wire.Broken, "Mara"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.emails["Mara"] = c.email
			o.options.People = people.Config{Members: []people.Member{c.member}}
			o.configure(t, func(*pagerduty.Config) {})
			o.page(t)
			o.read(t, false)
			for _, act := range []string{"acknowledge", "unacknowledge", "acknowledge"} {
				if err := o.Do("firebreak/inc-1", act, "Mara", ""); err != nil {
					t.Fatal(err)
				}
			}
			before := total(o)
			o.Set(wire.Fault{Mode: c.fault, Match: "/users/"})
			o.read(t, false)
			if ours, _ := o.standing(t); ours.AcknowledgedBy != c.want {
				t.Errorf("acknowledged by %q, want %q", ours.AcknowledgedBy, c.want)
			}
			if asked := total(o) - before; asked > 1 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}
