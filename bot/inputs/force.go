package inputs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// event is a fact that came into force in an environment.
type event struct {
	at time.Time
	fact
}

// At tells what was in force at a time, by service, environment and input.
//
// What a repository holds is in force where a deployment brought it: that of the newest revision that the environment runs, and so a
// deployment of an older one brings older versions back. Where no deployment of the repository was told of, a change is in force from
// the time that counts (bot.Change.At), in its environment; in every one where it names none.
func At(at time.Time, l Ledger) []bot.InForce {
	environments := l.environments()
	roads := roadsOf(at, l.Deployments)
	facts := l.facts(environments)
	var pins, files []state
	for of, told := range facts {
		for _, environment := range append([]string{""}, environments...) {
			s, found := fold(of, environment, events(at, told, roads[of.repository], environment))
			switch {
			case !found:
			case of.path != "" && of.name == of.path:
				files = append(files, s)
			default:
				pins = append(pins, s)
			}
		}
	}
	out := join(pins, files, l.KindOf)
	slices.SortFunc(out, func(a, b bot.InForce) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Environment, b.Environment),
			cmp.Compare(slices.Index(bot.InputKinds(), a.Kind), slices.Index(bot.InputKinds(), b.Kind)),
			strings.Compare(a.Name, b.Name), strings.Compare(a.Repository, b.Repository), strings.Compare(a.Path, b.Path))
	})
	return out
}

// roads are the deployments of a repository until a time, by environment, oldest first. Only those count of which the ledger knows
// what they carried.
type roads map[string][]bot.Deployment

func roadsOf(at time.Time, deployments []bot.Deployment) map[string]roads {
	out := map[string]roads{}
	for _, d := range deployments {
		if d.MergedAt.IsZero() || d.At.After(at) {
			continue
		}
		if out[d.Repository] == nil {
			out[d.Repository] = roads{}
		}
		out[d.Repository][d.Environment] = append(out[d.Repository][d.Environment], d)
	}
	for _, by := range out {
		for _, list := range by {
			slices.SortFunc(list, func(a, b bot.Deployment) int {
				return cmp.Or(a.At.Compare(b.At), a.MergedAt.Compare(b.MergedAt), strings.Compare(a.Revision, b.Revision))
			})
		}
	}
	return out
}

// events are the facts of a thing as they came into force in an environment. Under no name they are those that named none; an
// environment of which nothing else was told has no events of its own.
func events(at time.Time, told []fact, by roads, environment string) []event {
	var out []event
	var carried []fact
	own := environment == ""
	for _, f := range told {
		if f.only != "" && f.only != environment {
			continue
		}
		where, when := f.only, f.change.At()
		if f.declared != nil {
			where, when = f.declared.Environment, f.declared.At
		} else if f.change.Environment != "" && where == "" {
			where = f.change.Environment
		}
		if f.declared == nil && !f.change.MergedAt.IsZero() && len(by) > 0 {
			carried = append(carried, f)
			if len(by[environment]) > 0 || environment == "" || f.change.Environment != environment {
				continue
			}
		}
		if (where == "" || where == environment) && !when.After(at) {
			out, own = append(out, event{when, f}), own || where != ""
		}
	}
	arrived := arrivals(carried, by[environment])
	if !own && len(arrived) == 0 {
		return nil
	}
	out = append(out, arrived...)
	slices.SortStableFunc(out, func(a, b event) int { return a.at.Compare(b.at) })
	return out
}

// arrivals are the facts that deployments brought, each when what runs began to hold it.
func arrivals(carried []fact, deployments []bot.Deployment) []event {
	var out []event
	last := -1
	for _, d := range deployments {
		i, _ := slices.BinarySearchFunc(carried, d.MergedAt, func(f fact, merged time.Time) int {
			if f.change.MergedAt.After(merged) {
				return 1
			}
			return -1
		})
		for i--; i >= 0 && !sameBranch(carried[i].change.Branch, d.Branch); i-- {
		}
		i = max(i, -1)
		if i == last {
			continue
		}
		last = i
		if i < 0 { // of so old a revision nothing is known
			out = append(out, event{d.At, fact{change: &bot.Change{}}})
			continue
		}
		at := d.At
		if c := carried[i].change; len(out) == 0 && c.Environment == d.Environment && !c.EffectiveAt.IsZero() && c.EffectiveAt.Before(at) {
			at = c.EffectiveAt
		}
		out = append(out, event{at, carried[i]})
	}
	return out
}

func sameBranch(a, b string) bool { return a == "" || b == "" || a == b }

// state is a thing in force, with the change that spoke of it last.
type state struct {
	bot.InForce
	of   thing
	last *bot.Change
}

// fold is the last word of the events. The same version told again does not make it younger.
func fold(of thing, environment string, events []event) (state, bool) {
	var s state
	found := false
	for _, e := range events {
		s.last = e.change
		switch {
		case e.version == "":
			found = false
		case found && e.version == s.Version:
		default:
			found = true
			s.InForce = bot.InForce{
				Service: of.service, Environment: environment, Kind: of.kind, Name: of.name, Repository: of.repository, Path: of.path,
				Version: e.version, Since: e.at.UTC(), Change: e.by.ID, URL: e.by.URL,
			}
			if e.declared != nil {
				s.URL = e.declared.URL
			}
			if e.change.Reverts != "" {
				s.Note = "undoes " + e.change.Reverts
			}
		}
	}
	s.of = of
	return s, found
}

// join puts the pins of files beside the files themselves: a file that declares its version is not told twice, and one that changed
// under the same version is told as that.
func join(pins, files []state, kindOf func(repository, path string) bot.Kind) []bot.InForce {
	type place struct{ service, environment, repository, path string }
	at := func(s state) place { return place{s.Service, s.Environment, s.Repository, s.Path} }
	touched := make(map[place]state, len(files))
	for _, f := range files {
		touched[at(f)] = f
	}
	declared := map[place]bool{}
	var out []bot.InForce
	for _, p := range pins {
		f, isInput := touched[at(p)]
		if isInput && f.Kind == p.Kind && declares(p, f, kindOf) {
			declared[at(p)] = true
			p.Revision = f.Version
			if f.Change != p.Change && !f.Since.Before(p.Since) {
				p.Note = hidden(p, f)
			}
		}
		out = append(out, p.InForce)
	}
	for _, f := range files {
		if !declared[at(f)] {
			f.Revision = f.Version
			out = append(out, f.InForce)
		}
	}
	return out
}

// declares tells whether a pin says the version of the file that it stands in, and not of something that the file uses.
func declares(p, f state, kindOf func(repository, path string) bot.Kind) bool {
	for _, c := range []*bot.Change{f.last, p.last} {
		n := 0
		for _, in := range c.Inputs {
			if in.Kind == p.Kind && in.Name == p.Name && kindOf(c.Repository, in.Path) == p.Kind {
				n++
			}
		}
		if n > 0 {
			return true
		}
	}
	return false
}

// hidden says what a version that stayed the same hides: the file changed after it was given.
func hidden(p, f state) string {
	when := f.Since.UTC().Format("2006-01-02 15:04Z")
	for _, in := range f.last.Inputs {
		if in.Kind == p.Kind && in.Name == p.Name {
			return "the file was changed by " + f.Change + " at " + when + " under the same version"
		}
	}
	return "the file was changed by " + f.Change + " at " + when + "; which version it declares since then was not read"
}
