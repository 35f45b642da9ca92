package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/owners"
	"github.com/firebreak-dev/firebreak/bot/risk"
)

// merge is a made-up merge with all that the product may see of it, and what came of it.
type merge struct {
	change   bot.Change
	facts    risk.Facts
	calendar []bot.Reason
	open     []bot.Incident
	// odds is the logarithm of the odds that it is bad, but for the level of the whole world; coin is what decides.
	odds, coin float64
	chance     float64
	bad        bool
}

const (
	people, repositories = 30, 12
	days                 = 364
	perDay               = 16
	// Of bad merges, alarming become incidents, each open for lasting; found is how often its cause is found out. takenBack are reverted.
	// The rest is mended later, and nobody writes down what it was.
	alarming  = .4
	lasting   = 3 * time.Hour
	found     = .8
	takenBack = .4
)

// team is who works on what.
type team struct {
	r        *rand.Rand
	world    world
	causes   causes
	calendar *calendar.Calendar
	skill    [people]float64
	code     [repositories]float64
	kinds    [repositories][]bot.Kind
	untried  [repositories]bool
	services map[string]bot.Service
}

func newTeam(w world, seed uint64) (*team, error) {
	t := &team{r: rand.New(rand.NewPCG(seed, 4)), world: w, services: map[string]bot.Service{}}
	t.causes = t.world.draw(t.r)
	noon, nine, six := calendar.Clock(12*60), calendar.Clock(9*60), calendar.Clock(18*60)
	var week calendar.Days
	if err := week.UnmarshalText([]byte("mon-fri")); err != nil {
		return nil, err
	}
	var from, to calendar.Moment
	if err := from.UnmarshalText([]byte("2026-12-20")); err != nil {
		return nil, err
	}
	if err := to.UnmarshalText([]byte("2026-12-27")); err != nil {
		return nil, err
	}
	var err error
	t.calendar, err = calendar.New(calendar.Config{
		Zone: "Europe/Berlin", Holidays: []string{"de"}, FridayFrom: &noon,
		Allow:   []calendar.Window{{Name: "working-hours", Days: week, From: &nine, To: &six}},
		Freezes: []calendar.Freeze{{Name: "end-of-year", From: from, To: to, Reason: "few are there"}},
	})
	for i := range repositories {
		t.kinds[i], t.untried[i] = habit(t.r), t.yes(.5)
		name := fmt.Sprintf("service-%d", i%8)
		rollback := map[bot.Kind]string{}
		for _, k := range bot.Kinds() {
			if t.yes(.9) {
				rollback[k] = "github.revert"
			}
		}
		s := bot.Service{Name: name, Rollback: rollback}
		if i%8 < 6 {
			s.DependsOn = []string{"service-6"}
		}
		t.services[name] = s
	}
	for i := range t.skill {
		t.skill[i] = w.people * t.r.NormFloat64()
	}
	for i := range t.code {
		t.code[i] = w.code * t.r.NormFloat64()
	}
	return t, err
}

// habit is what a repository mostly holds.
func habit(r *rand.Rand) []bot.Kind {
	inputs := []bot.Kind{bot.Prompt, bot.Prompt, bot.Model, bot.Policy, bot.Guardrail, bot.Retrieval, bot.Embedding, bot.Evaluation, bot.Evaluation}
	other := []bot.Kind{bot.Code, bot.Code, bot.Code, bot.Config, bot.Infrastructure, bot.Flag}
	out := slices.Clone(other)
	for range 2 + r.IntN(6) {
		out = append(out, inputs[r.IntN(len(inputs))])
	}
	return out
}

// year makes a year of merges in their order. The level of the world is found first, so that its share of bad merges is right; the
// incidents that bad ones cause change what follows, so it is found by making the year again.
func year(w world, seed uint64) ([]merge, map[string]bot.Service, error) {
	low, high := -15., 5.
	for range 12 {
		t, err := newTeam(w, seed)
		if err != nil {
			return nil, nil, err
		}
		level, bad := (low+high)/2, 0.
		made := t.year(level, false)
		for _, m := range made {
			bad += bit(m.bad)
		}
		if bad > w.rate*float64(len(made)) {
			high = level
		} else {
			low = level
		}
	}
	t, err := newTeam(w, seed)
	if err != nil {
		return nil, nil, err
	}
	return t.year((low+high)/2, true), t.services, nil
}

// year makes the merges of a year at a level. Their history, which decides nothing, is counted where it is wanted, each morning.
func (t *team) year(level float64, histories bool) []merge {
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	out := make([]merge, 0, days*perDay)
	ledger := make([]bot.Change, 0, days*perDay)
	var incidents []bot.Incident
	var due []bot.Change // reverts that will come
	for day := range days {
		t.drift()
		today := begin.AddDate(0, 0, day)
		var past risk.Past
		if histories {
			past = lookBack(today, ledger, incidents)
		}
		var merges []merge
		for range t.busy(today) {
			merges = append(merges, t.merge(t.moment(today), len(out)+len(merges)))
		}
		for len(due) > 0 && due[0].MergedAt.Before(today.AddDate(0, 0, 1)) {
			merges = append(merges, t.undo(due[0]))
			due = due[1:]
		}
		slices.SortStableFunc(merges, func(a, b merge) int { return a.change.MergedAt.Compare(b.change.MergedAt) })
		for _, m := range merges {
			history := past.Of(m.change)
			m.facts.History = &history
			t.incidents(&m, incidents)
			m.chance = 1 / (1 + math.Exp(-level-m.odds))
			m.bad = m.coin < m.chance
			out = append(out, m)
			ledger = append(ledger, m.change)
			if m.bad {
				in, revert := t.consequence(m, len(incidents))
				incidents = append(incidents, in...)
				due = append(due, revert...)
				slices.SortStableFunc(due, func(a, b bot.Change) int { return a.MergedAt.Compare(b.MergedAt) })
			}
		}
	}
	return out
}

// lookBack counts the last 90 days, as the product does.
func lookBack(now time.Time, ledger []bot.Change, incidents []bot.Incident) risk.Past {
	since := now.AddDate(0, 0, -90)
	changes, _ := slices.BinarySearchFunc(ledger, since, func(c bot.Change, at time.Time) int { return c.MergedAt.Compare(at) })
	first := slices.IndexFunc(incidents, func(in bot.Incident) bool { return in.OpenedAt.After(since) })
	return risk.NewPast(now, since, ledger[changes:], incidents[max(0, first):], []risk.RolledBack{})
}

// drift lets people and code change: half of what they were is gone after three weeks.
func (t *team) drift() {
	keep := math.Exp2(-1. / 21)
	fresh := math.Sqrt(1 - keep*keep)
	for i := range t.skill {
		t.skill[i] = keep*t.skill[i] + fresh*t.world.people*t.r.NormFloat64()
	}
	for i := range t.code {
		t.code[i] = keep*t.code[i] + fresh*t.world.code*t.r.NormFloat64()
	}
}

// busy is how many merges a day has.
func (t *team) busy(day time.Time) int {
	n := perDay/2 + t.r.IntN(perDay)
	if wd := day.Weekday(); wd == time.Saturday || wd == time.Sunday {
		return n / 12
	}
	if t.closed(day.Add(12 * time.Hour)) {
		return n / 8
	}
	return n
}

// moment is mostly within the hours of work in Berlin, in UTC, and sometimes before or after them.
func (t *team) moment(day time.Time) time.Time {
	hour := 11 + 2.5*t.r.NormFloat64()
	return day.Add(time.Duration(math.Mod(math.Max(0, hour), 24) * float64(time.Hour)))
}

// closed tells whether a moment lies in a freeze or on a holiday.
func (t *team) closed(at time.Time) bool {
	return slices.ContainsFunc(t.calendar.At(at, "").Reasons, func(r bot.Reason) bool {
		return r.Code == calendar.Frozen || r.Code == calendar.Holiday
	})
}

// yes is true with a probability.
func (t *team) yes(p float64) bool { return t.r.Float64() < p }

// merge makes one merge, and how likely it is to be bad by all but the open incidents.
func (t *team) merge(at time.Time, n int) merge {
	who, where := t.r.IntN(people), t.r.IntN(repositories)
	c := bot.Change{
		ID: fmt.Sprint("m", n), Author: fmt.Sprint("author-", who), Repository: fmt.Sprint("acme/repo-", where), MergedAt: at,
		Services: []string{fmt.Sprintf("service-%d", where%8)},
	}
	m := merge{coin: t.r.Float64(), odds: t.skill[who] + t.code[where] + t.world.luck*t.r.NormFloat64()}
	t.content(&m, &c, where)
	t.review(&m, &c)
	t.evaluate(&m, c)
	m.calendar = t.calendar.At(at, c.Services[0]).Reasons
	for _, r := range m.calendar {
		m.odds += map[string]float64{
			calendar.Friday: t.causes.friday, calendar.OutOfWindow: t.causes.offHours, calendar.HolidayEve: t.causes.eve, calendar.Frozen: t.causes.freeze,
			calendar.Holiday: t.causes.offHours,
		}[r.Code]
	}
	m.change = c
	return m
}

// content is how large it is, which kinds it changes, and how far it reaches. Lines are log-normal: half of all merges add less than
// 30 lines, one in twenty more than 600.
func (t *team) content(m *merge, c *bot.Change, where int) {
	lines := math.Exp(3.4 + 1.8*t.r.NormFloat64())
	m.facts.Lines = 1 + int(math.Min(lines, 50_000))
	m.facts.Files = 1 + int(math.Pow(lines, .5)/4*math.Exp(.7*t.r.NormFloat64()))
	m.odds += t.world.size*math.Log(float64(m.facts.Lines)) + t.world.files*math.Log(float64(m.facts.Files))
	kinds := t.kinds[where]
	more := min(3, int(t.r.ExpFloat64()*.4*(1+math.Log10(float64(m.facts.Files)))))
	for range 1 + more {
		if k := kinds[t.r.IntN(len(kinds))]; !slices.Contains(c.Kinds, k) {
			c.Kinds = append(c.Kinds, k)
		}
	}
	order := bot.Kinds()
	slices.SortFunc(c.Kinds, func(a, b bot.Kind) int { return slices.Index(order, a) - slices.Index(order, b) })
	c.Kind = c.Kinds[0]
	c.Rollback = t.services[c.Services[0]].Rollback[c.Kind]
	strongest := -1.
	for _, k := range c.Kinds {
		strongest = math.Max(strongest, t.causes.kinds[k])
	}
	m.odds += strongest + t.causes.mixed*float64(len(c.Kinds)-1)
	if slices.Contains(c.Kinds, bot.Prompt) && slices.Contains(c.Kinds, bot.Evaluation) {
		m.odds += t.causes.promptWithEvaluation
	}
	if t.yes(.05) {
		c.Services = append(c.Services, fmt.Sprintf("service-%d", (where+1)%8))
		m.odds += t.causes.fanOut
	}
	if where%8 == 6 {
		m.odds += 4 * t.causes.fanOut // many depend on it
	}
	if t.yes(.15) {
		c.Exposure = .1
		m.odds += t.causes.share
	}
	switch {
	case c.Rollback == "":
		m.odds += t.causes.noRollback
	case t.untried[where]:
		m.odds += t.causes.untried
	}
}

// review is who looked at it. It is judged before it lands: then nobody knows yet that its author will merge it.
func (t *team) review(m *merge, c *bot.Change) {
	m.facts.Reviews, m.facts.Incidents, m.facts.Owners = true, true, true
	m.facts.Committed = c.MergedAt.Add(-time.Hour)
	c.MergedBy = "merger"
	if t.yes(.25) {
		c.MergedBy = c.Author
		m.odds += t.causes.selfMerged
	}
	m.facts.Owned = []owners.Group{{Owners: []string{"@owner"}, Paths: []string{"a"}}}
	m.facts.Asked = []string{"owner"}
	if t.yes(.12) {
		m.odds += t.causes.unreviewed
	} else {
		c.Reviewers = []string{"reviewer"}
		m.facts.Reviewed = m.facts.Committed.Add(time.Minute)
		if t.yes(.08) {
			m.facts.Reviewed = m.facts.Committed.Add(-time.Minute)
			m.odds += t.causes.reviewOld
		}
	}
	if t.yes(.1) {
		m.facts.Asked = nil
		m.odds += t.causes.ownerMissing
	}
}

// evaluate is what a gate said, where it is used at all.
func (t *team) evaluate(m *merge, c bot.Change) {
	judged := []bot.Kind{bot.Prompt, bot.Policy, bot.Model, bot.Guardrail, bot.Retrieval, bot.Embedding}
	if !slices.ContainsFunc(c.Kinds, func(k bot.Kind) bool { return slices.Contains(judged, k) }) {
		return
	}
	m.facts.EvaluationRequired = true
	e := &risk.Evaluation{Answer: bot.Go, At: m.facts.Committed.Add(time.Minute)}
	switch u := t.r.Float64(); {
	case u < .12:
		e = nil
		m.odds += t.causes.evaluationMissing
	case u < .20:
		e.Answer = bot.Hold
		m.odds += t.causes.inconclusive
	case u < .22:
		e.Answer = bot.Back
		m.odds += t.causes.failed
	case u < .28:
		e.At = m.facts.Committed.Add(-time.Minute)
		m.odds += t.causes.evaluationOld
	}
	m.facts.Evaluation = e
}

// incidents adds those that are open when it lands.
func (t *team) incidents(m *merge, all []bot.Incident) {
	for i := len(all) - 1; i >= 0 && i >= len(all)-50; i-- {
		in := all[i]
		if in.OpenedAt.After(m.change.MergedAt) || m.change.MergedAt.Sub(in.OpenedAt) > lasting {
			continue
		}
		in.State = bot.Open
		m.open = append(m.open, in)
	}
	if m.change.Reverts != "" {
		return
	}
	own := slices.ContainsFunc(m.open, func(in bot.Incident) bool { return slices.Contains(m.change.Services, in.Service) })
	needed := slices.ContainsFunc(m.open, func(in bot.Incident) bool {
		return slices.ContainsFunc(m.change.Services, func(s string) bool { return slices.Contains(t.services[s].DependsOn, in.Service) })
	})
	switch {
	case own:
		m.odds += t.causes.incident
	case needed:
		m.odds += t.causes.dependency
	}
}

// consequence is the incident of a bad merge, and its revert, where there are any.
func (t *team) consequence(m merge, n int) (incidents []bot.Incident, reverts []bot.Change) {
	if t.yes(alarming) {
		in := bot.Incident{ID: fmt.Sprint("inc-", n), Service: m.change.Services[0], OpenedAt: m.change.MergedAt.Add(20 * time.Minute), Title: "it got worse"}
		if t.yes(found) {
			in.Cause = m.change.ID
		}
		incidents = append(incidents, in)
	}
	if t.yes(takenBack) {
		c := m.change
		c.ID, c.Reverts, c.MergedAt = m.change.ID+"-revert", m.change.ID, m.change.MergedAt.Add(time.Hour)
		c.Author, c.MergedBy, c.Reviewers = "merger", "merger", []string{"reviewer"}
		reverts = append(reverts, c)
	}
	return incidents, reverts
}

// undo is the merge of a revert.
func (t *team) undo(c bot.Change) merge {
	lines := 1 + int(math.Exp(3.4+1.8*t.r.NormFloat64()))
	m := merge{change: c, coin: t.r.Float64(), calendar: t.calendar.At(c.MergedAt, c.Services[0]).Reasons}
	m.odds = t.world.size*math.Log(float64(lines)) + t.causes.revert + t.world.luck*t.r.NormFloat64()
	m.facts = risk.Facts{
		Reviews: true, Incidents: true, Owners: true, Lines: lines, Files: 2, Committed: c.MergedAt.Add(-time.Hour), Reviewed: c.MergedAt,
		Evaluation: &risk.Evaluation{Answer: bot.Go, At: c.MergedAt},
	}
	return m
}
