package app

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
)

func TestInputsInForceAreFoundInTheLedger(t *testing.T) {
	ctx := t.Context()
	db, err := store.Open(ctx, store.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "firebreak.db")}, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	config := Config{Services: []ServiceConfig{
		{Name: "support", Repositories: []bot.Repository{{Name: "acme/assistants", Paths: []string{"support/**"}}}, Environments: []string{"staging", "production"}},
		{Name: "search", Repositories: []bot.Repository{{Name: "acme/assistants", Paths: []string{"search/**"}}}},
	}}
	s := stock{&App{db: db, config: config}}
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	rules, err := newRules(config)
	if err != nil {
		t.Fatal(err)
	}
	put := func(c bot.Change) {
		t.Helper()
		c.Seen = c.At()
		if _, err := db.PutChange(ctx, rules.Classify(c)); err != nil {
			t.Fatal(err)
		}
	}
	merge := func(n int, path string, was, is string) {
		put(bot.Change{
			ID: fmt.Sprintf("#%d", n), Source: "github", Repository: "acme/assistants", Revision: fmt.Sprintf("r%d", n), Branch: "main", Title: "x",
			MergedAt: noon.Add(time.Duration(n) * time.Minute), Paths: []string{path},
			Inputs: []bot.Input{{Kind: bot.Model, Name: "model", Path: path, Line: 1, Old: was, New: is}},
		})
	}
	merge(1, "support/app.yaml", "", "a")
	merge(2, "support/app.yaml", "a", "b")
	merge(3, "search/app.yaml", "", "z")
	put(bot.Change{ // code: its deployment carries what was merged before
		ID: "#4", Source: "github", Repository: "acme/assistants", Revision: "r4", Branch: "main", MergedAt: noon.Add(4 * time.Minute), Paths: []string{"support/main.go"},
	})
	for _, d := range []bot.Deployment{
		{Revision: "r1", Environment: "production", At: noon.Add(90 * time.Second)}, {Revision: "r4", Environment: "staging", At: noon.Add(5 * time.Minute)},
	} {
		d.Repository, d.Succeeded = "acme/assistants", true
		if _, err := db.Deployed(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	versions := func(service string, at time.Time) map[string]string {
		t.Helper()
		found, err := s.InForce(ctx, service, at)
		if err != nil || !found.Back.IsZero() {
			t.Fatal(found, err)
		}
		out := map[string]string{}
		for _, in := range found.Inputs {
			out[in.Service+" "+in.Environment] = in.Version
		}
		return out
	}
	late := noon.Add(time.Hour)
	for _, tt := range []struct {
		service string
		at      time.Time
		want    map[string]string
	}{
		{"support", late, map[string]string{"support staging": "b", "support production": "a"}},
		{"support", noon.Add(3 * time.Minute), map[string]string{"support production": "a"}},
		{"", late, map[string]string{"support staging": "b", "support production": "a", "search staging": "z"}},
		{"search", noon, map[string]string{}},
	} {
		if d := cmp.Diff(tt.want, versions(tt.service, tt.at)); d != "" {
			t.Errorf("%q at %s (-want +got):\n%s", tt.service, tt.at, d)
		}
	}
	differ, err := s.InputsDiffer(ctx, "support", late, "staging", "production")
	if err != nil || len(differ.Differences) != 1 || differ.Differences[0].Sentence != "b in staging, a in production" {
		t.Errorf("%+v, %v", differ, err)
	}
	if _, err := s.InForce(ctx, "nobody", late); bot.CodeOf(err) != bot.NotFound {
		t.Errorf("an unknown service is %v", err)
	}
	// Pages join where many changes share an instant.
	for i := range 1100 {
		put(bot.Change{
			ID: fmt.Sprintf("rec-%04d", i), Source: "script", Title: "x", Services: []string{"search"}, EffectiveAt: late.Add(time.Duration(i/600) * time.Minute),
			Inputs: []bot.Input{{Kind: bot.Price, Name: fmt.Sprint(i), New: "1"}},
		})
	}
	found, err := s.InForce(ctx, "search", late.Add(time.Hour))
	if err != nil || len(found.Inputs) != 1101 || !found.Back.IsZero() {
		t.Errorf("%d inputs, back to %s, %v", len(found.Inputs), found.Back, err)
	}
}
