package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Pins finds the versions that files pin. What it returns is all that is kept of a content.
type Pins interface {
	// Wanted chooses the files that may pin something, the most telling first.
	Wanted(repository string, paths []string) []string
	// Compare tells what became of a file's pins from base to head; nil is a file that does not exist there.
	Compare(repository, path string, base, head []byte) []bot.Input
}

const (
	// maxContents bounds the files that are read of one change, maxContent one of them in bytes, maxTold what is told of all.
	maxContents = 20
	maxTold     = 200
	maxContent  = 1 << 20
)

// completeInputs reads what a merged change did to the pins of its files and tells what could not be asked. A refusal that asking
// again does not mend, as that of a token without the right to read contents, leaves nothing open: it is in the log.
func (c *Client) completeInputs(ctx context.Context, change *bot.Change, base func(ctx context.Context) (string, error)) (incomplete bool) {
	if c.token == nil || c.options.Pins == nil || change.Revision == "" {
		return false
	}
	wanted := c.wanted(change.Repository, change.Paths)
	if len(wanted) == 0 {
		return false
	}
	before, err := base(ctx)
	if err == nil {
		change.Inputs, err = c.inputs(ctx, change.Repository, before, change.Revision, wanted)
	}
	if err == nil {
		return false
	}
	c.options.Logger.WarnContext(ctx, "github: inputs of a change are unknown; reading them takes the permission to read contents",
		"change", change.ID, "error", err)
	fate, _ := playbooks.FateOf(err)
	return fate != playbooks.Permanent
}

// wanted are the files to read: those that may pin something, and whose path goes nowhere else.
func (c *Client) wanted(repository string, paths []string) []string {
	wanted := slices.DeleteFunc(slices.Clone(c.options.Pins.Wanted(repository, paths)), func(path string) bool {
		return path == "" || slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool { return s == "" || s == "." || s == ".." })
	})
	return wanted[:min(len(wanted), maxContents)]
}

// inputs compares the pins of files at two revisions; no base is a beginning. What was read before an error is returned with it.
func (c *Client) inputs(ctx context.Context, repository, base, head string, paths []string) ([]bot.Input, error) {
	owner, name, _ := split(repository)
	var out []bot.Input
	for _, path := range paths {
		var sides [2][]byte
		large := false
		for i, ref := range []string{base, head} {
			if ref == "" {
				continue
			}
			data, _, err := c.rawFile(ctx, owner, name, (&url.URL{Path: path}).EscapedPath(), ref)
			if err != nil {
				return out, fmt.Errorf("read %s at %s: %w", path, ref, err)
			}
			sides[i], large = data, large || len(data) > maxContent
		}
		if !large {
			out = append(out, c.options.Pins.Compare(repository, path, sides[0], sides[1])...)
		}
	}
	return out[:min(len(out), maxTold)], nil
}

// maxDeclared bounds the payload of a deployment that is read, in bytes.
const maxDeclared = 64 << 10

// declared are the versions that the payload of a deployment names.
func (c *Client) declared(repository string, payload json.RawMessage) []bot.Input {
	if c.options.Pins == nil || len(payload) == 0 || len(payload) > maxDeclared {
		return nil
	}
	var text string
	if json.Unmarshal(payload, &text) == nil {
		payload = json.RawMessage(text)
	}
	out := c.options.Pins.Compare(repository, "payload.json", nil, payload)
	for i := range out {
		out[i].Path, out[i].Line = "", 0 // it is no file of the repository
	}
	var labelled struct {
		Inputs map[string]string `json:"inputs"`
	}
	if json.Unmarshal(payload, &labelled) == nil {
		out = append(out, bot.LabelledInputs(labelled.Inputs)...)
	}
	return out
}

// baseOf is the commit that a pull request was merged onto. Of a merge commit and of a squashed one that is the first parent; a
// rebased pull request lies below as many commits as it had.
func (c *Client) baseOf(ctx context.Context, change bot.Change, commits int) (string, error) {
	owner, name, _ := split(change.Repository)
	call := c.rest.Repeatable()
	merge, _, err := c.api(call).Git.GetCommit(ctx, owner, name, change.Revision)
	if err != nil {
		return "", failure(call, err)
	}
	switch {
	case len(merge.Parents) == 0:
		return "", nil
	case len(merge.Parents) > 1 || commits <= 1 || commits >= 100 || mergedNumber(merge.GetMessage()) == change.Number:
		return merge.Parents[0].GetSHA(), nil
	}
	call = c.rest.Repeatable()
	below, _, err := c.api(call).Repositories.ListCommits(ctx, owner, name, &gh.CommitsListOptions{
		SHA: change.Revision, ListOptions: gh.ListOptions{PerPage: commits + 1},
	})
	if err != nil {
		return "", failure(call, err)
	}
	for i, commit := range below {
		// What names a pull request, or has two parents, is not part of this one: it was squashed after all.
		if i == commits || i > 0 && (len(commit.Parents) > 1 || mergedNumber(commit.GetCommit().GetMessage()) > 0) {
			return commit.GetSHA(), nil
		}
	}
	return merge.Parents[0].GetSHA(), nil
}

// PullInputs tells what landing a pull request, as Pull read it, would do to the pins of its files: from where it branched off to its
// head.
func (c *Client) PullInputs(ctx context.Context, change bot.Change) ([]bot.Input, error) {
	if c.options.Pins == nil {
		return nil, nil
	}
	wanted := c.wanted(change.Repository, change.Paths)
	owner, name, ok := split(change.Repository)
	if len(wanted) == 0 || !ok || change.Revision == "" || change.Branch == "" {
		return nil, nil
	}
	call := c.rest.Repeatable()
	compared, _, err := c.api(call).Repositories.CompareCommits(ctx, owner, name, change.Branch, change.Revision, &gh.ListOptions{PerPage: 1})
	if err != nil {
		return nil, failure(call, err)
	}
	return c.inputs(ctx, change.Repository, compared.GetMergeBaseCommit().GetSHA(), change.Revision, wanted)
}
