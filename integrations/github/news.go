package github

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

var (
	digits = regexp.MustCompile(`^[0-9]{1,20}$`)
	// queueBranch is the branch in which a merge queue tries a pull request.
	queueBranch = regexp.MustCompile(`^refs/heads/gh-readonly-queue/.+/pr-([0-9]{1,9})-[0-9a-f]{7,64}$`)
)

// policyFiles are the files on the branch that changes land on which decide how pull requests are judged.
func policyFiles() []string {
	return []string{".github/firebreak.yaml", ".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}
}

// heard are the events that Changes and News read.
func heard() []string {
	return []string{
		"push", "pull_request", "pull_request_review", "issue_comment", "merge_group", "check_run", "check_suite", "deployment", "deployment_status",
		"deployment_protection_rule", "workflow_run", "release",
	}
}

// News reads what a delivery tells of open pull requests, and of deployments that wait for us. Other events tell nothing.
func (c *Client) News(d bot.Delivery) ([]bot.PullNews, []bot.Protected) {
	if !slices.Contains(heard(), d.Event) {
		return nil, nil
	}
	p, err := decode(d.Body)
	if err != nil {
		return nil, nil // Changes says so
	}
	if _, _, ok := split(p.Repository.FullName); !ok {
		return nil, nil
	}
	n := bot.PullNews{Repository: p.Repository.FullName, By: p.Sender.Login, At: d.ReceivedAt}
	switch d.Event {
	case "pull_request":
		return aboutPull(p, n), nil
	case "pull_request_review":
		return with(n, bot.PullChanged, numberOf(p)), nil
	case "merge_group":
		return aboutQueue(p, n), nil
	case "issue_comment":
		return aboutComment(p, n), nil
	case "check_run", "check_suite":
		return c.aboutCheck(p, n), nil
	case "push":
		return aboutPolicy(p, n), nil
	case "deployment_protection_rule":
		if c.token == nil {
			return nil, nil // nobody could answer
		}
		return nil, aboutDeployment(p, d.ReceivedAt)
	default:
		return nil, nil
	}
}

// with is one event of a pull request, or nothing where it has no number.
func with(n bot.PullNews, event bot.PullEvent, number int) []bot.PullNews {
	if number <= 0 {
		return nil
	}
	n.Event, n.Number = event, number
	return []bot.PullNews{n}
}

func numberOf(p payload) int {
	if p.PullRequest == nil {
		return 0
	}
	return p.PullRequest.Number
}

func aboutPull(p payload, n bot.PullNews) []bot.PullNews {
	pr := p.PullRequest
	if pr == nil {
		return nil
	}
	n.Head, n.Draft = pr.Head.SHA, pr.Draft
	for _, l := range pr.Labels {
		n.Labels = append(n.Labels, l.Name)
	}
	switch p.Action {
	case "opened", "reopened", "synchronize", "edited", "review_requested", "review_request_removed":
		return with(n, bot.PullChanged, pr.Number)
	case "labeled", "unlabeled", "ready_for_review", "converted_to_draft":
		return with(n, bot.PullLabelled, pr.Number)
	case "closed":
		if pr.Merged || !pr.MergedAt.IsZero() {
			n.At = firstOf(pr.MergedAt.Time, n.At)
			return with(n, bot.PullMerged, pr.Number)
		}
		return with(n, bot.PullClosed, pr.Number)
	default:
		return nil
	}
}

// aboutQueue reads events of a merge queue. Its branch names the pull request that is tried.
func aboutQueue(p payload, n bot.PullNews) []bot.PullNews {
	if p.MergeGroup == nil {
		return nil
	}
	m := queueBranch.FindStringSubmatch(p.MergeGroup.HeadRef)
	if m == nil {
		return nil
	}
	number, err := strconv.Atoi(m[1])
	if err != nil {
		return nil
	}
	n.Head = p.MergeGroup.HeadSHA
	switch p.Action {
	case "checks_requested":
		return with(n, bot.PullQueued, number)
	case "destroyed":
		return with(n, bot.PullUnqueued, number)
	default:
		return nil
	}
}

// aboutComment reads commands: comments of people on pull requests that begin with /firebreak.
func aboutComment(p payload, n bot.PullNews) []bot.PullNews {
	if p.Action != "created" || p.Comment == nil || p.Issue == nil || p.Issue.PullRequest == nil || p.Comment.User.Type == "Bot" {
		return nil
	}
	text := strings.TrimSpace(p.Comment.Body)
	if !strings.HasPrefix(text, "/firebreak") {
		return nil
	}
	n.By, n.Text, n.At = p.Comment.User.Login, text[:min(len(text), maxCommand)], firstOf(p.Comment.CreatedAt.Time, n.At)
	return with(n, bot.PullCommanded, p.Issue.Number)
}

// maxCommand bounds a command, in bytes.
const maxCommand = 2_000

// aboutCheck reads what people press beside a check of ours, and wishes to run it again. A check says by its key which pull request it is
// about; GitHub does not say so for forks.
func (c *Client) aboutCheck(p payload, n bot.PullNews) []bot.PullNews {
	switch {
	case p.Action == "requested_action" && p.CheckRun != nil && p.RequestedAction != nil && c.ours(p.CheckRun.App):
		n.Text, n.Head = p.RequestedAction.Identifier, p.CheckRun.HeadSHA
		return with(n, bot.PullPressed, keyNumber(n.Repository, p.CheckRun.ExternalID))
	case p.Action == "rerequested" && p.CheckRun != nil && c.ours(p.CheckRun.App):
		return with(n, bot.PullAgain, keyNumber(n.Repository, p.CheckRun.ExternalID))
	case p.Action == "rerequested" && p.CheckSuite != nil && c.ours(p.CheckSuite.App):
		var out []bot.PullNews
		for _, pr := range p.CheckSuite.PullRequests {
			out = append(out, with(n, bot.PullAgain, pr.Number)...)
		}
		return out
	default:
		return nil
	}
}

// ours tells whether an App is the one that we act as.
func (c *Client) ours(app appOf) bool { return c.config.App.ID == 0 || app.ID == c.config.App.ID }

// keyNumber reads the number out of a check's key, owner/name#482.
func keyNumber(repository, key string) int {
	whose, number, ok := strings.Cut(key, "#")
	if !ok || !strings.EqualFold(whose, repository) {
		return 0
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return n
}

// aboutPolicy tells of a push that touches what pull requests are judged by.
func aboutPolicy(p payload, n bot.PullNews) []bot.PullNews {
	if !strings.HasPrefix(p.Ref, "refs/heads/") || p.Deleted {
		return nil
	}
	paths := pathsOf(p.push)
	if !slices.ContainsFunc(policyFiles(), func(file string) bool { return slices.Contains(paths, file) }) {
		return nil
	}
	n.Event = bot.PolicyChanged
	return []bot.PullNews{n}
}

func aboutDeployment(p payload, received time.Time) []bot.Protected {
	if p.Action != "requested" || p.Callback == "" || p.Environment == "" || p.Deployment == nil {
		return nil
	}
	return []bot.Protected{{
		Repository: p.Repository.FullName, Environment: p.Environment, Revision: p.Deployment.SHA, Callback: p.Callback, At: received,
	}}
}
