package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newRisk() *cobra.Command {
	var q app.RiskRequest
	var file, failOn, server string
	var at timeFlag
	c := &cobra.Command{
		Use:   "risk --base A --head B | PR",
		Short: "Tell how risky it is to land a change now, and what would lower it",
		Long: `Judges the difference between two revisions of a checkout, or a pull request: the window and Friday, freezes, open
incidents, the kinds of things that it changes, its size, reviews and owners, evaluation, models that end, what failed lately, and the
way back. Each reason says what would lower
it. What was not looked at is said, and counts neither for nor against it. A checkout needs no server and no network; GitHub is asked
with --pr only (its token is read from GITHUB_TOKEN), a running Firebreak with --server. Exit code 0: it was judged; 1: it could not
be, or it is at least as risky as --fail-on.`,
		Example: `  firebreak risk --base origin/main --head HEAD
  firebreak risk --base origin/main --head HEAD --fail-on high -o json
  firebreak risk --pr https://github.com/acme/assistants/pull/482 --server https://firebreak.example.org`,
		Args: atMost(1, "a pull request's address, or nothing"),
	}
	f := c.Flags()
	f.StringVar(&q.Base, "base", "", "revision that it would land on")
	f.StringVar(&q.Head, "head", "HEAD", "revision that would land")
	f.StringVar(&q.Dir, "dir", ".", "the checkout")
	f.StringVar(&q.Repository, "repository", "", "owner/name of the checkout (read from the remote origin)")
	f.StringVar(&q.Pull, "pr", "", "address of a pull request, instead of a checkout")
	f.StringVar(&q.Gate, "gate", "", "file with a verdict of firebreak gate -o json")
	f.StringVarP(&file, "config", "c", defaultConfig, "configuration file")
	f.StringVar(&server, "server", os.Getenv("FIREBREAK_URL"),
		"ask the running Firebreak at this address for open incidents and what was before (FIREBREAK_URL); its token is read from FIREBREAK_TOKEN")
	f.Var(&at, "at", "the moment, as 2026-11-20T15:04:05Z (now)")
	f.StringVar(&failOn, "fail-on", "", "exit with 1 from this level on: low, medium, high, critical")
	output := addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 && q.Pull == "" {
			q.Pull = args[0]
		}
		switch {
		case (q.Base == "") == (q.Pull == ""):
			return &usageError{c.CommandPath(), errors.New("wants --base A or --pr URL")}
		case failOn != "" && !slices.Contains(app.Levels(), app.Level(failOn)):
			return &usageError{c.CommandPath(), fmt.Errorf("--fail-on is low, medium, high or critical, not %q", failOn)}
		}
		config, faults := app.LoadConfig(file)
		if len(faults) > 0 {
			if err := app.RenderFaults(c.ErrOrStderr(), faults, colored(c.ErrOrStderr())); err != nil {
				return err
			}
			return fmt.Errorf("%s has %s", file, plural(len(faults), "fault"))
		}
		q.Token = app.Secret(os.Getenv("GITHUB_TOKEN"))
		if server != "" {
			q.Server = app.NewClient(server, os.Getenv("FIREBREAK_TOKEN"))
		}
		now := at.Time
		if now.IsZero() {
			now = time.Now()
		}
		found, err := config.AssessLanding(c.Context(), now, q)
		if err != nil {
			return err
		}
		if output.json() {
			encoder := json.NewEncoder(c.OutOrStdout())
			encoder.SetIndent("", "  ")
			if err := encoder.Encode(found); err != nil {
				return err
			}
		} else {
			printRisk(c.OutOrStdout(), found)
		}
		if failOn != "" && slices.Index(app.Levels(), found.Level) >= slices.Index(app.Levels(), app.Level(failOn)) {
			return &quietError{exitFailed}
		}
		return nil
	}
	return c
}

func printRisk(out io.Writer, r app.Risk) {
	fmt.Fprintf(out, "%s (%.0f points): %s\n", r.Level, r.Score, app.Visible(r.Title))
	for _, reason := range r.Reasons {
		lower := ""
		if reason.Lower != "" {
			lower = " (" + app.Visible(reason.Lower) + ")"
		}
		points := fmt.Sprintf("%+4.0f", reason.Weight)
		if reason.Weight == 0 {
			points = "   ." // it is told, and weighs nothing
		}
		fmt.Fprintf(out, "  %s  %s%s\n", points, app.Visible(reason.Sentence), lower)
	}
	kinds := make([]string, 0, len(r.Kinds))
	for _, k := range r.Kinds {
		kinds = append(kinds, string(k))
	}
	whose := "no service that is known"
	if len(r.Services) > 0 {
		whose = strings.Join(r.Services, ", ")
	}
	fmt.Fprintf(out, "changes %s of %s, in %s\n", strings.Join(kinds, ", "), whose, plural(r.Paths, "file"))
	printMoves(out, r.Inputs)
	if r.Rollback != "" {
		fmt.Fprintf(out, "is undone by %s\n", r.Rollback)
	}
	for i, o := range r.Owned {
		if i == toldOwners {
			fmt.Fprintf(out, "and so on, for %s\n", plural(len(r.Owned)-i, "more owner"))
			break
		}
		fmt.Fprintf(out, "%s: owned by %s\n", app.Visible(paths(o.Paths)), app.Visible(strings.Join(o.Owners, ", ")))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(out, "%s\n", app.Visible(note))
	}
	if len(r.Unknown) > 0 {
		fmt.Fprintf(out, "not looked at: %s\n", strings.Join(r.Unknown, ", "))
	}
}

// toldOwners bounds the owners that are printed; JSON has them all.
const toldOwners = 5

func paths(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("%s and %d more", list[0], len(list)-1)
}
