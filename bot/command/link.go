package command

import (
	"strings"
)

// link reads an incident, and what it is linked with.
func (c Command) link(rest []string) (Command, bool) {
	if len(rest) < 2 || !c.takeID(rest[0]) {
		return c, false
	}
	target, rest := framed(rest[1:])
	to, label := address(target)
	if to == "" {
		to = trimID(target)
	}
	c.To, c.Text = to, strings.Join(rest, " ")
	if c.Text == "" {
		c.Text = label
	}
	return c, c.To != ""
}

// framed takes the first word; where it opens an angle bracket, all up to the one that closes it: labels have spaces.
func framed(words []string) (first string, rest []string) {
	if strings.HasPrefix(words[0], "<") {
		for i, word := range words {
			if strings.HasSuffix(word, ">") {
				return strings.Join(words[:i+1], " "), words[i+1:]
			}
		}
	}
	return words[0], words[1:]
}

// address reads a web address as a browser or Slack writes it: alone, in angle brackets, or with a label behind a bar. Whether it may
// be hung on an incident is looked at by whoever does so.
func address(word string) (to, label string) {
	inner, framed := strings.CutPrefix(word, "<")
	if framed {
		inner = strings.TrimSuffix(inner, ">")
		inner, label, _ = strings.Cut(inner, "|")
	}
	if !strings.Contains(inner, "://") {
		return "", ""
	}
	if strings.Contains(label, "://") || strings.HasSuffix(inner, label) {
		label = "" // Slack repeats the address where nobody gave a label
	}
	return inner, label
}

// digest reads a kind, and a service.
func (c Command) digest(rest []string) (Command, bool) {
	if len(rest) == 0 || len(rest) > 2 {
		return c, false
	}
	c.Kind = strings.ToLower(rest[0])
	if len(rest) == 2 {
		c.Service = rest[1]
	}
	return c, true
}
