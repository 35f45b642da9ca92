package github

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gh "github.com/google/go-github/v62/github"
	"golang.org/x/sync/errgroup"

	"github.com/firebreak-dev/firebreak/bot"
)

// Ping tells whether GitHub can be reached, by the one question that counts against no limit.
func (c *Client) Ping(ctx context.Context) error {
	call := c.rest.Repeatable()
	if _, _, err := c.api(call).RateLimit.Get(ctx); err != nil {
		return failure(call, err)
	}
	return nil
}

// OpenPull reads a pull request as it stands: head, files, labels, who was asked for a review and who gave one.
func (c *Client) OpenPull(ctx context.Context, repository string, number int) (bot.Pull, error) {
	owner, name, ok := split(repository)
	if !ok || number <= 0 {
		return bot.Pull{}, bot.Errorf(bot.Invalid, "%s#%d is no pull request", repository, number)
	}
	call := c.rest.Repeatable()
	pr, _, err := c.api(call).PullRequests.Get(ctx, owner, name, number)
	if err != nil {
		return bot.Pull{}, fmt.Errorf("read %s#%d: %w", repository, number, failure(call, err))
	}
	out := pullOf(repository, number, pr)
	var seen reviews
	together, ctx := errgroup.WithContext(ctx)
	together.Go(func() (err error) {
		if out.Files, err = c.files(ctx, owner, name, number); err != nil {
			return fmt.Errorf("read the files of %s#%d: %w", repository, number, err)
		}
		return nil
	})
	together.Go(func() (err error) {
		if seen, err = c.reviewsOf(ctx, owner, name, number); err != nil {
			return fmt.Errorf("read the reviews of %s#%d: %w", repository, number, err)
		}
		return nil
	})
	together.Go(func() error {
		out.Committed = c.committedAt(ctx, owner, name, out.Change.Revision)
		return nil
	})
	if err := together.Wait(); err != nil {
		return bot.Pull{}, err
	}
	out.Change.Paths = pathsOfFiles(out.Files)
	out.Change.Reviewers, out.Reviewed = seen.approvers(out.Change.Author), seen.approved
	out.Asked = append(askedOf(owner, pr), seen.by...)
	return out, nil
}

func pullOf(repository string, number int, pr *gh.PullRequest) bot.Pull {
	out := bot.Pull{
		Total: pr.GetChangedFiles(), Lines: pr.GetAdditions() + pr.GetDeletions(), Draft: pr.GetDraft(),
		Closed: pr.GetState() == "closed", Merged: pr.GetMerged(),
		Fork: !strings.EqualFold(pr.GetHead().GetRepo().GetFullName(), repository),
		Change: bot.Change{
			ID: pullID(repository, number), Source: "github", Repository: repository, Number: number, Title: title(pr.GetTitle()), URL: webURL(pr.GetHTMLURL()),
			Author: pr.GetUser().GetLogin(), Revision: pr.GetHead().GetSHA(), Branch: pr.GetBase().GetRef(), Handle: pr.GetNodeID(),
			Reverts:  revertedPull(repository, pr.GetBody(), pr.GetHead().GetRef()),
			MergedAt: pr.GetMergedAt().Time,
		},
	}
	for _, l := range pr.Labels {
		out.Labels = append(out.Labels, l.GetName())
	}
	return out
}

// files lists the changed files, with the first changed line of each.
func (c *Client) files(ctx context.Context, owner, name string, number int) ([]bot.PullFile, error) {
	var all []bot.PullFile
	options := &gh.ListOptions{PerPage: 100}
	for range maxPages {
		call := c.rest.Repeatable()
		files, resp, err := c.api(call).PullRequests.ListFiles(ctx, owner, name, number, options)
		if err != nil {
			return nil, failure(call, err)
		}
		for _, f := range files {
			all = append(all, bot.PullFile{
				Path: f.GetFilename(), Previous: f.GetPreviousFilename(), Removed: f.GetStatus() == "removed", Line: firstChanged(f.GetPatch()),
			})
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	return all, nil
}

func pathsOfFiles(files []bot.PullFile) []string {
	var all []string
	for _, f := range files {
		all = append(all, f.Path)
		if f.Previous != "" {
			all = append(all, f.Previous)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), maxPaths)]
}

var hunk = regexp.MustCompile(`^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@`)

// firstChanged is the first line of the new file that a patch touches, zero where the patch does not tell.
func firstChanged(patch string) int {
	line := 0
	for text := range strings.SplitSeq(patch, "\n") {
		if m := hunk.FindStringSubmatch(text); m != nil {
			if line > 0 {
				return line // a hunk without a changed line is none that Git writes
			}
			line, _ = strconv.Atoi(m[1])
			continue
		}
		switch {
		case line == 0 && !strings.HasPrefix(text, "@@"):
			continue
		case strings.HasPrefix(text, "+"), strings.HasPrefix(text, "-"):
			return max(1, line)
		default:
			line++
		}
	}
	return 0
}

// reviews are what people said of a pull request.
type reviews struct {
	// state is the last word of each that counts.
	state map[string]string
	// by are all who gave a review, approved is when the newest approval was given.
	by       []string
	approved time.Time
}

func (c *Client) reviewsOf(ctx context.Context, owner, name string, number int) (reviews, error) {
	out := reviews{state: map[string]string{}}
	options := &gh.ListOptions{PerPage: 100}
	for range maxPages {
		call := c.rest.Repeatable()
		page, resp, err := c.api(call).PullRequests.ListReviews(ctx, owner, name, number, options)
		if err != nil {
			return out, failure(call, err)
		}
		for _, r := range page {
			out.take(r)
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	return out, nil
}

// take reads one review. A later dismissal or request for changes takes an approval back; a comment does not.
func (s *reviews) take(r *gh.PullRequestReview) {
	who := r.GetUser().GetLogin()
	if who == "" {
		return
	}
	if !slices.Contains(s.by, who) {
		s.by = append(s.by, who)
	}
	switch state := r.GetState(); state {
	case "APPROVED":
		s.state[who] = state
		if at := r.GetSubmittedAt().Time; at.After(s.approved) {
			s.approved = at
		}
	case "DISMISSED", "CHANGES_REQUESTED":
		s.state[who] = state
	}
}

// approvers are those whose approval stands, without the author.
func (s *reviews) approvers(author string) []string {
	var out []string
	for who, state := range s.state {
		if state == "APPROVED" && !strings.EqualFold(who, author) {
			out = append(out, who)
		}
	}
	slices.Sort(out)
	return out
}
