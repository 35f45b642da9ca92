package github

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// These are the parts of GitHub's webhook bodies that are read. Everything is optional; a field of an unexpected type is
// left empty rather than refused, since one odd field must not cost us the change.

type payload struct {
	Action      string       `json:"action"`
	Repository  repository   `json:"repository"`
	Sender      account      `json:"sender"`
	PullRequest *pullRequest `json:"pull_request"`
	Deployment  *deployment  `json:"deployment"`
	Status      *status      `json:"deployment_status"`
	WorkflowRun *workflowRun `json:"workflow_run"`
	Release     *release     `json:"release"`
	MergeGroup  *mergeGroup  `json:"merge_group"`
	Issue       *issue       `json:"issue"`
	Comment     *comment     `json:"comment"`
	CheckRun    *ranCheck    `json:"check_run"`
	CheckSuite  *checkSuite  `json:"check_suite"`
	// RequestedAction is the button that was pressed.
	RequestedAction *requestedAction `json:"requested_action"`
	// Environment and Callback are those of a deployment that waits.
	Environment string `json:"environment"`
	Callback    string `json:"deployment_callback_url"`
	push
}

type mergeGroup struct {
	HeadSHA string `json:"head_sha"`
	HeadRef string `json:"head_ref"`
}

type issue struct {
	Number int `json:"number"`
	// PullRequest is there where the issue is one.
	PullRequest *struct{} `json:"pull_request"`
}

type comment struct {
	Body      string  `json:"body"`
	User      account `json:"user"`
	CreatedAt moment  `json:"created_at"`
}

type appOf struct {
	ID int64 `json:"id"`
}

type ranCheck struct {
	HeadSHA    string `json:"head_sha"`
	ExternalID string `json:"external_id"`
	App        appOf  `json:"app"`
}

type checkSuite struct {
	App          appOf         `json:"app"`
	PullRequests []pullRequest `json:"pull_requests"`
}

type requestedAction struct {
	Identifier string `json:"identifier"`
}

type label struct {
	Name string `json:"name"`
}

type repository struct {
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
	PushedAt      moment `json:"pushed_at"`
}

type account struct {
	Login string `json:"login"`
	Type  string `json:"type"`
}

type branch struct {
	Ref string `json:"ref"`
	SHA string `json:"sha"`
}

type pullRequest struct {
	Number         int     `json:"number"`
	NodeID         string  `json:"node_id"`
	HTMLURL        string  `json:"html_url"`
	Title          string  `json:"title"`
	Body           string  `json:"body"`
	User           account `json:"user"`
	MergedBy       account `json:"merged_by"`
	Merged         bool    `json:"merged"`
	MergedAt       moment  `json:"merged_at"`
	MergeCommitSHA string  `json:"merge_commit_sha"`
	Commits        int     `json:"commits"`
	Base           branch  `json:"base"`
	Head           branch  `json:"head"`
	Draft          bool    `json:"draft"`
	Labels         []label `json:"labels"`
}

type push struct {
	Ref        string   `json:"ref"`
	Before     string   `json:"before"`
	After      string   `json:"after"`
	Deleted    bool     `json:"deleted"`
	Compare    string   `json:"compare"`
	Pusher     person   `json:"pusher"`
	HeadCommit *commit  `json:"head_commit"`
	Commits    []commit `json:"commits"`
}

type person struct {
	Name     string `json:"name"`
	Username string `json:"username"`
}

type commit struct {
	ID        string   `json:"id"`
	Message   string   `json:"message"`
	URL       string   `json:"url"`
	Author    person   `json:"author"`
	Committer person   `json:"committer"`
	Added     []string `json:"added"`
	Removed   []string `json:"removed"`
	Modified  []string `json:"modified"`
}

type deployment struct {
	SHA         string `json:"sha"`
	Environment string `json:"environment"`
	CreatedAt   moment `json:"created_at"`
	UpdatedAt   moment `json:"updated_at"`
	URL         string `json:"url"`
	// Payload is whatever the deployer put there: an object, or JSON within a text.
	Payload json.RawMessage `json:"payload"`
}

type status struct {
	State          string `json:"state"`
	Environment    string `json:"environment"`
	CreatedAt      moment `json:"created_at"`
	UpdatedAt      moment `json:"updated_at"`
	TargetURL      string `json:"target_url"`
	LogURL         string `json:"log_url"`
	EnvironmentURL string `json:"environment_url"`
}

// moment is a time in whatever form GitHub sent it: RFC 3339, a bare date and time, or Unix seconds. Anything else is zero.
type moment struct{ time.Time }

// UnmarshalJSON never fails.
func (m *moment) UnmarshalJSON(data []byte) error {
	var unix int64
	if json.Unmarshal(data, &unix) == nil && unix > 0 && unix < 1<<37 {
		m.Time = time.Unix(unix, 0).UTC()
		return nil
	}
	var text string
	_ = json.Unmarshal(data, &text) // what is no text is no time: it stays empty
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700", time.DateTime, time.DateOnly} {
		at, err := time.Parse(layout, text)
		if err == nil {
			m.Time = at.UTC()
			break
		}
	}
	return nil
}

// decode reads a body. Only text that is no JSON object at all is an error.
func decode(body []byte) (payload, error) {
	var p payload
	err := json.Unmarshal(body, &p)
	var odd *json.UnmarshalTypeError
	if errors.As(err, &odd) && odd.Field != "" {
		err = nil // the rest has been read
	}
	return p, err
}

// firstOf returns the first moment that is known.
func firstOf(all ...time.Time) time.Time {
	for _, t := range all {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// firstWord returns the first text that is not empty.
func firstWord(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// title makes one line of at most 300 characters of a text from outside.
func title(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > 300 {
		s = string([]rune(s)[:299]) + "…"
	}
	return s
}
