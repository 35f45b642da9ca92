package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// addServer adds the flags of commands that ask a running Firebreak.
func addServer(c *cobra.Command) func() *app.Client {
	var server string
	c.Flags().StringVar(&server, "server", envOr("FIREBREAK_URL", "http://127.0.0.1:8010"),
		"address of the running Firebreak (FIREBREAK_URL); its token is read from FIREBREAK_TOKEN")
	return func() *app.Client { return app.NewClient(server, os.Getenv("FIREBREAK_TOKEN")) }
}

func envOr(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func newIncidents() *cobra.Command {
	var service string
	c := &cobra.Command{
		Use:   "incidents",
		Short: "List incidents, newest first",
		Example: `  firebreak incidents
  firebreak incidents --service support-assistant -o json`,
		Args: exactly(0, "no arguments"),
	}
	c.Flags().StringVar(&service, "service", "", "only of this service")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		incidents, err := client().Incidents(c.Context(), service)
		if err != nil {
			return err
		}
		return printIncidents(c, output, incidents)
	}
	return c
}

func printIncidents(c *cobra.Command, output *outputFlag, incidents []app.Incident) error {
	if output.json() {
		return printJSON(c.OutOrStdout(), map[string]any{"incidents": incidents})
	}
	return printTable(c.OutOrStdout(), "OPENED\tSTATE\tSEVERITY\tSERVICE\tLIKELY CAUSE\tID", len(incidents), func(i int) []string {
		in := incidents[i]
		cause := "none known"
		switch {
		case in.Lead.Incident != "":
			cause = "that of " + in.Lead.Service + ", which it follows"
		case len(in.Ranking.Suspects) > 0:
			s := in.Ranking.Suspects[0]
			cause = fmt.Sprintf("%s %s (%.2f)", s.Kind, s.Title, s.Probability)
		}
		return []string{stamp(in.OpenedAt), string(in.State), string(in.Severity), in.Service, cause, in.ID}
	})
}

func newChanges() *cobra.Command {
	var service string
	var since sinceFlag
	c := &cobra.Command{
		Use:   "changes [SERVICE] [SINCE]",
		Short: "List recorded changes, newest first",
		Example: `  firebreak changes support-assistant 24h
  firebreak changes --service support-assistant --since 2026-11-20T15:00:00Z
  firebreak changes -o json`,
		Args: atMost(2, "a service and how far back, as 24h, or nothing"),
	}
	c.Flags().StringVar(&service, "service", "", "only of this service")
	c.Flags().Var(&since, "since", "only from then on: a time as 2026-11-20T15:04:05Z, or how far back, as 24h or 7d")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		for i, arg := range args {
			switch { // as in /firebreak changes: what is a time is one, and what comes first otherwise is a service
			case i == len(args)-1 && since.Set(arg) == nil:
			case i == 0 && service == "":
				service = arg
			default:
				return &usageError{c.CommandPath(), fmt.Errorf("wants a service and how far back, as 24h, not %q", arg)}
			}
		}
		changes, err := client().Changes(c.Context(), service, since.time(time.Now()))
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"changes": changes})
		}
		return printTable(c.OutOrStdout(), "MERGED\tEFFECTIVE\tKIND\tTITLE\tSERVICES\tRISKY BECAUSE\tID", len(changes), func(i int) []string {
			change := changes[i]
			flags := make([]string, 0, len(change.Flags))
			for _, f := range change.Flags {
				flags = append(flags, f.Code)
			}
			return []string{
				stamp(change.MergedAt), stamp(change.EffectiveAt), string(change.Kind), change.Title,
				strings.Join(change.Services, ","), strings.Join(flags, ","), change.ID,
			}
		})
	}
	return c
}

// newDecision makes approve and deny, which differ in one word.
func newDecision(verb string) *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:     verb + " APPROVAL",
		Short:   strings.ToUpper(verb[:1]) + verb[1:] + " what a playbook asks",
		Example: "  firebreak " + verb + " apr-0123456789abcdef",
		Args:    exactly(1, "the approval's ID, as the card and the incident's page show it"),
	}
	c.Flags().StringVar(&by, "by", loginName(), "who decides, as the approvers are named in the configuration")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		approval, err := client().Decide(c.Context(), args[0], verb == "approve", by)
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"approval": approval})
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s by %s: %s\n", approval.Decision, approval.By, approval.Question)
		return err
	}
	return c
}

func loginName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// printTable prints aligned columns. Control characters in texts from outside are shown, not obeyed.
func printTable(w io.Writer, header string, n int, row func(i int) []string) error {
	if n == 0 {
		_, err := fmt.Fprintln(w, "none")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, header)
	for i := range n {
		cells := row(i)
		for j := range cells {
			cells[j] = app.Visible(cells[j])
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	return table.Flush()
}
