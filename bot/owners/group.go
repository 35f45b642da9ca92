package owners

import (
	"slices"
	"strings"
)

// Group is paths that belong to the same owners.
type Group struct {
	Owners []string
	Paths  []string
}

// Groups sorts paths by their owners, in the order in which the owners first appear; paths of nobody are left out.
func (f File) Groups(paths []string) []Group {
	if len(f.rules) == 0 {
		return nil
	}
	at := map[string]int{}
	var out []Group
	for _, path := range paths {
		rule, found := f.Of(path)
		if !found || len(rule.Owners) == 0 {
			continue
		}
		key := strings.Join(rule.Owners, " ")
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, Group{Owners: slices.Clone(rule.Owners)})
		}
		out[i].Paths = append(out[i].Paths, path)
	}
	return out
}

// Same tells whether an owner is a person or a team that somebody else names: with or without the @, in any case, as GitHub's own
// names are.
func Same(owner, name string) bool {
	return strings.EqualFold(strings.TrimPrefix(owner, "@"), strings.TrimPrefix(name, "@"))
}
