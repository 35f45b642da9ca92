package githubfake

import (
	"crypto/sha1" //nolint:gosec // commits are named by SHA-1, as Git does
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// DefaultBranch is the branch that counts.
const DefaultBranch = "main"

// Pull is a pull request.
type Pull struct {
	Repository string `json:"repository"`
	Number     int    `json:"number"`
	Title      string `json:"title"`
	Body       string `json:"body,omitempty"`
	Author     string `json:"author"`
	Branch     string `json:"branch"`
	HeadSHA    string `json:"head_sha"`
	State      string `json:"state"`
	Draft      bool   `json:"draft,omitempty"`
	// Labels are the names of its labels.
	Labels []string `json:"labels,omitempty"`
	// MergeSHA is the commit on the default branch; empty while not merged.
	MergeSHA  string    `json:"merge_commit_sha,omitempty"`
	MergedBy  string    `json:"merged_by,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	MergedAt  time.Time `json:"merged_at,omitzero"`
	Files     []File    `json:"files,omitempty"`
	Reviews   []Review  `json:"reviews,omitempty"`
	// Reverts is the number of the pull request that this one undoes.
	Reverts int `json:"reverts,omitempty"`
	// computed tells that somebody asked for it already: GitHub computes mergeability on the first question.
	computed bool
}

// ID is how changes of pull requests are named everywhere in the story.
func (p Pull) ID() string { return "github:" + p.Repository + "#" + strconv.Itoa(p.Number) }

// Merged tells that it landed.
func (p Pull) Merged() bool { return p.MergeSHA != "" }

// File is a changed path.
type File struct {
	Path      string `json:"path"`
	Status    string `json:"status"`
	Additions int    `json:"additions"`
	Deletions int    `json:"deletions"`
	// Before and After are its text, where a story needs one; empty is a file that does not exist.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Review is somebody's verdict: "APPROVED", "CHANGES_REQUESTED" or "COMMENTED".
type Review struct {
	User  string    `json:"user"`
	State string    `json:"state"`
	At    time.Time `json:"at"`
}

// Deployment is one roll-out of a revision, with its statuses, oldest first.
type Deployment struct {
	ID          int64     `json:"id"`
	Repository  string    `json:"repository"`
	Ref         string    `json:"ref"`
	SHA         string    `json:"sha"`
	Environment string    `json:"environment"`
	Description string    `json:"description,omitempty"`
	Creator     string    `json:"creator"`
	CreatedAt   time.Time `json:"created_at"`
	Statuses    []Status  `json:"statuses,omitempty"`
}

// Status is a state of a deployment.
type Status struct {
	ID          int64     `json:"id"`
	State       string    `json:"state"`
	Description string    `json:"description,omitempty"`
	URL         string    `json:"url,omitempty"`
	At          time.Time `json:"at"`
}

// Check is a check run.
type Check struct {
	ID         int64          `json:"id"`
	Repository string         `json:"repository"`
	Name       string         `json:"name"`
	HeadSHA    string         `json:"head_sha"`
	ExternalID string         `json:"external_id,omitempty"`
	State      string         `json:"status"`
	Conclusion string         `json:"conclusion,omitempty"`
	Output     map[string]any `json:"output,omitempty"`
	Edits      int            `json:"edits"`
	// Actions are the buttons that it offers, Annotations all that were added.
	Actions     []map[string]any `json:"actions,omitempty"`
	Annotations []map[string]any `json:"annotations,omitempty"`
}

// Dispatch is a workflow or a repository event that somebody started.
type Dispatch struct {
	Repository string         `json:"repository"`
	Workflow   string         `json:"workflow,omitempty"`
	Ref        string         `json:"ref,omitempty"`
	Inputs     map[string]any `json:"inputs,omitempty"`
	Event      string         `json:"event,omitempty"`
	At         time.Time      `json:"at"`
}

// Comment is a comment on an issue or a pull request.
type Comment struct {
	ID         int64  `json:"id"`
	Repository string `json:"repository"`
	Number     int    `json:"number"`
	Body       string `json:"body"`
	// By is who wrote it; empty for the bot.
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at"`
	Edits int       `json:"edits,omitempty"`
}

// repository is one repository with everything in it.
type repository struct {
	id          int64
	name        string   // owner/name
	head        string   // of the default branch
	history     []string // of its heads, the oldest first
	pulls       []*Pull
	deployments []*Deployment
	checks      []*Check
	comments    []Comment
}

func (r *repository) pull(number int) *Pull {
	i := slices.IndexFunc(r.pulls, func(p *Pull) bool { return p.Number == number })
	if i < 0 {
		return nil
	}
	return r.pulls[i]
}

// nextNumber is the number of the next pull request.
func (r *repository) nextNumber() int {
	highest := 0
	for _, p := range r.pulls {
		highest = max(highest, p.Number)
	}
	return highest + 1
}

// commit names a commit; the same words give the same name.
func commit(words ...any) string {
	sum := sha1.Sum([]byte(fmt.Sprintln(words...))) //nolint:gosec // a name, not a proof
	return hex.EncodeToString(sum[:])
}
