package githubfake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// object is a JSON object.
type object = map[string]any

func write(w http.ResponseWriter, status int, body any) {
	if text, raw := body.(plain); raw {
		w.Header().Set("Content-Type", "application/vnd.github.raw+json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, string(text))
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// node makes a node ID; the same thing has the same one.
func node(kind, what string) string {
	return kind + "_kwDO" + base64.RawURLEncoding.EncodeToString([]byte(what))
}

func pullNode(p *Pull) string { return node("PR", fmt.Sprintf("%s/%d", p.Repository, p.Number)) }

func (h *Hub) person(login string) object {
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	id := 0
	for _, c := range login {
		id = id*31%900_000 + int(c)
	}
	return object{
		"login": login, "id": id + 1000, "node_id": node("U", login), "type": kind, "site_admin": false,
		"avatar_url": h.cfg.Base + "/avatars/" + login, "html_url": h.cfg.Base + "/" + login,
		"url": h.cfg.Base + "/api/v3/users/" + login,
	}
}

func (h *Hub) repository(r *repository) object {
	owner, name, _ := strings.Cut(r.name, "/")
	who := h.person(owner)
	who["type"] = "Organization"
	return object{
		"id": r.id, "node_id": node("R", r.name), "name": name, "full_name": r.name, "private": true, "owner": who,
		"html_url": h.cfg.Base + "/" + r.name, "url": h.api(r, ""), "description": nil, "fork": false,
		"default_branch": DefaultBranch, "archived": false, "disabled": false, "visibility": "private",
	}
}

func (h *Hub) api(r *repository, path string) string {
	return strings.TrimSuffix(h.cfg.Base+"/api/v3/repos/"+r.name+"/"+path, "/")
}

func (h *Hub) pull(r *repository, p *Pull) object {
	repo := h.repository(r)
	owner, _, _ := strings.Cut(r.name, "/")
	additions, deletions := 0, 0
	for _, f := range p.Files {
		additions, deletions = additions+f.Additions, deletions+f.Deletions
	}
	end := func(ref, sha string) object {
		return object{"label": owner + ":" + ref, "ref": ref, "sha": sha, "user": h.person(owner), "repo": repo}
	}
	var mergedBy any
	if p.MergedBy != "" {
		mergedBy = h.person(p.MergedBy)
	}
	page := fmt.Sprintf("%s/%s/pull/%d", h.cfg.Base, r.name, p.Number)
	return object{
		"id": 9_000_000 + r.id*1000 + int64(p.Number), "node_id": pullNode(p), "number": p.Number, "state": p.State, "locked": false,
		"title": p.Title, "body": orNull(p.Body), "user": h.person(p.Author), "draft": p.Draft,
		"url": h.api(r, fmt.Sprintf("pulls/%d", p.Number)), "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch",
		"issue_url":  h.api(r, fmt.Sprintf("issues/%d", p.Number)),
		"created_at": stamp(p.CreatedAt), "updated_at": stamp(h.cfg.Now()), "closed_at": stamp(p.MergedAt), "merged_at": stamp(p.MergedAt),
		"merge_commit_sha": orNull(p.MergeSHA), "merged": p.Merged(), "merged_by": mergedBy,
		"mergeable": known(p, p.State == "open"), "mergeable_state": mergeable(p), "rebaseable": known(p, p.State == "open"),
		"head": end(p.Branch, p.HeadSHA), "base": end(DefaultBranch, r.head),
		"assignee": nil, "assignees": []any{}, "requested_reviewers": []any{}, "requested_teams": []any{}, "labels": labels(p),
		"milestone": nil, "auto_merge": nil, "active_lock_reason": nil, "author_association": "MEMBER",
		"comments": 0, "review_comments": 0, "commits": 1, "additions": additions, "deletions": deletions,
		"changed_files": len(p.Files), "maintainer_can_modify": false, "_links": object{"html": object{"href": page}},
	}
}

func labels(p *Pull) []object {
	out := make([]object, 0, len(p.Labels))
	for i, name := range p.Labels {
		out = append(out, object{"id": 1000 + i, "name": name, "color": "ededed", "default": false})
	}
	return out
}

// known is null until GitHub has computed whether a pull request can be merged, which it begins to do when first asked.
func known(p *Pull, value bool) any {
	if !p.computed {
		return nil
	}
	return value
}

func mergeable(p *Pull) string {
	if p.computed && p.State == "open" && !p.Draft {
		return "clean"
	}
	return "unknown"
}

func (h *Hub) files(r *repository, p *Pull) []object {
	out := make([]object, 0, len(p.Files))
	for _, f := range p.Files {
		out = append(out, object{
			"sha": commit(f.Path, p.HeadSHA), "filename": f.Path, "status": f.Status, "additions": f.Additions,
			"deletions": f.Deletions, "changes": f.Additions + f.Deletions,
			"blob_url":     h.cfg.Base + "/" + r.name + "/blob/" + p.HeadSHA + "/" + f.Path,
			"raw_url":      h.cfg.Base + "/" + r.name + "/raw/" + p.HeadSHA + "/" + f.Path,
			"contents_url": h.api(r, "contents/"+f.Path) + "?ref=" + p.HeadSHA,
		})
	}
	return out
}

func (h *Hub) reviews(r *repository, p *Pull) []object {
	out := make([]object, 0, len(p.Reviews))
	for i, v := range p.Reviews {
		out = append(out, object{
			"id": 5_000_000 + int64(p.Number)*100 + int64(i), "node_id": node("PRR", fmt.Sprint(p.Number, i)), "user": h.person(v.User),
			"body": "", "state": v.State, "submitted_at": stamp(v.At), "commit_id": p.HeadSHA, "author_association": "MEMBER",
			"html_url":         fmt.Sprintf("%s/%s/pull/%d#pullrequestreview-%d", h.cfg.Base, r.name, p.Number, i),
			"pull_request_url": h.api(r, fmt.Sprintf("pulls/%d", p.Number)), "_links": object{},
		})
	}
	return out
}

func (h *Hub) commitObject(r *repository, sha, message, author string, at time.Time) object {
	who := object{"name": author, "email": author + "@users.noreply.example.com", "date": stamp(at)}
	return object{
		"sha": sha, "node_id": node("C", sha), "url": h.api(r, "commits/"+sha),
		"html_url": h.cfg.Base + "/" + r.name + "/commit/" + sha,
		"commit": object{
			"message": message, "author": who, "committer": who, "comment_count": 0, "url": h.api(r, "git/commits/"+sha),
			"tree": object{"sha": commit(sha, "tree"), "url": h.api(r, "git/trees/"+sha)},
		},
		"author": h.person(author), "committer": h.person(author), "parents": []any{},
	}
}

func (h *Hub) deployment(r *repository, d *Deployment) object {
	url := h.api(r, fmt.Sprintf("deployments/%d", d.ID))
	return object{
		"id": d.ID, "node_id": node("DE", fmt.Sprint(d.ID)), "url": url, "sha": d.SHA, "ref": d.Ref, "task": "deploy",
		"payload": object{}, "original_environment": d.Environment, "environment": d.Environment,
		"description": orNull(d.Description), "creator": h.person(d.Creator), "created_at": stamp(d.CreatedAt),
		"updated_at": stamp(d.CreatedAt), "statuses_url": url + "/statuses", "repository_url": h.api(r, ""),
		"transient_environment": false, "production_environment": d.Environment == "production",
	}
}

func (h *Hub) deploymentStatus(r *repository, d *Deployment, s Status) object {
	url := h.api(r, fmt.Sprintf("deployments/%d", d.ID))
	return object{
		"id": s.ID, "node_id": node("DES", fmt.Sprint(s.ID)), "url": fmt.Sprintf("%s/statuses/%d", url, s.ID), "state": s.State,
		"creator": h.person(d.Creator), "description": s.Description, "environment": d.Environment, "target_url": s.URL,
		"log_url": s.URL, "environment_url": "", "created_at": stamp(s.At), "updated_at": stamp(s.At),
		"deployment_url": url, "repository_url": h.api(r, ""),
	}
}

func (h *Hub) check(r *repository, c *Check) object {
	return object{
		"id": c.ID, "node_id": node("CR", fmt.Sprint(c.ID)), "head_sha": c.HeadSHA, "external_id": c.ExternalID, "name": c.Name,
		"status": c.State, "conclusion": orNull(c.Conclusion), "output": c.Output, "url": h.api(r, fmt.Sprintf("check-runs/%d", c.ID)),
		"html_url": fmt.Sprintf("%s/%s/runs/%d", h.cfg.Base, r.name, c.ID), "started_at": stamp(h.cfg.Now()), "pull_requests": []any{},
		"app": object{"id": AppID, "slug": "firebreak", "name": "firebreak"},
	}
}
