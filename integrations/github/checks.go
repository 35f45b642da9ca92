package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/bot"
)

// checkRun is a check as GitHub takes it. go-github leaves an empty list of actions out, and then those of before stay.
type checkRun struct {
	Name       string        `json:"name"`
	HeadSHA    string        `json:"head_sha,omitempty"`
	DetailsURL string        `json:"details_url,omitempty"`
	ExternalID string        `json:"external_id,omitempty"`
	Status     string        `json:"status"`
	Conclusion string        `json:"conclusion"`
	Completed  string        `json:"completed_at"`
	Output     checkOutput   `json:"output"`
	Actions    []checkAction `json:"actions"`
}

type checkOutput struct {
	Title       string            `json:"title"`
	Summary     string            `json:"summary"`
	Text        string            `json:"text,omitempty"`
	Annotations []checkAnnotation `json:"annotations,omitempty"`
}

type checkAnnotation struct {
	Path    string `json:"path"`
	Start   int    `json:"start_line"`
	End     int    `json:"end_line"`
	Level   string `json:"annotation_level"`
	Title   string `json:"title,omitempty"`
	Message string `json:"message"`
}

type checkAction struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// maxOutput is a little less than the 65,535 characters that GitHub takes of a summary and of a text.
const maxOutput = 60_000

// CreateCheck puts a check on a commit and returns its number. Only a GitHub App may.
func (c *Client) CreateCheck(ctx context.Context, run bot.CheckRun) (int64, error) {
	var made struct {
		ID int64 `json:"id"`
	}
	if err := c.write(ctx, http.MethodPost, run.Repository, "check-runs", wireCheck(run, true), &made); err != nil {
		return 0, fmt.Errorf("put %s on %s of %s: %w", run.Name, run.Head, run.Repository, err)
	}
	return made.ID, nil
}

// UpdateCheck changes a check. Annotations are added to those that it has.
func (c *Client) UpdateCheck(ctx context.Context, id int64, run bot.CheckRun) error {
	if err := c.write(ctx, http.MethodPatch, run.Repository, fmt.Sprintf("check-runs/%d", id), wireCheck(run, false), nil); err != nil {
		return fmt.Errorf("change %s on %s of %s: %w", run.Name, run.Head, run.Repository, err)
	}
	return nil
}

func wireCheck(run bot.CheckRun, isNew bool) checkRun {
	out := checkRun{
		Name: run.Name, DetailsURL: webURL(run.URL), ExternalID: run.Key, Status: "completed", Conclusion: run.Conclusion,
		Completed: run.At.UTC().Format(time.RFC3339), Actions: []checkAction{},
		Output: checkOutput{Title: cut(run.Title, 255), Summary: cut(run.Summary, maxOutput), Text: cut(run.Text, maxOutput)},
	}
	if isNew {
		out.HeadSHA = run.Head
	}
	for _, a := range run.Annotations {
		level := "notice"
		if a.Warning {
			level = "warning"
		}
		out.Output.Annotations = append(out.Output.Annotations, checkAnnotation{
			Path: a.Path, Start: a.Line, End: a.Line, Level: level, Title: cut(a.Title, 255), Message: cut(a.Message, 4_000),
		})
	}
	for _, b := range run.Buttons {
		out.Actions = append(out.Actions, checkAction{Label: cut(b.Label, 20), Description: cut(b.Description, 40), Identifier: cut(b.ID, 20)})
	}
	return out
}

// cut keeps so many runes of a text.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// FindCheck looks for a check of ours on a commit, by its name and key; zero where there is none.
func (c *Client) FindCheck(ctx context.Context, repository, head, name, key string) (int64, error) {
	owner, repo, ok := split(repository)
	if !ok {
		return 0, bot.Errorf(bot.Invalid, "%q is no repository", repository)
	}
	call := c.rest.Repeatable()
	options := &gh.ListCheckRunsOptions{CheckName: gh.String(name), Filter: gh.String("latest"), ListOptions: gh.ListOptions{PerPage: 100}}
	found, _, err := c.api(call).Checks.ListCheckRunsForRef(ctx, owner, repo, head, options)
	if err != nil {
		return 0, fmt.Errorf("look for %s on %s of %s: %w", name, head, repository, failure(call, err))
	}
	for _, run := range found.CheckRuns {
		if run.GetName() == name && run.GetExternalID() == key {
			return run.GetID(), nil
		}
	}
	return 0, nil
}

// Policy reads a repository's policy file as it stands on a branch; nil where it has none.
func (c *Client) Policy(ctx context.Context, repository, file, branch string) ([]byte, error) {
	owner, name, ok := split(repository)
	if !ok || branch == "" {
		return nil, bot.Errorf(bot.Invalid, "%q at %q is no place to look for a policy", repository, branch)
	}
	data, found, err := c.rawFile(ctx, owner, name, file, branch)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", file, repository, err)
	}
	if !found {
		return nil, nil
	}
	return data, nil
}

// Member tells whether somebody belongs to a team, written as org/team. The App needs to read members for it.
func (c *Client) Member(ctx context.Context, team, login string) (bool, error) {
	org, slug, ok := split(team)
	if !ok {
		return false, bot.Errorf(bot.Invalid, "%q is no team: write org/team", team)
	}
	options := &gh.TeamListTeamMembersOptions{ListOptions: gh.ListOptions{PerPage: 100}}
	for range maxPages {
		call := c.rest.Repeatable()
		members, resp, err := c.api(call).Teams.ListTeamMembersBySlug(ctx, org, slug, options)
		if err != nil {
			if call.Answer().Status == http.StatusNotFound {
				return false, nil // there is no such team, or it is hidden: nobody belongs to it as far as we know
			}
			return false, fmt.Errorf("read the members of %s: %w", team, failure(call, err))
		}
		for _, m := range members {
			if strings.EqualFold(m.GetLogin(), login) {
				return true, nil
			}
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	return false, nil
}

// FindComment looks for a comment that holds a mark, among the first 3,000; zero where there is none. Who wrote it is not asked: the mark
// is ours, and whoever else writes it has his comment edited.
func (c *Client) FindComment(ctx context.Context, repository string, number int, mark string) (int64, error) {
	owner, name, ok := split(repository)
	if !ok {
		return 0, bot.Errorf(bot.Invalid, "%q is no repository", repository)
	}
	options := &gh.IssueListCommentsOptions{ListOptions: gh.ListOptions{PerPage: 100}}
	for range maxPages {
		call := c.rest.Repeatable()
		comments, resp, err := c.api(call).Issues.ListComments(ctx, owner, name, number, options)
		if err != nil {
			return 0, fmt.Errorf("read the comments of %s#%d: %w", repository, number, failure(call, err))
		}
		for _, comment := range comments {
			if strings.HasPrefix(comment.GetBody(), mark) && comment.GetUser().GetType() == "Bot" {
				return comment.GetID(), nil
			}
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	return 0, nil
}

// Comment writes a comment on a pull request and returns its number.
func (c *Client) Comment(ctx context.Context, repository string, number int, body string) (int64, error) {
	var made struct {
		ID int64 `json:"id"`
	}
	if err := c.write(ctx, http.MethodPost, repository, fmt.Sprintf("issues/%d/comments", number), map[string]string{"body": cut(body, maxOutput)}, &made); err != nil {
		return 0, fmt.Errorf("comment on %s#%d: %w", repository, number, err)
	}
	return made.ID, nil
}

// EditComment changes a comment.
func (c *Client) EditComment(ctx context.Context, repository string, id int64, body string) error {
	if err := c.write(ctx, http.MethodPatch, repository, fmt.Sprintf("issues/comments/%d", id), map[string]string{"body": cut(body, maxOutput)}, nil); err != nil {
		return fmt.Errorf("change a comment in %s: %w", repository, err)
	}
	return nil
}

// maxVerdict bounds the comment on a deployment that waits: it is one line of a page.
const maxVerdict = 1_000

// Answer tells a deployment that waits whether it may go on: state is approved, rejected, or empty for a word only. It is sent to no
// address but one of our GitHub server's own, whatever a webhook named.
func (c *Client) Answer(ctx context.Context, d bot.Protected, state, comment string) error {
	path, err := c.callback(d)
	if err != nil {
		return err
	}
	body := map[string]string{"environment_name": d.Environment, "comment": cut(comment, maxVerdict)}
	if state != "" {
		body["state"] = state
	}
	if err := c.write(ctx, http.MethodPost, d.Repository, path, body, nil); err != nil {
		return fmt.Errorf("answer the deployment of %s to %s: %w", d.Repository, d.Environment, err)
	}
	return nil
}

// callback is the path of a callback below its repository.
func (c *Client) callback(d bot.Protected) (string, error) {
	u, err := url.Parse(d.Callback)
	if err != nil || !strings.EqualFold(u.Host, c.base.Host) || u.Scheme != c.base.Scheme {
		return "", bot.Errorf(bot.Invalid, "a deployment's callback leads elsewhere than to %s", c.base.Host)
	}
	rest, below := strings.CutPrefix(strings.ToLower(u.Path), strings.ToLower(c.base.Path+"repos/"+d.Repository+"/"))
	parts := strings.Split(rest, "/")
	if !below || len(parts) != 4 || parts[0] != "actions" || parts[1] != "runs" || !digits.MatchString(parts[2]) || parts[3] != "deployment_protection_rule" {
		return "", bot.Errorf(bot.Invalid, "a deployment's callback is none of %s", d.Repository)
	}
	return rest, nil
}

// write sends one request that changes something below a repository.
func (c *Client) write(ctx context.Context, method, repository, path string, body, into any) error {
	owner, name, ok := split(repository)
	if !ok {
		return bot.Errorf(bot.Invalid, "%q is no repository", repository)
	}
	call := c.rest.Call()
	client := c.api(call)
	req, err := client.NewRequest(method, fmt.Sprintf("repos/%s/%s/%s", owner, name, path), body)
	if err != nil {
		return err
	}
	if _, err := client.Do(ctx, req, into); err != nil {
		return failure(call, err)
	}
	return nil
}
