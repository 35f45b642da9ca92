// Command benchsuspects measures the ranking of suspects and prints one table beside chance, the most recent change and the alphabet.
// `make bench-suspects` runs it; docs/suspects.md tells how to read it.
//
// Cases are JSON, one a line, in the format of casegen. Results go to standard output, in JSON with -o json; progress goes to standard
// error. It ends with 0 when it could measure, whatever came of it; 1 when something could not be read; 2 when the command line is wrong.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/firebreak-dev/firebreak/bot/suspect/cases"
	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options are the command line.
type options struct {
	cases, verdicts, casegen, petshop, output string
	n                                         int
	stories                                   bool
}

func run(args []string, out, errs io.Writer) int {
	var o options
	flags := flag.NewFlagSet("benchsuspects", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&o.cases, "cases", "", "file of cases, one JSON document a line; made by casegen when left out")
	flags.StringVar(&o.verdicts, "verdicts", "", "file to write the verdicts to, one JSON document a line")
	flags.StringVar(&o.casegen, "casegen", "", "folder of casegen's source; the committed cases are ranked where it is not")
	flags.StringVar(&o.petshop, "petshop", "", "folder of PetShop's issues; left out where it is not")
	flags.IntVar(&o.n, "n", 1000, "cases that casegen makes for each of five seeds")
	flags.BoolVar(&o.stories, "stories", true, "tell the demo's stories through the whole bot, too; not with cases of one's own")
	flags.StringVar(&o.output, "o", "text", "text or json")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if o.output != "text" && o.output != "json" || flags.NArg() > 0 {
		fmt.Fprintln(errs, "benchsuspects: -o is text or json, and there are no arguments")
		return 2
	}
	if err := measure(o, out, errs); err != nil {
		fmt.Fprintln(errs, "benchsuspects:", err)
		return 1
	}
	return 0
}

// committed are cases for machines that have no others.
//
//go:embed testdata/cases.jsonl
var committed string

func measure(o options, out, errs io.Writer) error {
	sets, err := load(o, errs)
	if err != nil {
		return err
	}
	var report report
	var verdicts []verdict
	for _, s := range sets {
		fmt.Fprintf(errs, "ranking %d cases of %s\n", len(s.cases), s.name)
		report.Sets = append(report.Sets, judge(s))
		if o.verdicts != "" {
			for _, c := range s.cases {
				verdicts = append(verdicts, rank(c))
			}
		}
	}
	report.Cost = costs(sets[0].cases)
	if o.verdicts != "" {
		if err := writeVerdicts(o.verdicts, verdicts); err != nil {
			return err
		}
	}
	if o.stories && o.cases == "" {
		if report.Stories, err = tellStories(context.Background(), app.Stories(), errs); err != nil {
			return err
		}
	}
	if o.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	if err := report.print(out); err != nil || len(report.Stories) == 0 {
		return err
	}
	return printStories(out, report.Stories)
}

// set are cases that are tallied together.
type set struct {
	name  string
	cases []cases.Case
}

func load(o options, errs io.Writer) ([]set, error) {
	var sets []set
	switch {
	case o.cases != "":
		file, err := os.Open(o.cases)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		read, err := cases.Read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.cases, err)
		}
		sets = append(sets, set{o.cases, read})
	case isDir(o.casegen):
		made, err := generate(o.casegen, o.n, errs)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set{"casegen, seeds 1-5", made})
	default:
		read, err := cases.Read(strings.NewReader(committed))
		if err != nil {
			return nil, err
		}
		sets = append(sets, set{"the committed cases", read})
	}
	if len(sets[0].cases) == 0 {
		return nil, fmt.Errorf("%s holds no case", sets[0].name)
	}
	if o.cases == "" && isDir(o.petshop) {
		issues, err := petShop(o.petshop)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set{"PetShop, with decoys from its other issues", issues})
	}
	return sets, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return path != "" && err == nil && info.IsDir()
}

func writeVerdicts(file string, verdicts []verdict) (err error) {
	f, err := os.Create(file) // #nosec G304 -- the user names the file
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	encoder := json.NewEncoder(f)
	for _, v := range verdicts {
		if err := encoder.Encode(v); err != nil {
			return err
		}
	}
	return nil
}
