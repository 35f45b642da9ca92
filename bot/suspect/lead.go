package suspect

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

const (
	// several services that begin to burn at the same time and lean on one thing are no coincidence; two may be. Judgement.
	crowded = 3
	// ownCause is the probability from which a first suspect that the lead does not meet speaks for a cause of one's own.
	ownCause = 0.5
)

// Lead tells whether an incident that has just been opened is part of one that burns already, which then speaks for both: so that forty
// services that fail with one gateway wake somebody once. It is so when both are Linked, or when three services or more that depend on
// one thing were hit at the same time; hit says of which services that is known and since when, with or without an incident. A lead is at
// least as severe, is not muted, and follows nobody itself; of several the one that was opened first leads. What a person declared stands
// by itself, and so does an incident with a suspect of its own that the lead's service does not meet.
func Lead(in bot.Incident, others []bot.Incident, hit map[string]time.Time, services map[string]bot.Service) (lead bot.Incident, why string, follows bool) {
	if in.Lead.Incident != "" || len(in.Followers) > 0 || in.Service == bot.Self || in.Detector == bot.ByPerson {
		return bot.Incident{}, "", false
	}
	for _, other := range slices.SortedFunc(slices.Values(others), func(a, b bot.Incident) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), strings.Compare(a.ID, b.ID))
	}) {
		if other.Lead.Incident != "" || other.Muted.Holds(in.OpenedAt) || other.Severity.Rank() < in.Severity.Rank() || !simultaneous(in, other) || apart(in, other, services) != "" {
			continue
		}
		if why, linked := Linked(in, other, services); linked {
			return other, why, true
		}
		if why := common(in, other, hitWith(in, others, hit), services); why != "" {
			return other, why, true
		}
	}
	return bot.Incident{}, "", false
}

// Leaves tells why an incident does not follow its lead any longer: it is worse, it has a suspect of its own, or the lead has come back for
// longer than patience while this one burns on.
func Leaves(now time.Time, in, lead bot.Incident, patience time.Duration, services map[string]bot.Service) (why string, leaves bool) {
	ended := lead.MitigatedAt
	if lead.State == bot.Resolved {
		ended = lead.ResolvedAt
	}
	burns := in.State == bot.Open || in.State == bot.Acknowledged
	switch own := apart(in, lead, services); {
	case !burns:
		return "", false
	case in.Severity.Rank() > lead.Severity.Rank():
		return fmt.Sprintf("it is worse than the incident of %s", lead.Service), true
	case own != "":
		return own, true
	case (lead.State == bot.Mitigated || lead.State == bot.Resolved) && now.Sub(ended) > patience:
		return fmt.Sprintf("the incident of %s is over since %s, and this one burns on", lead.Service, span(now.Sub(ended))), true
	default:
		return "", false
	}
}

// apart says why two incidents cannot have one cause: a change is suspected of one that the other does not meet.
func apart(a, b bot.Incident, services map[string]bot.Service) string {
	if why := ownSuspect(a, b, services); why != "" {
		return why
	}
	return ownSuspect(b, a, services)
}

// ownSuspect says that a change is suspected of an incident which the service of another one does not meet.
func ownSuspect(in, other bot.Incident, services map[string]bot.Service) string {
	is := first(in.Ranking)
	if is.Probability < ownCause || is.Change == first(other.Ranking).Change {
		return ""
	}
	if _, meets := around(other.Service, services)[is.Service]; meets || is.Service == "" {
		return ""
	}
	return fmt.Sprintf("%s %s is suspected of the incident of %s, and %s does not meet it", is.Kind, short(is), in.Service, other.Service)
}

// hitWith are the services that were hit at the same time as the one of the incident.
func hitWith(in bot.Incident, others []bot.Incident, hit map[string]time.Time) []string {
	out := []string{in.Service}
	for _, other := range others {
		if simultaneous(in, other) {
			out = append(out, other.Service)
		}
	}
	for service, at := range hit {
		if onsetOf(in).At.Sub(at).Abs() <= together {
			out = append(out, service)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// common names what both services depend on, directly or not, where three that were hit do.
func common(a, b bot.Incident, hit []string, services map[string]bot.Service) string {
	of, and := around(a.Service, services), around(b.Service, services)
	best, most := "", crowded-1
	for _, thing := range slices.Sorted(maps.Keys(of)) {
		if _, both := and[thing]; !both {
			continue
		}
		n := 0
		for _, service := range hit {
			if _, reached := around(service, services)[thing]; reached {
				n++
			}
		}
		if n > most {
			best, most = thing, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("%d services that depend on %s were hit at the same time", most, best)
}
