package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newInputs() *cobra.Command {
	var service, diff string
	var at timeFlag
	c := &cobra.Command{
		Use:   "inputs [--service S] [--at TIME] [--diff ENVIRONMENT ENVIRONMENT]",
		Short: "Tell which versions of prompts, models, corpora … are in force, since when, or where environments differ",
		Long: `Tells for each service and environment which version of every operational input is in force, or was at a time: prompts,
policies, models, guardrails, corpora, embeddings, prices and evaluation sets; since when, and by which change. With --diff it tells
in what two environments differ.`,
		Example: `  firebreak inputs --service support-assistant
  firebreak inputs --service support-assistant --at 2026-11-20T15:50:00Z -o json
  firebreak inputs --diff staging production`,
		Args: func(c *cobra.Command, args []string) error {
			switch compared := c.Flags().Changed("diff"); {
			case compared && (len(args) != 1 || diff == "" || args[0] == ""):
				return &usageError{c.CommandPath(), errors.New("--diff wants two environments, as --diff staging production")}
			case !compared && len(args) > 0:
				return &usageError{c.CommandPath(), errors.New("takes no arguments without --diff")}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&service, "service", "", "only of this service")
	f.Var(&at, "at", "the moment, as 2026-11-20T15:04:05Z (now)")
	f.StringVar(&diff, "diff", "", "tell in what this environment and the one named after it differ")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if diff == "" {
			found, err := client().Inputs(c.Context(), service, at.Time)
			switch {
			case err != nil:
				return err
			case output.json():
				return printJSON(c.OutOrStdout(), found)
			}
			return printInputs(c.OutOrStdout(), found)
		}
		found, err := client().InputsDiff(c.Context(), service, at.Time, diff, args[0])
		switch {
		case err != nil:
			return err
		case output.json():
			return printJSON(c.OutOrStdout(), found)
		}
		return printInputsDiff(c.OutOrStdout(), found)
	}
	return c
}

func printInputs(out io.Writer, found app.InputsAnswer) error {
	err := printTable(out, "SERVICE\tENVIRONMENT\tINPUT\tVERSION\tSINCE\tCHANGE\tNOTE", len(found.Inputs), func(i int) []string {
		in := found.Inputs[i]
		by := in.Change
		if by == "" {
			by = "a deployment"
		}
		return []string{
			orDash(in.Service), orDash(in.Environment), inputName(in.Kind, in.Name, in.Path), versionOf(&in), stamp(in.Since), by, in.Note,
		}
	})
	if err == nil && !found.Back.IsZero() {
		_, err = fmt.Fprintf(out, "the ledger was read back to %s; what was last told of before is not shown\n", stamp(found.Back))
	}
	return err
}

func printInputsDiff(out io.Writer, found app.InputsDiff) error {
	if len(found.Differences) == 0 {
		_, err := fmt.Fprintf(out, "%s and %s do not differ in what is known of them\n", app.Visible(found.Left), app.Visible(found.Right))
		return err
	}
	header := fmt.Sprintf("SERVICE\tINPUT\t%s\t%s\tDIFFERS IN", app.Visible(found.Left), app.Visible(found.Right))
	return printTable(out, header, len(found.Differences), func(i int) []string {
		d := found.Differences[i]
		return []string{orDash(d.Service), inputName(d.Kind, d.Name, d.Path), versionOf(d.Left), versionOf(d.Right), d.What}
	})
}

func inputName(kind app.Kind, name, path string) string {
	text := string(kind) + " " + name
	if path != "" && path != name {
		text += " (" + path + ")"
	}
	return text
}

// versionOf shows the revision of the file beside the version that it declares.
func versionOf(in *app.InForce) string {
	switch {
	case in == nil:
		return "-"
	case in.Revision != "" && in.Revision != in.Version:
		return in.Version + " @ " + in.Revision
	}
	return in.Version
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// toldMoves bounds the pins that are printed of a change; JSON has them all.
const toldMoves = 10

// printMoves tells what a change does to the versions that its files pin: what it moves first, then what it leaves.
func printMoves(out io.Writer, inputs []app.Input) {
	told := 0
	for _, changed := range []bool{true, false} {
		for _, in := range inputs {
			if in.Changed() != changed {
				continue
			}
			if told++; told > toldMoves {
				continue
			}
			fmt.Fprintf(out, "%s\n", app.Visible(move(in)))
		}
	}
	if told > toldMoves {
		fmt.Fprintf(out, "and so on, for %s\n", plural(told-toldMoves, "more input"))
	}
}

func move(in app.Input) string {
	text := fmt.Sprintf("%s %s ", in.Kind, in.Name)
	switch {
	case !in.Changed():
		text += "stays " + in.New
	case in.Old == "":
		text += "is new: " + in.New
	case in.New == "":
		text += "is pinned no more, it was " + in.Old
	default:
		text += "goes from " + in.Old + " to " + in.New
	}
	if in.Line > 0 {
		return fmt.Sprintf("%s (%s:%d)", text, in.Path, in.Line)
	}
	return text + " (" + in.Path + ")"
}
