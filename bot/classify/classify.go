package classify

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/firebreak-dev/firebreak/bot"
)

// Classify returns the change with its kinds, its services and its way back. What the source of the change already said is
// kept and added to. Rules are tried in order (Config.WithDefaults); services keep the order they are given in. A file of models
// in which only the corpus changed makes a change of retrieval: versions that were read say more than the path that holds them.
func Classify(rules []Rule, services []bot.Service, c bot.Change) bot.Change {
	kinds, telling, named := judge(rules, c)
	told := append(slices.Clone(c.Kinds), c.Kind)
	c.Kinds = ordered(slices.Concat(kinds, telling, told))
	if c.Kind == "" {
		if len(c.Kinds) == 0 {
			c.Kinds, telling = []bot.Kind{bot.Code}, []bot.Kind{bot.Code}
		}
		c.Kind = ordered(append(telling, told...))[0]
	}
	touched := append(slices.Clone(c.Services), named...)
	var found []string
	for _, s := range services {
		if slices.Contains(touched, s.Name) || claims(s, c) {
			found = append(found, s.Name)
		}
	}
	for _, name := range c.Services {
		if !slices.Contains(found, name) {
			found = append(found, name) // a service that the source knows and we do not
		}
	}
	c.Services = found
	if c.Rollback == "" {
		c.Rollback = wayBack(services, c)
	}
	return c
}

// KindOf returns the kind of one path; "" when no rule matches.
func KindOf(rules []Rule, repository, path string) bot.Kind {
	if r := match(rules, repository, path); r != nil {
		return r.Kind
	}
	return ""
}

// judge gives the kinds of a change's paths, those that tell what it is, and the services that the deciding rules name.
func judge(rules []Rule, c bot.Change) (kinds, telling []bot.Kind, services []string) {
	pinned := map[string][]bot.Kind{}
	for _, in := range c.Inputs {
		if in.Changed() {
			pinned[in.Path] = append(pinned[in.Path], in.Kind)
			telling = append(telling, in.Kind)
		}
	}
	for _, path := range c.Paths {
		r := match(rules, c.Repository, path)
		if r == nil {
			continue
		}
		if !slices.Contains(kinds, r.Kind) {
			kinds = append(kinds, r.Kind)
		}
		if len(pinned[path]) == 0 {
			telling = append(telling, r.Kind)
		}
		services = append(services, r.Services...)
	}
	return kinds, telling, services
}

func match(rules []Rule, repository, path string) *Rule {
	for i := range rules {
		r := &rules[i]
		if (r.Repository == "" || glob(r.Repository, repository)) && slices.ContainsFunc(r.Paths, func(p string) bool { return glob(p, path) }) {
			return r
		}
	}
	return nil
}

// glob matches without regard to case: no repository tells PROMPTS/ from prompts/ on purpose. A pattern that is not a glob,
// which Check refuses, matches nothing.
func glob(pattern, name string) bool {
	ok, err := doublestar.Match(strings.ToLower(pattern), strings.ToLower(name))
	return err == nil && ok
}

// claims tells whether a service owns something that the change touched. A change that took effect in an environment which
// the service does not have is not its own.
func claims(s bot.Service, c bot.Change) bool {
	if c.Repository == "" {
		return false
	}
	if c.Environment != "" && len(s.Environments) > 0 && !slices.Contains(s.Environments, c.Environment) {
		return false
	}
	return slices.ContainsFunc(s.Repositories, func(r bot.Repository) bool {
		if !glob(r.Name, c.Repository) {
			return false
		}
		if len(r.Paths) == 0 || len(c.Paths) == 0 {
			return true
		}
		return slices.ContainsFunc(c.Paths, func(path string) bool {
			return slices.ContainsFunc(r.Paths, func(p string) bool { return glob(p, path) })
		})
	})
}

// wayBack is the rollback action of the first touched service that has one for the kind and that can take this change back.
func wayBack(services []bot.Service, c bot.Change) string {
	for _, s := range services {
		if action := s.Rollback[c.Kind]; action != "" && slices.Contains(c.Services, s.Name) && undoes(action, c) {
			return action
		}
	}
	return ""
}

// undoes tells whether an action can take a change back: a revert is one of a pull request, at the forge that told of it. Nobody shall
// be asked for one of a prompt that a registry published, or of a push. What has not landed yet will be one when it does.
func undoes(action string, c bot.Change) bool {
	source, verb, _ := strings.Cut(action, ".")
	ahead := c.Repository != "" && c.MergedAt.IsZero() && c.EffectiveAt.IsZero()
	return verb != "revert" || ahead || (c.Source == source && c.Number > 0)
}

// ordered sorts kinds by how much they tell and drops doubles and unknown ones.
func ordered(kinds []bot.Kind) []bot.Kind {
	var out []bot.Kind
	for _, k := range bot.Kinds() {
		if slices.Contains(kinds, k) {
			out = append(out, k)
		}
	}
	return out
}
