package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot/suspect/cases"
)

// patience bounds how long casegen may be built and run.
const patience = 5 * time.Minute

// generate has casegen make cases in its own world, seeds 1 to 5.
func generate(folder string, n int, errs io.Writer) ([]cases.Case, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	place, err := os.MkdirTemp("", "casegen-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(place) }()
	binary := filepath.Join(place, "casegen")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".") // #nosec G204 -- a folder of our own making
	build.Dir, build.Stderr = folder, errs
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build casegen: %w", err)
	}
	var out []cases.Case
	for seed := 1; seed <= 5; seed++ {
		fmt.Fprintf(errs, "casegen makes %d cases of seed %d\n", n, seed)
		maker := exec.CommandContext(ctx, binary, "-world", filepath.Join(folder, "world.json"), "-seed", strconv.Itoa(seed), "-n", strconv.Itoa(n)) // #nosec G204 -- built above
		var made bytes.Buffer
		maker.Stdout, maker.Stderr = &made, errs
		if err := maker.Run(); err != nil {
			return nil, fmt.Errorf("run casegen: %w", err)
		}
		read, err := cases.Read(&made)
		if err != nil {
			return nil, fmt.Errorf("read casegen's cases: %w", err)
		}
		for i := range read {
			read[i].ID = fmt.Sprintf("seed-%d/%s", seed, read[i].ID)
		}
		out = append(out, read...)
	}
	return out, nil
}

// issue is an injected change of PetShop and the alarm that it raised.
type issue struct {
	name    string
	target  string
	metric  string
	alarm   time.Time
	cause   string
	command string
}

// petShop makes a case of each of PetShop's issues: its alarm, its injected change some minutes before, and as decoys the changes of
// all its other issues, at random times of the day before. When a change was injected the data does not say; five to ten minutes
// before the alarm is its protocol.
func petShop(folder string) ([]cases.Case, error) {
	issues, err := petIssues(folder)
	if err != nil {
		return nil, err
	}
	calls, err := callGraph(folder)
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(1, 1)) // #nosec G404 -- the same decoys each time
	var out []cases.Case
	for _, is := range issues {
		c := cases.Case{
			ID: is.name, OpenedAt: is.alarm, Service: is.target, Signal: is.metric, Depends: calls[is.target],
			Onset: is.alarm.Add(-3 * time.Minute), Early: is.alarm.Add(-6 * time.Minute), Late: is.alarm,
		}
		for _, other := range issues {
			ch := cases.Change{ID: other.name, Kind: kindOfCommand(other.command), Services: []string{other.cause}, Environment: "production", Exposure: 1, Reviewed: true, InWindow: true}
			if other.name == is.name {
				ch.EffectiveAt = is.alarm.Add(-5*time.Minute - time.Duration(r.IntN(300))*time.Second)
				c.Truth = ch.ID
			} else {
				ch.EffectiveAt = is.alarm.Add(-time.Duration(r.IntN(24*3600)) * time.Second)
			}
			ch.MergedAt = ch.EffectiveAt
			c.Told = append(c.Told, ch)
		}
		out = append(out, c)
	}
	return out, nil
}

func kindOfCommand(command string) string {
	switch {
	case strings.Contains(command, "put-parameter"):
		return "config"
	case strings.Contains(command, "sed ") || strings.Contains(command, "deploy") || strings.Contains(command, "git"):
		return "code"
	default:
		return "infrastructure"
	}
}

func petIssues(folder string) ([]issue, error) {
	var out []issue
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() != "target.json" {
			return err
		}
		data, err := os.ReadFile(path) // #nosec G304 G122 -- below the folder that the user names
		if err != nil {
			return err
		}
		var doc struct {
			Target struct {
				Node, Metric string
				Timestamp    int64
			}
			RootCause struct{ Node string } `json:"root_cause"`
			Metadata  struct {
				Reproducibility struct{ Command string }
			}
		}
		if err := json.Unmarshal(data, &doc); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		name, err := filepath.Rel(folder, filepath.Dir(path))
		if err != nil {
			return err
		}
		metric := doc.Target.Metric
		if metric == "availability" {
			metric = "error_ratio" // of an availability that falls, the errors rise
		}
		out = append(out, issue{
			name: filepath.ToSlash(name), target: doc.Target.Node, metric: metric, alarm: time.Unix(doc.Target.Timestamp, 0).UTC(),
			cause: doc.RootCause.Node, command: doc.Metadata.Reproducibility.Command,
		})
		return nil
	})
	slices.SortFunc(out, func(a, b issue) int { return strings.Compare(a.name, b.name) })
	return out, err
}

// callGraph reads who calls whom: a matrix with a row for each caller.
func callGraph(folder string) (map[string][]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*", "graph.csv"))
	if err != nil || len(files) == 0 {
		return nil, err
	}
	f, err := os.Open(files[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s: %w", files[0], err)
	}
	out := map[string][]string{}
	for _, row := range rows[1:] {
		for i, cell := range row[1:] {
			if v, err := strconv.ParseFloat(cell, 64); err == nil && v > 0 {
				out[row[0]] = append(out[row[0]], rows[0][i+1])
			}
		}
	}
	return out, nil
}
