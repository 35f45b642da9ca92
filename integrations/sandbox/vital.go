package sandbox

import (
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
)

// vital is what tells how a service is, by what really happened to its requests.
type vital struct {
	// what is counted and sick what is said when it is too much, in words.
	what, sick string
	// of is the share that is not as it should be.
	of func(*director, assistant.Totals) float64
	// bound is the share from which the service is not well.
	bound float64
	// over is the stretch that is looked at; zero is looksBack.
	over time.Duration
}

func refusals() vital {
	return vital{
		what: "refusals", sick: "refuses more and more", bound: normal().RefusalRatio() + 0.009,
		of: func(_ *director, t assistant.Totals) float64 { return t.RefusalRatio() },
	}
}

func failures(bound float64, over time.Duration) vital {
	return vital{
		what: "failures", sick: "fails more and more", bound: bound, over: over,
		of: func(_ *director, t assistant.Totals) float64 { return t.Failed / t.Requests },
	}
}

func misses(bound float64) vital {
	return vital{
		what: "empty look-ups", sick: "finds less and less", bound: bound, over: 10 * time.Minute,
		of: func(_ *director, t assistant.Totals) float64 { return 1 - t.Hits/t.Requests },
	}
}

// strangers is the share of pods that do not serve the version that the story began with.
func strangers(bound float64) vital {
	return vital{
		what: "on the new version", sick: "sends more to the canary than was declared", bound: bound,
		of: func(d *director, _ assistant.Totals) float64 {
			versions := d.sandbox.world.Versions(d.scenario.service)
			others := 0
			for _, v := range versions {
				if v != usual().Version {
					others++
				}
			}
			return float64(others) / float64(len(versions))
		},
	}
}
