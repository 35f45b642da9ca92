package people_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/people"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

func team() people.Config {
	return people.Config{
		Members: []people.Member{
			{Name: "mara", Slack: "U0MARA", GitHub: "mara-lind", Role: bot.Approver},
			{Name: "omar", Slack: "U0OMAR"},
		},
		Groups: []people.Group{{Name: "oncall", Slack: "S0ONCALL", Role: bot.Responder}, {Name: "leads", Slack: "S0LEADS", Role: bot.Admin}},
	}
}

func TestWhoSomebodyIs(t *testing.T) {
	byAddress := people.Config{Members: []people.Member{
		{Name: "jo", Email: "Jo@acme.example", GitHub: "jo-x", Role: bot.Approver}, {Name: "mara", Slack: "U0MARA", Email: "mara@acme.example", Role: bot.Admin},
	}}
	stranger := bot.Person{Name: "U0X", Known: []string{"U0X"}, Role: bot.Viewer}
	for name, q := range map[string]struct {
		config  people.Config
		user    string
		address string
		groups  []string
		want    bot.Person
	}{
		"without a section everybody may do everything": {people.Config{}, "U0X", "", nil, bot.Person{Name: "U0X", Known: []string{"U0X"}, Role: bot.Admin}},
		"a stranger looks": {team(), "U0X", "", nil, stranger},
		"a stranger may not even look where it is said so": {people.Config{Default: "nobody"}, "U0X", "", nil, bot.Person{Name: "U0X", Known: []string{"U0X"}}},
		"a member has a name and a role":                   {team(), "U0MARA", "", nil, bot.Person{Name: "mara", Known: []string{"U0MARA", "mara", "mara-lind"}, Role: bot.Approver}},
		"a group gives a role to whoever is in it":         {team(), "U0OMAR", "", []string{"S0ONCALL"}, bot.Person{Name: "omar", Known: []string{"U0OMAR", "omar", "oncall", "S0ONCALL"}, Role: bot.Responder}},
		"the highest role counts, whoever gives it":        {team(), "U0MARA", "", []string{"S0ONCALL"}, bot.Person{Name: "mara", Known: []string{"U0MARA", "mara", "mara-lind", "oncall", "S0ONCALL"}, Role: bot.Approver}},
		"a group that is not named gives nothing":          {team(), "U0X", "", []string{"S0OTHER"}, stranger},
		"an empty ID is nobody's, also where one has none": {people.Config{Members: []people.Member{{Name: "a", GitHub: "a", Role: bot.Admin}}}, "", "", nil, bot.Person{Known: []string{""}, Role: bot.Viewer}},
		"an address tells a member without an ID of Slack": {byAddress, "U0JO", "jo@ACME.example", nil, bot.Person{Name: "jo", Known: []string{"U0JO", "jo", "jo-x", "Jo@acme.example"}, Role: bot.Approver}},
		"an address tells nobody who has another ID":       {byAddress, "U0X", "mara@acme.example", nil, stranger},
		"nobody's address is not the address of nobody":    {team(), "U0X", "", nil, stranger},
	} {
		q.want.Via = "slack"
		if diff := cmp.Diff(q.want, q.config.OfSlack(q.user, q.address, q.groups)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheAddressIsAskedForOnlyWhereItCouldTellSomething(t *testing.T) {
	mara, jo := people.Member{Name: "mara", Slack: "U0MARA", Email: "mara@acme.example"}, people.Member{Name: "jo", Email: "jo@acme.example"}
	for name, q := range map[string]struct {
		members []people.Member
		want    bool
	}{
		"of one who is not named, where a member has an address only": {[]people.Member{{Name: "omar", Slack: "U0OMAR"}, jo}, true},
		"of nobody whose ID is known":                                 {[]people.Member{mara, jo}, false},
		"of nobody where all members have IDs":                        {[]people.Member{{Name: "omar", Slack: "U0OMAR", Email: "omar@acme.example"}}, false},
		"of nobody without members":                                   {nil, false},
	} {
		if got := (people.Config{Members: q.members}).Addressed("U0MARA"); got != q.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	c := people.Config{Members: []people.Member{mara, jo}}
	if c.AddressOf("JO") != "jo@acme.example" || c.AddressOf("") != "" || c.AddressOf("omar") != "" {
		t.Errorf("%q %q %q", c.AddressOf("JO"), c.AddressOf(""), c.AddressOf("omar"))
	}
}

func TestWhoCould(t *testing.T) {
	for least, want := range map[bot.Role]string{
		bot.Responder: "@oncall, @leads, mara", bot.Approver: "@leads, mara", bot.Admin: "@leads",
	} {
		if got := team().Who(least); got != want {
			t.Errorf("%s: %q", least, got)
		}
	}
	if got := (people.Config{Members: []people.Member{{Name: "a", Slack: "U0AAAA"}}}).Who(bot.Admin); got != "nobody: give somebody a role in the people section" {
		t.Errorf("%q", got)
	}
	if got := (people.Config{}).Who(bot.Admin); got != "" {
		t.Errorf("%q", got)
	}
}

func TestFaultsOfTheSection(t *testing.T) {
	c := people.Config{
		Default: "boss",
		Members: []people.Member{{Name: "a", Slack: "U0AAAA", Role: "king"}, {Name: "a", Slack: "U0AAAA"}, {}, {Name: "b", Slack: "@b"}},
		Groups:  []people.Group{{Name: "g", Slack: "oncall", Role: bot.Viewer}, {Name: "h", Slack: "S0HHHH"}},
	}
	r := diag.New()
	c.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+" "+f.Code)
	}
	want := []string{
		"default unknown-role", "members[0].role unknown-role", "members[1].name duplicate-name", "members[1].slack duplicate-name", "members[2].name missing",
		"members[2].slack missing", "members[3].slack bad-id", "groups[0].slack bad-id", "groups[1].role unknown-role",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r = diag.New()
	team().Check(r)
	if len(r.Faults()) > 0 {
		t.Errorf("a sound one: %v", r.Faults())
	}
}

// TestMoreGroupsNeverTakeARoleAway holds whatever the configuration says.
func TestMoreGroupsNeverTakeARoleAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := rapid.SampledFrom(append(bot.Roles(), ""))
		c := people.Config{Default: rapid.SampledFrom([]bot.Role{"", "nobody", bot.Viewer, bot.Responder}).Draw(t, "default")}
		c.Members = []people.Member{{Name: "a", Slack: "U0AAAA", Role: roles.Draw(t, "role")}}
		var in []string
		for _, id := range []string{"S0A", "S0B", "S0C"} {
			c.Groups = append(c.Groups, people.Group{Name: id, Slack: id, Role: roles.Draw(t, id)})
			before := c.OfSlack("U0AAAA", "", in)
			in = append(in, id)
			if after := c.OfSlack("U0AAAA", "", in); after.Role.Rank() < before.Role.Rank() {
				t.Fatalf("%s became %s", before.Role, after.Role)
			}
		}
	})
}

func TestPeopleAreFoundByWhateverName(t *testing.T) {
	c := people.Config{
		Members: []people.Member{{Name: "Mara Lind", Slack: "U0MARALIN", PagerDuty: "PMARA", Email: "mara@acme.example", Zone: "Asia/Tokyo"}, {Name: "jo", GitHub: "jo-x"}},
		Groups:  []people.Group{{Name: "team-support-ai", Slack: "S0SUPPORT", Role: bot.Responder}},
	}
	for name, want := range map[string]string{
		"mara lind": "U0MARALIN", "MARA@acme.example": "U0MARALIN", "PMARA": "U0MARALIN", "team-support-ai": "S0SUPPORT", "U0OMARAZI": "U0OMARAZI",
		"jo": "", "nobody": "", "": "",
	} {
		if got := c.SlackOf(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	homes := c.Homes()
	for _, name := range []string{"mara lind", "pmara", "mara@acme.example"} {
		if homes[name] == nil || homes[name].String() != "Asia/Tokyo" {
			t.Errorf("%s lives in %v", name, homes[name])
		}
	}
	if homes["jo"] != nil {
		t.Error("somebody lives where nobody said")
	}
	r := diag.New()
	people.Config{Members: []people.Member{{Name: "x", Email: "x@y.example", Zone: "Mars/Olympus"}}}.Check(r)
	if faults := r.Faults(); len(faults) != 1 || faults[0].Code != "unknown-zone" {
		t.Errorf("%v", faults)
	}
}
