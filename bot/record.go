package bot

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Record is a change as somebody's script tells it: by firebreak change record, POST /api/v1/changes, or a CloudEvent of type
// dev.firebreak.change.v1. Only Title and one of Kind, Paths and Inputs are needed.
type Record struct {
	// ID makes recording idempotent: the same one again updates the change. Empty means that it is made from the rest.
	ID string `json:"id,omitempty"`
	// Source is who tells, as "deploy-script"; "script" when left out. It may not be one of Firebreak's own sources.
	Source      string    `json:"source,omitempty"`
	Kind        Kind      `json:"kind,omitempty"`
	Title       string    `json:"title"`
	Repository  string    `json:"repository,omitempty"`
	Revision    string    `json:"revision,omitempty"`
	Branch      string    `json:"branch,omitempty"`
	Author      string    `json:"author,omitempty"`
	Reviewers   []string  `json:"reviewers,omitempty"`
	URL         string    `json:"url,omitempty"`
	Paths       []string  `json:"paths,omitempty"`
	Inputs      []Input   `json:"inputs,omitempty"`
	Services    []string  `json:"services,omitempty"`
	Environment string    `json:"environment,omitempty"`
	MergedAt    time.Time `json:"merged_at,omitzero"`
	// EffectiveAt is when it began to serve; left out it is now, unless MergedAt is given.
	EffectiveAt time.Time `json:"effective_at,omitzero"`
	Exposure    float64   `json:"exposure,omitempty"`
	Reverts     string    `json:"reverts,omitempty"`
}

// The bounds of a record.
const (
	maxRecordText  = 300
	maxRecordLists = 3000
	// recordAhead is how far a clock may be ahead of ours.
	recordAhead = 10 * time.Minute
)

// Change checks a record and makes the change of it. Errors are Invalid and say what to write.
func (r Record) Change(now time.Time) (Change, error) {
	if r.Source == "" {
		r.Source = "script"
	}
	if err := r.check(now); err != nil {
		return Change{}, err
	}
	if r.EffectiveAt.IsZero() && r.MergedAt.IsZero() {
		r.EffectiveAt = now
	}
	id := r.ID
	if id == "" {
		at := r.EffectiveAt
		if at.IsZero() {
			at = r.MergedAt
		}
		id = StableID("rec", at, r.Title, string(r.Kind), r.Repository, r.Revision, r.Environment, strings.Join(r.Services, ","), at.UTC().String())
	}
	var rollout []RolloutStep
	if r.Exposure > 0 && !r.EffectiveAt.IsZero() {
		rollout = []RolloutStep{{At: r.EffectiveAt.UTC(), Share: r.Exposure}}
	}
	return Change{
		ID: r.Source + ":" + id, Kind: r.Kind, Source: r.Source, Repository: r.Repository, Revision: r.Revision, Branch: r.Branch,
		Title: r.Title, Author: r.Author, Reviewers: r.Reviewers, URL: r.URL, Paths: r.Paths, Inputs: r.Inputs, Services: r.Services,
		Environment: r.Environment, MergedAt: r.MergedAt.UTC(), EffectiveAt: r.EffectiveAt.UTC(), Exposure: r.Exposure,
		Rollout: rollout,
		Reverts: r.Reverts, Seen: now,
	}, nil
}

func (r Record) check(now time.Time) error {
	for name, text := range map[string]string{
		"id": r.ID, "source": r.Source, "title": r.Title, "repository": r.Repository, "revision": r.Revision, "branch": r.Branch,
		"author": r.Author, "environment": r.Environment, "reverts": r.Reverts,
	} {
		if err := oneLine(name, text); err != nil {
			return err
		}
	}
	for name, list := range map[string][]string{"reviewers": r.Reviewers, "paths": r.Paths, "services": r.Services} {
		if len(list) > maxRecordLists {
			return Errorf(Invalid, "%s may name %d at most", name, maxRecordLists)
		}
		for _, text := range list {
			if text == "" {
				return Errorf(Invalid, "%s holds an empty name", name)
			}
			if err := oneLine(name, text); err != nil {
				return err
			}
		}
	}
	if err := checkInputs(r.Inputs); err != nil {
		return err
	}
	switch {
	case r.Title == "":
		return Errorf(Invalid, "a change needs a title: say in a line what was changed")
	case r.Kind == "" && len(r.Paths) == 0 && len(r.Inputs) == 0:
		return Errorf(Invalid, "say which kind of change it is (%s), or which paths or inputs it touches", words(Kinds()))
	case r.Kind != "" && !slices.Contains(Kinds(), r.Kind):
		return Errorf(Invalid, "unknown kind of change %q; known are %s", r.Kind, words(Kinds()))
	case !isSourceName(r.Source):
		return Errorf(Invalid, "a source is named in lower-case letters, digits and hyphens")
	case slices.Contains(reservedSources(), r.Source):
		return Errorf(Invalid, "%q is a source of Firebreak's own; name the script that tells", r.Source)
	case r.Exposure < 0 || r.Exposure > 1:
		return Errorf(Invalid, "exposure is a share of traffic between 0 and 1")
	case r.MergedAt.After(now.Add(recordAhead)) || r.EffectiveAt.After(now.Add(recordAhead)):
		return Errorf(Invalid, "a change cannot have been made in the future; compare the clocks")
	}
	if web := strings.HasPrefix(r.URL, "https://") || strings.HasPrefix(r.URL, "http://"); r.URL != "" && (!web || len(r.URL) > 2000 || strings.ContainsAny(r.URL, " \t\r\n")) {
		return Errorf(Invalid, "url is not an http or https address")
	}
	return nil
}

func oneLine(name, text string) error {
	if utf8.RuneCountInString(text) > maxRecordText {
		return Errorf(Invalid, "%s may have %d characters at most", name, maxRecordText)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		return Errorf(Invalid, "%s must be one line of plain text", name)
	}
	return nil
}

func isSourceName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}

// reservedSources are those whose changes have IDs of their own form, which nobody else may write over.
func reservedSources() []string {
	return []string{"github", "argo", "flagger", "flags", "cdevents", "alertmanager", "firebreak"}
}
