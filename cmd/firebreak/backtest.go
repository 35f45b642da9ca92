package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newBacktest() *cobra.Command {
	c := &cobra.Command{
		Use:   "backtest",
		Short: "Try the detectors on the past",
		Args:  exactly(0, "a subcommand: csv"),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newBacktestCSV())
	return c
}

func newBacktestCSV() *cobra.Command {
	var detector, out string
	c := &cobra.Command{
		Use:   "csv --out DIR PATH...",
		Short: "Score exported series, row by row, by a detector",
		Long: `Reads CSV files with the columns timestamp and value, or all of them below a folder, and writes each below DIR under the
same relative path with a third column: anomaly_score, from 0 to 1. A half and more is an alarm. Row i is scored by what the
rows before it and itself say, as if it had just come. A row that is not a number scores 0.`,
		Example: `  firebreak backtest csv --out scores exports/
  firebreak backtest csv --detector shift --out scores latency.csv cost.csv -o json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{c.CommandPath(), errors.New("wants files or folders")}
			}
			return nil
		},
	}
	c.Flags().StringVar(&detector, "detector", app.ScoringDetector, "the detector; shift is the only one that judges a bare series")
	c.Flags().StringVar(&out, "out", "", "folder to write to")
	output := addOutput(c)
	c.RunE = func(c *cobra.Command, paths []string) error {
		if detector != app.ScoringDetector {
			return &usageError{c.CommandPath(), fmt.Errorf("the detector %q judges no bare series; shift does", detector)}
		}
		if out == "" {
			return &usageError{c.CommandPath(), errors.New("wants a folder to write to: --out DIR")}
		}
		scored, err := app.ScoreFiles(out, paths)
		if err != nil {
			return err
		}
		if output.json() {
			encoder := json.NewEncoder(c.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(map[string]any{"detector": detector, "files": app.NotNil(scored)})
		}
		for _, f := range scored {
			fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", f.Out, plural(f.Rows, "row"))
		}
		return nil
	}
	return c
}
