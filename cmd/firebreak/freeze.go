package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newFreeze() *cobra.Command {
	c := &cobra.Command{
		Use:   "freeze",
		Short: "Start, end and list freezes",
		Args:  exactly(0, "start, end or list"),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newFreezeStart(), newFreezeEnd(), newFreezeList())
	return c
}

func newFreezeStart() *cobra.Command {
	var f app.Freeze
	var from, to timeFlag
	var lasts time.Duration
	c := &cobra.Command{
		Use:   "start",
		Short: "Have a running Firebreak treat changes as unwelcome from now on",
		Long: `Starts a freeze. It holds until --until, for as long as --for says, or without both until it is ended. Who started it and why
is told to those whom it stops, and stands in the audit log.`,
		Example: `  firebreak freeze start --reason "the shop earns its year" --until 2026-11-30T23:00:00Z
  firebreak freeze start --reason "incident review" --service support-assistant --for 4h`,
		Args: exactly(0, "no arguments"),
	}
	fl := c.Flags()
	fl.StringVar(&f.Reason, "reason", "", "why, for those who are stopped by it")
	fl.StringArrayVar(&f.Services, "service", nil, "only this service; may be repeated")
	fl.Var(&from, "from", "when it begins, as 2026-11-20T15:04:05Z (now)")
	fl.Var(&to, "until", "when it ends, as 2026-11-20T15:04:05Z")
	fl.DurationVar(&lasts, "for", 0, "how long it holds, instead of --until, as 4h")
	fl.StringVar(&f.By, "by", loginName(), "who starts it")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		switch {
		case f.Reason == "":
			return &usageError{c.CommandPath(), errors.New("wants --reason")}
		case lasts != 0 && !to.IsZero():
			return &usageError{c.CommandPath(), errors.New("wants --until or --for, not both")}
		case lasts < 0:
			return &usageError{c.CommandPath(), errors.New("--for is longer than nothing")}
		case lasts > 0:
			begin := from.Time
			if begin.IsZero() {
				begin = time.Now()
			}
			to.Time = begin.Add(lasts).Truncate(time.Second)
		}
		f.From, f.To = from.Time, to.Time
		started, err := client().StartFreeze(c.Context(), f)
		return printFreeze(c, output, started, "started", err)
	}
	return c
}

func newFreezeEnd() *cobra.Command {
	var by, reason string
	c := &cobra.Command{
		Use:     "end FREEZE",
		Short:   "End a freeze that was started",
		Example: `  firebreak freeze end frz-0123456789abcdef --reason "the review is done"`,
		Args:    exactly(1, "the freeze's ID, as firebreak freeze list shows it"),
	}
	c.Flags().StringVar(&by, "by", loginName(), "who ends it")
	c.Flags().StringVar(&reason, "reason", "", "why")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		ended, err := client().EndFreeze(c.Context(), args[0], by, reason)
		return printFreeze(c, output, ended, "ended", err)
	}
	return c
}

func printFreeze(c *cobra.Command, output *outputFlag, f app.Freeze, what string, err error) error {
	switch {
	case err != nil:
		return err
	case output.json():
		return printJSON(c.OutOrStdout(), map[string]any{"freeze": f})
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %s, %s\n", what, app.Visible(f.ID), freezeEnd(f))
	return err
}

func freezeEnd(f app.Freeze) string {
	switch end := f.End(); {
	case end.IsZero():
		return "until it is ended"
	case !f.EndedAt.IsZero():
		return "ended by " + app.Visible(f.EndedBy) + " at " + stamp(end)
	default:
		return "until " + stamp(end)
	}
}

func newFreezeList() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List freezes that were started, newest first",
		Example: `  firebreak freeze list --all`,
		Args:    exactly(0, "no arguments"),
	}
	c.Flags().BoolVar(&all, "all", false, "those that are over too")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		freezes, err := client().Freezes(c.Context(), all)
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"freezes": freezes})
		}
		return printTable(c.OutOrStdout(), "FROM\tEND\tSERVICES\tBY\tREASON\tID", len(freezes), func(i int) []string {
			f := freezes[i]
			services := "all"
			if len(f.Services) > 0 {
				services = strings.Join(f.Services, ",")
			}
			return []string{stamp(f.From), freezeEnd(f), services, f.By, f.Reason, f.ID}
		})
	}
	return c
}
