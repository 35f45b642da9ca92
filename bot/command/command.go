package command

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Command is what somebody asks for. Fields that a command does not have are empty.
type Command struct {
	// Name is one of the names above.
	Name string
	// ID is that of an incident, a freeze or an approval, or the end of one; empty where it was left out.
	ID       string
	Service  string
	Playbook string
	// Change is the ID of a change, or the end of one.
	Change   string
	Severity detectors.Severity
	// Lasts is a stretch of time: how long, or since when.
	Lasts time.Duration
	// To is what an incident is linked with: an address, or another incident.
	To string
	// Kind is that of a digest.
	Kind string
	// Off ends what the command begins.
	Off bool
	// Text is what the person said in words of their own: one line.
	Text string
	// Repository and Number name a pull request.
	Repository string
	Number     int
}

// maxLine bounds what is read.
const maxLine = 4000

// Parse reads a line. Nothing is help. Errors are Invalid and say how it is written, or which command was probably meant.
func Parse(line string) (Command, error) {
	if utf8.RuneCountInString(line) > maxLine {
		return Command{}, bot.Errorf(bot.Invalid, "a command has at most %d characters", maxLine)
	}
	words := strings.Fields(harmless(line))
	if len(words) == 0 {
		return Command{Name: Help}, nil
	}
	name, rest, err := named(words)
	if err != nil {
		return Command{}, err
	}
	c, ok := read(name, rest)
	if !ok {
		return Command{}, bot.Errorf(bot.Invalid, "write it as: %s", FormOf(name).Usage)
	}
	return c, nil
}

// harmless replaces what could be seen as something else than it is.
func harmless(line string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return ' '
		case unicode.Is(unicode.Cf, r): // zero width: nobody sees it
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(line, ""))
}

// named finds the command: its first word, or its first two.
func named(words []string) (name string, rest []string, err error) {
	first := strings.ToLower(words[0])
	switch first {
	case "acknowledge":
		first = Ack
	case "incidents":
		first = Incident
	case "suspect":
		first = Suspects
	case "change":
		first = Changes
	case "window":
		first = Windows
	case "post-mortem", "report":
		first = Postmortem
	}
	second := ""
	if len(words) > 1 {
		second = strings.ToLower(words[1])
	}
	var twoWords []string
	for _, f := range Forms() {
		switch head, tail, two := strings.Cut(f.Name, " "); {
		case two && head == first && tail == second:
			return f.Name, words[2:], nil
		case two && head == first:
			twoWords = append(twoWords, f.Usage)
		}
	}
	for _, f := range Forms() {
		if f.Name == first {
			return f.Name, words[1:], nil
		}
	}
	if len(twoWords) > 0 {
		return "", nil, bot.Errorf(bot.Invalid, "write one of: %s", strings.Join(twoWords, "; "))
	}
	return "", nil, bot.Errorf(bot.Invalid, "there is no command %q%s; help lists them all", shortened(words[0]), meant(first))
}

// shortened keeps a stranger's word from filling the answer.
func shortened(word string) string {
	if runes := []rune(word); len(runes) > 40 {
		return string(runes[:39]) + "…"
	}
	return word
}

// read takes the arguments.
func read(name string, rest []string) (Command, bool) {
	c := Command{Name: name}
	n := len(rest)
	switch name {
	case Help, Status:
		return c, true // what stands behind is let be
	case Incident, Ack, Suspects, Postmortem:
		return c, n == 0 || n == 1 && c.takeID(rest[0])
	case Resolve, FreezeEnd:
		if n > 0 && (looksLikeID(rest[0]) || n == 1 && name == Resolve) { // one word is a name sooner than a reason
			c.ID, rest = trimID(rest[0]), rest[1:]
		}
		c.Text = strings.Join(rest, " ")
		return c, true
	case StopLift:
		c.Text = strings.Join(rest, " ")
		return c, true
	case Approve, Deny:
		return c, n == 1 && c.takeID(rest[0])
	case Note:
		if n < 2 || !c.takeID(rest[0]) {
			return c, false
		}
		c.Text = strings.Join(rest[1:], " ")
		return c, true
	case Link:
		return c.link(rest)
	case Digest:
		return c.digest(rest)
	case Declare:
		return c.declare(rest)
	case Mute:
		return c.mute(rest)
	case Changes:
		return c.changes(rest)
	case Windows, SLO, OnCall, Handover:
		if n == 1 {
			c.Service = rest[0]
		}
		return c, n <= 1
	case FreezeStart:
		return c.freeze(rest)
	case Risk:
		if n != 1 {
			return c, false
		}
		var ok bool
		c.Repository, c.Number, ok = PullOf(rest[0])
		return c, ok
	case PlaybookPlan, PlaybookRun:
		return c.playbook(rest)
	case Rollback, RollbackStart:
		return c.rollback(rest)
	case Stop:
		c.Text = strings.Join(rest, " ")
		return c, c.Text != ""
	default:
		return c, false
	}
}

func (c *Command) takeID(word string) bool {
	c.ID = trimID(word)
	return c.ID != ""
}

// trimID takes off what people and clients put around an ID.
func trimID(word string) string { return strings.Trim(word, "`*_,.;:…<>\"'") }

var (
	idShape  = regexp.MustCompile(`^(?:inc|frz|apr)-[0-9a-z]{4,40}$`)
	endShape = regexp.MustCompile(`^[0-9a-z]{4,40}$`)
)

// looksLikeID tells an ID, or the end of one, from a word of a sentence: words have no digits. A number that is taken for one is not
// found, and the person writes the ID.
func looksLikeID(word string) bool {
	word = trimID(word)
	return idShape.MatchString(word) || endShape.MatchString(word) && strings.ContainsAny(word, "0123456789")
}

func (c Command) declare(rest []string) (Command, bool) {
	if len(rest) < 2 {
		return c, false
	}
	c.Service, rest = rest[0], rest[1:]
	if s := detectors.Severity(strings.ToLower(rest[0])); len(rest) > 1 && (s == detectors.Page || s == detectors.Ticket) {
		c.Severity, rest = s, rest[1:]
	}
	c.Text = strings.Join(rest, " ")
	return c, true
}

func (c Command) mute(rest []string) (Command, bool) {
	if len(rest) < 2 || !c.takeID(rest[0]) {
		return c, false
	}
	c.Text = strings.Join(rest[2:], " ")
	if strings.EqualFold(rest[1], "off") {
		c.Off = true
		return c, true
	}
	var ok bool
	c.Lasts, ok = span(rest[1])
	return c, ok && c.Text != ""
}

func (c Command) changes(rest []string) (Command, bool) {
	if len(rest) > 2 {
		return c, false
	}
	for i, word := range rest {
		if d, is := span(word); is && i == len(rest)-1 {
			c.Lasts = d
		} else if i == 0 {
			c.Service = word
		} else {
			return c, false
		}
	}
	return c, true
}

func (c Command) freeze(rest []string) (Command, bool) {
	if len(rest) > 0 {
		if d, is := span(rest[0]); is {
			c.Lasts, rest = d, rest[1:]
		}
	}
	c.Text = strings.Join(rest, " ")
	return c, c.Text != ""
}

func (c Command) playbook(rest []string) (Command, bool) {
	if len(rest) == 0 || len(rest) > 2 || c.Name == PlaybookRun && len(rest) != 2 {
		return c, false
	}
	c.Playbook = rest[0]
	return c, len(rest) == 1 || c.takeID(rest[1])
}

// rollback takes an incident and a change; both may be left out.
func (c Command) rollback(rest []string) (Command, bool) {
	for _, word := range rest {
		word = trimID(word)
		switch {
		case strings.ContainsAny(word, "#:/") && c.Change == "":
			c.Change = word
		case c.ID == "" && word != "":
			c.ID = word
		default:
			return c, false
		}
	}
	return c, true
}

var spanShape = regexp.MustCompile(`^([0-9]{1,4})(m|min|h|d|w)$`)

// span reads a stretch of time as people write it: 30m, 4h, 2d, 1w.
func span(word string) (time.Duration, bool) {
	m := spanShape.FindStringSubmatch(strings.ToLower(word))
	if m == nil {
		return 0, false
	}
	n, _ := strconv.Atoi(m[1]) // four digits
	unit := map[string]time.Duration{"m": time.Minute, "min": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[m[2]]
	return time.Duration(n) * unit, n > 0
}

var (
	pullAddress = regexp.MustCompile(`^<?https?://[^/|>]+/([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)/pull/([0-9]{1,9})(?:[/?#|][^>]*)?>?$`)
	pullShort   = regexp.MustCompile(`^([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)#([0-9]{1,9})$`)
)

// PullOf takes the address of a pull request apart, as a browser or Slack writes it, or "owner/name#482".
func PullOf(word string) (repository string, number int, ok bool) {
	m := pullAddress.FindStringSubmatch(word)
	if m == nil {
		m = pullShort.FindStringSubmatch(word)
	}
	if m == nil {
		return "", 0, false
	}
	number, err := strconv.Atoi(m[2])
	return m[1], number, err == nil && number > 0
}
