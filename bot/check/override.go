package check

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/bot"
)

// Override lets a change land all the same, for a time. It holds for the commits that were seen: with others it is void.
type Override struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Head   string    `json:"head"`
	At     time.Time `json:"at"`
	Until  time.Time `json:"until"`
}

// Holds tells whether it lets a head land now.
func (o *Override) Holds(now time.Time, head string) bool {
	return o != nil && o.Head == head && now.Before(o.Until)
}

// Request is somebody's wish for an override, which others may grant.
type Request struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Head   string    `json:"head"`
	At     time.Time `json:"at"`
}

// Command is what a comment wants.
type Command string

// The commands, written as /firebreak COMMAND.
const (
	// Grant wants an override, or grants it.
	Grant Command = "override"
	// Withdraw ends one.
	Withdraw Command = "override-end"
	// Again wants the check to be made again.
	Again Command = "check"
	// Unknown is none that there is.
	Unknown Command = ""
)

// maxReason bounds a reason, in runes.
const maxReason = 300

// ReadCommand reads the first line of a comment; ok is false where it is no command at all.
func ReadCommand(comment string) (c Command, reason string, ok bool) {
	line, _, _ := strings.Cut(strings.TrimSpace(comment), "\n")
	rest, ok := strings.CutPrefix(line, "/firebreak")
	if !ok || (rest != "" && !unicode.IsSpace([]rune(rest)[0])) {
		return Unknown, "", false
	}
	word, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
	switch word {
	case "override":
		if strings.EqualFold(strings.TrimSpace(reason), "end") {
			return Withdraw, "", true
		}
		return Grant, plain(reason, maxReason), true
	case "check":
		return Again, "", true
	default:
		return Unknown, "", true
	}
}

// Decide answers a wish for an override. Allowed tells whether the policy lets that person decide. Exactly one of the results is
// set: an override that begins now, a request that others may grant, or a refusal that says what is missing.
func Decide(now time.Time, p Policy, pull bot.Pull, asked *Request, by, reason string, allowed bool) (*Override, *Request, string) {
	head := pull.Change.Revision
	if len(p.Overrides.By) == 0 {
		return nil, nil, "this repository lets nobody override; " + PolicyFile + " may name people under overrides.by"
	}
	pending := asked != nil && asked.Head == head
	own := strings.EqualFold(by, pull.Change.Author)
	switch {
	case allowed && (!own || p.Overrides.Own):
		if reason == "" && pending {
			reason = fmt.Sprintf("%s (asked for by %s)", asked.Reason, asked.By)
		}
		if reason == "" {
			return nil, nil, "say why: write /firebreak override, and the reason behind it"
		}
		return &Override{By: by, Reason: reason, Head: head, At: now, Until: now.Add(p.Overrides.Longest)}, nil, ""
	case reason == "":
		return nil, nil, "say why: write /firebreak override, and the reason behind it. It can be granted by " + p.Who()
	default:
		return nil, &Request{By: by, Reason: reason, Head: head, At: now}, ""
	}
}

// plain is a text from outside in one line of at most so many runes.
func plain(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > most {
		s = strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
	}
	return s
}
