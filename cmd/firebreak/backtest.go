package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newBacktest() *cobra.Command {
	var file, known, server string
	var o app.BacktestOptions
	var until string
	since, step := span(0), span(time.Minute)
	c := &cobra.Command{
		Use:   "backtest",
		Short: "What would have paged in the past, and whom would have been suspected",
		Long: `Replays the past through the configuration's own detectors, grouping and suspects, minute by minute, and tells what would
have paged and when, how long it would have lasted, and which change would have been named. It reads the Prometheus of the
configuration, or recorded series from a folder; it pages nobody and writes nothing but the charts that are asked for.`,
		Example: `  firebreak backtest --since 30d
  firebreak backtest --since 7d --known known.yaml --charts charts
  firebreak backtest --series recorded --changes changes.jsonl --known known.yaml -o json`,
		Args: exactly(0, "no arguments; name recorded series with --series DIR, or a subcommand: csv"),
	}
	flags := c.Flags()
	flags.StringVarP(&file, "config", "c", defaultConfig, "configuration file")
	flags.Var(&since, "since", "how much of the past is judged, as 30d; 30d of a Prometheus and all of a recording when left out")
	flags.StringVar(&until, "until", "", "where the past ends, as 2026-11-20T18:00:00Z; now, or the recording's end, when left out")
	flags.Var(&step, "step", "how often is judged")
	flags.StringVar(&o.Series, "series", "", "folder of recorded series, instead of Prometheus: SERVICE/SIGNAL.csv, or *.prom")
	flags.StringVar(&o.Changes, "changes", "", "file of changes, one JSON object a line, instead of the ledger")
	flags.StringVar(&server, "server", "", "read the ledger through the Firebreak that runs at this address; its token is read from FIREBREAK_TOKEN")
	flags.StringVar(&known, "known", "", "YAML of confirmed incidents to hold against")
	flags.StringVar(&o.Charts, "charts", "", "folder for a chart of each incident")
	output := addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		var err error
		if until != "" {
			if o.Until, err = app.ParseMoment(until); err != nil {
				return &usageError{c.CommandPath(), fmt.Errorf("--until: %w", err)}
			}
		}
		if o.Changes != "" && server != "" {
			return &usageError{c.CommandPath(), errors.New("--changes and --server both say where changes come from; give one")}
		}
		o.Since, o.Step = time.Duration(since), time.Duration(step)
		config, faults := app.LoadConfig(file)
		if len(faults) == 0 && known != "" {
			o.Known, faults = app.LoadKnown(known, config)
		}
		if len(faults) > 0 {
			if err := app.RenderFaults(c.ErrOrStderr(), faults, colored(c.ErrOrStderr())); err != nil {
				return err
			}
			return &quietError{exitFailed}
		}
		if server != "" {
			o.Server = app.NewClient(server, os.Getenv("FIREBREAK_TOKEN"))
		}
		bar := newProgress(c.ErrOrStderr())
		o.Progress = bar.show
		result, err := app.Backtest(c.Context(), config, o)
		bar.clear()
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), result)
		}
		return printBacktest(c.OutOrStdout(), result)
	}
	c.AddCommand(newBacktestCSV())
	return c
}

// span is a duration on the command line, days and weeks included.
type span time.Duration

func (s *span) Type() string { return "duration" }

func (s *span) String() string {
	switch d := time.Duration(*s); {
	case d == 0:
		return ""
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d%time.Minute == 0 && d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return d.String()
	}
}

func (s *span) Set(text string) error {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, is := strings.CutSuffix(text, unit); is {
			n, err := strconv.ParseFloat(number, 64)
			if err != nil || !(n > 0 && n <= 1000) {
				return errors.New("this is no duration; write it as 30d, 12h or 90m")
			}
			*s = span(n * float64(length))
			return nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return errors.New("this is no duration; write it as 30d, 12h or 90m")
	}
	*s = span(d)
	return nil
}

// progress is a bar on a terminal, and nothing anywhere else.
type progress struct {
	to    io.Writer
	drawn time.Time
	width int
}

func newProgress(w io.Writer) *progress {
	file, is := w.(*os.File)
	if !is {
		return &progress{}
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("TERM") == "dumb" {
		return &progress{}
	}
	return &progress{to: w}
}

func (p *progress) show(what string, done float64) {
	if p.to == nil || time.Since(p.drawn) < 100*time.Millisecond {
		return
	}
	p.drawn = time.Now()
	const cells = 30
	full := min(cells, max(0, int(done*cells)))
	line := fmt.Sprintf("%s%s %3.0f %%  %s", strings.Repeat("█", full), strings.Repeat("░", cells-full), 100*done, what)
	p.width = max(p.width, len([]rune(line)))
	fmt.Fprintf(p.to, "\r%-*s", p.width, line)
}

func (p *progress) clear() {
	if p.to != nil && p.width > 0 {
		fmt.Fprintf(p.to, "\r%s\r", strings.Repeat(" ", p.width))
	}
}

// printBacktest tells a result to people.
func printBacktest(w io.Writer, r app.BacktestResult) error {
	fmt.Fprintf(w, "%s to %s, judged %s: %s, %s, %s\n", stamp(r.From), stamp(r.To), plural(r.Steps, "time"),
		plural(r.Objectives, "objective"), plural(r.Detectors, "detector"), plural(r.Changes, "change"))
	fmt.Fprintf(w, "%s, %s", plural(r.Pages, "page"), plural(r.Tickets, "ticket"))
	if len(r.Known) > 0 || r.False > 0 {
		fmt.Fprintf(w, "; %d known: %d caught, %d missed; %d false", len(r.Known), r.Caught, r.Missed, r.False)
	}
	fmt.Fprint(w, "\n\n")
	header := "OPENED\tPAGED\tSEVERITY\tSERVICE\tLASTED\tLIKELY CAUSE\tANSWER\tTITLE"
	if err := printTable(w, header, len(r.Incidents), func(i int) []string {
		in := r.Incidents[i]
		service := in.Service
		if in.Environment != "" {
			service += "/" + in.Environment
		}
		cause := "none known"
		if len(in.Suspects) > 0 {
			s := in.Suspects[0]
			cause = fmt.Sprintf("%s %s (%.2f)", s.Kind, s.Change, s.Probability)
			if in.None > s.Probability {
				cause = fmt.Sprintf("none of the known changes (%.2f)", in.None)
			}
		}
		lasted := lastedWords(in.LastedSeconds)
		if in.RecoveredAt.IsZero() && in.ResolvedAt.IsZero() {
			lasted = ">" + lasted
		}
		answer := string(in.Answer)
		if answer == "" {
			answer = "-"
		}
		return []string{stamp(in.OpenedAt), stamp(in.PagedAt), string(in.Severity), service, lasted, cause, answer, in.Title}
	}); err != nil {
		return err
	}
	if len(r.Known) > 0 {
		fmt.Fprintln(w)
		if err := printTable(w, "KNOWN FROM\tSERVICE\tCAUGHT\tAFTER\tITS CHANGE", len(r.Known), func(i int) []string {
			k := r.Known[i]
			caught, after, change := "missed", "-", "-"
			if k.Caught {
				caught, after = "by a "+string(k.By), lastedWords(k.DelaySeconds)
			}
			switch {
			case k.Change == "":
			case k.SuspectRank > 0:
				change = fmt.Sprintf("%s is suspect %d (%.2f)", k.Change, k.SuspectRank, k.SuspectProbability)
			default:
				change = k.Change + " is not suspected"
			}
			return []string{stamp(k.From), k.Service, caught, after, change}
		}); err != nil {
			return err
		}
	}
	for i, note := range r.Notes {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "note: %s\n", app.Visible(note))
	}
	return nil
}

// lastedWords is a duration in the words of people.
func lastedWords(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Minute)
	switch {
	case d < 0:
		return "-" + lastedWords(-seconds)
	case d >= 48*time.Hour:
		return fmt.Sprintf("%.1fd", d.Hours()/24)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
}

func newBacktestCSV() *cobra.Command {
	var detector, out string
	c := &cobra.Command{
		Use:   "csv --out DIR PATH...",
		Short: "Score exported series, row by row, by a detector",
		Long: `Reads CSV files with the columns timestamp and value, or all of them below a folder, and writes each below DIR under the
same relative path with a third column: anomaly_score, from 0 to 1. A half and more is an alarm. Row i is scored by what the
rows before it and itself say, as if it had just come. A row that is not a number scores 0.`,
		Example: `  firebreak backtest csv --out scores exports/
  firebreak backtest csv --detector shift --out scores latency.csv cost.csv -o json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{c.CommandPath(), errors.New("wants files or folders")}
			}
			return nil
		},
	}
	c.Flags().StringVar(&detector, "detector", app.ScoringDetector, "the detector; shift is the only one that judges a bare series")
	c.Flags().StringVar(&out, "out", "", "folder to write to")
	output := addOutput(c)
	c.RunE = func(c *cobra.Command, paths []string) error {
		if detector != app.ScoringDetector {
			return &usageError{c.CommandPath(), fmt.Errorf("the detector %q judges no bare series; shift does", detector)}
		}
		if out == "" {
			return &usageError{c.CommandPath(), errors.New("wants a folder to write to: --out DIR")}
		}
		scored, err := app.ScoreFiles(out, paths)
		if err != nil {
			return err
		}
		if output.json() {
			encoder := json.NewEncoder(c.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(map[string]any{"detector": detector, "files": app.NotNil(scored)})
		}
		for _, f := range scored {
			fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", f.Out, plural(f.Rows, "row"))
		}
		return nil
	}
	return c
}
