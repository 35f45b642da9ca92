// Command benchrisk measures how well risk tells bad merges from good ones, beside their size alone and chance, and what judging costs.
// `make bench-risk` runs it; docs/risk.md tells how to read it.
//
// The merges are synthetic: world.go says what makes one bad, made.go makes years of them. Results go to standard output, in JSON with
// -o json. It ends with 0 when it could measure, whatever came of it; 1 when it could not; 2 when the command line is wrong.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("benchrisk", flag.ContinueOnError)
	flags.SetOutput(errs)
	seeds := flags.Int("seeds", 5, "years that are made of each world")
	only := flags.String("world", "", "only this world; all when left out")
	output := flags.String("o", "text", "text or json")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if *output != "text" && *output != "json" || flags.NArg() > 0 || *seeds < 1 || *seeds > 100 {
		fmt.Fprintln(errs, "benchrisk: -o is text or json, -seeds 1 to 100, and there are no arguments")
		return 2
	}
	which := worlds()
	if *only != "" {
		which = slices.DeleteFunc(which, func(w world) bool { return w.name != *only })
	}
	if len(which) == 0 {
		fmt.Fprintf(errs, "benchrisk: there is no world %q\n", *only)
		return 2
	}
	r, err := measure(which, *seeds)
	if err == nil && *output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(r)
	} else if err == nil {
		err = r.print(out)
	}
	if err != nil {
		fmt.Fprintln(errs, "benchrisk:", err)
		return 1
	}
	return 0
}
