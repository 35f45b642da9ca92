package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/classify"
	"github.com/firebreak-dev/firebreak/bot/owners"
	"github.com/firebreak-dev/firebreak/bot/risk"
)

// report is what was measured.
type report struct {
	Worlds []worldReport `json:"worlds"`
	Cost   cost          `json:"cost"`
}

// worldReport is how a world went, over all its seeds together.
type worldReport struct {
	Name    string     `json:"name"`
	About   string     `json:"about"`
	Merges  int        `json:"merges"`
	Bad     int        `json:"bad"`
	Rankers []caughtBy `json:"rankers"`
	// Worst is the least that the score caught within the riskiest tenth in any seed.
	Worst  float64 `json:"worst_seed_at_10"`
	Levels []grade `json:"levels"`
}

// caughtBy is the share of bad merges within the riskiest 5, 10, 20 and 50 % by one way of ordering.
type caughtBy struct {
	By     string    `json:"by"`
	Caught []float64 `json:"caught"`
	AUC    float64   `json:"auc"`
}

// cost is what judging a pull request of 300 files costs, from its paths to its reasons.
type cost struct {
	Files  int     `json:"files"`
	Millis float64 `json:"milliseconds"`
	Bar    float64 `json:"bar"`
	Allocs int64   `json:"allocations"`
}

func measure(which []world, seeds int) (report, error) {
	var r report
	for _, w := range which {
		var all []judged
		one := worldReport{Name: w.name, About: w.about, Worst: 1}
		for seed := range seeds {
			merges, services, err := year(w, uint64(seed)+1)
			if err != nil {
				return r, err
			}
			of := judge(merges, services)
			one.Worst = min(one.Worst, caught(of, byScore)[1])
			all = append(all, of...)
		}
		one.Merges = len(all)
		for _, m := range all {
			one.Bad += int(bit(m.bad))
		}
		for _, o := range []struct {
			name string
			by   func(judged) float64
		}{
			{"risk's score", byScore},
			{"lines alone", func(m judged) float64 { return m.lines }},
			{"chance", func(judged) float64 { return 0 }},
			{"what was drawn (nobody can do better)", func(m judged) float64 { return m.chance }},
		} {
			one.Rankers = append(one.Rankers, caughtBy{o.name, caught(all, o.by), auc(all, o.by)})
		}
		one.Levels = grades(all)
		r.Worlds = append(r.Worlds, one)
	}
	var err error
	r.Cost, err = costs()
	return r, err
}

func byScore(m judged) float64 { return m.score }

// costs judges a pull request of 300 files again and again, with 500 rules of CODEOWNERS.
func costs() (cost, error) {
	const files = 300
	c := bot.Change{ID: "x", Repository: "acme/assistants", Author: "ana", Reviewers: []string{"ben"}}
	for i := range files {
		c.Paths = append(c.Paths, fmt.Sprintf("services/s%d/prompts/part-%d.md", i%40, i))
	}
	var lines strings.Builder
	for i := range 500 {
		fmt.Fprintf(&lines, "/services/s%d/**/*.md @acme/team-%d\n", i, i%20)
	}
	file := owners.Parse([]byte(lines.String()))
	service := bot.Service{Name: "support", Repositories: []bot.Repository{{Name: "acme/assistants", Paths: []string{"services/**"}}}, Rollback: map[bot.Kind]string{bot.Prompt: "github.revert"}}
	cal, err := calendar.New(calendar.Config{Zone: "Europe/Berlin", Holidays: []string{"de"}})
	if err != nil {
		return cost{}, err
	}
	rules, weights := classify.Config{}.WithDefaults(), risk.Weights{}.WithDefaults()
	now := time.Date(2026, 11, 20, 15, 50, 0, 0, time.UTC)
	services := map[string]bot.Service{"support": service}
	history := risk.History{Since: now.AddDate(0, 0, -90), Runs: true}
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			change := classify.Classify(rules, []bot.Service{service}, c)
			facts := risk.Facts{
				Reviews: true, Incidents: true, Owners: true, Owned: file.Groups(change.Paths), Files: files, Lines: 9000, History: &history,
			}
			risk.Judge(now, change, facts, cal.At(now, "support").Reasons, nil, services, weights)
		}
	})
	return cost{Files: files, Millis: float64(result.NsPerOp()) / 1e6, Bar: 20, Allocs: result.AllocsPerOp()}, nil
}

func (r report) print(out io.Writer) error {
	fmt.Fprintln(out, "Synthetic merges: years of one team, made by rules that are not the product's weights. Of merges with the same score at the edge,")
	fmt.Fprintln(out, "the same part of the bad and of the good counts.")
	for _, w := range r.Worlds {
		fmt.Fprintf(out, "\n%s (%s): %d merges, %d bad (%.1f %%)\n\n", w.Name, w.About, w.Merges, w.Bad, 100*float64(w.Bad)/float64(max(1, w.Merges)))
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "BAD MERGES INSIDE THE RISKIEST\t5 %\t10 %\t20 %\t50 %\tAUC\t")
		for _, k := range w.Rankers {
			fmt.Fprintf(table, "%s", k.By)
			for _, c := range k.Caught {
				fmt.Fprintf(table, "\t%.1f %%", 100*c)
			}
			fmt.Fprintf(table, "\t%.3f\t\n", k.AUC)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(out, "\nworst seed at 10 %%: %.1f %%\n\n", 100*w.Worst)
		table = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "LEVEL\tMERGES\tSHARE\tBAD\tBAD RATE\t")
		for _, g := range w.Levels {
			fmt.Fprintf(table, "%s\t%d\t%.1f %%\t%d\t%.1f %%\t\n", g.Level, g.Merges, 100*float64(g.Merges)/float64(max(1, w.Merges)), g.Bad, 100*g.Rate)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	if i := slices.IndexFunc(r.Worlds, func(w worldReport) bool { return w.Name == "usual" }); i >= 0 {
		usual := r.Worlds[i]
		got := usual.Rankers[0].Caught[1]
		fmt.Fprintf(out, "bad merges in the riskiest 10 %% of the usual world: %.1f ± %.1f %% (bar 30 %%: %s; lines alone %.1f %%)\n", 100*got, 100*math.Sqrt(got*(1-got)/float64(max(1, usual.Bad))), met(got >= .30), 100*usual.Rankers[1].Caught[1])
	}
	fmt.Fprintf(out, "a pull request of %d files, from paths to reasons: %.2f ms (bar %.0f ms: %s), %d allocations\n", r.Cost.Files, r.Cost.Millis, r.Cost.Bar, met(r.Cost.Millis <= r.Cost.Bar), r.Cost.Allocs)
	return nil
}

func met(is bool) string {
	if is {
		return "met"
	}
	return "missed"
}
