package risk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Deprecation is a model that its vendor will switch off.
type Deprecation struct {
	Model  string `yaml:"model" doc:"The model's name or a glob of names, as gpt-4o-2024-05-13 or claude-2*; matched without regard to case, with or without what stands before the last slash."`
	Date   Day    `yaml:"date" doc:"The last day on which it answers, as 2026-12-31."`
	Source string `yaml:"source" doc:"Where the vendor says so."`
}

// Day is a day of the calendar, in UTC.
type Day struct{ time.Time }

// UnmarshalText reads "2026-12-31".
func (d *Day) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%q is not a date such as 2026-12-31", text)
	}
	d.Time = t
	return nil
}

// MarshalText writes the form that UnmarshalText reads.
func (d Day) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.Format(time.DateOnly)), nil
}

// From when on a deprecation is told, and from when on it is urgent: a vendor's notice leaves months, a migration with its evaluation
// takes weeks.
const (
	deprecationNear   = 60 * 24 * time.Hour
	deprecationUrgent = 14 * 24 * time.Hour
)

// matches tells whether a model is meant.
func (d Deprecation) matches(model string) bool {
	pattern, name := strings.ToLower(d.Model), strings.ToLower(model)
	bare := name[strings.LastIndexByte(name, '/')+1:]
	return slices.ContainsFunc([]string{name, bare}, func(n string) bool {
		ok, err := doublestar.Match(pattern, n)
		return err == nil && ok
	})
}

// near is how often it counts now: once within two months, twice within two weeks, four times when the model answers no more.
func (d Deprecation) near(now time.Time) float64 {
	switch left := d.Date.AddDate(0, 0, 1).Sub(now); {
	case left <= 0:
		return 4
	case left <= deprecationUrgent:
		return 2
	case left <= deprecationNear:
		return 1
	}
	return 0
}

func (d Deprecation) sentence(now time.Time) string {
	word := "is switched off after "
	if d.near(now) == 4 {
		word = "was switched off after "
	}
	out := word + d.Date.Format("2 Jan 2006")
	if d.Source != "" {
		out += " (" + d.Source + ")"
	}
	return out
}

// deprecations is about models that will soon answer no more: those that the change pins count, those that its services run are told.
func deprecations(now time.Time, c bot.Change, f Facts, list []Deprecation) []bot.Reason {
	var out []bot.Reason
	pinned := map[string]bool{}
	for _, in := range c.Inputs {
		if in.Kind != bot.Model || in.New == "" || pinned[in.New] {
			continue
		}
		pinned[in.New] = true
		if d, near := soonest(now, in.New, list); near > 0 {
			out = append(out, bot.Reason{
				Code: DeprecatedModel, Weight: near, Sentence: fmt.Sprintf("%s pins %s, which %s", where(in), in.New, d.sentence(now)),
				Lower: "pin a model that stays",
			})
		}
	}
	// Several of one code are one reason with the weight of the first: the heaviest must be it.
	slices.SortStableFunc(out, func(a, b bot.Reason) int { return int(b.Weight - a.Weight) })
	replaced := map[string]bool{}
	for _, in := range c.Inputs {
		replaced[in.Old] = replaced[in.Old] || in.Kind == bot.Model && in.Changed()
	}
	if f.History == nil {
		return out
	}
	for _, r := range f.History.Running {
		if d, near := soonest(now, r.Model, list); near > 0 && !pinned[r.Model] && !replaced[r.Model] {
			out = append(out, bot.Reason{Code: ModelEnding, Sentence: fmt.Sprintf("%s runs %s, which %s", r.Service, r.Model, d.sentence(now))})
		}
	}
	return out
}

func where(in bot.Input) string {
	if in.Path == "" {
		return in.Name
	}
	return in.Path
}

// soonest is the deprecation of a model that counts most now.
func soonest(now time.Time, model string, list []Deprecation) (found Deprecation, near float64) {
	for _, d := range list {
		if n := d.near(now); n > near && d.matches(model) {
			found, near = d, n
		}
	}
	return found, near
}

// checkDeprecations reports every fault of the list.
func checkDeprecations(list []Deprecation, r *diag.Report) {
	for i, d := range list {
		at := r.Index(i)
		switch {
		case d.Model == "":
			at.Faultf("model", "missing", "a deprecation needs the model that it is about").Suggest("write model: gpt-4o-2024-05-13")
		case !doublestar.ValidatePattern(d.Model):
			at.Faultf("model", "bad-glob", "%q is not a glob", d.Model)
		}
		if d.Date.IsZero() {
			at.Faultf("date", "missing", "a deprecation needs its last day").Suggest("write date: 2026-12-31")
		}
		if d.Source != "" && !strings.HasPrefix(d.Source, "https://") && !strings.HasPrefix(d.Source, "http://") {
			at.Faultf("source", "bad-url", "%q is no address", d.Source).Suggest("write the address of the vendor's page, as https://example.org/deprecations")
		}
	}
}
