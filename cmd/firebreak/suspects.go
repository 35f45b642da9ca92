package main

import (
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newSuspects() *cobra.Command {
	var explain bool
	c := &cobra.Command{
		Use:   "suspects INCIDENT",
		Short: "Tell which changes may have caused an incident, and why",
		Long: `Tells how probable it is that each change caused the incident, and that none did. With --explain every probability comes with its
sum: reasons in natural log-odds against "none of these", and the changes that cannot have done it.`,
		Example: `  firebreak suspects inc-1m7wv77ch0ky95xer
  firebreak suspects inc-1m7wv77ch0ky95xer --explain`,
		Args: exactly(1, "the incident's ID, as firebreak incidents shows it"),
	}
	c.AddCommand(newJudge("confirm"), newJudge("clear"), newSuspectsLearn())
	c.Flags().BoolVar(&explain, "explain", false, "show every reason with its weight")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		in, err := client().Incident(c.Context(), args[0])
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), map[string]any{"incident": in.ID, "ranking": in.Ranking, "verdicts": app.NotNil(in.Verdicts)})
		}
		printSuspects(c.OutOrStdout(), in, explain)
		return nil
	}
	return c
}

func printSuspects(out io.Writer, in app.Incident, explain bool) {
	r := in.Ranking
	fmt.Fprintf(out, "%s: %s, opened %s\n", in.Service, app.Visible(in.Title), stamp(in.OpenedAt))
	for _, v := range in.Verdicts {
		fmt.Fprintf(out, "%s %s by %s at %s%s\n", app.Visible(v.Change), v.Word, app.Visible(v.By), stamp(v.At), because(v.Reason))
	}
	for _, l := range in.Linked {
		fmt.Fprintf(out, "belongs to the incident of %s (%s): %s\n", app.Visible(l.Service), l.Incident, app.Visible(l.Why))
	}
	if r.At.IsZero() {
		fmt.Fprintln(out, "no change is looked for: this is about Firebreak itself, or it has only just begun")
		return
	}
	if r.Changed != "" {
		fmt.Fprintln(out, app.Visible(r.Changed))
	}
	for _, s := range r.Suspects {
		fmt.Fprintf(out, "%5.2f  %s %s (%s)\n", s.Probability, s.Kind, app.Visible(s.Title), app.Visible(s.Change))
		if s.URL != "" && explain {
			fmt.Fprintf(out, "         %s\n", app.Visible(s.URL))
		}
		for i, reason := range s.Reasons {
			if explain || i < shownReasons && math.Abs(reason.Weight) >= telling {
				fmt.Fprintf(out, "  %+6.2f  %s\n", reason.Weight, app.Visible(reason.Sentence))
			}
		}
	}
	if r.RestCount > 0 {
		fmt.Fprintf(out, "%5.2f  %s more\n", r.Rest, plural(r.RestCount, "change"))
	}
	fmt.Fprintf(out, "%5.2f  none of these\n", r.None)
	if !explain {
		printExcluded(out, r, func(e app.Exclusion) bool { return e.Why.Code == "cleared" })
		return
	}
	for _, reason := range r.NoneReasons {
		fmt.Fprintf(out, "          %s\n", app.Visible(reason.Sentence))
	}
	printExcluded(out, r, func(app.Exclusion) bool { return true })
	for _, s := range r.Skews {
		fmt.Fprintf(out, "  clock  %s is %.0f s ahead of ours, by %s that came from the future\n", app.Visible(s.Source), s.Ahead, plural(s.Changes, "change"))
	}
}

func printExcluded(out io.Writer, r app.Ranking, shown func(app.Exclusion) bool) {
	for _, e := range r.Excluded {
		if shown(e) {
			fmt.Fprintf(out, "    no  %s (%s): %s\n", app.Visible(e.Title), app.Visible(e.Change), app.Visible(e.Why.Sentence))
		}
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + app.Visible(reason)
}

// Without --explain the first reasons are shown, and of these those that say something.
const (
	shownReasons = 4
	telling      = .3
)
