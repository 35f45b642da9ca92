package github

import (
	"context"
	"time"

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
	p, err := c.OpenPull(ctx, repository, number)
	if err != nil {
		return Pull{}, err
	}
	return Pull{Change: p.Change, Files: p.Total, Lines: p.Lines, Committed: p.Committed, Reviewed: p.Reviewed, Asked: p.Asked}, nil
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
