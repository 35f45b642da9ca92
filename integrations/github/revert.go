package github

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// reverter carries out github.revert. The pull request that it opens carries two marks, made from the call's key and from the
// change, so that after a crash the half-done work is found again: a revert that was opened but not merged goes on at the
// merge. The marks are made with our secret and the oldest pull request that carries one counts, so nobody can have a pull
// request of theirs merged by copying a mark into it.
type reverter struct{ c *Client }

var (
	_ playbooks.Handler  = reverter{}
	_ playbooks.Verifier = reverter{}
)

// subject is what is to be reverted.
type subject struct {
	change      bot.Change
	owner, name string
	// stepMark and changeMark tell that a pull request is this step's, or that it is ours and about this change.
	stepMark, changeMark string
	merge                bool
}

// Act opens the reverting pull request unless that was done before, and merges it where it may.
func (r reverter) Act(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	s, err := r.subject(ctx, call)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	ours, err := r.find(ctx, s)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	if ours == nil {
		if ours, err = r.open(ctx, s, call); err != nil {
			return playbooks.Outcome{}, err
		}
	}
	return r.finish(ctx, s, ours)
}

// Verify looks for the marked pull request. One that is open while a merge is wanted counts as not done: acting again goes on
// at the merge.
func (r reverter) Verify(ctx context.Context, call playbooks.Call) (playbooks.Outcome, bool, error) {
	s, err := r.subject(ctx, call)
	if err != nil {
		return playbooks.Outcome{}, false, err
	}
	ours, err := r.find(ctx, s)
	switch {
	case err != nil:
		return playbooks.Outcome{}, false, err
	case ours == nil, ours.merged.IsZero() && ours.state == "open" && s.merge:
		return playbooks.Outcome{}, false, nil
	}
	outcome, err := r.finish(ctx, s, ours)
	return outcome, err == nil, err
}

// subject reads the call and refuses what cannot be undone this way.
func (r reverter) subject(ctx context.Context, call playbooks.Call) (subject, error) {
	wire := r.c.rest.Call()
	refuse := func(format string, args ...any) (subject, error) {
		return subject{}, wire.Refused(playbooks.Permanent, 0, format, args...)
	}
	id := text(call.With, "change")
	change, err := r.c.options.Changes.Change(ctx, id)
	if code := bot.CodeOf(err); code == bot.NotFound || code == bot.Invalid {
		return refuse("change %q is not known", id)
	}
	if err != nil {
		return subject{}, &playbooks.Failure{Fate: playbooks.Transient, Err: fmt.Errorf("github: the change could not be read: %w", err)}
	}
	owner, name, ok := split(change.Repository)
	switch {
	case change.Source != "github" || !ok:
		return refuse("%s did not come from GitHub, so it cannot be reverted there", change.ID)
	case change.Number == 0:
		return refuse("%s was pushed directly: GitHub can revert pull requests only", change.ID)
	case call.Key == "":
		return refuse("a revert without an idempotency key could be done twice")
	}
	s := subject{
		change: change, owner: owner, name: name, merge: r.c.config.AllowMerge,
		stepMark: r.mark("step", call.Key), changeMark: r.mark("change", change.ID),
	}
	if want, given := call.With["merge"].(bool); given {
		s.merge = want && r.c.config.AllowMerge
	}
	return s, nil
}

// revert is a reverting pull request, as REST or GraphQL told of it.
type revert struct {
	number   int
	url      string
	head     string
	state    string
	merged   time.Time
	revision string
}

func revertOf(pr *gh.PullRequest) *revert {
	return &revert{
		number: pr.GetNumber(), url: webURL(pr.GetHTMLURL()), head: pr.GetHead().GetSHA(), state: pr.GetState(),
		merged: pr.GetMergedAt().Time, revision: pr.GetMergeCommitSHA(),
	}
}

// mark is a comment that only we can make, and that people do not see.
func (r reverter) mark(kind, of string) string {
	mac := hmac.New(sha256.New, []byte(r.c.config.WebhookSecret.Reveal()))
	mac.Write([]byte("github.revert\x00" + kind + "\x00" + of))
	return fmt.Sprintf("<!-- firebreak:%s:%x -->", kind, mac.Sum(nil)[:16])
}

// findPages bounds the look back: reverts are younger than what they revert, so the newest 500 pull requests settle it.
const findPages = 5

// find returns this step's pull request, or an open one that another run of ours left behind; nil when there is none. It
// refuses when the change was reverted already. An open pull request of somebody else's does not stop us: otherwise anybody
// who may open one could stop a rollback.
func (r reverter) find(ctx context.Context, s subject) (*revert, error) {
	options := &gh.PullRequestListOptions{
		State: "all", Base: s.change.Branch, Sort: "created", Direction: "desc", ListOptions: gh.ListOptions{PerPage: 100},
	}
	var step, ours, done *gh.PullRequest // the oldest of each: lists come newest first
	for range findPages {
		call := r.c.rest.Repeatable()
		pulls, resp, err := r.c.api(call).PullRequests.List(ctx, s.owner, s.name, options)
		if err != nil {
			return nil, failure(call, err)
		}
		for _, pr := range pulls {
			switch {
			case strings.Contains(pr.GetBody(), s.stepMark):
				step = pr
			case strings.Contains(pr.GetBody(), s.changeMark):
				ours = pr
			}
			if undid(pr, s.change) {
				done = pr
			}
		}
		if resp.NextPage == 0 || (len(pulls) > 0 && pulls[len(pulls)-1].GetNumber() < s.change.Number) {
			break
		}
		options.Page = resp.NextPage
	}
	switch {
	case step != nil:
		return revertOf(step), nil
	case done != nil:
		return nil, r.c.rest.Call().Refused(playbooks.Permanent, 0, "%s was already reverted by #%d", s.change.ID, done.GetNumber())
	case ours != nil && ours.GetState() == "open":
		return revertOf(ours), nil
	default:
		return nil, nil
	}
}

// undid tells whether a pull request was merged that reverts the change.
func undid(pr *gh.PullRequest, change bot.Change) bool {
	return !pr.GetMergedAt().IsZero() && pr.GetNumber() > change.Number &&
		revertedPull(change.Repository, pr.GetBody(), pr.GetHead().GetRef()) == change.ID
}

// open asks GitHub to make the reverting pull request.
func (r reverter) open(ctx context.Context, s subject, call playbooks.Call) (*revert, error) {
	node := s.change.Handle
	if node == "" {
		wire := r.c.rest.Repeatable()
		pr, _, err := r.c.api(wire).PullRequests.Get(ctx, s.owner, s.name, s.change.Number)
		if err != nil {
			return nil, failure(wire, err)
		}
		node = pr.GetNodeID()
	}
	body := fmt.Sprintf("Reverts %s#%d\n\nOpened by Firebreak for incident `%s` (playbook `%s`, step `%s`).\n\n%s\n",
		s.change.Repository, s.change.Number, plain(call.Incident), plain(call.Playbook), plain(call.Step), s.stepMark+s.changeMark)
	return r.c.revertPullRequest(ctx, node, body)
}

// plain keeps a name of ours from being anything but a name inside back-ticks.
func plain(s string) string { return strings.NewReplacer("`", "'", "\n", " ", "\r", " ").Replace(s) }

// finish merges where that is wanted and allowed, and says how things stand.
func (r reverter) finish(ctx context.Context, s subject, pr *revert) (playbooks.Outcome, error) {
	switch {
	case !pr.merged.IsZero():
		return r.outcome(s, pr, "merged"), nil
	case pr.state == "closed":
		return playbooks.Outcome{}, r.c.rest.Call().Refused(playbooks.Permanent, 0,
			"the revert #%d was closed without merging; reopen it or revert by hand", pr.number)
	case !s.merge:
		return r.outcome(s, pr, "opened; a person has to merge it"), nil
	}
	return r.merge(ctx, s, pr)
}

// mergeLooks and mergePause bound how long GitHub may compute whether the fresh pull request is mergeable.
const (
	mergeLooks = 8
	mergePause = 500 * time.Millisecond
)

func (r reverter) merge(ctx context.Context, s subject, pr *revert) (playbooks.Outcome, error) {
	for range mergeLooks {
		call := r.c.rest.Call()
		result, _, err := r.c.api(call).PullRequests.Merge(ctx, s.owner, s.name, pr.number, "",
			&gh.PullRequestOptions{SHA: pr.head, MergeMethod: r.c.config.MergeMethod})
		if err == nil && result.GetMerged() {
			pr.merged, pr.revision = r.c.options.Now(), result.GetSHA()
			return r.outcome(s, pr, "merged"), nil
		}
		if err == nil {
			return r.outcome(s, pr, "opened, but GitHub did not merge it: "+title(result.GetMessage())), nil
		}
		failed := failure(call, err)
		switch fate, _ := playbooks.FateOf(failed); {
		case call.Answer().Status == http.StatusMethodNotAllowed:
		case call.Answer().Status == http.StatusConflict:
			return playbooks.Outcome{}, call.Refused(playbooks.Permanent, 0,
				"the branch of the revert #%d was changed by somebody; look at it before merging", pr.number)
		case fate == playbooks.Permanent && call.Answer().Status != 0:
			return r.outcome(s, pr, "opened, but may not be merged by us: "+failed.Error()), nil
		default:
			return playbooks.Outcome{}, failed
		}
		again, outcome, err := r.diagnose(ctx, s, pr, failed)
		if !again || err != nil {
			return outcome, err
		}
		if err := r.c.options.Wait(ctx, mergePause); err != nil {
			return playbooks.Outcome{}, &playbooks.Failure{Fate: playbooks.Transient, Err: err}
		}
	}
	return playbooks.Outcome{}, r.c.rest.Call().Refused(playbooks.Transient, 2*time.Second,
		"GitHub is still computing whether the revert #%d can be merged", pr.number)
}

// diagnose finds out why GitHub answered "not mergeable": not yet, never, or not by us.
func (r reverter) diagnose(ctx context.Context, s subject, pr *revert, refused error) (again bool, _ playbooks.Outcome, _ error) {
	call := r.c.rest.Repeatable()
	now, _, err := r.c.api(call).PullRequests.Get(ctx, s.owner, s.name, pr.number)
	switch {
	case err != nil:
		return false, playbooks.Outcome{}, failure(call, err)
	case now.GetMerged() || now.MergedAt != nil:
		return false, r.outcome(s, revertOf(now), "merged"), nil
	case now.Mergeable == nil || ready(now.GetMergeableState()):
		return true, playbooks.Outcome{}, nil
	case !now.GetMergeable():
		return false, playbooks.Outcome{}, r.conflict(call, pr)
	default:
		reason := "GitHub's rules hold it (" + title(now.GetMergeableState()) + "): " + refused.Error()
		return false, r.outcome(s, pr, "opened, but a person has to merge it: "+reason), nil
	}
}

// ready tells of states in which asking once more may help: GitHub did not know yet, or has found out in the meantime.
func ready(mergeableState string) bool {
	return slices.Contains([]string{"unknown", "clean", "unstable", "has_hooks"}, mergeableState)
}

func (r reverter) conflict(call *rest.Call, pr *revert) error {
	return call.Refused(playbooks.Permanent, 0,
		"the revert #%d conflicts with what was merged since; resolve it by hand: %s", pr.number, pr.url)
}

func (r reverter) outcome(s subject, pr *revert, how string) playbooks.Outcome {
	merged := !pr.merged.IsZero()
	output := map[string]any{"pull_request": int64(pr.number), "url": pr.url, "merged": merged, "revision": ""}
	if merged {
		output["revision"] = pr.revision
	}
	return playbooks.Outcome{
		Status:   playbooks.Done,
		Output:   output,
		Sentence: fmt.Sprintf("GitHub: the revert #%d of %s#%d is %s", pr.number, s.change.Repository, s.change.Number, how),
	}
}
