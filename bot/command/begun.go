package command

import (
	"strings"
	"unicode/utf8"
)

// Begun reads a line that is only the beginning of a command: its name, and the incident at most. What is missing can be asked for.
func Begun(line string) (Command, bool) {
	if utf8.RuneCountInString(line) > maxLine {
		return Command{}, false
	}
	words := strings.Fields(harmless(line))
	if len(words) == 0 {
		return Command{}, false
	}
	name, rest, err := named(words)
	if err != nil || len(rest) > 1 {
		return Command{}, false
	}
	c := Command{Name: name}
	switch {
	case name != Mute && name != Note && name != Declare:
		return Command{}, false
	case len(rest) == 1 && name != Declare && !c.takeID(rest[0]):
		return Command{}, false
	case len(rest) == 1 && name == Declare:
		c.Service = rest[0]
	}
	return c, true
}
