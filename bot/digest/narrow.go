package digest

import (
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
)

// narrowed leaves out what is about other services. What is about none is everybody's.
func (in Input) narrowed() Input {
	if len(in.Services) == 0 {
		return in
	}
	about := func(services ...string) bool {
		return len(services) == 0 || slices.ContainsFunc(services, func(s string) bool { return slices.Contains(in.Services, s) })
	}
	in.Incidents = keep(in.Incidents, func(i bot.Incident) bool { return about(i.Service) })
	in.Changes = keep(in.Changes, func(c bot.Change) bool { return len(c.Services) > 0 && about(c.Services...) })
	in.Freezes = keep(in.Freezes, func(f bot.Freeze) bool { return about(f.Services...) })
	in.Budgets = keep(in.Budgets, func(b bot.Budget) bool { return about(b.Service) })
	in.Duties = keep(in.Duties, func(d bot.Duty) bool { return about(d.Service) })
	in.Pulls = keep(in.Pulls, func(w bot.Waiting) bool { return len(w.Services) > 0 && about(w.Services...) })
	known := map[string]bool{}
	for _, i := range in.Incidents {
		known[i.ID] = true
	}
	in.Approvals = keep(in.Approvals, func(a bot.Approval) bool { return known[a.Incident] })
	windows := map[string][]bot.Opening{}
	for service, openings := range in.Windows {
		if about(service) {
			windows[service] = openings
		}
	}
	in.Windows = windows
	return in
}

func keep[T any](list []T, is func(T) bool) []T {
	var out []T
	for _, x := range list {
		if is(x) {
			out = append(out, x)
		}
	}
	return out
}
