package github

import (
	"context"
	"strings"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/bot"
)

// complete asks the API for what a webhook does not tell: paths and reviewers, and the versions that its files pin. It returns what
// could not be asked.
func (c *Client) complete(ctx context.Context, change *bot.Change, commits int) (incomplete string) {
	owner, name, _ := split(change.Repository)
	var missing []string
	paths, err := c.paths(ctx, owner, name, change.Number)
	if err != nil {
		c.options.Logger.WarnContext(ctx, "github: paths of a change are unknown", "change", change.ID, "error", err)
		missing = append(missing, "paths")
	}
	change.Paths = paths
	reviewers, err := c.reviewers(ctx, owner, name, change.Number, change.Author)
	if err != nil {
		c.options.Logger.WarnContext(ctx, "github: reviewers of a change are unknown", "change", change.ID, "error", err)
		missing = append(missing, "reviewers")
	}
	change.Reviewers = reviewers
	if c.completeInputs(ctx, change, func(ctx context.Context) (string, error) { return c.baseOf(ctx, *change, commits) }) {
		missing = append(missing, "inputs")
	}
	if len(missing) == 0 {
		return ""
	}
	return strings.Join(missing, " and ") + " of " + change.ID + " could not be asked"
}

// maxPages bounds lists: 30 pages of 100 are the 3,000 files that GitHub gives at most.
const maxPages = 30

func (c *Client) paths(ctx context.Context, owner, name string, number int) ([]string, error) {
	files, err := c.files(ctx, owner, name, number)
	return pathsOfFiles(files), err
}

// reviewers are those who approved, without the author.
func (c *Client) reviewers(ctx context.Context, owner, name string, number int, author string) ([]string, error) {
	seen, err := c.reviewsOf(ctx, owner, name, number)
	if err != nil {
		return nil, err
	}
	return seen.approvers(author), nil
}

// isMergeOfPull tells whether a push is how a merged pull request reached the branch, in which case the pull request is the
// change. The API knows; without it, the first line of a commit that GitHub itself made is believed, and of no other commit,
// since anybody can write "(#482)" into a message.
func (c *Client) isMergeOfPull(ctx context.Context, p payload) (ofPull bool, incomplete string) {
	number := mergedNumber(p.HeadCommit.Message)
	byGitHub := p.HeadCommit.Committer.Username == "web-flow"
	if c.token == nil {
		return number > 0 && byGitHub, ""
	}
	owner, name, _ := split(p.Repository.FullName)
	call := c.rest.Repeatable()
	pulls, _, err := c.api(call).PullRequests.ListPullRequestsWithCommit(ctx, owner, name, p.After, &gh.ListOptions{PerPage: 100})
	if err == nil {
		for _, pr := range pulls {
			if mergedAs(pr, p.After) {
				return true, ""
			}
		}
		if number == 0 {
			return false, ""
		}
		var pr *gh.PullRequest // the list lags behind a merge by moments; the pull request itself does not
		call = c.rest.Repeatable()
		if pr, _, err = c.api(call).PullRequests.Get(ctx, owner, name, number); err == nil {
			return mergedAs(pr, p.After), ""
		}
		if call.Answer().Status == 404 {
			return false, ""
		}
	}
	c.options.Logger.WarnContext(ctx, "github: whether a push merged a pull request is unknown",
		"repository", p.Repository.FullName, "revision", p.After, "error", failure(call, err))
	return number > 0 && byGitHub, "whether " + p.After + " is the merge of a pull request could not be asked"
}

func mergedAs(pr *gh.PullRequest, revision string) bool {
	return pr.MergedAt != nil && pr.GetMergeCommitSHA() == revision
}
