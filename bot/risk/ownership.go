package risk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/owners"
)

// toldGroups bounds the owners that a sentence names.
const toldGroups = 3

// ownership finds paths whose owners were neither asked nor have answered. One of a path's owners is enough, and the author is one.
func ownership(c bot.Change, f Facts) []bot.Reason {
	if !f.Reviews || !f.Owners || c.Author == "" {
		return nil
	}
	heard := append(slices.Clone(f.Asked), c.Reviewers...)
	anybody := somebodyElse(heard, c.Author, f.Owned)
	var paths, whom []string
	groups := 0
	for _, g := range f.Owned {
		if knows(g, c.Author, heard, anybody) {
			continue
		}
		if groups++; groups > toldGroups {
			continue
		}
		paths = append(paths, some(g.Paths)+" ("+strings.Join(g.Owners, ", ")+")")
		whom = append(whom, g.Owners[0])
	}
	if groups == 0 {
		return nil
	}
	sentence := "nobody was asked who owns " + strings.Join(paths, ", nor ")
	if groups > toldGroups {
		sentence += fmt.Sprintf(", and so on for %d more owners", groups-toldGroups)
	}
	return []bot.Reason{{Code: OwnerNotAsked, Sentence: sentence, Lower: "ask " + strings.Join(whom, ", ") + " for a review"}}
}

// knows tells whether one of the owners wrote it, was asked, or has answered. Who belongs to a team, or whose an e-mail address is,
// nobody tells us: both count as asked as soon as anybody was who is not an owner in person.
func knows(g owners.Group, author string, heard []string, anybody bool) bool {
	return slices.ContainsFunc(g.Owners, func(owner string) bool {
		if owners.Same(owner, author) || slices.ContainsFunc(heard, func(who string) bool { return owners.Same(owner, who) }) {
			return true
		}
		return anybody && (owners.IsTeam(owner) || owners.IsAddress(owner))
	})
}

// somebodyElse tells whether a person was asked, or has answered, who is neither the author nor named as an owner: such a person may
// stand for a team.
func somebodyElse(heard []string, author string, owned []owners.Group) bool {
	return slices.ContainsFunc(heard, func(who string) bool {
		if owners.Same(who, author) || strings.Contains(who, "/") {
			return false
		}
		return !slices.ContainsFunc(owned, func(g owners.Group) bool {
			return slices.ContainsFunc(g.Owners, func(owner string) bool { return owners.Same(owner, who) })
		})
	})
}

// some names the first of several.
func some(paths []string) string {
	if len(paths) == 1 {
		return paths[0]
	}
	return fmt.Sprintf("%s and %d more", paths[0], len(paths)-1)
}
