// Command benchdetectors measures the detectors and prints one table: what was measured, what others reach, what was reached, and what
// had to be. `make bench-detectors` runs it; docs/figures.md tells how to read it.
//
// Results go to standard output, in JSON with -o json; progress goes to standard error. It ends with 0 when it could measure, whatever
// came of it; 1 when a named data set could not be read; 2 when the command line is wrong.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/firebreak-dev/firebreak/detectors/detectorstest/figures"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("benchdetectors", flag.ContinueOnError)
	flags.SetOutput(errs)
	data := flags.String("data", "", "folder of recordings; each folder below it with the layout of a data set is measured")
	output := flags.String("o", "text", "text or json")
	only := flags.String("only", "", "suites to measure, with commas: "+strings.Join(figures.Suites(), ", ")+"; all when left out")
	short := flags.Bool("short", false, "draw a tenth of what is seeded: faster, and less certain")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	o := figures.Options{Data: *data, Progress: func(text string) { fmt.Fprintln(errs, text) }}
	if *short {
		o.Traces, o.Seeds, o.Pairs = 50, 2, 100
	}
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	if err := check(o, *output, flags.Args()); err != nil {
		fmt.Fprintln(errs, "benchdetectors:", err)
		return 2
	}
	report := figures.Measure(o)
	if err := write(out, report, *output == "json"); err != nil {
		fmt.Fprintln(errs, "benchdetectors:", err)
		return 1
	}
	for _, m := range report.Missing {
		fmt.Fprintf(errs, "%s was not measured: %s\n", m.Suite, m.Why)
	}
	if len(report.Missing) > 0 && *data != "" {
		if _, err := os.Stat(*data); err != nil {
			fmt.Fprintln(errs, "benchdetectors:", err)
			return 1
		}
	}
	return 0
}

func check(o figures.Options, output string, rest []string) error {
	switch {
	case output != "text" && output != "json":
		return fmt.Errorf("unknown format %q: text and json are the formats", output)
	case len(rest) > 0:
		return fmt.Errorf("no arguments are taken, not %q", rest)
	}
	for _, suite := range o.Only {
		known := false
		for _, s := range figures.Suites() {
			known = known || s == suite
		}
		if !known {
			return fmt.Errorf("unknown suite %q: %s are the suites", suite, strings.Join(figures.Suites(), ", "))
		}
	}
	return nil
}

func write(out io.Writer, r figures.Report, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SUITE\tFIGURE\tBASELINES\tGOT\tBAR\tBETTER STILL\t")
	missed := 0
	for _, f := range r.Figures {
		verdict := ""
		switch {
		case !f.Met:
			verdict = "MISSED"
			missed++
		case f.BetterMet:
			verdict = "better"
		case f.Bar != nil:
			verdict = "met"
		}
		what := f.What
		if f.Unit != "" {
			what += ", " + f.Unit
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			f.Suite, what, baselines(f.Baselines), number(f.Got), bar(f.Bar), bar(f.Better), verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, f := range r.Figures {
		if f.Detail != "" && !seen[f.Suite+f.Detail] {
			seen[f.Suite+f.Detail] = true
			fmt.Fprintf(out, "\n%s, %s: %s", f.Suite, f.What, f.Detail)
		}
	}
	_, err := fmt.Fprintf(out, "\n\n%d figures in %.0f s, %d below their bar. Baselines with * were published for the development splits; the others are computed here.\n",
		len(r.Figures), r.Seconds, missed)
	return err
}

func baselines(all []figures.Baseline) string {
	parts := make([]string, 0, len(all))
	for _, b := range all {
		mark := ""
		if b.Published {
			mark = "*"
		}
		parts = append(parts, b.Name+mark+" "+number(b.Got))
	}
	return strings.Join(parts, "; ")
}

func bar(b *figures.Bar) string {
	switch {
	case b == nil:
		return ""
	case b.AtLeast != nil && b.AtMost != nil:
		return number(*b.AtLeast) + " to " + number(*b.AtMost)
	case b.AtLeast != nil:
		return "≥ " + number(*b.AtLeast)
	default:
		return "≤ " + number(*b.AtMost)
	}
}

// number writes a figure with three digits that count.
func number(v float64) string {
	if v == 0 || math.Abs(v) >= 100 {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return strconv.FormatFloat(v, 'f', min(digits, 6), 64)
}
