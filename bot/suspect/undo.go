package suspect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// undoing is what took a change back, and when.
type undoing struct {
	at time.Time
	by string // what people read: the ID of the change that did it, or what its own roll-out did
	// maybe tells that it need not have been one: the same flags were changed again, and nobody told to what. That the signals came back with it
	// says something; that they did not says nothing.
	maybe bool
}

// undoings finds for each change what undid it first: one that says so, its own roll-out that went back to nothing, or one that brought
// the versions back that it had replaced.
func undoings(changes []*bot.Change) map[string]undoing {
	out := make(map[string]undoing)
	add := func(id string, u undoing) {
		if known, there := out[id]; !there || known.maybe && !u.maybe || u.at.Before(known.at) || u.at.Equal(known.at) && u.by < known.by {
			out[id] = u
		}
	}
	back := make(map[string]bool)
	for _, c := range changes {
		back[c.Reverts] = true
	}
	for _, c := range changes {
		if c.Reverts != "" && !back[c.ID] { // a revert that was reverted brought the change back
			add(c.Reverts, undoing{at: timingOf(c).at, by: c.ID})
		}
		if at := c.TakenBack(); !at.IsZero() {
			add(c.ID, undoing{at: at, by: "its own roll-out, back at 0 %"})
		}
	}
	for id, u := range restorings(changes) {
		if _, told := out[id]; !told {
			add(id, u)
		}
	}
	for id, u := range switched(changes) {
		if _, told := out[id]; !told {
			add(id, u)
		}
	}
	return out
}

// Undone tells which changes are undone, each with what undid it in words that people read. That flags were changed again, nobody knows to
// what, is none.
func Undone(changes []bot.Change) map[string]string {
	out := make(map[string]string)
	for id, u := range undoings(once(changes)) {
		if !u.maybe {
			out[id] = u.by
		}
	}
	return out
}

// switched finds changes of flags after which the very same flags were changed again, where nobody told to what.
func switched(changes []*bot.Change) map[string]undoing {
	var flags []*bot.Change
	for _, c := range changes {
		if c.Kind == bot.Flag && len(c.Inputs) == 0 && len(c.Paths) > 0 {
			flags = append(flags, c)
		}
	}
	slices.SortFunc(flags, func(a, b *bot.Change) int {
		return cmp.Or(timingOf(a).at.Compare(timingOf(b).at), cmp.Compare(a.ID, b.ID))
	})
	last := map[string]string{}
	out := map[string]undoing{}
	for _, c := range flags {
		of := c.Source + "\x00" + canonical(c.Environment) + "\x00" + strings.Join(slices.Sorted(slices.Values(c.Paths)), "\x00")
		if before, known := last[of]; known {
			out[before] = undoing{at: timingOf(c).at, by: c.ID, maybe: true}
		}
		last[of] = c.ID
	}
	return out
}

// pin is an operational input in a place.
type pin struct {
	repository, path, name, environment string
	kind                                bot.Kind
}

func pinOf(c *bot.Change, in bot.Input) pin {
	return pin{c.Repository, in.Path, in.Name, canonical(c.Environment), in.Kind}
}

// restorings finds changes that did nothing but replace versions, all of which a later one brought back.
func restorings(changes []*bot.Change) map[string]undoing {
	brought := map[pin][]*bot.Change{}
	for _, c := range changes {
		for _, in := range c.Inputs {
			if in.Changed() && in.New != "" {
				brought[pinOf(c, in)] = append(brought[pinOf(c, in)], c)
			}
		}
	}
	out := map[string]undoing{}
	for _, c := range changes {
		if !onlyPins(c) {
			continue
		}
		first := c.Inputs[0]
		for _, later := range brought[pinOf(c, first)] {
			known, there := out[c.ID]
			if at := timingOf(later).at; at.After(timingOf(c).at) && restores(later, c) && (!there || at.Before(known.at)) {
				out[c.ID] = undoing{at: at, by: later.ID}
			}
		}
	}
	return out
}

// onlyPins tells whether a change is known to have done nothing but replace versions of inputs.
func onlyPins(c *bot.Change) bool {
	for _, in := range c.Inputs {
		if in.Old == "" || !in.Changed() {
			return false
		}
	}
	for _, path := range c.Paths {
		if !slices.ContainsFunc(c.Inputs, func(in bot.Input) bool { return in.Path == path || in.Kind == bot.Flag }) {
			return false
		}
	}
	return len(c.Inputs) > 0
}

// restores tells whether a change brought back every version that another one replaced.
func restores(later, c *bot.Change) bool {
	for _, was := range c.Inputs {
		if !slices.ContainsFunc(later.Inputs, func(in bot.Input) bool { return pinOf(later, in) == pinOf(c, was) && in.New == was.Old }) {
			return false
		}
	}
	return true
}
