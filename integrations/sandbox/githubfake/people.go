package githubfake

import (
	"fmt"
	"slices"
	"time"
)

// Push gives a pull request a new head, as a push to its branch does.
func (h *Hub) Push(repo string, number int, sha string, files []File) error {
	return h.onPull(repo, number, func(r *repository, p *Pull) []Delivery {
		p.HeadSHA = sha
		if files != nil {
			p.Files = files
		}
		return []Delivery{h.pullEvent(r, p, "synchronize", p.Author)}
	})
}

// Label puts labels on a pull request in place of those that it has.
func (h *Hub) Label(repo string, number int, labels ...string) error {
	return h.onPull(repo, number, func(r *repository, p *Pull) []Delivery {
		p.Labels = labels
		return []Delivery{h.pullEvent(r, p, "labeled", p.Author)}
	})
}

// Review gives a review; state is APPROVED, CHANGES_REQUESTED or COMMENTED.
func (h *Hub) Review(repo string, number int, by, state string) error {
	return h.onPull(repo, number, func(r *repository, p *Pull) []Delivery {
		p.Reviews = append(slices.Clone(p.Reviews), Review{User: by, State: state, At: h.cfg.Now()})
		return []Delivery{h.event(r, "pull_request_review", fmt.Sprintf("%s#%d review", r.name, number), by, object{
			"action": "submitted", "pull_request": h.pull(r, p), "review": h.reviews(r, p)[len(p.Reviews)-1],
		})}
	})
}

// Say comments on a pull request as a person.
func (h *Hub) Say(repo string, number int, by, body string) error {
	return h.onPull(repo, number, func(r *repository, p *Pull) []Delivery {
		h.serial++
		m := Comment{ID: h.serial, Repository: r.name, Number: number, Body: body, By: by, At: h.cfg.Now()}
		r.comments = bounded(append(r.comments, m))
		return []Delivery{h.event(r, "issue_comment", fmt.Sprintf("%s#%d comment", r.name, number), by, object{
			"action":  "created",
			"comment": h.comment(r, m),
			"issue": object{
				"number": p.Number, "title": p.Title, "state": p.State, "user": h.person(p.Author),
				"pull_request": object{"url": h.api(r, fmt.Sprintf("pulls/%d", p.Number))},
			},
		})}
	})
}

// Press presses a button of the newest check of that name on a pull request's head.
func (h *Hub) Press(repo string, number int, name, button, by string) error {
	var err error
	failed := h.onPull(repo, number, func(r *repository, p *Pull) []Delivery {
		for _, c := range slices.Backward(r.checks) {
			if c.Name != name || c.HeadSHA != p.HeadSHA {
				continue
			}
			if !slices.ContainsFunc(c.Actions, func(a map[string]any) bool { return a["identifier"] == button }) {
				err = fmt.Errorf("%s offers no button %q", name, button)
				return nil
			}
			return []Delivery{h.event(r, "check_run", fmt.Sprintf("%s#%d button %s", r.name, number, button), by, object{
				"action": "requested_action", "check_run": h.check(r, c), "requested_action": object{"identifier": button},
			})}
		}
		err = fmt.Errorf("no check %q stands on %s#%d", name, repo, number)
		return nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// Queue has a merge queue try a pull request, and returns the commit that it made.
func (h *Hub) Queue(repo string, number int) (sha string, err error) {
	err = h.onPull(repo, number, func(r *repository, p *Pull) []Delivery {
		sha = commit(r.name, number, "queue", p.HeadSHA)
		return []Delivery{h.event(r, "merge_group", fmt.Sprintf("%s#%d queued", r.name, number), p.Author, object{
			"action": "checks_requested",
			"merge_group": object{
				"head_sha": sha, "head_ref": fmt.Sprintf("refs/heads/gh-readonly-queue/%s/pr-%d-%s", DefaultBranch, number, r.head),
				"base_sha": r.head, "base_ref": "refs/heads/" + DefaultBranch, "head_commit": h.commitObject(r, sha, p.Title, p.Author, h.cfg.Now()),
			},
		})}
	})
	return sha, err
}

// Close closes a pull request without merging it.
func (h *Hub) Close(repo string, number int, by string) error {
	return h.onPull(repo, number, func(r *repository, p *Pull) []Delivery {
		p.State = "closed"
		return []Delivery{h.pullEvent(r, p, "closed", by)}
	})
}

// Protect has a deployment wait for the bot, and returns the address that it is to answer.
func (h *Hub) Protect(repo, environment, sha string) (callback string, err error) {
	h.mu.Lock()
	r := h.repo(repo)
	if r == nil {
		h.mu.Unlock()
		return "", fmt.Errorf("no repository %q", repo)
	}
	h.serial++
	callback = h.api(r, fmt.Sprintf("actions/runs/%d/deployment_protection_rule", h.serial))
	d := Deployment{ID: h.serial, Repository: r.name, Ref: DefaultBranch, SHA: sha, Environment: environment, CreatedAt: h.cfg.Now()}
	told := h.event(r, "deployment_protection_rule", r.name+" deployment to "+environment+" waits", BotLogin, object{
		"action": "requested", "environment": environment, "event": "workflow_dispatch", "deployment_callback_url": callback,
		"deployment": h.deployment(r, &d), "pull_requests": []any{},
	})
	h.mu.Unlock()
	h.cfg.Deliver(told)
	return callback, nil
}

// Answers returns what deployments that waited were told, as state and comment, oldest first.
func (h *Hub) Answers() []Answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.answers)
}

// Comments returns all comments, repository by repository.
func (h *Hub) Comments() []Comment {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Comment
	for _, r := range h.repos {
		out = append(out, r.comments...)
	}
	return out
}

// Answer is what a deployment that waits was told.
type Answer struct {
	Repository  string    `json:"repository"`
	Environment string    `json:"environment"`
	State       string    `json:"state,omitempty"`
	Comment     string    `json:"comment,omitempty"`
	At          time.Time `json:"at"`
}

// onPull does something to an open pull request and delivers what it tells.
func (h *Hub) onPull(repo string, number int, do func(*repository, *Pull) []Delivery) error {
	h.mu.Lock()
	r := h.repo(repo)
	var p *Pull
	if r != nil {
		p = r.pull(number)
	}
	if p == nil || p.State != "open" {
		h.mu.Unlock()
		return fmt.Errorf("no open pull request %s#%d", repo, number)
	}
	told := do(r, p)
	h.mu.Unlock()
	for _, d := range told {
		h.cfg.Deliver(d)
	}
	return nil
}

func answerDeployment(c *call) result {
	var body struct {
		Environment string `json:"environment_name"`
		State       string `json:"state"`
		Comment     string `json:"comment"`
	}
	err := c.decode(&body)
	if err != nil || body.Environment == "" || (body.State == "" && body.Comment == "") || !slices.Contains([]string{"", "approved", "rejected"}, body.State) {
		return problem(err, `"environment_name"`, `"state"`)
	}
	c.hub.answers = append(c.hub.answers, Answer{c.repo.name, body.Environment, body.State, body.Comment, c.hub.cfg.Now()})
	return result{204, nil}
}

func editComment(c *call) result {
	i := slices.IndexFunc(c.repo.comments, func(m Comment) bool { return m.ID == c.number("id") })
	if i < 0 {
		return missing
	}
	var body struct{ Body string }
	if err := c.decode(&body); err != nil || body.Body == "" {
		return problem(err, `"body"`)
	}
	c.repo.comments[i].Body = body.Body
	c.repo.comments[i].Edits++
	return ok(c.hub.comment(c.repo, c.repo.comments[i]))
}
