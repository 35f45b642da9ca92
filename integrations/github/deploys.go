package github

import (
	"context"
	"net/http"
	"path"
	"regexp"
	"strings"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Deploys says what counts as a deployment for teams that do not use GitHub's deployments.
type Deploys struct {
	// Workflows are the files of workflows whose success on a followed branch is a deployment; globs as "deploy*.yaml".
	Workflows []string `yaml:"workflows"`
	// Releases makes a deployment of every release that is published.
	Releases bool `yaml:"releases"`
	// Environment is where they deploy to.
	Environment string `yaml:"environment"`
}

func (d Deploys) check(r *diag.Report) {
	for i, glob := range d.Workflows {
		if _, err := path.Match(glob, ""); err != nil || glob == "" || strings.Contains(glob, "/") {
			r.At("workflows").Index(i).Faultf("", "bad-glob", "not the name of a workflow's file, or a glob: %q", glob).
				Suggest("write the file's name, as deploy.yaml")
		}
	}
	if d.Environment != "" && len(d.Workflows) == 0 && !d.Releases {
		r.Faultf("environment", "missing", "nothing deploys to it").Suggest("set workflows or releases")
	}
}

// workflowRun and release are the parts of those events that are read.
type workflowRun struct {
	Path       string `json:"path"`
	Event      string `json:"event"`
	Conclusion string `json:"conclusion"`
	HeadSHA    string `json:"head_sha"`
	HeadBranch string `json:"head_branch"`
	HTMLURL    string `json:"html_url"`
	UpdatedAt  moment `json:"updated_at"`
}

type release struct {
	TagName         string `json:"tag_name"`
	TargetCommitish string `json:"target_commitish"`
	Draft           bool   `json:"draft"`
	Prerelease      bool   `json:"prerelease"`
	HTMLURL         string `json:"html_url"`
	PublishedAt     moment `json:"published_at"`
}

// ran tells of a workflow that deploys and succeeded.
func (c *Client) ran(p payload, d bot.Delivery) Told {
	w := p.WorkflowRun
	if p.Action != "completed" || w == nil || w.Conclusion != "success" || w.HeadSHA == "" || w.Event == "pull_request" {
		return Told{}
	}
	file, _, _ := strings.Cut(w.Path, "@") // ".github/workflows/deploy.yaml@refs/heads/main"
	if !matchesAny(c.config.Deploys.Workflows, path.Base(file)) || !c.config.follows(w.HeadBranch, p.Repository.DefaultBranch) {
		return Told{}
	}
	return Told{Deployments: []bot.Deployment{{
		Source: "github", Repository: p.Repository.FullName, Revision: w.HeadSHA, Environment: c.config.Deploys.Environment,
		At: firstOf(w.UpdatedAt.Time, d.ReceivedAt), Succeeded: true, URL: webURL(w.HTMLURL),
	}}}
}

func matchesAny(globs []string, name string) bool {
	for _, glob := range globs {
		if ok, _ := path.Match(glob, name); ok {
			return true
		}
	}
	return false
}

var revision = regexp.MustCompile(`^[0-9a-f]{40}$`)

// released tells of a release, by the commit that its tag points to.
func (c *Client) released(ctx context.Context, p payload, d bot.Delivery) Told {
	r := p.Release
	if !c.config.Deploys.Releases || p.Action != "published" || r == nil || r.Draft || r.Prerelease || r.TagName == "" {
		return Told{}
	}
	sha, incomplete := c.tagged(ctx, p.Repository.FullName, r)
	if sha == "" {
		return Told{Incomplete: incomplete}
	}
	return Told{Deployments: []bot.Deployment{{
		Source: "github", Repository: p.Repository.FullName, Revision: sha, Environment: c.config.Deploys.Environment,
		At: firstOf(r.PublishedAt.Time, d.ReceivedAt), Succeeded: true, URL: webURL(r.HTMLURL),
	}}}
}

// tagged finds the commit of a release's tag. The release names one only where it made the tag of a commit; of a branch it names the
// branch, which may have moved on.
func (c *Client) tagged(ctx context.Context, repository string, r *release) (sha, incomplete string) {
	if revision.MatchString(r.TargetCommitish) {
		return r.TargetCommitish, ""
	}
	if c.token == nil {
		return "", ""
	}
	owner, name, _ := split(repository)
	call := c.rest.Repeatable()
	commits, _, err := c.api(call).Repositories.ListCommits(ctx, owner, name, &gh.CommitsListOptions{
		SHA: "refs/tags/" + r.TagName, ListOptions: gh.ListOptions{PerPage: 1},
	})
	if err == nil {
		if len(commits) == 0 {
			return "", ""
		}
		return commits[0].GetSHA(), ""
	}
	c.options.Logger.WarnContext(ctx, "github: the commit of a release is unknown", "repository", repository, "tag", r.TagName, "error", failure(call, err))
	if call.Answer().Status == http.StatusNotFound {
		return "", ""
	}
	return "", "the commit of the release " + title(r.TagName) + " could not be asked"
}
