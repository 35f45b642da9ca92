package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// exitInconclusive is the exit code of a gate that cannot tell, as documented in docs/cli.md.
const exitInconclusive = 3

func newGate() *cobra.Command {
	var q app.GateRequest
	c := &cobra.Command{
		Use:   "gate --policy FILE --results PATH...",
		Short: "Tell whether an evaluation is good enough to go on",
		Long: `Reads what evaluations measured (promptfoo, OpenAI evals, lm-eval, DeepEval, JUnit XML, plain JSON) and holds it against a
policy: bounds, and no worse than the last that passed. A difference that chance may have made is inconclusive, and so is
whatever was not measured; inconclusive is never a pass. It contacts nobody but, with --tell, the running Firebreak, which keeps the
verdict, puts the check firebreak/gate on the revision and judges its pull request by it. Exit code 0: pass; 1: fail, or it could
not be judged or told; 3: inconclusive.`,
		Example: `  firebreak gate --policy gate.yaml --results out/
  firebreak gate --policy gate.yaml --results out/promptfoo.json --last .gate/last.json --revision "$GITHUB_SHA" -o json
  firebreak gate --policy gate.yaml --results out/ --tell --repository acme/assistants --revision "$GITHUB_SHA"`,
		Args: exactly(0, "no arguments; name files with --policy and --results"),
	}
	c.Flags().StringVar(&q.Policy, "policy", "", "the policy, a YAML file")
	c.Flags().StringArrayVar(&q.Results, "results", nil, "a file of results, or a folder of them; may be given again")
	c.Flags().StringVar(&q.Last, "last", "", "file that keeps the last verdict that passed; written when this one passes")
	c.Flags().BoolVar(&q.First, "first", false, "there is no earlier one: what is required relative to the last is met")
	c.Flags().StringVar(&q.Revision, "revision", "", "what was evaluated: the commit, for the record")
	tell := addTell(c)
	output := addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if q.Policy == "" || len(q.Results) == 0 {
			return &usageError{c.CommandPath(), errors.New("wants a policy and results: --policy FILE --results PATH")}
		}
		if c.Flags().Changed("tell") && q.Revision == "" {
			return &usageError{c.CommandPath(), errors.New("--tell wants to know of what: --revision COMMIT")}
		}
		out := c.OutOrStdout()
		verdict, faults, err := app.JudgeGate(time.Now(), q)
		switch {
		case err != nil:
			return err
		case len(faults) > 0:
			if err := app.RenderFaults(c.ErrOrStderr(), faults, colored(c.ErrOrStderr())); err != nil {
				return err
			}
			return &quietError{exitFailed}
		case output.json():
			encoder := json.NewEncoder(out)
			encoder.SetIndent("", "  ")
			if err := encoder.Encode(verdict); err != nil {
				return err
			}
		default:
			printVerdict(out, verdict)
		}
		if err := tell(c.Context(), verdict); err != nil {
			return err
		}
		switch verdict.Answer {
		case app.GatePass:
			return nil
		case app.GateInconclusive:
			return &quietError{exitInconclusive}
		default:
			return &quietError{exitFailed}
		}
	}
	return c
}

// addTell adds the flags that say whether and whom to tell of a verdict.
func addTell(c *cobra.Command) func(context.Context, app.GateVerdict) error {
	var wanted bool
	var repository, by string
	c.Flags().BoolVar(&wanted, "tell", false, "tell the running Firebreak of the verdict; wants --revision")
	c.Flags().StringVar(&repository, "repository", "", "with --tell: owner/name; that of the remote origin of this folder when left out")
	c.Flags().StringVar(&by, "by", envOr("USER", "gate"), "with --tell: who tells")
	client := addServer(c)
	return func(ctx context.Context, v app.GateVerdict) error {
		if !wanted {
			return nil
		}
		if repository == "" {
			repository = app.Origin(ctx, ".")
		}
		if err := client().TellEvaluation(ctx, app.EvaluatedOf(v, repository, v.Revision, by)); err != nil {
			return fmt.Errorf("the verdict was not told: %w", err)
		}
		return nil
	}
}

func printVerdict(out io.Writer, v app.GateVerdict) {
	fmt.Fprintf(out, "%s: %s: %s\n", v.Policy, v.Answer, v.Sentence)
	for _, o := range v.Outcomes {
		fmt.Fprintf(out, "  %-12s  %s: %s\n", o.Answer, o.Metric, o.Sentence)
	}
}
