package github

import (
	"context"
	"fmt"
	"slices"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/bot"
)

// Pull is a pull request as far as a judgement needs it.
type Pull struct {
	Change       bot.Change
	Files, Lines int
	// Committed is when its head was made, Reviewed when it was last approved; zero where that is not known.
	Committed, Reviewed time.Time
	// Asked are those who were asked for a review, and those who gave one of whatever kind; teams are org/team.
	Asked []string
}

// Pull reads a pull request: its head, its paths, who approved it and when.
func (c *Client) Pull(ctx context.Context, repository string, number int) (Pull, error) {
	owner, name, ok := split(repository)
	if !ok || number <= 0 {
		return Pull{}, bot.Errorf(bot.Invalid, "%s#%d is no pull request", repository, number)
	}
	call := c.rest.Repeatable()
	pr, _, err := c.api(call).PullRequests.Get(ctx, owner, name, number)
	if err != nil {
		return Pull{}, fmt.Errorf("read %s#%d: %w", repository, number, failure(call, err))
	}
	out := Pull{Files: pr.GetChangedFiles(), Lines: pr.GetAdditions() + pr.GetDeletions()}
	out.Change = bot.Change{
		ID: pullID(repository, number), Source: "github", Repository: repository, Number: number, Title: pr.GetTitle(), URL: pr.GetHTMLURL(),
		Author: pr.GetUser().GetLogin(), Revision: pr.GetHead().GetSHA(), Branch: pr.GetBase().GetRef(),
	}
	if out.Change.Paths, err = c.paths(ctx, owner, name, number); err != nil {
		return Pull{}, fmt.Errorf("read the files of %s#%d: %w", repository, number, err)
	}
	if out.Change.Reviewers, err = c.reviewers(ctx, owner, name, number, out.Change.Author); err != nil {
		return Pull{}, fmt.Errorf("read the reviews of %s#%d: %w", repository, number, err)
	}
	var answered []string
	out.Reviewed, answered = c.reviewed(ctx, owner, name, number)
	out.Asked = append(askedOf(owner, pr), answered...)
	out.Committed = c.committedAt(ctx, owner, name, out.Change.Revision)
	return out, nil
}

// reviewed is when the newest approval was given, zero where that cannot be told, and who gave a review of whatever kind.
func (c *Client) reviewed(ctx context.Context, owner, name string, number int) (last time.Time, by []string) {
	options := &gh.ListOptions{PerPage: 100}
	for range maxPages {
		call := c.rest.Repeatable()
		reviews, resp, err := c.api(call).PullRequests.ListReviews(ctx, owner, name, number, options)
		if err != nil {
			return time.Time{}, by
		}
		for _, r := range reviews {
			if who := r.GetUser().GetLogin(); who != "" && !slices.Contains(by, who) {
				by = append(by, who)
			}
			if at := r.GetSubmittedAt().Time; r.GetState() == "APPROVED" && at.After(last) {
				last = at
			}
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	return last, by
}

// committedAt is when a commit was made, zero where that cannot be told.
func (c *Client) committedAt(ctx context.Context, owner, name, revision string) time.Time {
	call := c.rest.Repeatable()
	commit, _, err := c.api(call).Git.GetCommit(ctx, owner, name, revision)
	if err != nil {
		return time.Time{}
	}
	return commit.GetCommitter().GetDate().Time
}
