package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

const defaultConfig = "firebreak.yaml"

func newCheck() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "check",
		Short: "Tell every fault of the configuration and its playbooks, with line and caret",
		Long: `Reads the configuration and the playbooks that it names, and tells every fault at once as file:line:col with the line
and a caret; then what imported objectives say that is not taken over. It contacts nothing. Exit code 0: nothing is wrong; 1:
something is.`,
		Example: `  firebreak check
  firebreak check -c firebreak.yaml -o json`,
		Args: exactly(0, "no arguments; name the file with -c"),
	}
	c.Flags().StringVarP(&file, "config", "c", defaultConfig, "configuration file")
	output := addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		config, faults := app.LoadConfig(file)
		out := c.OutOrStdout()
		switch {
		case output.json():
			encoder := json.NewEncoder(out)
			encoder.SetIndent("", "  ")
			said := map[string]any{"ok": len(faults) == 0, "faults": app.NotNil(faults), "notes": app.NotNil(config.Notes())}
			if err := encoder.Encode(said); err != nil {
				return err
			}
		case len(faults) == 0:
			fmt.Fprintf(out, "%s: nothing is wrong\n", file)
		default:
			if err := app.RenderFaults(out, faults, colored(out)); err != nil {
				return err
			}
			fmt.Fprintf(out, "%s\n", plural(len(faults), "fault"))
		}
		if notes := config.Notes(); len(notes) > 0 && !output.json() {
			fmt.Fprintf(out, "\n%s, which nothing has to be done about:\n", plural(len(notes), "note"))
			if err := app.RenderFaults(out, notes, colored(out)); err != nil {
				return err
			}
		}
		if len(faults) > 0 {
			return &quietError{exitFailed}
		}
		return nil
	}
	return c
}

// colored tells whether a writer is a terminal that wants colour (https://no-color.org).
func colored(w any) bool {
	file, is := w.(*os.File)
	if !is || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
