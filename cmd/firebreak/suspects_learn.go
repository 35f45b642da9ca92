package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newSuspectsLearn() *cobra.Command {
	var file, cases, weights string
	c := &cobra.Command{
		Use:   "learn",
		Short: "Propose weights for the ranking from incidents whose cause is known",
		Long: `Learns from the incidents of a running Firebreak whose cause was confirmed, by people or by a rollback that helped, which weights
would have named it better, and by how much on incidents that they were not learnt from (cross-validated). The service map and the
weights to begin at are those of the configuration. It takes at least 20 incidents, and prints a section to paste: nothing is
applied by itself. With --cases it learns from a file instead, and asks nobody.`,
		Example: `  firebreak suspects learn
  firebreak suspects learn -c firebreak.yaml --weights-out suspects.yaml
  firebreak suspects learn --cases cases.jsonl -o json`,
		Args: exactly(0, "no arguments"),
	}
	f := c.Flags()
	f.StringVarP(&file, "config", "c", defaultConfig, "configuration file")
	f.StringVar(&cases, "cases", "", "file of cases, JSON, one a line; the configuration is read only where -c is given")
	f.StringVar(&weights, "weights-out", "", "file to write the proposed section to")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		var config app.Config
		if cases == "" || c.Flags().Changed("config") {
			var err error
			if config, err = loadConfig(c, file); err != nil {
				return err
			}
		}
		learnt, err := learn(c, config, client(), cases)
		if err != nil {
			return err
		}
		if weights != "" {
			if err := os.WriteFile(weights, []byte(learnt.YAML), 0o600); err != nil {
				return err
			}
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), learnt)
		}
		printLearnt(c.OutOrStdout(), learnt)
		return nil
	}
	return c
}

// loadConfig reads a configuration, and shows its faults.
func loadConfig(c *cobra.Command, file string) (app.Config, error) {
	config, faults := app.LoadConfig(file)
	if len(faults) == 0 {
		return config, nil
	}
	if err := app.RenderFaults(c.ErrOrStderr(), faults, colored(c.ErrOrStderr())); err != nil {
		return config, err
	}
	return config, fmt.Errorf("%s has %s", file, plural(len(faults), "fault"))
}

// learn tells on standard error how far it is, in tenths.
func learn(c *cobra.Command, config app.Config, client *app.Client, cases string) (app.Learnt, error) {
	told := 0
	progress := func(done float64) {
		if tenths := int(10 * done); tenths > told {
			told = tenths
			fmt.Fprintf(c.ErrOrStderr(), "learning: %d %%\n", 10*tenths)
		}
	}
	if cases != "" {
		return config.LearnFromFile(c.Context(), cases, progress)
	}
	return config.LearnFromHistory(c.Context(), client, progress)
}

func printLearnt(out io.Writer, l app.Learnt) {
	fmt.Fprintf(out, "%s, %d with a guilty change", plural(l.Cases, "incident"), l.Guilty)
	if l.Left > 0 {
		fmt.Fprintf(out, "; %d older ones are left out", l.Left)
	}
	fmt.Fprintf(out, "\non incidents that they were not learnt from: right answer first %.3f → %.3f, log loss %.3f → %.3f (gain %.3f ± %.3f)\n",
		l.Before.Top1, l.After.Top1, l.Before.LogLoss, l.After.LogLoss, l.Gain, l.Error)
	if !l.Better {
		fmt.Fprintln(out, "that is no more than chance may make: keep the weights that you have")
		return
	}
	for _, t := range l.Turns {
		fmt.Fprintf(out, "  %+.2f  %s\n", t.By, t.What)
	}
	fmt.Fprintf(out, "to take them over, put this into the configuration in the place of its suspects section:\n\n%s", l.YAML)
}
