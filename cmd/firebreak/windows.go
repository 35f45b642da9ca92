package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newWindows() *cobra.Command {
	var service, file, server string
	var at timeFlag
	var require bool
	c := &cobra.Command{
		Use:   "windows [SERVICE]",
		Short: "Tell whether changes are welcome, why, and when that changes next",
		Long: `Tells for each service whether changes are welcome at a moment, what speaks against them, and the instant at which that
changes next. Without --server it judges by the configuration file alone, with the calendars that it names; where the file has
server.url, the freezes of that server are asked for. With --server all of it is asked there.`,
		Example: `  firebreak windows
  firebreak windows support-assistant --at 2026-11-20T15:50:00Z
  firebreak windows --server http://127.0.0.1:8010 --service support-assistant --require-open -o json`,
		Args: atMost(1, "a service, or nothing"),
	}
	f := c.Flags()
	f.StringVar(&service, "service", "", "only of this service")
	f.Var(&at, "at", "the moment, as 2026-11-20T15:04:05Z (now)")
	f.StringVarP(&file, "config", "c", defaultConfig, "configuration file")
	f.StringVar(&server, "server", os.Getenv("FIREBREAK_URL"),
		"ask the running Firebreak at this address instead (FIREBREAK_URL); its token is read from FIREBREAK_TOKEN")
	f.BoolVar(&require, "require-open", false, "exit with 1 unless all are open and all was seen")
	output := addOutput(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			service = args[0]
		}
		if c.Flags().Changed("config") && !c.Flags().Changed("server") {
			server = ""
		}
		found, err := findOpenings(c, server, file, service, at.Time)
		if err != nil {
			return err
		}
		if output.json() {
			err = printJSON(c.OutOrStdout(), map[string]any{"windows": found})
		} else {
			printOpenings(c.OutOrStdout(), found)
		}
		for _, o := range found {
			if err == nil && require && (!o.Open || len(o.Unseen) > 0) {
				return &quietError{exitFailed}
			}
		}
		return err
	}
	return c
}

func findOpenings(c *cobra.Command, server, file, service string, at time.Time) ([]app.Opening, error) {
	if server != "" {
		return app.NewClient(server, os.Getenv("FIREBREAK_TOKEN")).Windows(c.Context(), service, at)
	}
	config, faults := app.LoadConfig(file)
	if len(faults) > 0 {
		if err := app.RenderFaults(c.ErrOrStderr(), faults, colored(c.ErrOrStderr())); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s has %s", file, plural(len(faults), "fault"))
	}
	now := time.Now()
	if at.IsZero() {
		at = now
	}
	return config.Openings(c.Context(), service, at, now)
}

// printOpenings tells of each service in its own zone.
func printOpenings(w io.Writer, found []app.Opening) {
	for i, o := range found {
		if i > 0 {
			fmt.Fprintln(w)
		}
		zone, err := time.LoadLocation(o.Zone)
		if err != nil {
			zone = time.UTC
		}
		moment := func(t time.Time) string { return t.In(zone).Format("Mon 2 Jan 2006 15:04 MST") }
		state, end := "closed", "for more than a year"
		if o.Open {
			state = "open"
		}
		if !o.Until.IsZero() {
			end = "until " + moment(o.Until)
		}
		fmt.Fprintf(w, "%s: at %s it is %s %s\n", app.Visible(o.Service), moment(o.At), state, end)
		for _, r := range o.Reasons {
			fmt.Fprintf(w, "  %s: %s\n", r.Code, app.Visible(r.Sentence))
			if r.Lower != "" {
				fmt.Fprintf(w, "    %s\n", app.Visible(r.Lower))
			}
		}
		if !o.Next.IsZero() && !o.Next.Equal(o.Until) {
			fmt.Fprintf(w, "  the reasons change at %s\n", moment(o.Next))
		}
		for _, what := range o.Unseen {
			fmt.Fprintf(w, "  not seen: %s\n", app.Visible(what))
		}
	}
}
