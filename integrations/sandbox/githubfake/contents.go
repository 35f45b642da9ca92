package githubfake

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// getGitCommit answers with a commit as Git has it: its parent is what the branch was before.
func getGitCommit(c *call) result {
	sha := c.PathValue("sha")
	for _, p := range c.repo.pulls {
		if p.MergeSHA != sha && p.HeadSHA != sha {
			continue
		}
		parents := []object{}
		if at := slices.Index(c.repo.history, sha); at > 0 {
			before := c.repo.history[at-1]
			parents = append(parents, object{"sha": before, "url": c.hub.api(c.repo, "git/commits/"+before), "html_url": c.hub.cfg.Base + "/" + c.repo.name + "/commit/" + before})
		}
		message := p.Title
		if p.MergeSHA == sha {
			message = squashed(p)
		}
		who := object{"name": p.Author, "email": p.Author + "@users.noreply.example.com", "date": stamp(p.CreatedAt)}
		return ok(object{
			"sha": sha, "node_id": node("C", sha), "url": c.hub.api(c.repo, "git/commits/"+sha),
			"html_url": c.hub.cfg.Base + "/" + c.repo.name + "/commit/" + sha, "author": who, "committer": who, "message": message,
			"tree": object{"sha": commit(sha, "tree"), "url": c.hub.api(c.repo, "git/trees/"+sha)}, "parents": parents,
			"verification": object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil},
		})
	}
	return missing
}

// getContents answers with a file at a revision, as JSON or, where that is asked for, as it is.
func getContents(c *call) result {
	path := c.PathValue("path")
	text, found := c.repo.contents(path, c.FormValue("ref"))
	if !found {
		return missing
	}
	if strings.Contains(c.Header.Get("Accept"), "raw") {
		return result{http.StatusOK, plain(text)}
	}
	sha := commit("blob", text)
	url := c.hub.api(c.repo, "contents/"+path)
	web := c.hub.cfg.Base + "/" + c.repo.name + "/blob/" + DefaultBranch + "/" + path
	return ok(object{
		"type": "file", "encoding": "base64", "size": len(text), "name": path[strings.LastIndexByte(path, '/')+1:], "path": path,
		"content": base64.StdEncoding.EncodeToString([]byte(text)), "sha": sha, "url": url, "git_url": c.hub.api(c.repo, "git/blobs/"+sha),
		"html_url": web, "download_url": web, "_links": object{"self": url, "git": c.hub.api(c.repo, "git/blobs/"+sha), "html": web},
	})
}

// plain is an answer that is no JSON.
type plain string

// contents is a file as it was at a revision of the branch, or at the head of a pull request: what the last of those that touched it
// made of it, else what the first that did found.
func (r *repository) contents(path, ref string) (string, bool) {
	at := slices.Index(r.history, ref)
	if ref == "" || ref == DefaultBranch {
		at = len(r.history) - 1
	}
	text := ""
	last, first := -1, len(r.history)
	for _, p := range r.pulls {
		for _, f := range p.Files {
			if f.Path != path || f.Before == "" && f.After == "" {
				continue
			}
			landed := slices.Index(r.history, p.MergeSHA)
			switch {
			case p.HeadSHA == ref:
				return f.After, f.After != ""
			case landed > last && landed <= at:
				text, last = f.After, landed
			case last < 0 && at >= 0 && (landed < 0 && text == "" || landed > at && landed < first):
				text, first = f.Before, max(landed, at)
			}
		}
	}
	return text, text != ""
}
