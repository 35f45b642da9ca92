package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/owners"
	"github.com/firebreak-dev/firebreak/bot/risk"
)

// checkout asks git about a folder.
type checkout struct{ dir string }

const (
	// gitWithin bounds one question to git, mostGit its answer.
	gitWithin = 30 * time.Second
	mostGit   = 32 << 20
	// mostChanged bounds the paths that are judged, as GitHub's list does.
	mostChanged = 3000
)

// landing is what lies between two revisions, what head has that base does not, and who owns it by the base.
func (c checkout) landing(ctx context.Context, base, head, repository string) (toLand, error) {
	change, facts, err := c.change(ctx, base, head, repository)
	if err != nil {
		return toLand{}, err
	}
	file, err := c.owners(ctx, base)
	if err != nil {
		return toLand{}, err
	}
	facts.Owners = true
	return toLand{change, facts, file}, nil
}

// owners reads CODEOWNERS as it stands at a revision; without the file nobody owns anything.
func (c checkout) owners(ctx context.Context, revision string) (owners.File, error) {
	commit, err := c.git(ctx, "rev-parse", "--verify", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return owners.File{}, fmt.Errorf("the base %q: %w", revision, err)
	}
	for _, path := range owners.Places() {
		object := strings.TrimSpace(commit) + ":" + path
		size, err := c.git(ctx, "cat-file", "-s", object)
		if err != nil {
			continue // there is none here
		}
		if n, _ := strconv.Atoi(strings.TrimSpace(size)); n > owners.MaxSize {
			return owners.Parse(make([]byte, owners.MaxSize+1)), nil
		}
		text, err := c.git(ctx, "cat-file", "blob", object)
		if err != nil {
			continue // a folder of that name
		}
		return owners.Parse([]byte(text)), nil
	}
	return owners.File{}, nil
}

// change is what lies between two revisions: what head has that base does not.
func (c checkout) change(ctx context.Context, base, head, repository string) (bot.Change, risk.Facts, error) {
	var facts risk.Facts
	tip, err := c.git(ctx, "rev-parse", "--verify", "--end-of-options", head+"^{commit}")
	if err != nil {
		return bot.Change{}, facts, fmt.Errorf("the head %q: %w", head, err)
	}
	fork, err := c.git(ctx, "merge-base", "--end-of-options", base, head)
	if err != nil {
		return bot.Change{}, facts, fmt.Errorf("the base %q: %w; is the checkout shallow?", base, err)
	}
	told, err := c.git(ctx, "log", "-1", "--format=%ct%x00%an%x00%s", strings.TrimSpace(tip))
	if err != nil {
		return bot.Change{}, facts, err
	}
	said := strings.SplitN(strings.TrimSpace(told), "\x00", 3)
	changed, err := c.git(ctx, "diff", "--numstat", "-z", "-M", strings.TrimSpace(fork), strings.TrimSpace(tip))
	if err != nil {
		return bot.Change{}, facts, err
	}
	if repository == "" {
		repository = c.origin(ctx)
	}
	change := bot.Change{
		ID: "git:" + strings.TrimSpace(tip), Source: "git", Repository: repository, Revision: strings.TrimSpace(tip),
	}
	if len(said) == 3 {
		seconds, err := strconv.ParseInt(said[0], 10, 64)
		if err == nil {
			facts.Committed = time.Unix(seconds, 0).UTC()
		}
		change.Author, change.Title = said[1], said[2]
	}
	change.Paths, facts.Lines = numstat(changed)
	facts.Files = len(change.Paths)
	return change, facts, nil
}

// numstat reads git's list of changed files: added, deleted and path; of a renamed one both paths follow.
func numstat(text string) (paths []string, lines int) {
	fields := strings.Split(text, "\x00")
	for i := 0; i < len(fields) && len(paths) < mostChanged; i++ {
		part := strings.SplitN(fields[i], "\t", 3)
		if len(part) != 3 {
			continue
		}
		for _, n := range part[:2] {
			if v, err := strconv.Atoi(n); err == nil { // a binary file has a dash
				lines += v
			}
		}
		if part[2] != "" {
			paths = append(paths, part[2])
			continue
		}
		for range 2 {
			if i+1 < len(fields) {
				i++
				paths = append(paths, fields[i])
			}
		}
	}
	return paths, lines
}

var remote = regexp.MustCompile(`[:/]([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+?)(?:\.git)?/?$`)

// origin is owner/name of the remote, empty where it cannot be told.
func (c checkout) origin(ctx context.Context) string {
	address, err := c.git(ctx, "config", "--get", "remote.origin.url")
	if err != nil {
		return ""
	}
	if m := remote.FindStringSubmatch(strings.TrimSpace(address)); m != nil {
		return m[1]
	}
	return ""
}

func (c checkout) git(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, gitWithin)
	defer cancel()
	command := exec.CommandContext(ctx, "git", append([]string{"-C", c.dir}, args...)...) // #nosec G204 -- revisions come behind --end-of-options
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	if err := command.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", errors.New("git is not installed")
		}
		if text := strings.TrimSpace(said.String()); text != "" {
			return "", errors.New(text)
		}
		return "", err
	}
	if out.Len() > mostGit {
		return "", fmt.Errorf("git's answer is larger than %d MiB", mostGit>>20)
	}
	return out.String(), nil
}
