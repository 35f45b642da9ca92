package main

import (
	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newSchema() *cobra.Command {
	var playbook bool
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of firebreak.yaml; editors complete from it",
		Example: `  firebreak schema > firebreak.schema.json
  # then, as the first line of firebreak.yaml:
  # yaml-language-server: $schema=firebreak.schema.json
  firebreak schema --playbook > playbook.schema.json`,
		Args: exactly(0, "no arguments"),
	}
	c.Flags().BoolVar(&playbook, "playbook", false, "the schema of a playbook instead")
	c.RunE = func(c *cobra.Command, _ []string) error {
		schema, err := app.Schema(playbook)
		if err != nil {
			return err
		}
		_, err = c.OutOrStdout().Write(append(schema, '\n'))
		return err
	}
	return c
}
