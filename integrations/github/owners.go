package github

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/bot"
)

// maxOwners is a little more than GitHub itself loads of a CODEOWNERS file, so that a larger one is seen to be one.
const maxOwners = 3<<20 + 1

// Owners reads the CODEOWNERS file of a branch or revision, from the first place where GitHub would look; nil where there is none.
func (c *Client) Owners(ctx context.Context, repository, ref string) ([]byte, error) {
	owner, name, ok := split(repository)
	if !ok || ref == "" {
		return nil, bot.Errorf(bot.Invalid, "%s at %q is no place to look for CODEOWNERS", repository, ref)
	}
	for _, path := range []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"} {
		data, found, err := c.rawFile(ctx, owner, name, path, ref)
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", path, repository, err)
		}
		if found {
			return data, nil
		}
	}
	return nil, nil
}

// rawFile reads a file as it is; found is false where there is none.
func (c *Client) rawFile(ctx context.Context, owner, name, path, ref string) (data []byte, found bool, err error) {
	call := c.rest.Repeatable()
	client := c.api(call)
	req, err := client.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/contents/%s?ref=%s", owner, name, path, url.QueryEscape(ref)), nil)
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Accept", "application/vnd.github.raw+json")
	var body bytes.Buffer
	if _, err := client.Do(ctx, req, &body); err != nil {
		if call.Answer().Status == http.StatusNotFound {
			return nil, false, nil
		}
		return nil, false, failure(call, err)
	}
	return body.Next(maxOwners), true, nil
}

// askedOf are the people and teams whom a pull request asks for a review now, teams as org/team. Who has answered is not asked any
// more: that is told by the reviews.
func askedOf(owner string, pr *gh.PullRequest) []string {
	var out []string
	for _, who := range pr.RequestedReviewers {
		if login := who.GetLogin(); login != "" {
			out = append(out, login)
		}
	}
	for _, team := range pr.RequestedTeams {
		if slug := team.GetSlug(); slug != "" {
			out = append(out, owner+"/"+slug)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.Compact(out)
}
