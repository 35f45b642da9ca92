package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func newChange() *cobra.Command {
	c := &cobra.Command{
		Use:   "change",
		Short: "Tell the ledger of a change",
		Args:  exactly(0, "record"),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newRecord())
	return c
}

func newRecord() *cobra.Command {
	var r app.Record
	var kind string
	var pinned []string
	var at, merged timeFlag
	c := &cobra.Command{
		Use:   "record",
		Short: "Tell a running Firebreak of a change, from a script",
		Long: `Tells a running Firebreak of a change that no integration hears of: a corpus that was indexed anew, a price, a model that was
switched by hand. The same --id again updates the change.`,
		Example: `  firebreak change record --kind retrieval --title "corpus 2026-11-20 indexed" --service support-assistant
  firebreak change record --title "support on the November model" --input model:support-chat=gpt-4o-2024-11-20 --service support-assistant
  firebreak change record --kind model --title "gpt-5 for support" --id release-17 --revision 17 --environment production --at 2026-11-20T15:04:05Z`,
		Args: exactly(0, "no arguments"),
	}
	f := c.Flags()
	f.StringVar(&kind, "kind", "", "kind of change, as prompt, model, retrieval; may be left out with --path or --input")
	f.StringVar(&r.Title, "title", "", "what was changed, in a line")
	f.StringArrayVar(&r.Services, "service", nil, "service that it touches; may be repeated")
	f.StringVar(&r.ID, "id", "", "what makes it the same change when it is told again; made from the rest when left out")
	f.StringVar(&r.Source, "source", "", `who tells, as "reindex-job" ("script")`)
	f.StringVar(&r.Repository, "repository", "", "owner/name of the repository that it comes from")
	f.StringVar(&r.Revision, "revision", "", "version, commit or digest")
	f.StringArrayVar(&r.Paths, "path", nil, "path that it touches; may be repeated")
	f.StringArrayVar(&pinned, "input", nil, "version of an input that it brings, as model:support-chat=gpt-4o-2024-11-20; may be repeated")
	f.StringVar(&r.Author, "author", "", "who did it")
	f.StringVar(&r.URL, "url", "", "where to look at it")
	f.StringVar(&r.Environment, "environment", "", "where it took effect")
	f.Float64Var(&r.Exposure, "exposure", 0, "share of traffic that it serves, between 0 and 1")
	f.StringVar(&r.Reverts, "reverts", "", "ID of the change that it undoes")
	f.Var(&at, "at", "when it began to serve, as 2026-11-20T15:04:05Z (now)")
	f.Var(&merged, "merged", "when it was accepted")
	client, output := addServer(c), addOutput(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if r.Title == "" || (kind == "" && len(r.Paths) == 0 && len(pinned) == 0) {
			return &usageError{c.CommandPath(), errors.New("wants --title, and --kind or --path or --input")}
		}
		for _, text := range pinned {
			in, err := app.ParseInput(text)
			if err != nil {
				return &usageError{c.CommandPath(), err}
			}
			r.Inputs = append(r.Inputs, in)
		}
		r.Kind = app.Kind(kind)
		r.EffectiveAt, r.MergedAt = at.Time, merged.Time
		recorded, err := client().Record(c.Context(), r)
		if err != nil {
			return err
		}
		if output.json() {
			return printJSON(c.OutOrStdout(), recorded)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", recorded.Result, app.Visible(recorded.Change))
		return err
	}
	return c
}

// timeFlag is a time as RFC 3339.
type timeFlag struct{ time.Time }

func (t *timeFlag) String() string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func (t *timeFlag) Type() string { return "time" }

func (t *timeFlag) Set(text string) (err error) {
	t.Time, err = time.Parse(time.RFC3339, text)
	if err != nil {
		return errors.New("not a time like 2026-11-20T15:04:05Z")
	}
	return nil
}

// sinceFlag is a time as RFC 3339, or a stretch before now, as 24h or 7d.
type sinceFlag struct {
	at   timeFlag
	back time.Duration
}

func (s *sinceFlag) String() string {
	if s.back > 0 {
		return s.back.String()
	}
	return s.at.String()
}

func (s *sinceFlag) Type() string { return "since" }

func (s *sinceFlag) Set(text string) error {
	if days, is := strings.CutSuffix(text, "d"); is {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 10000 {
			s.back = time.Duration(n) * 24 * time.Hour
			return nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		s.back = d
		return nil
	}
	if s.at.Set(text) != nil {
		return errors.New("neither a time like 2026-11-20T15:04:05Z nor how far back, like 24h or 7d")
	}
	return nil
}

// time is the moment that is meant; zero where nothing was said.
func (s *sinceFlag) time(now time.Time) time.Time {
	if s.back > 0 {
		return now.Add(-s.back)
	}
	return s.at.Time
}
