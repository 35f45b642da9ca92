package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newRun() *cobra.Command {
	var file, level, clock string
	var dryRun bool
	c := &cobra.Command{
		Use:   "run",
		Short: "Watch, keep the ledger, run playbooks; until it is told to stop",
		Long: `Runs the bot in the foreground. SIGHUP reads the configuration again and keeps the old one when the new one has
faults; SIGINT and SIGTERM stop it within ten seconds: runs that are under way go on where they were with the next start.`,
		Example: `  firebreak run -c firebreak.yaml
  firebreak run -c firebreak.yaml --dry-run      playbooks only say what they would do`,
		Args: exactly(0, "no arguments; name the file with -c"),
	}
	c.Flags().StringVarP(&file, "config", "c", defaultConfig, "configuration file")
	c.Flags().StringVar(&level, "log-level", "info", "debug, info, warn or error")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "playbooks say what they would do and do nothing")
	c.Flags().StringVar(&clock, "clock", "", "address of a sandbox's clock to live by")
	_ = c.Flags().MarkHidden("clock") // only a sandbox in another process has one
	c.RunE = func(c *cobra.Command, _ []string) error {
		config, faults := app.LoadConfig(file)
		if len(faults) > 0 {
			if err := app.RenderFaults(c.ErrOrStderr(), faults, colored(c.ErrOrStderr())); err != nil {
				return err
			}
			return fmt.Errorf("%s has %s; it was not started", file, plural(len(faults), "fault"))
		}
		logger, err := app.NewLogger(c.ErrOrStderr(), level)
		if err != nil {
			return &usageError{c.CommandPath(), err}
		}
		options := app.Options{Logger: logger, Version: version, DryRun: dryRun}
		if clock != "" {
			if options.Clock, err = app.SandboxClock(c.Context(), clock); err != nil {
				return err
			}
		}
		hangups := make(chan os.Signal, 1)
		signal.Notify(hangups, syscall.SIGHUP)
		defer signal.Stop(hangups)
		reload := make(chan struct{})
		go func() {
			for {
				select {
				case <-c.Context().Done():
					return
				case <-hangups:
				}
				select {
				case <-c.Context().Done():
					return
				case reload <- struct{}{}:
				}
			}
		}()
		return app.Supervise(c.Context(), config, options, reload, func() (app.Config, []app.Fault) { return app.LoadConfig(file) })
	}
	return c
}
