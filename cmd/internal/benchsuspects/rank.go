package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	rules "github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/bot/suspect/cases"
)

// rank has the product's own code judge a case, with the weights that are shipped.
func rank(c cases.Case) verdict {
	r := rules.Rank(c.OpenedAt, c.Incident(), c.Changes(), c.Services(), rules.Weights{})
	v := verdict{ID: c.ID, Suspects: []suspect{}, None: r.None}
	for _, s := range r.Suspects {
		v.Suspects = append(v.Suspects, suspect{s.Change, s.Probability})
	}
	return v
}

// report is what was measured.
type report struct {
	Sets []setReport `json:"sets"`
	Cost []cost      `json:"cost"`
	// Stories are those of the demo, told by the whole bot; nil where they were not told.
	Stories []story `json:"stories,omitempty"`
}

type setReport struct {
	Name    string           `json:"name"`
	Cases   int              `json:"cases"`
	Ours    tally            `json:"ours"`
	Others  map[string]tally `json:"baselines"`
	Lost    []lost           `json:"top1_lost_by_onset_error"`
	Figures []figure         `json:"figures"`
}

// lost is how much of the first places goes when the onset is estimated too early or too late.
type lost struct {
	Minutes float64 `json:"minutes"`
	Top1    float64 `json:"top1_lost"`
}

// cost is what one ranking costs.
type cost struct {
	Changes int     `json:"changes"`
	Micros  float64 `json:"microseconds"`
	Allocs  int64   `json:"allocations"`
	Bytes   int64   `json:"bytes"`
}

// figure is a number with its bar.
type figure struct {
	What    string  `json:"what"`
	Got     float64 `json:"got"`
	Bar     float64 `json:"bar"`
	AtLeast bool    `json:"at_least"`
	Met     bool    `json:"met"`
}

func judge(s set) setReport {
	r := setReport{Name: s.name, Cases: len(s.cases), Ours: count(s.cases, rank), Others: map[string]tally{
		"chance": count(s.cases, chance), "most recent": count(s.cases, ranked(recent)), "alphabetical": count(s.cases, ranked(alphabetical)),
	}}
	for _, minutes := range []float64{1, 5} {
		by := time.Duration(minutes * float64(time.Minute))
		off := func(d time.Duration) float64 {
			return count(s.cases, func(c cases.Case) verdict { return rank(c.Shifted(d)) }).Top1
		}
		r.Lost = append(r.Lost, lost{minutes, r.Ours.Top1 - (off(by)+off(-by))/2})
	}
	add := func(what string, got, bar float64, atLeast bool) {
		r.Figures = append(r.Figures, figure{what, got, bar, atLeast, got == bar || (got > bar) == atLeast})
	}
	add("top 1", r.Ours.Top1, .8, true)
	add("top 3", r.Ours.Top3, .95, true)
	if r.Ours.Innocent > 0 {
		add("said none, of the cases without", r.Ours.SaidNone, .7, true)
		add("wrongly named at 0.5 or more", r.Ours.Accused, .2, false)
	}
	add("log loss", r.Ours.LogLoss, .6, false)
	add("calibration error", r.Ours.ECE, .03, false)
	add("top 1 lost, onset 1 minute off", r.Lost[0].Top1, .05, false)
	add("top 1 lost, onset 5 minutes off", r.Lost[1].Top1, .15, false)
	return r
}

// costs measures a ranking of a usual case, and of one with a thousand changes.
func costs(of []cases.Case) []cost {
	out := make([]cost, 0, 2)
	for _, n := range []int{len(of[0].Told), 1000} {
		c := of[0]
		changes := c.Changes()
		for i := 0; len(changes) > 0 && len(changes) < n; i++ {
			again := changes[i]
			again.ID = fmt.Sprintf("%s-%d", again.ID, i)
			changes = append(changes, again)
		}
		in, services := c.Incident(), c.Services()
		result := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = rankOnce(c.OpenedAt, in, changes, services)
			}
		})
		out = append(out, cost{len(changes), float64(result.NsPerOp()) / 1000, result.AllocsPerOp(), result.AllocedBytesPerOp()})
	}
	return out
}

func rankOnce(now time.Time, in bot.Incident, changes []bot.Change, services map[string]bot.Service) bot.Ranking {
	return rules.Rank(now, in, changes, services, rules.Weights{})
}

func (r report) print(out io.Writer) error {
	for _, s := range r.Sets {
		fmt.Fprintf(out, "%s: %d cases, %d with a guilty change, %.0f changes each\n\n", s.Name, s.Cases, s.Ours.Guilty, s.Ours.Candidates)
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "RANKER\tTOP 1\tTOP 3\tMRR\tSAID NONE\tWRONGLY NAMED\tNONE ALTHOUGH GUILTY\tLOG LOSS\tCALIBRATION ERROR\t")
		row := func(name string, t tally) {
			fmt.Fprintf(table, "%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.4f\t\n", name, t.Top1, t.Top3, t.MRR, t.SaidNone, t.Accused, t.Missed, t.LogLoss, t.ECE)
		}
		row("firebreak", s.Ours)
		for _, name := range []string{"most recent", "alphabetical", "chance"} {
			row(name, s.Others[name])
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out)
		table = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "FIGURE\tGOT\tBAR\t\t")
		for _, f := range s.Figures {
			sign, said := "≤", "met"
			if f.AtLeast {
				sign = "≥"
			}
			if !f.Met {
				said = "MISSED"
			}
			fmt.Fprintf(table, "%s\t%.3f\t%s %.2f\t%s\t\n", f.What, f.Got, sign, f.Bar, said)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	var lines []string
	for _, c := range r.Cost {
		lines = append(lines, fmt.Sprintf("a ranking of %d changes costs %.0f µs and %d allocations (%d KiB)", c.Changes, c.Micros, c.Allocs, c.Bytes>>10))
	}
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}
