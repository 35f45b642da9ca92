package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/integrations/sandbox"
)

// Summary is how a story ended, counted on the vendors' side.
type Summary = sandbox.Summary

// Named is what the bot held of the cause at one moment of a story.
type Named = sandbox.Named

// Stories names the stories that the demo can tell.
func Stories() []string { return sandbox.ScenarioNames() }

// DemoStories lists the stories that the demo can tell, a line each.
func DemoStories() string {
	var b strings.Builder
	for _, s := range sandbox.Scenarios() {
		fmt.Fprintf(&b, "  %-16s %s\n", s.Name, s.About)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// DemoOptions say how the demo is told.
type DemoOptions struct {
	Scenario string
	// Speed is how many times faster than life; zero is the sandbox's default.
	Speed    float64
	Seed     uint64
	Once     bool
	Listen   string
	LogLevel string
	Log      io.Writer
	Version  string
	// Narrate takes the story's lines, Done its end.
	Narrate func(line string)
	Done    func(Summary) error
}

// Demo tells the story with the real bot: the same New as `firebreak run`, a configuration read from YAML, the real clients over
// loopback. Only the vendors, the assistant and the speed of the clock are stand-ins.
func Demo(ctx context.Context, o DemoOptions) (err error) {
	logger, err := NewLogger(o.Log, o.LogLevel)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "firebreak-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	sb, err := sandbox.Start(ctx, sandbox.Options{Scenario: o.Scenario, Speed: o.Speed, Seed: o.Seed, Narrate: o.Narrate})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sb.Close()) }()

	config, err := sandboxConfig(sb.Config(), filepath.Join(dir, "firebreak.db"), o.Listen)
	if err != nil {
		return err
	}
	clock := sb.Clock()
	bot, err := New(ctx, config, Options{
		Logger: logger, Version: o.Version, Clock: Clock{Origin: clock.Origin, Started: clock.Started, Speed: clock.Speed},
	})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- bot.Run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	sb.SetBotURL(bot.URL())

	summary, err := sb.Wait(ctx)
	if err != nil {
		if ctx.Err() != nil { // somebody pressed Ctrl-C: that is no failure
			return nil
		}
		return err
	}
	if err := o.Done(summary); err != nil || o.Once {
		return err
	}
	o.Narrate("Look around at " + bot.URL() + " (Ctrl-C ends).")
	<-ctx.Done()
	return nil
}

// sandboxConfig reads a sandbox's configuration as the file of a user is read.
func sandboxConfig(c sandbox.BotConfig, database, listen string) (Config, error) {
	var config Config
	text := c.YAML + fmt.Sprintf("\nstore:\n  url: %q\nserver:\n  listen: %q\n", "sqlite:"+database, listen)
	faults := config.read("sandbox.yaml", []byte(text), filepath.Dir(database), configs.MapEnv(c.Env))
	if len(faults) == 0 {
		return config, nil
	}
	var b strings.Builder
	if err := configs.Render(&b, faults, false); err != nil {
		return config, err
	}
	return config, errors.New("the sandbox's configuration has faults:\n" + b.String())
}

// SandboxOptions say how a sandbox without a bot runs.
type SandboxOptions struct {
	// Dir takes firebreak.yaml and env; empty makes a fresh folder.
	Dir, Store, Bot, Listen, Scenario string
	Speed                             float64
	Seed                              uint64
	Once                              bool
	Narrate                           func(line string)
	Done                              func(Summary) error
}

// RunSandbox runs the stand-ins for a bot in another process until the context ends, or with Once until the story does.
func RunSandbox(ctx context.Context, o SandboxOptions) (err error) {
	if o.Dir == "" {
		o.Dir, err = os.MkdirTemp("", "firebreak-sandbox-")
	} else {
		err = os.MkdirAll(o.Dir, 0o700)
	}
	if err != nil {
		return err
	}
	sb, err := sandbox.Start(ctx, sandbox.Options{
		Scenario: o.Scenario, Speed: o.Speed, Seed: o.Seed, Narrate: o.Narrate, Listen: o.Listen, BotURL: "http://" + o.Bot,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sb.Close()) }()
	if err := writeSandbox(o, sb); err != nil {
		return err
	}
	o.Narrate("Wrote " + filepath.Join(o.Dir, "firebreak.yaml") + " and env; waiting for a bot at http://" + o.Bot)
	summary, err := sb.Wait(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if err := o.Done(summary); err != nil || o.Once {
		return err
	}
	<-ctx.Done()
	return nil
}

// writeSandbox writes what a bot in another process needs. The secrets open nothing but this sandbox.
func writeSandbox(o SandboxOptions, sb *sandbox.Sandbox) error {
	c := sb.Config()
	store := o.Store
	if store == "" {
		store = "sqlite:" + filepath.Join(o.Dir, "firebreak.db")
	}
	text := c.YAML + fmt.Sprintf("\nstore:\n  url: %q\nserver:\n  listen: %q\n", store, o.Bot)
	if err := os.WriteFile(filepath.Join(o.Dir, "firebreak.yaml"), []byte(text), 0o600); err != nil {
		return err
	}
	env := strings.Join(append(c.Environ(), "FIREBREAK_CLOCK="+sb.URLs().Clock, "FIREBREAK_SANDBOX="+sb.URLs().Control), "\n")
	return os.WriteFile(filepath.Join(o.Dir, "env"), []byte(env+"\n"), 0o600)
}
