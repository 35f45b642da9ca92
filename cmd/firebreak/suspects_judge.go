package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// newJudge makes confirm and clear, which differ in one word.
func newJudge(verb string) *cobra.Command {
	v := app.Verdict{Word: app.Confirmed}
	short := "Keep that a change caused the incident"
	example := `  firebreak suspects confirm inc-1m7wv77ch0ky95xer github:acme/assistants#482
  firebreak suspects confirm inc-1m7wv77ch0ky95xer '#482' --reason "the new wording makes it refuse"
  firebreak suspects confirm inc-1m7wv77ch0ky95xer none`
	if verb == "clear" {
		v.Word, short = app.Cleared, "Keep that a change did not cause the incident"
		example = `  firebreak suspects clear inc-1m7wv77ch0ky95xer '#480' --reason "only comments were changed"`
	}
	c := &cobra.Command{
		Use:   verb + " INCIDENT CHANGE",
		Short: short,
		Long: short + `, and rank its suspects anew. A change is named by its ID, or, of a suspect, by its number as '#482'.
With confirm, none stands for none of the known changes. The newest word on a change counts; firebreak suspects learn learns from them.`,
		Example: example,
		Args:    exactly(2, "the incident's ID and the change's"),
	}
	c.Flags().StringVar(&v.By, "by", loginName(), "who says so")
	c.Flags().StringVar(&v.Reason, "reason", "", "why")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		v.Change = args[1]
		judged, err := client().Judge(c.Context(), args[0], v)
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), judged)
		}
		first := "there is no other suspect"
		if len(judged.Ranking.Suspects) > 0 {
			s := judged.Ranking.Suspects[0]
			first = fmt.Sprintf("first suspect now: %s %s (%.2f)", s.Kind, app.Visible(s.Title), s.Probability)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s by %s; %s, none of these %.2f\n", v.Word, app.Visible(strings.TrimSpace(v.By)), first, judged.Ranking.None)
		return err
	}
	return c
}
