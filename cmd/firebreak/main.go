// Command firebreak watches model-backed services, knows what was changed, names the likely cause and runs playbooks.
//
// Its subcommands are one file each. They read flags, call package app, print, and give an exit code: 0 done, 1 it could not be
// done or the answer is no, 2 the command line is wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the build.
var version = "dev"

// Exit codes, as documented in docs/cli.md.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute runs one command line and gives its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var quiet *quietError
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &quiet):
		return quiet.code
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "firebreak: %v\n%s --help says more\n", err, usage.command)
		return exitUsage
	default:
		fmt.Fprintf(stderr, "firebreak: %v\n", err)
		return exitFailed
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "firebreak",
		Short: "Incident and change-risk bot for teams that run foundation models in production",
		Long: `Firebreak watches what a model-backed service does through Prometheus, knows what was changed and when,
names the likely change with its arithmetic, and runs YAML playbooks that page, post context and roll back.`,
		Example: `  firebreak demo                          the main job on embedded defaults, nothing to configure
  firebreak check -c firebreak.yaml       every fault of the configuration, with line and caret
  firebreak run -c firebreak.yaml         the real thing`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          aCommand,
		// How many letters a mistyped command may differ.
		SuggestionsMinimumDistance: 2,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return &usageError{c.CommandPath(), err} })
	root.AddCommand(
		newRun(), newCheck(), newSchema(), newDemo(), newSandbox(), newBacktest(), newGate(), newRisk(),
		newIncidents(), newSuspects(), newChanges(), newChange(), newInputs(), newWindows(), newFreeze(), newDecision("approve"), newDecision("deny"),
		newAck(), newResolve(), newNote(), newDeclare(), newMute(), newStop(), newSLO(), newPlaybook(), newRollback(), newOnCall(),
	)
	root.AddCommand(newStatus(), newIncident(), newLink(), newHandover(), newPostmortem(), newDigest())
	return root
}

// quietError ends the program with a code after the command has said everything itself.
type quietError struct{ code int }

func (e *quietError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// usageError is a command line that cannot be meant.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }

// exactly wants n arguments and says which.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return &usageError{c.CommandPath(), fmt.Errorf("wants %s", what)}
		}
		return nil
	}
}

// atLeast wants n arguments or more and says which.
func atLeast(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < n {
			return &usageError{c.CommandPath(), fmt.Errorf("wants %s", what)}
		}
		return nil
	}
}

// atMost wants n arguments or fewer and says which.
func atMost(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return &usageError{c.CommandPath(), fmt.Errorf("wants %s", what)}
		}
		return nil
	}
}

// aCommand refuses a word that is no command, with the one that was probably meant.
func aCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	near := ""
	if meant := root.SuggestionsFor(args[0]); len(meant) > 0 {
		near = fmt.Sprintf("; did you mean %q?", meant[0])
	}
	return &usageError{root.CommandPath(), fmt.Errorf("there is no command %q%s", args[0], near)}
}

// outputFlag is -o text|json.
type outputFlag string

func addOutput(c *cobra.Command) *outputFlag {
	o := outputFlag("text")
	c.Flags().VarP(&o, "output", "o", "text or json")
	return &o
}

func (o *outputFlag) String() string { return string(*o) }
func (o *outputFlag) Type() string   { return "format" }
func (o *outputFlag) json() bool     { return *o == "json" }

func (o *outputFlag) Set(value string) error {
	if value != "text" && value != "json" {
		return errors.New("text and json are the formats")
	}
	*o = outputFlag(value)
	return nil
}
