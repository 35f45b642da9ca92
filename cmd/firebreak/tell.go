package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newStatus() *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "Tell how things are, for somebody who was just woken",
		Long: `Tells what is not over and what probably did it, what waits for an answer, freezes, whether changes are welcome, spent budgets, what
cannot be seen, whether the kill switch is on, and whether the process that is asked does the work. /firebreak status says the same.`,
		Example: `  firebreak status
  firebreak status -o json`,
		Args: exactly(0, "no arguments"),
	}
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := client().Status(c.Context())
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"status": a})
		}
		out := c.OutOrStdout()
		fmt.Fprintln(out, app.Visible(a.Title))
		printRows(out, a.Rows)
		return nil
	}
	return c
}

// printRows prints rows, a line for each.
func printRows(w io.Writer, rows []app.Row) {
	for _, r := range rows {
		line := app.Visible(r.Text)
		if r.Label != "" {
			line = app.Visible(r.Label) + ": " + line
		}
		fmt.Fprintln(w, "  "+line)
	}
}

func newDigest() *cobra.Command {
	var service string
	var at timeFlag
	c := &cobra.Command{
		Use: "digest KIND", Short: "Print what a digest would tell now: morning, forecast, weekly or handover",
		Long: `Prints what is sent to Slack at the times that the digests section of the configuration says. With --at it is told of another moment:
incidents as they stood then, and windows as they will be.`,
		Example: `  firebreak digest morning
  firebreak digest weekly --service support-assistant -o json
  firebreak digest forecast --at 2026-11-26T15:00:00Z`,
		Args: exactly(1, "a kind: morning, forecast, weekly or handover"),
	}
	c.Flags().StringVar(&service, "service", "", "only of this service")
	c.Flags().Var(&at, "at", "the moment, as 2026-11-20T15:04:05Z (now)")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		d, err := client().Digest(c.Context(), strings.ToLower(args[0]), service, at.Time)
		return printDigest(c, output, d, err)
	}
	return c
}

func printDigest(c *cobra.Command, output *outputFlag, d app.Digest, err error) error {
	switch {
	case err != nil:
		return err
	case output.json():
		return printJSON(c.OutOrStdout(), map[string]any{"digest": d})
	}
	for line := range strings.Lines(app.DigestText(d)) {
		fmt.Fprintln(c.OutOrStdout(), app.Visible(strings.TrimRight(line, "\n")))
	}
	return nil
}

func newHandover() *cobra.Command {
	c := &cobra.Command{
		Use: "handover [SERVICE]", Short: "Tell what the next one must know who goes on call",
		Example: `  firebreak handover
  firebreak handover support-assistant`,
		Args: atMost(1, "a service, or nothing"),
	}
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		d, err := client().Digest(c.Context(), "handover", strings.Join(args, ""), timeFlag{}.Time)
		return printDigest(c, output, d, err)
	}
	return c
}

func newPostmortem() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "postmortem INCIDENT", Short: "Write what is known of an incident, and what is not, as Markdown",
		Long: `Writes the incident's report: impact, how long it took until it was seen, acknowledged and over, what was seen, suspects with their
arithmetic, what was decided and done, what is not known, open questions, and the timeline. It is made of the timeline alone, so it can be
made again at any time.`,
		Example: `  firebreak postmortem inc-0123456789abcdef > postmortem.md
  firebreak postmortem inc-0123456789abcdef --file postmortem.md`,
		Args: exactly(1, "the incident's ID, as firebreak incidents shows it"),
	}
	c.Flags().StringVar(&file, "file", "", "write it here; a file that there is stays as it is")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := client().Postmortem(c.Context(), args[0])
		if err != nil {
			return err
		}
		out := c.OutOrStdout()
		if file != "" {
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // the file that the person names, for others to read
			if err != nil {
				return err
			}
			if err := writePostmortem(f, output, p); err != nil {
				_ = f.Close() // the first error says more
				return err
			}
			if err := f.Close(); err != nil {
				return err
			}
			_, err = fmt.Fprintf(out, "written: %s\n", file)
			return err
		}
		return writePostmortem(out, output, p)
	}
	return c
}

func writePostmortem(w io.Writer, output *outputFlag, p app.Postmortem) error {
	if output.json() {
		return printJSON(w, map[string]any{"postmortem": p})
	}
	for line := range strings.Lines(p.Markdown) {
		if _, err := fmt.Fprintln(w, app.Visible(strings.TrimRight(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

func newLink() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use: "link INCIDENT URL|INCIDENT [TITLE]", Short: "Hang an address on an incident, or relate it to another one",
		Example: `  firebreak link inc-0123456789abcdef https://status.vendor.example/4711 "the vendor's status"
  firebreak link inc-0123456789abcdef inc-fedcba9876543210 "the same prompt"`,
		Args: atLeast(2, "the incident's ID, and an https address or another incident's ID"),
	}
	byFlag(c, &by, "links it")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		in, err := client().Link(c.Context(), args[0], args[1], strings.Join(args[2:], " "), by)
		return printIncident(c, output, in, "linked with "+app.Visible(args[1]), err)
	}
	return c
}
