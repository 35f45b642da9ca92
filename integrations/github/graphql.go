package github

import (
	"context"
	"strings"

	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// GitHub reverts by GraphQL only; the REST API has no such verb.
const revertMutation = `mutation($input: RevertPullRequestInput!) {
  revertPullRequest(input: $input) {
    revertPullRequest { number url headRefOid state }
  }
}`

type revertInput struct {
	PullRequestID string `json:"pullRequestId"`
	Body          string `json:"body"`
}

type revertRequest struct {
	Query     string                 `json:"query"`
	Variables map[string]revertInput `json:"variables"`
}

type revertAnswer struct {
	Data struct {
		RevertPullRequest struct {
			RevertPullRequest *struct {
				Number     int    `json:"number"`
				URL        string `json:"url"`
				HeadRefOid string `json:"headRefOid"`
				State      string `json:"state"`
			} `json:"revertPullRequest"`
		} `json:"revertPullRequest"`
	} `json:"data"`
	Errors  []graphError `json:"errors"`
	Message string       `json:"message"`
}

type graphError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// revertPullRequest asks GitHub to open the pull request that undoes the one with the given node ID.
func (c *Client) revertPullRequest(ctx context.Context, node, body string) (*revert, error) {
	call := c.rest.Call()
	client := c.api(call)
	req, err := client.NewRequest("POST", c.graphql, revertRequest{
		Query:     revertMutation,
		Variables: map[string]revertInput{"input": {PullRequestID: node, Body: body}},
	})
	if err != nil {
		return nil, call.Refused(playbooks.Permanent, 0, "the request could not be made: %v", err)
	}
	var answer revertAnswer
	if _, err := client.Do(ctx, req, &answer); err != nil {
		return nil, failure(call, err)
	}
	if len(answer.Errors) > 0 {
		return nil, graphFailure(call, answer.Errors)
	}
	made := answer.Data.RevertPullRequest.RevertPullRequest
	if made == nil || made.Number == 0 {
		return nil, call.Refused(playbooks.Unknown, 0, "the answer does not tell of a reverting pull request")
	}
	return &revert{number: made.Number, url: webURL(made.URL), head: made.HeadRefOid, state: strings.ToLower(made.State)}, nil
}

// graphFailure reads GraphQL's errors, which come with status 200.
func graphFailure(call *rest.Call, errs []graphError) error {
	messages := make([]string, 0, len(errs))
	fate := playbooks.Unknown
	for _, e := range errs {
		messages = append(messages, e.Message)
		switch e.Type {
		case "RATE_LIMITED":
			fate = playbooks.Transient
		case "NOT_FOUND", "FORBIDDEN", "UNPROCESSABLE", "INSUFFICIENT_SCOPES", "SERVICE_UNAVAILABLE_FOR_LEGAL_REASONS":
			fate = playbooks.Permanent
		}
	}
	after := rest.Hint(call.Answer().Header, call.Now())
	return call.Refused(fate, after, "the pull request cannot be reverted: %s", strings.Join(messages, "; "))
}
