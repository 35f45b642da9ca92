package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newRollback() *cobra.Command {
	var by, change, playbook string
	var plan bool
	c := &cobra.Command{
		Use: "rollback INCIDENT", Short: "Tell what of an incident could be taken back, or have a playbook do it",
		Long: `Has a playbook in use take a change of an incident back: the likeliest that can be, or the one that --change names. The playbook asks
whom it asks, and its steps keep their conditions; what was tried in vain, or is undone already, is refused. With --plan it is only told
what could be taken back, what would come of it, and what cannot and why.`,
		Example: `  firebreak rollback inc-0123456789abcdef --plan
  firebreak rollback inc-0123456789abcdef --change github:acme/assistants#482`,
		Args: exactly(1, "the incident's ID, as firebreak incidents shows it"),
	}
	byFlag(c, &by, "wants it")
	c.Flags().StringVar(&change, "change", "", "which change, by its ID or as #482 (the likeliest that can be taken back)")
	c.Flags().StringVar(&playbook, "playbook", "", "by which playbook (the first that can)")
	c.Flags().BoolVar(&plan, "plan", false, "only tell")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if plan {
			all, err := client().Rollbacks(c.Context(), args[0])
			switch {
			case err != nil:
				return err
			case output.json():
				return printJSON(c.OutOrStdout(), map[string]any{"rollbacks": all})
			}
			printRollbacks(c.OutOrStdout(), all)
			return nil
		}
		r, err := client().Rollback(c.Context(), args[0], change, playbook, by)
		switch {
		case err != nil:
			return err
		case output.json():
			return printJSON(c.OutOrStdout(), map[string]any{"rollback": r})
		}
		fmt.Fprintf(c.OutOrStdout(), "playbook %s begins to take %s back: %s\n", r.Playbook, app.Visible(r.Change), app.Visible(r.Title))
		for _, ask := range r.Asks {
			fmt.Fprintf(c.OutOrStdout(), "  first: %s\n", app.Visible(ask))
		}
		return nil
	}
	return c
}

func printRollbacks(w io.Writer, all app.Rollbacks) {
	for _, held := range all.Held {
		fmt.Fprintf(w, "not now: %s\n", app.Visible(held))
	}
	for _, p := range all.Possible {
		fmt.Fprintf(w, "%s (%.0f %%), by playbook %s: %s\n", app.Visible(p.Change), 100*p.Probability, p.Playbook, app.Visible(p.Title))
		for _, s := range p.Consequences {
			fmt.Fprintf(w, "  %s\n", app.Visible(s))
		}
		for _, s := range p.Steps {
			fmt.Fprintf(w, "  - %s\n", app.Visible(s))
		}
	}
	for _, r := range all.Refused {
		fmt.Fprintf(w, "not %s (%s): %s\n", app.Visible(r.Change), app.Visible(r.Title), app.Visible(r.Why))
	}
	if len(all.Possible) == 0 {
		fmt.Fprintln(w, "nothing of it can be taken back")
	}
}
