package landing_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/check"
	"github.com/firebreak-dev/firebreak/bot/landing"
	"github.com/firebreak-dev/firebreak/bot/risk"
)

// years is how many years are simulated; without, it is a month in which the clocks change, since under the race detector a year takes
// minutes.
var years = flag.Uint64("years", 0, "how many whole years of a team are simulated; a month of one when left out")

// stretch is a stretch of time; an end that is zero has not come.
type stretch struct{ from, to time.Time }

func (s stretch) at(t time.Time) bool { return !t.Before(s.from) && (s.to.IsZero() || t.Before(s.to)) }

// team is a simulated team: what it does, and by what its pull requests are judged.
type team struct {
	*world
	calendar  *calendar.Calendar
	zone      *time.Location
	freezes   []stretch
	incidents []stretch
	open      map[int]*simulated
	next      int
}

// simulated is a pull request as the oracle knows it.
type simulated struct {
	head      string
	reviewed  bool
	draft     bool
	overrides []stretch
}

// Look judges by the rules of the product.
func (m *team) Look(_ context.Context, now time.Time) (landing.Scene, error) {
	known := calendar.Known{}
	for i, f := range m.freezes {
		freeze := calendar.Freeze{Name: fmt.Sprintf("frz-%d", i), From: calendar.Instant(f.from), Reason: "a launch"}
		if !f.to.IsZero() {
			freeze.To = calendar.Instant(f.to)
		}
		known.Freezes = append(known.Freezes, freeze)
	}
	return &moment{m.rules, m, now, m.calendar.With(known)}, nil
}

type moment struct {
	*rules
	team     *team
	now      time.Time
	calendar *calendar.Calendar
}

// Assess is the product's own judgement.
func (s *moment) Assess(_ context.Context, p bot.Pull) landing.Assessed {
	c := p.Change
	c.Services, c.Kind, c.Kinds, c.Rollback = []string{"support"}, bot.Prompt, []bot.Kind{bot.Prompt}, "github.revert"
	var open []bot.Incident
	for i, in := range s.team.incidents {
		if in.at(s.now) {
			open = append(open, bot.Incident{ID: fmt.Sprintf("inc-%d", i), Service: "support", State: bot.Open, Title: "refusals"})
		}
	}
	weights := risk.Weights{Points: map[string]float64{risk.CanaryUndeclared: 0}}.WithDefaults()
	verdict := s.calendar.At(s.now, "support")
	services := map[string]bot.Service{"support": {Name: "support"}}
	return landing.Assessed{
		Assessment: risk.Judge(s.now, c, risk.Facts{Reviews: true, Incidents: true}, verdict.Reasons, open, services, weights), Change: c,
		Openings: []bot.Opening{{Service: "support", Zone: "America/New_York", Open: verdict.Open, Until: verdict.Until}},
	}
}

// oracle says what must stand on a pull request. It knows the calendar of the wall and adds up on its fingers; it shares no code with the
// product.
func (m *team) oracle(p *simulated, now time.Time) check.Conclusion {
	local, score := now.In(m.zone), 0
	friday := local.Weekday() == time.Friday && local.Hour() >= 12
	if friday {
		score += 15
	}
	if friday || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
		score += 20
	}
	at := func(s stretch) bool { return s.at(now) }
	if slices.ContainsFunc(m.freezes, at) {
		score += 60
	}
	if slices.ContainsFunc(m.incidents, at) {
		score += 40
	}
	if !p.reviewed {
		score += 20
	}
	out := check.Success
	switch {
	case score >= 70:
		out = check.Failure
	case score >= 40:
		out = check.ActionRequired
	case score >= 20:
		out = check.Neutral
	}
	switch {
	case p.draft:
		return check.Neutral
	case slices.ContainsFunc(p.overrides, at):
		return check.Success
	default:
		return out
	}
}

// TestAYearOfATeam simulates a year: pull requests are opened, pushed, reviewed, drafted, overridden and landed, freezes and incidents come and
// go, the clocks change twice. A minute before, at and a minute after everything that happens, every check is held against the oracle.
func TestAYearOfATeam(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	from, until, fewest := time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 5, 0, 0, 0, time.UTC), 10_000
	if *years == 0 {
		from, until, fewest = time.Date(2026, 2, 20, 5, 0, 0, 0, time.UTC), time.Date(2026, 3, 20, 5, 0, 0, 0, time.UTC), 500
	}
	for seed := range max(1, *years) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			noon := calendar.Clock(12 * 60)
			var fri, weekend calendar.Days
			_, _ = fri.UnmarshalText([]byte("fri")), weekend.UnmarshalText([]byte("sat,sun"))
			base, err := calendar.New(calendar.Config{Zone: "America/New_York", Deny: []calendar.Window{
				{Name: "friday-afternoon", Days: fri, From: &noon}, {Name: "weekend", Days: weekend},
			}})
			if err != nil {
				t.Fatal(err)
			}
			m := &team{world: newWorld(t), calendar: base, zone: zone, open: map[int]*simulated{}}
			m.Landing = m.with(m)
			r := rand.New(rand.NewPCG(seed, 7))
			compared := 0
			for m.now = from; m.now.Before(until); {
				next := m.now.Add(time.Duration(1+r.IntN(600)) * time.Minute).Truncate(time.Minute)
				if edge := base.Edge(m.now, "support"); !edge.IsZero() && edge.Before(next) {
					next = edge
				}
				for _, t := range m.ends() {
					if t.After(m.now) && t.Before(next) {
						next = t
					}
				}
				for _, at := range []time.Time{next.Add(-time.Minute), next, next.Add(time.Minute)} {
					if at.Before(m.now) {
						continue
					}
					m.now = at
					if at.Equal(next) {
						m.happens(r)
					}
					m.settle(40 * time.Second)
					compared += m.compare()
				}
			}
			t.Logf("figure: a simulated team (seed %d) | every check as the oracle says | %d comparisons, %d checks", seed, compared, len(m.forge.checks))
			if compared < fewest {
				t.Errorf("only %d comparisons: it was too calm", compared)
			}
		})
	}
}

// with is a Landing that judges by other rules.
func (w *world) with(r landing.Rules) *landing.Landing {
	parts := w.parts()
	parts.Rules = r
	return landing.New(parts)
}

// ends are the ends of what has an end.
func (m *team) ends() []time.Time {
	var out []time.Time
	for _, s := range slices.Concat(m.freezes, m.incidents) {
		out = append(out, s.from, s.to)
	}
	for _, p := range m.open {
		for _, o := range p.overrides {
			out = append(out, o.to)
		}
	}
	return out
}

// happens lets one thing happen.
func (m *team) happens(r *rand.Rand) {
	number := m.any(r)
	p := m.open[number]
	if p == nil || len(m.open) < 3 {
		m.next++
		number = m.next
		p = &simulated{head: fmt.Sprintf("h%d-0", number), draft: r.IntN(6) == 0}
		m.open[number] = p
		m.tell(number, bot.PullChanged)
		return
	}
	switch r.IntN(9) {
	case 0: // a push; overrides are void
		p.head = fmt.Sprintf("h%d-%d", number, m.now.Unix())
		for i := range p.overrides {
			if p.overrides[i].at(m.now) {
				p.overrides[i].to = m.now
			}
		}
		m.tell(number, bot.PullChanged)
	case 1, 2:
		p.reviewed = !p.reviewed
		m.tell(number, bot.PullChanged)
	case 3:
		p.draft = !p.draft
		m.tell(number, bot.PullLabelled)
	case 4:
		p.overrides = append(p.overrides, stretch{m.now, m.now.Add(2 * time.Hour)})
		m.hear(bot.PullNews{Event: bot.PullCommanded, Number: number, By: "ben", Text: "/firebreak override a reason"})
	case 5:
		delete(m.open, number)
		m.hear(bot.PullNews{Event: bot.PullClosed, Number: number})
	case 6:
		from := m.now.Add(time.Duration(r.IntN(300)) * time.Minute)
		m.freezes = append(m.freezes, stretch{from, from.Add(time.Duration(1+r.IntN(2000)) * time.Minute)})
	case 7, 8:
		from := m.now.Add(time.Duration(r.IntN(100)) * time.Minute)
		m.incidents = append(m.incidents, stretch{from, from.Add(time.Duration(1+r.IntN(300)) * time.Minute)})
	}
}

func (m *team) any(r *rand.Rand) int {
	numbers := make([]int, 0, len(m.open))
	for n := range m.open {
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return 0
	}
	slices.Sort(numbers)
	return numbers[r.IntN(len(numbers))]
}

// tell has the forge know the pull request and tells of it.
func (m *team) tell(number int, event bot.PullEvent) {
	p := m.open[number]
	at := pull(number, p.head)
	at.Draft = p.draft
	if p.reviewed {
		at.Change.Reviewers = []string{"ben"}
	}
	m.forge.pulls[number] = at
	m.hear(bot.PullNews{Event: event, Number: number, Head: p.head, Draft: p.draft})
}

// compare holds every check against the oracle.
func (m *team) compare() int {
	m.t.Helper()
	for number, p := range m.open {
		got, want := check.Conclusion(m.forge.on(p.head).Conclusion), m.oracle(p, m.now)
		if got != want {
			m.t.Fatalf("#%d at %s (%s): %s stands there, the oracle says %s: %s", number, m.now.In(m.zone), m.now, got, want, m.forge.on(p.head).Summary)
		}
	}
	return len(m.open)
}
