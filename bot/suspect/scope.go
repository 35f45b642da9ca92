package suspect

import (
	"maps"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// relation is how what a change touches stands to the service of the incident.
type relation int

const (
	own relation = iota
	dependency
	upstream
	unknown
	unrelated
	relations // how many there are
)

// neighbourhood tells for every service how it stands to the one of the incident.
type neighbourhood map[string]relation

// around walks the service map from one service to everything that it depends on. Circles are walked once.
func around(service string, services map[string]bot.Service) neighbourhood {
	n := neighbourhood{service: own}
	frontier, step := []string{service}, dependency
	for len(frontier) > 0 {
		var next []string
		for _, s := range frontier {
			for _, d := range services[s].DependsOn {
				if _, seen := n[d]; !seen {
					n[d] = step
					next = append(next, d)
				}
			}
		}
		frontier, step = next, upstream
	}
	return n
}

// Upstream is everything that a service depends on, directly or not, by name.
func Upstream(service string, services map[string]bot.Service) []string {
	near := around(service, services)
	delete(near, service)
	return slices.Sorted(maps.Keys(near))
}

// relate gives the nearest relation of what a change touches, and the service by which it is so near.
func (n neighbourhood) relate(c *bot.Change) (relation, string) {
	if len(c.Services) == 0 {
		return unknown, ""
	}
	best, by := unrelated, c.Services[0]
	for _, s := range c.Services {
		if r, near := n[s]; near && r < best {
			best, by = r, s
		}
	}
	return best, by
}

// elsewhere tells that a change went to an environment that is known not to be the incident's.
func elsewhere(c *bot.Change, in bot.Incident) bool {
	there := canonical(c.Environment)
	return there != "" && there != environmentOf(in)
}

func canonical(environment string) string {
	switch e := strings.ToLower(environment); e {
	case "prod", "live", "prd":
		return "production"
	case "stage", "stg":
		return "staging"
	default:
		return e
	}
}
