package inputs

import (
	"fmt"
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
)

// Diff tells in which inputs two environments are not the same. What is in force wherever nothing else is told counts for both.
func Diff(inForce []bot.InForce, left, right string) []bot.InputDifference {
	type sides struct{ left, right, all *bot.InForce }
	var order []thing
	by := map[thing]*sides{}
	for i := range inForce {
		in := &inForce[i]
		of := thing{in.Service, in.Repository, in.Path, in.Kind, in.Name}
		s := by[of]
		if s == nil {
			s = &sides{}
			by[of], order = s, append(order, of)
		}
		if in.Environment == "" {
			s.all = in
		}
		if in.Environment == left {
			s.left = in
		}
		if in.Environment == right {
			s.right = in
		}
	}
	var out []bot.InputDifference
	for _, of := range order {
		s := by[of]
		if s.left == nil {
			s.left = s.all
		}
		if s.right == nil {
			s.right = s.all
		}
		if d, differ := difference(s.left, s.right, left, right); differ {
			d.Service, d.Kind, d.Name, d.Path = of.service, of.kind, of.name, of.path
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b bot.InputDifference) int {
		return slices.Index(bot.InputKinds(), a.Kind) - slices.Index(bot.InputKinds(), b.Kind)
	})
	slices.SortStableFunc(out, func(a, b bot.InputDifference) int {
		switch {
		case a.Service < b.Service:
			return -1
		case a.Service > b.Service:
			return 1
		}
		return 0
	})
	return out
}

func difference(l, r *bot.InForce, left, right string) (bot.InputDifference, bool) {
	d := bot.InputDifference{Left: l, Right: r}
	switch {
	case l == nil && r == nil:
		return d, false
	case l == nil:
		d.What, d.Sentence = "missing", fmt.Sprintf("%s in %s, none is known in %s", r.Version, right, left)
	case r == nil:
		d.What, d.Sentence = "missing", fmt.Sprintf("%s in %s, none is known in %s", l.Version, left, right)
	case l.Version != r.Version:
		d.What, d.Sentence = "version", fmt.Sprintf("%s in %s, %s in %s", l.Version, left, r.Version, right)
	case l.Revision != r.Revision:
		d.What = "content"
		d.Sentence = fmt.Sprintf("%s in both, but of another content: %s in %s, %s in %s", l.Version, l.Revision, left, r.Revision, right)
	default:
		return d, false
	}
	return d, true
}
