package inputs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Ledger is what was told, and whose paths are.
type Ledger struct {
	// Changes are those that tell of inputs, Deployments those of their repositories; in any order.
	Changes     []bot.Change
	Deployments []bot.Deployment
	// KindOf says what a path is; Owners are the services that it belongs to, those of the whole repository for no path.
	KindOf func(repository, path string) bot.Kind
	Owners func(repository, path string) []string
	// Environments are known beside those that changes and deployments name.
	Environments []string
}

// thing is one input of one service, whatever its version and wherever it serves.
type thing struct {
	service, repository, path string
	kind                      bot.Kind
	name                      string
}

// fact is what a change, or a deployment, told of a thing.
type fact struct {
	version string
	// only is the environment that the file is for, by its path; empty for all.
	only   string
	change *bot.Change
	// by is the change that brought the version, where this one left it as it was.
	by *bot.Change
	// declared is the deployment that told it, if none of a change.
	declared *bot.Deployment
}

// environments are all that are known.
func (l Ledger) environments() []string {
	seen := slices.Clone(l.Environments)
	for _, c := range l.Changes {
		seen = append(seen, c.Environment)
	}
	for _, d := range l.Deployments {
		seen = append(seen, d.Environment)
	}
	slices.Sort(seen)
	return slices.DeleteFunc(slices.Compact(seen), func(e string) bool { return e == "" })
}

// facts sorts what was told by thing, each in the order of the merges.
func (l Ledger) facts(environments []string) map[thing][]fact {
	out := map[thing][]fact{}
	byID := make(map[string]*bot.Change, len(l.Changes))
	changes := make([]*bot.Change, 0, len(l.Changes))
	for i := range l.Changes {
		c := &l.Changes[i]
		if byID[c.ID] == nil { // told twice, it is the same change
			byID[c.ID], changes = c, append(changes, c)
		}
	}
	slices.SortFunc(changes, func(a, b *bot.Change) int {
		return cmp.Or(landed(a).Compare(landed(b)), strings.Compare(a.ID, b.ID))
	})
	for _, c := range changes {
		for _, in := range told(c, byID) {
			only, path := scoped(in.Path, environments)
			for _, service := range l.owners(c, in.Path) {
				of := thing{service, c.Repository, path, in.Kind, in.Name}
				out[of] = append(out[of], fact{version: in.New, only: only, change: c})
			}
		}
		for _, p := range c.Paths {
			if kind := l.KindOf(c.Repository, p); slices.Contains(bot.InputKinds(), kind) {
				only, path := scoped(p, environments)
				for _, service := range l.owners(c, p) {
					of := thing{service, c.Repository, path, kind, path}
					out[of] = append(out[of], fact{version: revisionOf(c), only: only, change: c})
				}
			}
		}
	}
	for i, d := range l.Deployments {
		for _, in := range d.Inputs {
			for _, service := range orNobody(l.Owners(d.Repository, "")) {
				of := thing{service, d.Repository, "", in.Kind, in.Name}
				out[of] = append(out[of], fact{version: in.New, change: &bot.Change{}, declared: &l.Deployments[i]})
			}
		}
	}
	for of, list := range out {
		attribute(list, of.name == of.path)
	}
	return out
}

// attribute finds the change that brought each version. What was changed back is again what it was, where the revert does not say.
func attribute(facts []fact, file bool) {
	before := map[string][]int{} // of every environment that a path is for
	for i := range facts {
		f := &facts[i]
		f.by = f.change
		past := before[f.only]
		before[f.only] = append(past, i)
		if len(past) == 0 {
			continue
		}
		previous := facts[past[len(past)-1]]
		undone := f.change.Reverts != "" && f.change.Reverts == previous.change.ID && len(past) > 1
		switch {
		case undone && (file || f.version == "" && len(f.change.Inputs) == 0):
			f.version = facts[past[len(past)-2]].version
		case !file && f.version == previous.version && f.declared == nil:
			f.by = previous.by
		}
	}
}

// told are the inputs that a change told of. One that undoes another and tells none brings that one's old versions back; one that has
// a revision and names nothing else is itself the input of its source.
func told(c *bot.Change, byID map[string]*bot.Change) []bot.Input {
	if len(c.Inputs) > 0 {
		return c.Inputs
	}
	var out []bot.Input
	if undone, known := byID[c.Reverts]; known {
		for _, in := range undone.Inputs {
			if in.Changed() {
				out = append(out, bot.Input{Kind: in.Kind, Name: in.Name, Path: in.Path, Old: in.New, New: in.Old})
			}
		}
	}
	if len(out) == 0 && len(c.Paths) == 0 && c.Revision != "" && slices.Contains(bot.InputKinds(), c.Kind) {
		out = append(out, bot.Input{Kind: c.Kind, Name: c.Source, New: revisionOf(c)})
	}
	return out
}

func (l Ledger) owners(c *bot.Change, path string) []string {
	if path != "" {
		if owners := l.Owners(c.Repository, path); len(owners) > 0 {
			return owners
		}
	}
	return orNobody(c.Services)
}

func orNobody(services []string) []string {
	if len(services) == 0 {
		return []string{""}
	}
	return services
}

// landed is when a change took its place among the others of its repository.
func landed(c *bot.Change) time.Time {
	if !c.MergedAt.IsZero() {
		return c.MergedAt
	}
	return c.At()
}

// revisionOf is the short form of a change's revision; of one without, the time that counts.
func revisionOf(c *bot.Change) string {
	switch r := c.Revision; {
	case r == "":
		return c.At().UTC().Format(time.RFC3339)
	case len(r) >= 40 && strings.Trim(r, "0123456789abcdef") == "":
		return r[:7]
	default:
		return short(r, maxValue)
	}
}

// scoped finds the environment that a path is for, as deploy/production/values.yaml, and what the path is for all of them.
func scoped(path string, environments []string) (only, general string) {
	at := 0
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return strings.ContainsRune("/.-_", r) }) {
		at += strings.Index(path[at:], part)
		if slices.Contains(environments, part) {
			return part, path[:at] + "{environment}" + path[at+len(part):]
		}
		at += len(part)
	}
	return "", path
}
