package github

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// Told is what a delivery told.
type Told struct {
	Changes     []bot.Change
	Deployments []bot.Deployment
	// Incomplete says in a sentence what GitHub's API could not be asked (paths, reviewers); empty when nothing is missing.
	// Handing the same delivery in again later completes the change under the same ID.
	Incomplete string
}

// maxPaths bounds the paths that are kept of one change: GitHub lists no more.
const maxPaths = 3000

// Changes reads a delivery. An event or action that is not about changes tells nothing; only a body that is no JSON object is
// an error.
func (c *Client) Changes(ctx context.Context, d bot.Delivery) (Told, error) {
	p, err := decode(d.Body)
	if err != nil {
		return Told{}, bot.Errorf(bot.Invalid, "the body of %s is not a JSON object", d.Event).Because(err)
	}
	if _, _, ok := split(p.Repository.FullName); !ok {
		return Told{}, nil // an event of an organisation or an app: no change
	}
	switch d.Event {
	case "push":
		return c.pushed(ctx, p, d), nil
	case "pull_request":
		return c.merged(ctx, p, d), nil
	case "deployment", "deployment_status":
		return c.deployed(p, d), nil
	case "workflow_run":
		return c.ran(p, d), nil
	case "release":
		return c.released(ctx, p, d), nil
	default:
		return Told{}, nil
	}
}

// merged tells of a pull request that was closed by merging.
func (c *Client) merged(ctx context.Context, p payload, d bot.Delivery) Told {
	pr := p.PullRequest
	if p.Action != "closed" || pr == nil || pr.Number <= 0 || (!pr.Merged && pr.MergedAt.IsZero()) {
		return Told{}
	}
	if !c.config.follows(pr.Base.Ref, p.Repository.DefaultBranch) {
		return Told{}
	}
	change := bot.Change{
		ID:         pullID(p.Repository.FullName, pr.Number),
		Source:     "github",
		Repository: p.Repository.FullName,
		Number:     pr.Number,
		Revision:   pr.MergeCommitSHA,
		Branch:     pr.Base.Ref,
		Title:      title(pr.Title),
		Author:     pr.User.Login,
		MergedBy:   pr.MergedBy.Login,
		URL:        webURL(pr.HTMLURL),
		MergedAt:   firstOf(pr.MergedAt.Time, d.ReceivedAt),
		Handle:     pr.NodeID,
		Reverts:    revertedPull(p.Repository.FullName, pr.Body, pr.Head.Ref),
		Seen:       d.ReceivedAt,
	}
	told := Told{}
	if c.token != nil {
		told.Incomplete = c.complete(ctx, &change, pr.Commits)
	}
	told.Changes = []bot.Change{change}
	return told
}

// pushed tells of commits that reached a followed branch without a pull request.
func (c *Client) pushed(ctx context.Context, p payload, d bot.Delivery) Told {
	name, isBranch := strings.CutPrefix(p.Ref, "refs/heads/")
	if !isBranch || p.Deleted || strings.Trim(p.After, "0") == "" || p.HeadCommit == nil {
		return Told{}
	}
	if p.Repository.DefaultBranch == "" || !c.config.follows(name, p.Repository.DefaultBranch) {
		return Told{}
	}
	ofPull, incomplete := c.isMergeOfPull(ctx, p)
	if ofPull {
		return Told{}
	}
	head := p.HeadCommit
	change := bot.Change{
		ID:         fmt.Sprintf("github:%s@%s", p.Repository.FullName, p.After),
		Source:     "github",
		Repository: p.Repository.FullName,
		Revision:   p.After,
		Branch:     name,
		Title:      title(head.Message),
		Author:     firstWord(head.Author.Username, p.Sender.Login, head.Author.Name),
		MergedBy:   firstWord(p.Pusher.Name, p.Sender.Login),
		URL:        webURL(firstWord(head.URL, p.Compare)),
		Paths:      pathsOf(p.push),
		MergedAt:   firstOf(p.Repository.PushedAt.Time, d.ReceivedAt),
		Reverts:    revertedCommit(p.Repository.FullName, head.Message),
		Seen:       d.ReceivedAt,
	}
	before := p.Before
	if strings.Trim(before, "0") == "" {
		before = "" // the branch is new
	}
	if c.completeInputs(ctx, &change, func(context.Context) (string, error) { return before, nil }) && incomplete == "" {
		incomplete = "inputs of " + change.ID + " could not be asked"
	}
	return Told{Changes: []bot.Change{change}, Incomplete: incomplete}
}

// deployed tells of a revision on its way to an environment, or there.
func (c *Client) deployed(p payload, d bot.Delivery) Told {
	if p.Deployment == nil || p.Deployment.SHA == "" {
		return Told{}
	}
	out := bot.Deployment{
		Source:      "github",
		Repository:  p.Repository.FullName,
		Revision:    p.Deployment.SHA,
		Environment: p.Deployment.Environment,
		At:          firstOf(p.Deployment.CreatedAt.Time, d.ReceivedAt),
		Inputs:      c.declared(p.Repository.FullName, p.Deployment.Payload),
	}
	if s := p.Status; s != nil {
		if s.State == "inactive" {
			return Told{} // it was replaced: nothing began to serve
		}
		out.Succeeded = s.State == "success"
		out.Environment = firstWord(s.Environment, out.Environment)
		out.At = firstOf(s.UpdatedAt.Time, s.CreatedAt.Time, d.ReceivedAt)
		out.URL = webURL(firstWord(s.LogURL, s.TargetURL, s.EnvironmentURL))
	} else if d.Event == "deployment_status" {
		return Told{}
	}
	return Told{Deployments: []bot.Deployment{out}}
}

// pullID is the ID of the change that a pull request is.
func pullID(repository string, number int) string {
	return fmt.Sprintf("github:%s#%d", repository, number)
}

var (
	revertsBody   = regexp.MustCompile(`(?m)^\s*Reverts (?:([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+))?#([0-9]{1,9})\b`)
	revertsBranch = regexp.MustCompile(`^revert-([0-9]{1,9})-`)
	revertsCommit = regexp.MustCompile(`(?m)^This reverts commit ([0-9a-f]{40})\b`)
	mergeTitle    = regexp.MustCompile(`^Merge pull request #([0-9]{1,9}) from |\(#([0-9]{1,9})\)$`)
)

// revertedPull finds which pull request another one undoes: GitHub writes it in the body and in the branch's name. A title
// alone ("Revert ...") does not say which.
func revertedPull(repository, body, head string) string {
	if m := revertsBody.FindStringSubmatch(body); m != nil {
		if m[1] == "" || strings.EqualFold(m[1], repository) {
			return "github:" + repository + "#" + m[2]
		}
	}
	if m := revertsBranch.FindStringSubmatch(head); m != nil {
		return "github:" + repository + "#" + m[1]
	}
	return ""
}

// revertedCommit finds which commit `git revert` undid.
func revertedCommit(repository, message string) string {
	if m := revertsCommit.FindStringSubmatch(message); m != nil {
		return "github:" + repository + "@" + m[1]
	}
	return ""
}

// mergedNumber is the pull request that a commit's first line names, zero for none.
func mergedNumber(message string) int {
	first, _, _ := strings.Cut(message, "\n")
	m := mergeTitle.FindStringSubmatch(strings.TrimSpace(first))
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(firstWord(m[1], m[2]))
	return n
}

func pathsOf(p push) []string {
	var all []string
	for _, c := range p.Commits {
		all = slices.Concat(all, c.Added, c.Modified, c.Removed)
	}
	if len(p.Commits) == 0 {
		all = slices.Concat(p.HeadCommit.Added, p.HeadCommit.Modified, p.HeadCommit.Removed)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), maxPaths)]
}

// webURL keeps only addresses that are safe to link to.
func webURL(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}
