package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// byFlag adds --by.
func byFlag(c *cobra.Command, by *string, who string) {
	c.Flags().StringVar(by, "by", loginName(), "who "+who)
}

// printIncident says what came of something that was done to an incident.
func printIncident(c *cobra.Command, output *outputFlag, in app.Incident, what string, err error) error {
	switch {
	case err != nil:
		return err
	case output.json():
		return printJSON(c.OutOrStdout(), map[string]any{"incident": in})
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %s, %s: %s\n", what, in.ID, app.Visible(in.Service), app.Visible(in.Title))
	return err
}

func newAck() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use: "ack INCIDENT", Short: "Say that you are on an incident", Example: "  firebreak ack inc-0123456789abcdef",
		Args: exactly(1, "the incident's ID, as firebreak incidents shows it"),
	}
	byFlag(c, &by, "is on it")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		in, err := client().Acknowledge(c.Context(), args[0], by)
		return printIncident(c, output, in, "acknowledged by "+by, err)
	}
	return c
}

func newResolve() *cobra.Command {
	var by, reason string
	c := &cobra.Command{
		Use: "resolve INCIDENT", Short: "Say that an incident is over",
		Long: `Says that an incident is over. While something of it still fires or cannot be seen, --reason is wanted; what fires goes on firing
without opening another incident, unless it gets worse or begins anew.`,
		Example: `  firebreak resolve inc-0123456789abcdef --reason "it was a drill"`,
		Args:    exactly(1, "the incident's ID, as firebreak incidents shows it"),
	}
	byFlag(c, &by, "resolves it")
	c.Flags().StringVar(&reason, "reason", "", "why it is over")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		in, err := client().Resolve(c.Context(), args[0], by, reason)
		return printIncident(c, output, in, "resolved by "+by, err)
	}
	return c
}

func newNote() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use: "note INCIDENT TEXT", Short: "Add a note to an incident's timeline",
		Example: `  firebreak note inc-0123456789abcdef "the vendor is told"`,
		Args:    atLeast(2, "the incident's ID and what there is to say"),
	}
	byFlag(c, &by, "says it")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		in, err := client().Note(c.Context(), args[0], by, strings.Join(args[1:], " "))
		return printIncident(c, output, in, "noted", err)
	}
	return c
}

func newDeclare() *cobra.Command {
	var by, severity, environment string
	c := &cobra.Command{
		Use: "declare SERVICE TITLE", Short: "Open an incident because you say so",
		Long: `Opens an incident: suspects are ranked, playbooks run, somebody is paged, as if a detector had seen it. It stays until a person
resolves it. A service has one open incident at a time.`,
		Example: `  firebreak declare support-assistant "it answers in French"
  firebreak declare support-assistant --severity ticket "slow since the reindex"`,
		Args: atLeast(2, "the service and what is wrong"),
	}
	byFlag(c, &by, "declares it")
	c.Flags().StringVar(&severity, "severity", "page", "page or ticket")
	c.Flags().StringVar(&environment, "environment", "", "where, if the service runs in several (the first)")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		in, err := client().Declare(c.Context(), args[0], environment, severity, strings.Join(args[1:], " "), by)
		return printIncident(c, output, in, "declared by "+by, err)
	}
	return c
}

func newMute() *cobra.Command {
	var by, reason string
	var lasts time.Duration
	var off bool
	c := &cobra.Command{
		Use: "mute INCIDENT", Short: "Have no more playbooks be started for an incident for a time",
		Long: `For as long as --for says, no playbook is started because the incident gets worse, fires again, goes blind or has other suspects.
What has begun goes on. What would have begun begins afterwards, if it is still true.`,
		Example: `  firebreak mute inc-0123456789abcdef --for 1h --reason "known, mended at four"
  firebreak mute inc-0123456789abcdef --off`,
		Args: exactly(1, "the incident's ID, as firebreak incidents shows it"),
	}
	byFlag(c, &by, "mutes it")
	c.Flags().StringVar(&reason, "reason", "", "why")
	c.Flags().DurationVar(&lasts, "for", 0, "how long, as 1h")
	c.Flags().BoolVar(&off, "off", false, "end the mute")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if off == (lasts != 0) {
			return &usageError{c.CommandPath(), errors.New("wants --for or --off")}
		}
		what := "muted"
		if off {
			what = "not muted any more"
		}
		in, err := client().Mute(c.Context(), args[0], lasts, by, reason)
		if err == nil && !off {
			what += " until " + stamp(in.Muted.Until)
		}
		return printIncident(c, output, in, what, err)
	}
	return c
}

func newStop() *cobra.Command {
	var by, reason string
	var lift, show bool
	c := &cobra.Command{
		Use: "stop", Short: "Let no action start any more, until it is lifted",
		Long: `The kill switch: until it is lifted no action starts, in no replica, but those that tell or ask people. Pages still go out. Who
turned it and why is told wherever somebody looks.`,
		Example: `  firebreak stop --reason "it rolls back in circles"
  firebreak stop --show
  firebreak stop --lift`,
		Args: exactly(0, "no arguments"),
	}
	byFlag(c, &by, "turns it")
	c.Flags().StringVar(&reason, "reason", "", "why; wanted unless --lift")
	c.Flags().BoolVar(&lift, "lift", false, "let actions start again")
	c.Flags().BoolVar(&show, "show", false, "only tell how it stands")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		turn := func(ctx context.Context) (app.Stop, error) { return client().Stop(ctx, !lift, by, reason) }
		switch {
		case show && lift:
			return &usageError{c.CommandPath(), errors.New("wants --lift or --show, not both")}
		case show:
			turn = client().Stopped
		case !lift && reason == "":
			return &usageError{c.CommandPath(), errors.New("wants --reason, --lift or --show")}
		}
		s, err := turn(c.Context())
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"stop": s})
		}
		if !s.On {
			_, err = fmt.Fprintln(c.OutOrStdout(), "actions start")
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "no action starts: stopped by %s at %s: %s\n", app.Visible(s.By), stamp(s.At), app.Visible(s.Reason))
		return err
	}
	return c
}

func newSLO() *cobra.Command {
	c := &cobra.Command{
		Use: "slo [SERVICE]", Short: "List objectives with what is left of their error budgets",
		Example: `  firebreak slo
  firebreak slo support-assistant -o json`,
		Args: atMost(1, "a service, or nothing"),
	}
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		budgets, err := client().Objectives(c.Context(), strings.Join(args, ""))
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"objectives": budgets})
		}
		return printTable(c.OutOrStdout(), "SERVICE\tOBJECTIVE\tTARGET\tDAYS\tBUDGET LEFT\tENVIRONMENT", len(budgets), func(i int) []string {
			b := budgets[i]
			left := fmt.Sprintf("%.1f %%", 100*b.Left)
			if b.Blind != "" {
				left = "unknown: " + b.Blind
			}
			return []string{b.Service, b.Objective, fmt.Sprintf("%g %%", 100*b.Target), fmt.Sprintf("%g", b.Days), left, b.Environment}
		})
	}
	return c
}

func newPlaybook() *cobra.Command {
	c := &cobra.Command{
		Use: "playbook", Short: "Tell what a playbook would do, or start it", Args: exactly(0, "plan or run"),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newPlaybookPlan(), newPlaybookRun())
	return c
}

func newPlaybookPlan() *cobra.Command {
	var incident string
	c := &cobra.Command{
		Use: "plan NAME", Short: "Tell what a playbook would do", Example: "  firebreak playbook plan prompt-regression --incident inc-0123456789abcdef",
		Args: exactly(1, "the playbook's name"),
	}
	c.Flags().StringVar(&incident, "incident", "", "tell whether its condition holds for this one")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		steps, err := client().Outline(c.Context(), args[0], incident)
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"playbook": args[0], "steps": steps})
		}
		for _, s := range steps {
			fmt.Fprintln(c.OutOrStdout(), app.Visible(s))
		}
		return nil
	}
	return c
}

func newPlaybookRun() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use: "run NAME INCIDENT", Short: "Start a playbook for an incident", Example: "  firebreak playbook run prompt-regression inc-0123456789abcdef",
		Args: exactly(2, "the playbook's name and the incident's ID"),
	}
	byFlag(c, &by, "starts it")
	client := addServer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := client().RunPlaybook(c.Context(), args[0], args[1], by); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "playbook %s begins for %s\n", args[0], args[1])
		return err
	}
	return c
}
