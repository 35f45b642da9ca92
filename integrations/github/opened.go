package github

import (
	"context"
	"fmt"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/bot"
)

// OpenPulls lists the open pull requests of a repository with their heads, 3,000 at most.
func (c *Client) OpenPulls(ctx context.Context, repository string) (heads map[int]string, err error) {
	owner, name, ok := split(repository)
	if !ok {
		return nil, bot.Errorf(bot.Invalid, "%q is no repository", repository)
	}
	heads = map[int]string{}
	options := &gh.PullRequestListOptions{State: "open", ListOptions: gh.ListOptions{PerPage: 100}}
	for range maxPages {
		call := c.rest.Repeatable()
		pulls, resp, err := c.api(call).PullRequests.List(ctx, owner, name, options)
		if err != nil {
			return nil, fmt.Errorf("list the open pull requests of %s: %w", repository, failure(call, err))
		}
		for _, pr := range pulls {
			heads[pr.GetNumber()] = pr.GetHead().GetSHA()
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	return heads, nil
}
