package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/detectors"
)

// horizon is how long before the onset changes are looked for when nothing else is said.
const horizon = 7 * 24 * time.Hour

// rank ranks the suspects of an incident. It returns the entries that note what followed from what was undone, and the ranking where it
// says something new, or where it is asked for whatever it says.
func (e *Engine) rank(ctx context.Context, in bot.Incident, anyway bool) ([]bot.Entry, error) {
	if in.Service == "" || in.Service == bot.Self {
		return nil, nil
	}
	now := e.parts.Now()
	e.ranked[in.ID] = now
	candidates, err := e.candidates(ctx, in, now)
	if err != nil {
		return nil, err
	}
	added, err := e.conclude(ctx, in, candidates)
	if err != nil {
		return nil, err
	}
	in = in.Then(added...)
	in.Slices = suspect.Slices(now, in, e.parts.Windows)
	in.Climbs = suspect.Climbs(now, in, candidates, e.parts.Windows)
	ranking := e.parts.Ranker.Rank(now, in, burning(e.open), candidates)
	if !anyway && len(added) == 0 && !saysMore(in.Ranking, ranking) {
		return nil, nil
	}
	ranking.Slices = in.Slices
	ranking.Changed = suspect.Turn(in.Ranking, ranking, in, candidates)
	data, err := json.Marshal(ranking)
	if err != nil {
		return added, err
	}
	noted, err := e.parts.Timeline.Append(ctx, bot.Entry{
		ID: bot.NewID("ent", now), Incident: in.ID, At: now, Kind: bot.EntrySuspects, Actor: bot.Self, Sentence: cmp.Or(ranking.Changed, rankingSentence(ranking)), Data: data,
	})
	return append(added, noted...), err
}

// candidates are the changes that the ledger has of the time before the incident and since, and those that somebody confirmed.
func (e *Engine) candidates(ctx context.Context, in bot.Incident, now time.Time) ([]bot.Change, error) {
	from := in.Onset.Earliest
	if from.IsZero() {
		from = in.OpenedAt
	}
	q := bot.ChangeQuery{From: from.Add(-cmp.Or(e.current().Horizon, horizon)), To: now.Add(time.Minute), Limit: mostCandidates}
	found, err := e.parts.Ledger.Changes(ctx, q)
	if err == nil && len(found) == mostCandidates {
		found, err = e.closer(ctx, in, q, found)
	}
	if err != nil || in.Cause == "" || slices.ContainsFunc(found, func(c bot.Change) bool { return c.ID == in.Cause }) {
		return found, err
	}
	cause, err := e.parts.Ledger.Change(ctx, in.Cause)
	if bot.CodeOf(err) == bot.NotFound {
		return found, nil // it was forgotten meanwhile
	}
	return append(found, cause), err
}

const (
	// mostCandidates bounds what is ranked: the newest of more, and of the services that matter most as many as are looked for by name.
	mostCandidates = 1000
	// mostOfOne is how many changes of one service are looked for by name, mostNamed of how many services.
	mostOfOne, mostNamed = 300, 20
)

// closer adds the changes of the incident's service, and of those that it depends on, where more changed than is ranked: what others
// changed lately must not hide what changed here.
func (e *Engine) closer(ctx context.Context, in bot.Incident, q bot.ChangeQuery, found []bot.Change) ([]bot.Change, error) {
	names := []string{in.Service}
	for i := 0; i < len(names) && len(names) < mostNamed; i++ {
		for _, needed := range e.service(names[i]).DependsOn {
			if !slices.Contains(names, needed) && len(names) < mostNamed {
				names = append(names, needed)
			}
		}
	}
	known := make(map[string]bool, len(found))
	for _, c := range found {
		known[c.ID] = true
	}
	q.Limit = mostOfOne
	for _, q.Service = range names {
		more, err := e.parts.Ledger.Changes(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, c := range more {
			if !known[c.ID] {
				known[c.ID] = true
				found = append(found, c)
			}
		}
	}
	return found, nil
}

// conclude notes what follows from what was undone, once.
func (e *Engine) conclude(ctx context.Context, in bot.Incident, candidates []bot.Change) ([]bot.Entry, error) {
	var entries []bot.Entry
	for _, v := range suspect.Aftermath(e.parts.Now(), in, candidates) {
		if known, judged := in.Verdict(v.Change); judged && (known.Personal() || known.Word == v.Word) {
			continue
		}
		entries = append(entries, verdictEntry(in, v, candidates))
	}
	if len(entries) == 0 {
		return nil, nil
	}
	return e.parts.Timeline.Append(ctx, entries...)
}

// lookAgain ranks incidents anew that have not been looked at for a while: that the signals stay bad after something was undone is
// told by time alone.
func (e *Engine) lookAgain(ctx context.Context, open []bot.Incident, touched *touched) error {
	now := e.parts.Now()
	ranked := make(map[string]time.Time, len(open))
	var errs []error
	for _, in := range open {
		last, known := e.ranked[in.ID]
		if !known {
			last = in.Ranking.At
		}
		ranked[in.ID] = last
		if in.State == bot.Mitigated || in.Ranking.At.IsZero() || now.Sub(last) < lookEvery {
			continue
		}
		added, err := e.rank(ctx, in, false)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ranked[in.ID] = now
		if len(added) > 0 {
			touched.add(in.Then(added...), added)
		}
	}
	e.ranked = ranked // what is resolved is forgotten
	return errors.Join(errs...)
}

// lookEvery is how often suspects are ranked anew while nothing is heard.
const lookEvery = 5 * time.Minute

// noteworthy is the difference in probability from which a new ranking is worth telling.
const noteworthy = 0.05

func saysMore(known, fresh bot.Ranking) bool {
	if known.At.IsZero() || len(known.Suspects) != len(fresh.Suspects) || math.Abs(known.None-fresh.None) > noteworthy {
		return true
	}
	for i, s := range fresh.Suspects {
		if known.Suspects[i].Change != s.Change || math.Abs(known.Suspects[i].Probability-s.Probability) > noteworthy {
			return true
		}
	}
	return false
}

func rankingSentence(r bot.Ranking) string {
	if len(r.Suspects) == 0 {
		return "no known change can have done it"
	}
	first := r.Suspects[0]
	if r.None > first.Probability {
		return fmt.Sprintf("most likely none of the known changes (%.2f); next: %s %s (%.2f)", r.None, first.Kind, first.Title, first.Probability)
	}
	return fmt.Sprintf("likely %s %s (%.2f); none of these: %.2f", first.Kind, first.Title, first.Probability, r.None)
}

// rerank ranks the open incidents anew after the ledger changed.
func (e *Engine) rerank(ctx context.Context) error {
	e.placing.Lock()
	defer e.placing.Unlock()
	return e.rankAgain(ctx)
}

// rankAgain is rerank while placing is held.
func (e *Engine) rankAgain(ctx context.Context) error {
	open, err := e.unresolved(ctx)
	if err != nil {
		return err
	}
	e.open = open
	touched := newTouched()
	for _, in := range slices.Clone(open) {
		if in.State == bot.Mitigated || in.Severity == detectors.None {
			continue
		}
		ranked, err := e.rank(ctx, in, false)
		if err != nil {
			return err
		}
		touched.add(in.Then(ranked...), ranked)
	}
	e.follow(ctx, touched)
	return nil
}
