package risk

import (
	"fmt"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// History is what the ledger and the incidents tell of the time before.
type History struct {
	// Since is how far back it was looked for the rollback and for shares of the traffic.
	Since time.Time
	// Author and Repository are how their changes of the last Recent went, Others how those of all other repositories did.
	Author, Repository, Others Record
	// RolledBack is when the change's own rollback was last used to its end for a change of its kind to one of its services; zero
	// when that has not happened since Since.
	RolledBack time.Time
	// Runs tells that it is known which rollbacks were carried out; without, that none is known says nothing.
	Runs bool
	// Shared tells that changes to its services have declared a share of the traffic.
	Shared bool
	// Running are models that its services run, as far as changes told.
	Running []Running
}

// Record is how many changes there were and how many of them failed: they were behind an incident, or were taken back.
type Record struct{ Changes, Failed int }

// Running is a model that a service runs.
type Running struct{ Service, Model string }

// Recent is how far back failures count: people and code are others after that.
const Recent = 30 * 24 * time.Hour

// What is ordinary: one change in twenty fails, and it takes about ten changes to say otherwise. Judgement, at the better end of the
// change failure rates that teams report. One failure alone says nothing.
const (
	ordinaryRate  = 0.05
	ordinaryCount = 10
	failuresLeast = 2
	failuresMost  = 3
)

// rate is shrunk towards what is ordinary, so that few changes say nothing.
func (r Record) rate(ordinary float64) float64 {
	return (float64(r.Failed) + ordinaryCount*ordinary) / (float64(r.Changes) + ordinaryCount)
}

// times is how often failing has doubled beyond what is ordinary, in whole halves; less than once says nothing.
func (r Record) times(ordinary float64) float64 {
	times := math.Min(failuresMost, math.Floor(2*math.Log2(r.rate(ordinary)/ordinary))/2)
	if times < 1 || r.Failed < failuresLeast || r.Failed > r.Changes {
		return 0
	}
	return times
}

func history(now time.Time, c bot.Change, f Facts) []bot.Reason {
	if f.History == nil {
		return nil
	}
	h := *f.History
	var out []bot.Reason
	// Each is held against what is around it: of trouble that everybody has, nobody is told twice.
	others := max(ordinaryRate, h.Others.rate(ordinaryRate))
	if times := h.Repository.times(others); times > 0 {
		out = append(out, bot.Reason{
			Code: RepositoryFailures, Weight: times, Sentence: failures(h.Repository, "to "+c.Repository),
			Lower: "expose it to a share of the traffic first, until the repository is calm again",
		})
	}
	if times := h.Author.times(max(others, h.Repository.rate(others))); times > 0 && c.Author != "" {
		out = append(out, bot.Reason{
			Code: AuthorFailures, Weight: times, Sentence: failures(h.Author, "by "+c.Author),
			Lower: "have somebody else walk through it, or expose it to a share of the traffic first",
		})
	}
	return append(out, rollback(now, c, h)...)
}

func failures(r Record, of string) string {
	return fmt.Sprintf("%d of %s %s in the last 30 days were behind an incident or taken back", r.Failed, count(r.Changes, "change"), of)
}

// rollback tells when its way back was last gone: one that nobody has tried may not be one.
func rollback(now time.Time, c bot.Change, h History) []bot.Reason {
	if c.Rollback == "" || len(c.Services) == 0 {
		return nil
	}
	what := fmt.Sprintf("for a change of kind %s to %s", c.Kind, c.Services[0])
	if !h.RolledBack.IsZero() {
		return []bot.Reason{{
			Code: RollbackTried, Sentence: fmt.Sprintf("there is a rollback, %s, and it was last used %s on %s", c.Rollback, what, h.RolledBack.UTC().Format("2 Jan 2006")),
		}}
	}
	if !h.Runs {
		return nil
	}
	return []bot.Reason{{
		Code: RollbackUntried, Sentence: fmt.Sprintf("its rollback, %s, has not been used %s in the last %s", c.Rollback, what, lookedBack(now, h.Since)),
		Lower: "try " + c.Rollback + " on a harmless change first",
	}}
}

// lookedBack words how far back was looked. It does not change from day to day: sentences say nothing new while nothing is new.
func lookedBack(now, since time.Time) string {
	const week = 7 * 24 * time.Hour
	return count(max(1, int(now.Sub(since)/week)), "week")
}

// exposure is about how many users meet it at once. A declared share speaks for it. Against a change of behaviour it speaks when no share
// is declared, no canary is watched, and nothing of the services has gone out by shares before, so that nobody can assume it.
func exposure(c bot.Change, f Facts) []bot.Reason {
	if c.Exposure > 0 && c.Exposure < 1 {
		return []bot.Reason{{Code: Exposed, Sentence: fmt.Sprintf("only %.3g %% of the traffic meet it at first", 100*c.Exposure)}}
	}
	if f.History == nil || f.Canary || f.History.Shared || c.Exposure != 0 || len(c.Services) == 0 || len(evaluated(c)) == 0 {
		return nil
	}
	return []bot.Reason{{
		Code: CanaryUndeclared, Sentence: "it meets all users of " + c.Services[0] + " at once: neither a share of the traffic nor a canary is declared",
		Lower: "declare the share that it is exposed to, or watch a canary of " + c.Services[0],
	}}
}
