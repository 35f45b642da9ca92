package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newOnCall() *cobra.Command {
	var service string
	c := &cobra.Command{
		Use:   "oncall [SERVICE]",
		Short: "Tell who is on call, level by level",
		Long: `Tells who is asked when something of a service goes wrong and who comes next, as PagerDuty says. When it cannot be asked, what it said last is
told with its age.`,
		Example: `  firebreak oncall
  firebreak oncall support-assistant -o json`,
		Args: atMost(1, "a service, or nothing"),
	}
	c.Flags().StringVar(&service, "service", "", "only of this service")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			service = args[0]
		}
		duties, err := client().OnCall(c.Context(), service)
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"oncall": duties})
		}
		printDuties(c.OutOrStdout(), duties)
		return nil
	}
	return c
}

func printDuties(w io.Writer, duties []app.Duty) {
	for _, d := range duties {
		head := app.Visible(d.Service)
		if d.Policy != "" {
			head += " (" + app.Visible(d.Policy) + ")"
		}
		if d.Urgency != "" {
			head += ", urgency " + app.Visible(d.Urgency)
		}
		if d.Maintenance {
			head += ", under maintenance: nobody is paged"
		}
		fmt.Fprintln(w, head+":")
		if d.Unknown != "" {
			fmt.Fprintf(w, "  not known: %s\n", app.Visible(d.Unknown))
		}
		for _, l := range d.Levels {
			fmt.Fprintf(w, "  level %d: %s\n", l.Level, app.Visible(l.Sentence(stamp)))
		}
		if d.Stale != "" {
			fmt.Fprintf(w, "  as of %s; PagerDuty could not be asked since: %s\n", stamp(d.Of), app.Visible(d.Stale))
		}
	}
}
