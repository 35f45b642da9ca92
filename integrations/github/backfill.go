package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/bot"
)

const (
	// maxBackfillPages bounds the lists of one repository: 1,000 pull requests, 300 deployments.
	maxBackfillPages       = 10
	maxBackfillDeployments = 3
)

// Backfill asks the API for what happened in repositories since a time and was not told of: pull requests that were merged, and
// deployments. It hands them in as the deliveries that they would have been, oldest first, so that they take the same way; what the
// ledger or the inbox knows costs no request of its own. One repository that cannot be read is in nobody's way. It returns how many
// were new. Direct pushes are not found, since a list of commits does not tell them from those of pull requests; Sweep finds them.
func (c *Client) Backfill(ctx context.Context, in Inbox, repositories []string, since time.Time) (found int, err error) {
	if c.token == nil {
		return 0, nil
	}
	var errs []error
	for _, repository := range repositories {
		owner, name, ok := split(repository)
		if !ok {
			continue // a glob names no repository
		}
		pulls, err := c.mergedSince(ctx, owner, name, since)
		if err == nil {
			var n int
			n, err = c.handIn(ctx, in, pulls)
			found += n
		}
		var deployments []bot.Delivery
		if err == nil {
			deployments, err = c.deployedSince(ctx, in, owner, name, since)
		}
		if err == nil {
			var n int
			n, err = c.handIn(ctx, in, deployments)
			found += n
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", repository, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return found, errors.Join(errs...)
}

func (c *Client) handIn(ctx context.Context, in Inbox, deliveries []bot.Delivery) (found int, err error) {
	slices.SortStableFunc(deliveries, func(a, b bot.Delivery) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	for _, d := range deliveries {
		fresh, err := in.Accept(ctx, d)
		if err != nil {
			return found, err
		}
		if fresh {
			found++
			c.recovered.WithLabelValues("backfill").Inc()
		}
	}
	return found, nil
}

// mergedSince lists the merged pull requests that the ledger does not know, as deliveries.
func (c *Client) mergedSince(ctx context.Context, owner, name string, since time.Time) ([]bot.Delivery, error) {
	var out []bot.Delivery
	options := &gh.PullRequestListOptions{State: "closed", Sort: "updated", Direction: "desc", ListOptions: gh.ListOptions{PerPage: 100}}
	for range maxBackfillPages {
		call := c.rest.Repeatable()
		pulls, resp, err := c.api(call).PullRequests.List(ctx, owner, name, options)
		if err != nil {
			return nil, failure(call, err)
		}
		for _, pr := range pulls {
			if pr.UpdatedAt != nil && pr.GetUpdatedAt().Before(since) {
				return out, nil // what was updated earlier was merged earlier
			}
			d, wanted, err := c.mergedDelivery(ctx, owner+"/"+name, pr, since)
			if err != nil {
				return nil, err
			}
			if wanted {
				out = append(out, d)
			}
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	return out, nil
}

func (c *Client) mergedDelivery(ctx context.Context, repository string, pr *gh.PullRequest, since time.Time) (bot.Delivery, bool, error) {
	at := pr.GetMergedAt().Time
	if at.IsZero() || at.Before(since) || pr.GetNumber() <= 0 {
		return bot.Delivery{}, false, nil
	}
	if c.options.Changes != nil {
		_, err := c.options.Changes.Change(ctx, pullID(repository, pr.GetNumber()))
		if err == nil {
			return bot.Delivery{}, false, nil // the ledger knows it
		}
		if bot.CodeOf(err) != bot.NotFound {
			return bot.Delivery{}, false, err
		}
	}
	body, err := json.Marshal(map[string]any{
		"action": "closed", "pull_request": pr,
		"repository": map[string]any{"full_name": repository, "default_branch": pr.GetBase().GetRepo().GetDefaultBranch()},
	})
	return bot.Delivery{
		ID: fmt.Sprintf("backfill:%s#%d@%d", repository, pr.GetNumber(), at.Unix()), Source: "github", Event: "pull_request", Body: body, ReceivedAt: at,
	}, err == nil, err
}

// deployedSince lists the deployments that succeeded and that the inbox does not know, as deliveries.
func (c *Client) deployedSince(ctx context.Context, in Inbox, owner, name string, since time.Time) ([]bot.Delivery, error) {
	deployments, err := c.deployments(ctx, owner, name, since)
	if err != nil || len(deployments) == 0 {
		return nil, err
	}
	id := func(d *gh.Deployment) string { return fmt.Sprintf("backfill:%s/%s!%d", owner, name, d.GetID()) }
	ids := make([]string, 0, len(deployments))
	for _, d := range deployments {
		ids = append(ids, id(d))
	}
	known, err := in.KnownDeliveries(ctx, "github", ids)
	if err != nil {
		return nil, err
	}
	var out []bot.Delivery
	for _, d := range deployments {
		if known[id(d)] {
			continue
		}
		status, err := c.succeeded(ctx, owner, name, d.GetID())
		if err != nil {
			return nil, err
		}
		if status == nil {
			continue
		}
		body, err := json.Marshal(map[string]any{
			"action": "created", "deployment": d, "deployment_status": status, "repository": map[string]any{"full_name": owner + "/" + name},
		})
		if err != nil {
			return nil, err
		}
		out = append(out, bot.Delivery{ID: id(d), Source: "github", Event: "deployment_status", Body: body, ReceivedAt: status.GetCreatedAt().Time})
	}
	return out, nil
}

func (c *Client) deployments(ctx context.Context, owner, name string, since time.Time) ([]*gh.Deployment, error) {
	var out []*gh.Deployment
	options := &gh.DeploymentsListOptions{ListOptions: gh.ListOptions{PerPage: 100}}
	for range maxBackfillDeployments {
		call := c.rest.Repeatable()
		page, resp, err := c.api(call).Repositories.ListDeployments(ctx, owner, name, options)
		if err != nil {
			return nil, failure(call, err)
		}
		for _, d := range page {
			if d.GetCreatedAt().Before(since) {
				return out, nil
			}
			out = append(out, d)
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	return out, nil
}

// succeeded is the status by which a deployment began to serve; nil while there is none.
func (c *Client) succeeded(ctx context.Context, owner, name string, deployment int64) (*gh.DeploymentStatus, error) {
	call := c.rest.Repeatable()
	statuses, _, err := c.api(call).Repositories.ListDeploymentStatuses(ctx, owner, name, deployment, &gh.ListOptions{PerPage: 100})
	if err != nil {
		return nil, failure(call, err)
	}
	for _, s := range slices.Backward(statuses) { // the newest comes first; the first success counts
		if s.GetState() == "success" {
			return s, nil
		}
	}
	return nil, nil
}
