package people

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Config is the people section of the configuration.
type Config struct {
	// Default is the role of those who are not named; viewer when left out.
	Default bot.Role `yaml:"default" doc:"the role of those who are not named (viewer); nobody lets them not even look"`
	Members []Member `yaml:"members" doc:"people, with the names that other systems know them by"`
	Groups  []Group  `yaml:"groups" doc:"user groups of Slack, with the role that they give"`
}

// Member is a person.
type Member struct {
	Name      string   `yaml:"name" doc:"what others read, and what approvers may be named by"`
	Slack     string   `yaml:"slack" doc:"Slack's user ID, as U0123456789; by email when left out"`
	GitHub    string   `yaml:"github" doc:"the login at GitHub"`
	PagerDuty string   `yaml:"pagerduty" doc:"PagerDuty's user ID, as PABC123"`
	Email     string   `yaml:"email" doc:"the address that Slack, PagerDuty and calendars know"`
	Role      bot.Role `yaml:"role" doc:"viewer, responder, approver or admin; that of the groups when left out"`
	// Zone is where the person sleeps.
	Zone string `yaml:"zone" doc:"the zone that the person lives in, as Europe/Berlin: when it is night there; that of the service when left out"`
}

// Group is a user group of Slack.
type Group struct {
	Name  string   `yaml:"name" doc:"what others read, and what approvers may be named by"`
	Slack string   `yaml:"slack" doc:"Slack's ID of the user group, as S0123456789"`
	Role  bot.Role `yaml:"role" doc:"viewer, responder, approver or admin"`
}

// nobody is the default role of those who may not even look, as it is written.
const nobody = "nobody"

// Said tells whether there is a people section.
func (c Config) Said() bool { return c.Default != "" || len(c.Members) > 0 || len(c.Groups) > 0 }

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	if c.Default != "" && c.Default != nobody {
		role(r, "default", c.Default, nobody)
	}
	taken := map[string]string{}
	unique := func(at *diag.Report, where, field, kind, value string) {
		if value == "" {
			return
		}
		key := kind + ":" + strings.ToLower(value)
		if first, twice := taken[key]; twice {
			at.Faultf(field, "duplicate-name", "%q is already %s", value, first)
			return
		}
		taken[key] = where
	}
	for i, m := range c.Members {
		at, where := r.At("members").Index(i), fmt.Sprintf("members[%d]", i)
		if m.Name == "" {
			at.Faultf("name", "missing", "a person needs a name")
		}
		if m.Slack+m.GitHub+m.PagerDuty+m.Email == "" {
			at.Faultf("slack", "missing", "without an ID of some system nobody is recognised").Suggest("write slack: U0123456789, as Slack's profile shows it")
		}
		if m.Slack != "" && !slackID(m.Slack, "UW") {
			at.Faultf("slack", "bad-id", "%q is no ID of a Slack user", m.Slack).Suggest("copy the member ID from the profile: it begins with U or W")
		}
		if m.Role != "" {
			role(at, "role", m.Role)
		}
		if _, err := time.LoadLocation(m.Zone); err != nil || m.Zone == "Local" {
			at.Faultf("zone", "unknown-zone", "unknown zone %q", m.Zone).Suggest("write an IANA name such as Europe/Berlin")
		}
		unique(at, where, "name", "name", m.Name)
		unique(at, where, "slack", "slack", m.Slack)
		unique(at, where, "github", "github", m.GitHub)
		unique(at, where, "pagerduty", "pagerduty", m.PagerDuty)
		unique(at, where, "email", "email", m.Email)
	}
	for i, g := range c.Groups {
		at, where := r.At("groups").Index(i), fmt.Sprintf("groups[%d]", i)
		if g.Name == "" {
			at.Faultf("name", "missing", "a group needs a name")
		}
		if !slackID(g.Slack, "S") {
			at.Faultf("slack", "bad-id", "%q is no ID of a Slack user group", g.Slack).Suggest("copy it from the address of the group: it begins with S")
		}
		role(at, "role", g.Role)
		unique(at, where, "name", "name", g.Name)
		unique(at, where, "slack", "slack", g.Slack)
	}
}

func role(r *diag.Report, field string, have bot.Role, more ...string) {
	known := slices.Clone(more)
	for _, k := range bot.Roles() {
		known = append(known, string(k))
	}
	r.OneOf(field, "unknown-role", "role", string(have), known)
}

func slackID(s, begins string) bool {
	return len(s) >= 6 && len(s) <= 24 && strings.ContainsRune(begins, rune(s[0])) && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'A' || c > 'Z') && (c < '0' || c > '9')
	})
}

// Homes are the zones of people by all names that they are known by, in lower case; of those that say none, there is nothing.
func (c Config) Homes() map[string]*time.Location {
	out := map[string]*time.Location{}
	for _, m := range c.Members {
		zone, err := time.LoadLocation(m.Zone)
		if err != nil || m.Zone == "" {
			continue
		}
		for _, name := range named(m.Name, m.Slack, m.GitHub, m.PagerDuty, m.Email) {
			out[strings.ToLower(name)] = zone
		}
	}
	return out
}

// SlackOf is Slack's ID of a person or of a group by whatever name is known; empty where nobody is known by that name.
func (c Config) SlackOf(name string) string {
	if name == "" {
		return ""
	}
	if m := c.called(name); m != nil {
		return m.Slack
	}
	for _, g := range c.Groups {
		if strings.EqualFold(g.Name, name) || g.Slack == name {
			return g.Slack
		}
	}
	if slackID(name, "UW") { // whoever acts in Slack and is not named is known by the ID
		return name
	}
	return ""
}

// AddressOf is the e-mail address of a person by whatever name is known, empty where none is.
func (c Config) AddressOf(name string) string {
	if m := c.called(name); m != nil {
		return m.Email
	}
	return ""
}

// called is the member by whatever name is known, nil where there is none.
func (c Config) called(name string) *Member {
	i := slices.IndexFunc(c.Members, func(m Member) bool {
		return slices.ContainsFunc(named(m.Name, m.Slack, m.GitHub, m.PagerDuty, m.Email), func(known string) bool { return strings.EqualFold(known, name) })
	})
	if i < 0 {
		return nil
	}
	return &c.Members[i]
}

// SlackGroups are Slack's IDs of all groups, which have to be looked into to tell who somebody is.
func (c Config) SlackGroups() []string {
	out := make([]string, 0, len(c.Groups))
	for _, g := range c.Groups {
		out = append(out, g.Slack)
	}
	return out
}

// Addressed tells whether a Slack user may be a member whom only an e-mail address would tell: no member has that ID, and some have an address and
// no ID of Slack's.
func (c Config) Addressed(user string) bool {
	_, known := c.member(func(m Member) bool { return m.Slack == user })
	return !known && slices.ContainsFunc(c.Members, func(m Member) bool { return m.Slack == "" && m.Email != "" })
}

// OfSlack tells who a Slack user is that belongs to some groups. The address is the user's, empty where it is not needed or not known; whoever
// calls has made sure that it is, and it means a member without an ID of Slack's. The role is the highest of all that say one.
func (c Config) OfSlack(user, address string, groups []string) bot.Person {
	p := bot.Person{Name: user, Known: []string{user}, Via: "slack"}
	if !c.Said() {
		p.Role = bot.Admin
		return p
	}
	p.Role = c.fallback()
	raise := func(r bot.Role) {
		if r.Rank() > p.Role.Rank() {
			p.Role = r
		}
	}
	for _, m := range c.Members {
		if m.Slack != "" && m.Slack == user || m.Slack == "" && address != "" && strings.EqualFold(m.Email, address) {
			p.Name = m.Name
			p.Known = append(p.Known, named(m.Name, m.GitHub, m.PagerDuty, m.Email)...)
			raise(m.Role)
		}
	}
	for _, g := range c.Groups {
		if slices.Contains(groups, g.Slack) {
			p.Known = append(p.Known, g.Name, g.Slack)
			raise(g.Role)
		}
	}
	return p
}

// OfPager is the name of the member with an ID of the pager's.
func (c Config) OfPager(id string) (name string, known bool) {
	return c.member(func(m Member) bool { return m.PagerDuty != "" && m.PagerDuty == id })
}

// OfEmail is the name of the member with an e-mail address. Whoever calls it has made sure that the address is the person's.
func (c Config) OfEmail(address string) (name string, known bool) {
	return c.member(func(m Member) bool { return m.Email != "" && strings.EqualFold(m.Email, address) })
}

func (c Config) member(fits func(Member) bool) (name string, known bool) {
	if i := slices.IndexFunc(c.Members, fits); i >= 0 {
		return c.Members[i].Name, true
	}
	return "", false
}

func (c Config) fallback() bot.Role {
	switch c.Default {
	case "":
		return bot.Viewer
	case nobody:
		return bot.Nobody
	default:
		return c.Default
	}
}

func named(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// shown bounds the names that are told.
const shown = 8

// Who names those who may do what a role is for: groups first, since they are more; empty where everybody may.
func (c Config) Who(least bot.Role) string {
	var out []string
	for _, g := range c.Groups {
		if g.Role.May(least) {
			out = append(out, "@"+g.Name)
		}
	}
	for _, m := range c.Members {
		if m.Role.May(least) {
			out = append(out, m.Name)
		}
	}
	if len(out) > shown {
		out = append(out[:shown], "and others")
	}
	if len(out) == 0 && c.Said() && !c.fallback().May(least) {
		return "nobody: give somebody a role in the people section"
	}
	return strings.Join(out, ", ")
}
