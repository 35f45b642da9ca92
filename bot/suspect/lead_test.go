package suspect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/detectors"
)

// behindGateway are services that all depend on one.
func behindGateway() map[string]bot.Service {
	out := map[string]bot.Service{"gateway": {Name: "gateway"}, "alone": {Name: "alone"}}
	for _, name := range []string{"chat", "search", "mail"} {
		out[name] = bot.Service{Name: name, DependsOn: []string{"gateway"}}
	}
	return out
}

func own(kind bot.Kind, service string, p float64) func(*bot.Incident) {
	return func(in *bot.Incident) {
		in.Ranking.Suspects = []bot.Suspect{{Change: "a#" + service, Kind: kind, Service: service, Title: "t", Probability: p}}
	}
}

func severity(s detectors.Severity) func(*bot.Incident) {
	return func(in *bot.Incident) { in.Severity = s }
}

func TestLead(t *testing.T) {
	page := severity(detectors.Page)
	following := func(in *bot.Incident) { in.Lead = bot.Link{Incident: "inc-other"} }
	earlier := func(in *bot.Incident) { in.OpenedAt = in.OpenedAt.Add(-time.Minute) }
	for _, tt := range []struct {
		name   string
		in     bot.Incident
		others []bot.Incident
		hit    []string
		lead   string
		why    string
	}{
		{"what it depends on burns", other("chat", 1, page), []bot.Incident{other("gateway", 0, page)}, nil, "gateway", "both began within 60 s, and chat depends on gateway"},
		{"what depends on it was seen first", other("gateway", 1, page), []bot.Incident{other("chat", 0, page)}, nil, "chat", "both began within 60 s, and chat depends on gateway"},
		{"two that share a dependency may be a coincidence", other("chat", 1, page), []bot.Incident{other("search", 0, page)}, nil, "", ""},
		{"three are none", other("chat", 1, page), []bot.Incident{other("search", 0, page), other("mail", 1, page, following)}, nil, "search", "3 services that depend on gateway were hit at the same time"},
		{"findings of the same moment count, too", other("chat", 1, page), []bot.Incident{other("search", 0, page)}, []string{"mail"}, "search", "3 services that depend on gateway were hit at the same time"},
		{"services that share nothing", other("alone", 1, page), []bot.Incident{other("search", 0, page)}, []string{"mail", "chat"}, "", ""},
		{"the same change is suspected of both", other("alone", 1, page, own(bot.Prompt, "alone", .6)), []bot.Incident{other("search", 0, page, own(bot.Prompt, "alone", .5))}, nil, "search", "the same change is suspected first: prompt #alone"},
		{"a change of its own is suspected", other("chat", 1, page, own(bot.Prompt, "chat", .6)), []bot.Incident{other("gateway", 0, page)}, nil, "", ""},
		{"a change of the other alone is suspected there", other("gateway", 1, page), []bot.Incident{other("chat", 0, page, own(bot.Prompt, "chat", .6))}, nil, "", ""},
		{"a change of what both depend on is suspected", other("chat", 1, page, own(bot.Config, "gateway", .6)), []bot.Incident{other("gateway", 0, page)}, nil, "gateway", "both began within 60 s, and chat depends on gateway"},
		{"the other is less severe", other("chat", 1, page), []bot.Incident{other("gateway", 0, severity(detectors.Ticket))}, nil, "", ""},
		{"the other is muted, and silence must not spread", other("chat", 1, page), []bot.Incident{other("gateway", 0, page, func(in *bot.Incident) { in.Muted.Until = in.OpenedAt.Add(time.Hour) })}, nil, "", ""},
		{"it began long after", other("chat", 30, page), []bot.Incident{other("gateway", 0, page)}, nil, "", ""},
		{"the other follows somebody itself", other("chat", 1, page), []bot.Incident{other("gateway", 0, page, following)}, nil, "", ""},
		{"of two the one that was opened first leads", other("gateway", 1, page), []bot.Incident{other("chat", 0, page), other("search", 0, page, earlier)}, nil, "search", "both began within 60 s, and search depends on gateway"},
		{"a person declared it", other("chat", 1, page, func(in *bot.Incident) { in.Detector = bot.ByPerson }), []bot.Incident{other("gateway", 0, page)}, nil, "", ""},
		{"it leads others already", other("chat", 1, page, func(in *bot.Incident) { in.Followers = []bot.Link{{Incident: "x"}} }), []bot.Incident{other("gateway", 0, page)}, nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hit := map[string]time.Time{"long-ago": onset.Add(-time.Hour)}
			for _, service := range tt.hit {
				hit[service] = onset
			}
			lead, why, follows := suspect.Lead(tt.in, tt.others, hit, behindGateway())
			if lead.Service != tt.lead || why != tt.why || follows != (tt.lead != "") {
				t.Errorf("%v, %q: %q", follows, lead.Service, why)
			}
		})
	}
}

func TestLeaves(t *testing.T) {
	page := severity(detectors.Page)
	ended := func(state bot.State, ago time.Duration) func(*bot.Incident) {
		return func(in *bot.Incident) {
			in.State, in.MitigatedAt = state, onset.Add(time.Hour-ago)
			if state == bot.Resolved {
				in.ResolvedAt = in.MitigatedAt
			}
		}
	}
	for _, tt := range []struct {
		name     string
		in, lead bot.Incident
		why      string
	}{
		{"both burn", other("chat", 1, page), other("gateway", 0, page), ""},
		{"it gets worse than its lead", other("chat", 1, page), other("gateway", 0, severity(detectors.Ticket)), "it is worse than the incident of gateway"},
		{"it turns out to have a cause of its own", other("chat", 1, page, own(bot.Prompt, "chat", .7)), other("gateway", 0, page), "prompt #chat is suspected of the incident of chat, and gateway does not meet it"},
		{"its lead has just come back", other("chat", 1, page), other("gateway", 0, page, ended(bot.Mitigated, minutes(3))), ""},
		{"its lead came back, and it burns on", other("chat", 1, page), other("gateway", 0, page, ended(bot.Mitigated, minutes(6))), "the incident of gateway is over since 6 min, and this one burns on"},
		{"its lead was resolved by a person", other("chat", 1, page), other("gateway", 0, page, ended(bot.Resolved, minutes(6))), "the incident of gateway is over since 6 min, and this one burns on"},
		{"both came back", other("chat", 1, page, ended(bot.Mitigated, minutes(1))), other("gateway", 0, page, ended(bot.Mitigated, minutes(9))), ""},
	} {
		why, leaves := suspect.Leaves(onset.Add(time.Hour), tt.in, tt.lead, minutes(5), behindGateway())
		if why != tt.why || leaves != (tt.why != "") {
			t.Errorf("%s: %v, %q", tt.name, leaves, why)
		}
	}
}

func BenchmarkLeadInAStorm(b *testing.B) {
	services, hit := map[string]bot.Service{"gateway": {Name: "gateway"}}, map[string]time.Time{}
	var others []bot.Incident
	for i := range 300 {
		name := fmt.Sprintf("service-%03d", i)
		services[name], hit[name] = bot.Service{Name: name, DependsOn: []string{"gateway"}}, onset
		others = append(others, other(name, 0, severity(detectors.Page)))
	}
	in := other("service-000", 1, severity(detectors.Page))
	b.ReportAllocs()
	for b.Loop() {
		suspect.Lead(in, others, hit, services)
	}
}
