package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/classify"
	"github.com/firebreak-dev/firebreak/bot/inputs"
	"github.com/firebreak-dev/firebreak/integrations/github"
)

// pins finds versions in files, by what the rules say that a path is.
type pins struct{ rules []classify.Rule }

var _ github.Pins = pins{}

func (c Config) pins() pins { return pins{c.Classify.WithDefaults()} }

// Wanted are the files that may pin something, inputs themselves before what is configuration or infrastructure. Code is not read.
func (p pins) Wanted(repository string, paths []string) []string {
	type file struct {
		path string
		rank int
	}
	var found []file
	for _, path := range paths {
		kind := classify.KindOf(p.rules, repository, path)
		if kind == "" || kind == bot.Code || !inputs.Readable(path) {
			continue
		}
		rank := slices.Index(bot.InputKinds(), kind)
		if rank < 0 {
			rank = len(bot.InputKinds())
		}
		found = append(found, file{path, rank})
	}
	slices.SortStableFunc(found, func(a, b file) int { return cmp.Compare(a.rank, b.rank) })
	out := make([]string, 0, len(found))
	for _, f := range found {
		out = append(out, f.path)
	}
	return out
}

// Compare tells what became of a file's pins.
func (p pins) Compare(repository, path string, base, head []byte) []bot.Input {
	return inputs.Compare(classify.KindOf(p.rules, repository, path), path, base, head)
}

// mostRead bounds the files of a change whose pins are read, as for a change that GitHub tells of.
const mostRead = 20

// inputs are the pins of a change's files, from where head left base to head. It is never nil: that would be not having looked.
func (c checkout) inputs(ctx context.Context, base string, change bot.Change, p pins) ([]bot.Input, error) {
	out := []bot.Input{}
	wanted := p.Wanted(change.Repository, change.Paths)
	if len(wanted) == 0 {
		return out, nil
	}
	fork, err := c.git(ctx, "merge-base", "--end-of-options", base, change.Revision)
	if err != nil {
		return nil, fmt.Errorf("the base %q: %w", base, err)
	}
	for _, path := range wanted[:min(len(wanted), mostRead)] {
		before, large := c.blob(ctx, strings.TrimSpace(fork), path)
		after, larger := c.blob(ctx, change.Revision, path)
		if !large && !larger {
			out = append(out, p.Compare(change.Repository, path, before, after)...)
		}
	}
	return out, nil
}

// blob is a file at a revision, nil where there is none; one that is too large is not read.
func (c checkout) blob(ctx context.Context, revision, path string) (text []byte, large bool) {
	object := revision + ":" + path
	size, err := c.git(ctx, "cat-file", "-s", object)
	if err != nil {
		return nil, false
	}
	if n, err := strconv.Atoi(strings.TrimSpace(size)); err != nil || n > inputs.MaxSize {
		return nil, true
	}
	content, err := c.git(ctx, "cat-file", "blob", object)
	if err != nil {
		return nil, false // a folder, or a submodule
	}
	return []byte(content), false
}
