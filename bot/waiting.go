package bot

import "time"

// Waiting is a pull request that may land, or that landed and is watched, as it was judged last.
type Waiting struct {
	Repository string   `json:"repository"`
	Number     int      `json:"number"`
	Title      string   `json:"title"`
	URL        string   `json:"url,omitempty"`
	Author     string   `json:"author,omitempty"`
	Kind       Kind     `json:"kind,omitempty"`
	Services   []string `json:"services,omitempty"`
	// Level is empty while it was not judged; Reasons are those of the judgement, in words.
	Level   Level    `json:"level,omitempty"`
	Reasons []string `json:"reasons,omitempty"`
	Draft   bool     `json:"draft,omitempty"`
	// Approved tells that somebody approved it, Queued that a merge queue tries it.
	Approved bool `json:"approved,omitempty"`
	Queued   bool `json:"queued,omitempty"`
	// Override is who lets it land in spite of its check, and why; OverrideUntil is until when.
	Override      string    `json:"override,omitempty"`
	OverrideUntil time.Time `json:"override_until,omitzero"`
	// BakesUntil is until when it is watched; zero while it has not landed.
	BakesUntil time.Time `json:"bakes_until,omitzero"`
}
