package githubfake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func listPulls(c *call) result {
	state := c.FormValue("state")
	if state == "" {
		state = "open"
	}
	head := c.FormValue("head")
	if _, branch, found := strings.Cut(head, ":"); found {
		head = branch
	}
	out := []object{}
	for _, p := range slices.Backward(c.repo.pulls) {
		if (state == "all" || p.State == state) && (head == "" || p.Branch == head) {
			out = append(out, c.hub.pull(c.repo, p))
		}
	}
	return ok(page(c, out))
}

func getPull(c *call) result {
	p := c.pull()
	if p == nil {
		return missing
	}
	out := c.hub.pull(c.repo, p)
	p.computed = true
	return ok(out)
}

func listFiles(c *call) result {
	p := c.pull()
	if p == nil {
		return missing
	}
	return ok(page(c, c.hub.files(c.repo, p)))
}

func listReviews(c *call) result {
	p := c.pull()
	if p == nil {
		return missing
	}
	return ok(page(c, c.hub.reviews(c.repo, p)))
}

func listPullCommits(c *call) result {
	p := c.pull()
	if p == nil {
		return missing
	}
	return ok([]object{c.hub.commitObject(c.repo, p.HeadSHA, p.Title, p.Author, p.CreatedAt)})
}

func isMerged(c *call) result {
	if p := c.pull(); p == nil || !p.Merged() {
		return missing
	}
	return result{http.StatusNoContent, nil}
}

// editPull changes a title or a body, or closes without merging.
func editPull(c *call) result {
	p := c.pull()
	if p == nil {
		return missing
	}
	var body struct{ Title, Body, State *string }
	if err := c.decode(&body); err != nil {
		return problem(err)
	}
	if body.Title != nil {
		p.Title = *body.Title
	}
	if body.Body != nil {
		p.Body = *body.Body
	}
	if body.State != nil && !p.Merged() {
		p.State = *body.State
	}
	return ok(c.hub.pull(c.repo, p))
}

func mergePull(c *call) result {
	p := c.pull()
	if p == nil {
		return missing
	}
	var body struct {
		SHA    string `json:"sha"`
		Method string `json:"merge_method"`
		Title  string `json:"commit_title"`
	}
	if err := c.decode(&body); err != nil {
		return problem(err)
	}
	switch {
	case p.State != "open" || p.Draft:
		return refused(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	case body.SHA != "" && body.SHA != p.HeadSHA:
		return refused(http.StatusConflict, "Head branch was modified. Review and try the merge again.")
	case !slices.Contains([]string{"", "merge", "squash", "rebase"}, body.Method):
		return problem(errInvalid, `"merge_method"`)
	}
	told := c.hub.merge(c.repo, p, BotLogin)
	merged := *p
	c.later = append(c.later, func() { c.hub.tell(told, merged) })
	return ok(object{"sha": p.MergeSHA, "merged": true, "message": "Pull Request successfully merged"})
}

// revert makes the pull request that undoes another, as the button and the mutation do.
func (h *Hub) revert(r *repository, p *Pull, title, body string, draft bool) *Pull {
	branch := fmt.Sprintf("revert-%d-%s", p.Number, p.Branch)
	earlier := 0
	for _, have := range r.pulls {
		if have.Reverts == p.Number {
			earlier++
		}
	}
	if earlier > 0 {
		h.secondReverts++
		branch += fmt.Sprintf("-%d", earlier)
	}
	if title == "" {
		title = `Revert "` + p.Title + `"`
	}
	if body == "" {
		body = fmt.Sprintf("Reverts %s#%d", r.name, p.Number)
	}
	files := slices.Clone(p.Files)
	for i := range files {
		files[i].Before, files[i].After = files[i].After, files[i].Before
	}
	return h.open(r, Pull{
		Repository: r.name, Title: title, Body: body, Author: BotLogin, Branch: branch, Draft: draft, Files: files, Reverts: p.Number,
	})
}

func getCommit(c *call) result {
	sha := c.PathValue("sha")
	for _, p := range c.repo.pulls {
		if p.MergeSHA == sha || p.HeadSHA == sha {
			out := c.hub.commitObject(c.repo, sha, p.Title, p.Author, p.CreatedAt)
			out["files"] = c.hub.files(c.repo, p)
			return ok(out)
		}
	}
	return refused(http.StatusUnprocessableEntity, "No commit found for SHA: %s", sha)
}

func commitPulls(c *call) result {
	out := []object{}
	for _, p := range c.repo.pulls {
		if sha := c.PathValue("sha"); p.MergeSHA == sha || p.HeadSHA == sha {
			out = append(out, c.hub.pull(c.repo, p))
		}
	}
	return ok(out)
}

func listComments(c *call) result {
	out := []object{}
	for _, m := range c.repo.comments {
		if m.Number == int(c.number("number")) {
			out = append(out, c.hub.comment(c.repo, m))
		}
	}
	return ok(page(c, out))
}

func createComment(c *call) result {
	var body struct{ Body string }
	if err := c.decode(&body); err != nil || body.Body == "" {
		return problem(err, `"body"`)
	}
	if c.pull() == nil {
		return missing
	}
	c.hub.serial++
	m := Comment{
		ID: c.hub.serial, Repository: c.repo.name, Number: int(c.number("number")), Body: body.Body, At: c.hub.cfg.Now(),
	}
	c.repo.comments = bounded(append(c.repo.comments, m))
	return created(c.hub.comment(c.repo, m))
}

func (h *Hub) comment(r *repository, m Comment) object {
	by := m.By
	if by == "" {
		by = BotLogin
	}
	return object{
		"id": m.ID, "node_id": node("IC", fmt.Sprint(m.ID)), "body": m.Body, "user": h.person(by),
		"created_at": stamp(m.At), "updated_at": stamp(m.At), "author_association": "MEMBER",
		"html_url": fmt.Sprintf("%s/%s/pull/%d#issuecomment-%d", h.cfg.Base, r.name, m.Number, m.ID),
	}
}
