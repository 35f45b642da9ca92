package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newDemo() *cobra.Command {
	var options app.DemoOptions
	var asJSON bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "The main job on embedded defaults: a Friday prompt merge, from merge to proven rollback",
		Long: `Starts a simulated assistant that emits OpenTelemetry GenAI metrics, a Prometheus API with the real PromQL engine,
stand-ins for Slack, PagerDuty and GitHub on loopback, and the real bot between them. Time runs faster; the story is told as it
happens. Without --once it stays up afterwards, so that the incident's page can be looked at in a browser.

Stories:
` + app.DemoStories(),
		Example: `  firebreak demo
  firebreak demo --once --json       one summary object at the end, and exit
  firebreak demo --speed 30          slower, to watch
  firebreak demo --scenario blind    another story`,
		Args: exactly(0, "no arguments"),
	}
	c.Flags().StringVar(&options.Scenario, "scenario", "", "the story to tell (friday-prompt when left out)")
	c.Flags().Float64Var(&options.Speed, "speed", 0, "how many times faster than life; the default tells a story in about a minute")
	c.Flags().Uint64Var(&options.Seed, "seed", 1, "seed of everything that is random")
	c.Flags().BoolVar(&options.Once, "once", false, "exit when the story ends")
	c.Flags().BoolVar(&asJSON, "json", false, "print one summary object at the end instead of telling the story")
	c.Flags().StringVar(&options.LogLevel, "log-level", "error", "the bot's own log: debug, info, warn or error")
	c.Flags().StringVar(&options.Listen, "listen", "127.0.0.1:0", "where the bot listens")
	c.RunE = func(c *cobra.Command, _ []string) error {
		out := c.OutOrStdout()
		options.Log, options.Version = c.ErrOrStderr(), version
		options.Narrate = func(line string) { fmt.Fprintln(out, line) }
		if asJSON {
			options.Narrate = func(string) {}
		}
		options.Done = func(summary app.Summary) error {
			if asJSON {
				return printJSON(out, summary)
			}
			return nil
		}
		return app.Demo(c.Context(), options)
	}
	return c
}

func newSandbox() *cobra.Command {
	var options app.SandboxOptions
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Only the stand-ins of the demo, for a bot in another process",
		Long: `Runs the simulated assistant, the Prometheus API and the stand-ins for Slack, PagerDuty and GitHub, writes a
configuration for a bot that uses them, and waits for it. The bot may be killed and started again; the stand-ins run on.`,
		Example: `  firebreak sandbox --dir /tmp/sandbox &
  set -a; . /tmp/sandbox/env; set +a
  firebreak run -c /tmp/sandbox/firebreak.yaml --clock "$FIREBREAK_CLOCK"`,
		Args: exactly(0, "no arguments"),
	}
	c.Flags().StringVar(&options.Dir, "dir", "", "folder for firebreak.yaml and env (a fresh one when left out)")
	c.Flags().StringVar(&options.Store, "store", "", "store.url of the written configuration")
	c.Flags().StringVar(&options.Bot, "bot", "127.0.0.1:8010", "where the bot will listen")
	c.Flags().StringVar(&options.Listen, "listen", "127.0.0.1:0", "where the stand-ins listen")
	c.Flags().StringVar(&options.Scenario, "scenario", "", "the story to tell, as for firebreak demo")
	c.Flags().Float64Var(&options.Speed, "speed", 0, "how many times faster than life")
	c.Flags().Uint64Var(&options.Seed, "seed", 1, "seed of everything that is random")
	c.Flags().BoolVar(&options.Once, "once", false, "print the summary and exit when the story ends")
	c.RunE = func(c *cobra.Command, _ []string) error {
		out := c.OutOrStdout()
		options.Narrate = func(line string) { fmt.Fprintln(c.ErrOrStderr(), line) }
		options.Done = func(summary app.Summary) error { return printJSON(out, summary) }
		return app.RunSandbox(c.Context(), options)
	}
	return c
}
