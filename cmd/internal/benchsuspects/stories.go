package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

const (
	// atOnce is how many stories are told at a time: the clocks run fast, and a bot that gets no processor is late by minutes of its own.
	atOnce = 2
	// longest is how long a story may take.
	longest = 3 * time.Minute
)

// story is what came of one, told by the whole bot.
type story struct {
	app.Summary
	// Broken are the promises that were not kept.
	Broken []string `json:"broken"`
}

// tellStories has the whole bot live through stories, and gives what came of them in the same order.
func tellStories(ctx context.Context, names []string, errs io.Writer) ([]story, error) {
	out, faults := make([]story, len(names)), make([]error, len(names))
	next := make(chan int)
	var told sync.WaitGroup
	for range atOnce {
		told.Go(func() {
			for i := range next {
				out[i], faults[i] = tell(ctx, names[i])
			}
		})
	}
	for i, name := range names {
		next <- i
		fmt.Fprintf(errs, "telling %s\n", name)
	}
	close(next)
	told.Wait()
	for i, err := range faults {
		if err != nil {
			return nil, fmt.Errorf("the story %s: %w", names[i], err)
		}
	}
	return out, nil
}

func tell(ctx context.Context, name string) (s story, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, longest, fmt.Errorf("it took longer than %s", longest))
	defer cancel()
	ended := false
	err = app.Demo(ctx, app.DemoOptions{
		Scenario: name, Once: true, Listen: "127.0.0.1:0", LogLevel: "error", Log: io.Discard, Version: "bench",
		Narrate: func(string) {},
		Done: func(summary app.Summary) error {
			s.Summary, ended = summary, true
			return nil
		},
	})
	if err == nil && !ended {
		err = context.Cause(ctx)
	}
	s.Broken = []string{}
	for _, p := range s.Promises {
		if !p.Kept {
			s.Broken = append(s.Broken, p.Sentence)
		}
	}
	return s, err
}

// printStories prints a row for each story: what was held of the cause when people were told, and in the end.
func printStories(out io.Writer, stories []story) error {
	fmt.Fprintf(out, "\n%d stories through the whole bot\n", len(stories))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "story\twhat did it\tnamed when opened\trank\tnamed in the end\trank\tpages\tcards\tbroken")
	for _, s := range stories {
		broken := strings.Join(s.Broken, "; ")
		if broken == "" {
			broken = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n",
			s.Scenario, s.Truth, named(s.First), place(s.First), named(s.Last), place(s.Last), s.Pages, s.Cards, broken)
	}
	return w.Flush()
}

// named is the likelier of the first suspect and "none of these", in words.
func named(n app.Named) string {
	switch {
	case n.Change == "" && n.None == 0:
		return "-"
	case n.SaidNone:
		return fmt.Sprintf("none of these %.2f", n.None)
	default:
		return fmt.Sprintf("%s %.2f", short(n.Change), n.Probability)
	}
}

// short leaves the source and the owner off the name of a change: the rest tells it apart in a story.
func short(change string) string {
	_, name, _ := strings.Cut(change, ":")
	if _, after, found := strings.Cut(name, "/"); found {
		name = after
	}
	return name
}

func place(n app.Named) string {
	if n.TruthRank == 0 {
		return "-"
	}
	return fmt.Sprint(n.TruthRank)
}
