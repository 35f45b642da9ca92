package bot

import "time"

// Pull is an open pull request: a change that would land, with what is known of it. It is kept, so that it can be judged again without
// asking anybody.
type Pull struct {
	// Change is what would land: its revision is the head, its branch the one that it would land on.
	Change Change `json:"change"`
	// Files are those that were listed, Total how many it changes; a forge lists only so many. Lines are added and deleted ones.
	Files []PullFile `json:"files,omitempty"`
	Total int        `json:"total"`
	Lines int        `json:"lines"`
	// Draft tells that it is not meant to land yet, Fork that it comes from another repository.
	Draft  bool     `json:"draft,omitempty"`
	Fork   bool     `json:"fork,omitempty"`
	Labels []string `json:"labels,omitempty"`
	// Asked are those who were asked for a review, and those who gave one of whatever kind; teams are org/team.
	Asked []string `json:"asked,omitempty"`
	// Owners tells that it is known who owns its paths; Owned are those that somebody owns.
	Owners bool        `json:"owners,omitempty"`
	Owned  []PullOwned `json:"owned,omitempty"`
	// Committed is when its head was made, Reviewed when it was last approved; zero where that is not known.
	Committed time.Time `json:"committed,omitzero"`
	Reviewed  time.Time `json:"reviewed,omitzero"`
	// Evaluation is what a release gate said of its head, nil where none did.
	Evaluation *Evaluated `json:"evaluation,omitempty"`
	// Merged and Closed tell how it ended, if it did.
	Merged bool `json:"merged,omitempty"`
	Closed bool `json:"closed,omitempty"`
}

// PullFile is one changed file.
type PullFile struct {
	Path string `json:"path"`
	// Previous is its path before it was renamed.
	Previous string `json:"previous,omitempty"`
	// Removed tells that there is no such file any more, so that no line of it can be pointed at.
	Removed bool `json:"removed,omitempty"`
	// Line is the first changed line of the new file, zero where that is not known.
	Line int `json:"line,omitempty"`
}

// PullOwned are paths that have the same owners.
type PullOwned struct {
	Owners []string `json:"owners"`
	Paths  []string `json:"paths"`
}

// PullEvent is what happened to a pull request.
type PullEvent string

// What happens to pull requests, and to what their judgement depends on.
const (
	// PullChanged tells that its commits, reviews, title or branch may be others: it has to be read again.
	PullChanged PullEvent = "changed"
	// PullLabelled tells its labels and whether it is a draft, all of them.
	PullLabelled PullEvent = "labelled"
	// PullMerged and PullClosed end it.
	PullMerged PullEvent = "merged"
	PullClosed PullEvent = "closed"
	// PullQueued tells of a commit in which a merge queue tries it, PullUnqueued that this commit is not waited for any more.
	PullQueued   PullEvent = "queued"
	PullUnqueued PullEvent = "unqueued"
	// PullCommanded is a comment that begins with /firebreak, PullPressed a button of the check.
	PullCommanded PullEvent = "commanded"
	PullPressed   PullEvent = "pressed"
	// PullAgain tells that somebody wants the check to be run again.
	PullAgain PullEvent = "again"
	// PolicyChanged tells that what the repository says of its checks may be another; it has no number.
	PolicyChanged PullEvent = "policy"
)

// PullNews is what a forge told of a pull request.
type PullNews struct {
	Event      PullEvent
	Repository string
	Number     int
	// Head is the revision that it was told of, where one was.
	Head string
	// By is who did it, At when it was told.
	By string
	At time.Time
	// Text is what was commanded or which button was pressed: text from outside.
	Text   string
	Labels []string
	Draft  bool
}

// CheckRun is what a forge shows beside a commit.
type CheckRun struct {
	// Repository is owner/name, Head the commit, Name the check's, as "firebreak/risk".
	Repository, Head, Name string
	// Key is ours, so that an event of the check leads back to what it is about.
	Key string
	// Conclusion is success, neutral, failure or action_required.
	Conclusion string
	// Title is plain text, Summary and Text are Markdown.
	Title, Summary, Text string
	// URL leads to more.
	URL string
	At  time.Time
	// Annotations point at lines. A forge adds them to those that it has.
	Annotations []Annotation
	// Buttons are offered beside it, three at most.
	Buttons []Button
}

// Annotation is a word on a line of a file.
type Annotation struct {
	Path string
	Line int
	// Warning tells that it is more than a note.
	Warning        bool
	Title, Message string
}

// Button is something that people may press beside a check.
type Button struct{ ID, Label, Description string }

// Protected is a deployment that waits for us: a forge asks before it lets a job reach an environment.
type Protected struct {
	Repository  string `json:"repository"`
	Environment string `json:"environment"`
	Revision    string `json:"revision"`
	// Callback is where the answer goes.
	Callback string    `json:"callback"`
	At       time.Time `json:"at"`
}
