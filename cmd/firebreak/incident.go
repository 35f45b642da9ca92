package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newIncident() *cobra.Command {
	c := &cobra.Command{
		Use: "incident [INCIDENT]", Short: "Show one incident as its card does, or list those that are not over",
		Example: `  firebreak incident
  firebreak incident inc-0123456789abcdef`,
		Args: atMost(1, "the incident's ID, or nothing"),
	}
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			open, err := client().Unresolved(c.Context())
			if err != nil {
				return err
			}
			return printIncidents(c, output, open)
		}
		shown, err := client().Show(c.Context(), args[0])
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"incident": shown.Incident, "entries": app.NotNil(shown.Entries)})
		}
		fmt.Fprintln(c.OutOrStdout(), app.Visible(shown.Headline))
		printRows(c.OutOrStdout(), shown.Rows)
		return nil
	}
	return c
}
