package ical

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bounds of a calendar.
const (
	maxSize   = 4 << 20
	maxEvents = 20_000
	maxLine   = 64 << 10
)

// property is one unfolded line.
type property struct {
	line   int
	name   string
	params map[string]string
	value  string
}

// event is a VEVENT as its properties, by name.
type event struct {
	line  int
	props map[string][]property
}

func (e event) first(name string) (property, bool) {
	if all := e.props[name]; len(all) > 0 {
		return all[0], true
	}
	return property{}, false
}

func (e event) text(name string) string {
	p, _ := e.first(name)
	return p.value
}

// split reads the events of a calendar. One that does not end is refused: half of a calendar opens what the other half closes.
func split(data []byte) ([]event, error) {
	switch {
	case len(data) > maxSize:
		return nil, fmt.Errorf("it is larger than %d MiB", maxSize>>20)
	case !utf8.Valid(data):
		return nil, errors.New("it is not UTF-8")
	}
	var stack []string
	var events []event
	seen := false
	err := unfold(data, func(line int, text string) error {
		p, err := parseLine(line, text)
		if err != nil {
			return err
		}
		switch component := strings.ToUpper(p.value); p.name {
		case "BEGIN":
			if stack = append(stack, component); len(stack) > 16 {
				return fmt.Errorf("line %d: it is nested too deep", line)
			}
			seen = seen || component == "VCALENDAR"
			if component == "VEVENT" {
				if events = append(events, event{line, map[string][]property{}}); len(events) > maxEvents {
					return fmt.Errorf("it has more than %d events", maxEvents)
				}
			}
		case "END":
			if len(stack) == 0 || stack[len(stack)-1] != component {
				return fmt.Errorf("line %d: END:%s ends nothing", line, component)
			}
			stack = stack[:len(stack)-1]
		default:
			if len(stack) > 0 && stack[len(stack)-1] == "VEVENT" && wanted(p.name) {
				e := events[len(events)-1]
				e.props[p.name] = append(e.props[p.name], p)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case !seen:
		return nil, errors.New("it is no iCalendar: BEGIN:VCALENDAR is missing")
	case len(stack) > 0:
		return nil, fmt.Errorf("it is cut off: END:%s is missing", stack[len(stack)-1])
	}
	return events, nil
}

// wanted tells the properties that matter; descriptions and the like are not kept.
func wanted(name string) bool {
	switch name {
	case "DTSTART", "DTEND", "DURATION", "SUMMARY", "STATUS", "TRANSP", "RRULE", "RDATE", "EXDATE", "EXRULE", "UID", "RECURRENCE-ID":
		return true
	default:
		return false
	}
}

// unfold joins lines that were folded, and visits each with the number of its first.
func unfold(data []byte, visit func(line int, text string) error) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var held strings.Builder
	begin, n := 0, 0
	flush := func() error {
		if held.Len() == 0 {
			return nil
		}
		text := held.String()
		held.Reset()
		return visit(begin, text)
	}
	for raw := range bytes.Lines(data) {
		n++
		raw = bytes.TrimRight(raw, "\r\n")
		if len(raw) > 0 && (raw[0] == ' ' || raw[0] == '\t') {
			held.Write(raw[1:])
		} else {
			if err := flush(); err != nil {
				return err
			}
			begin = n
			held.Write(raw)
		}
		if held.Len() > maxLine {
			return fmt.Errorf("line %d is longer than %d KiB", begin, maxLine>>10)
		}
	}
	return flush()
}

// parseLine reads NAME;PARAM=value:value. A quoted value of a parameter may hold colons and semicolons.
func parseLine(line int, text string) (property, error) {
	p := property{line: line, params: map[string]string{}}
	quoted, at := false, -1
	var parts []string
	last := 0
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case !quoted && (text[i] == ';' || text[i] == ':'):
			parts = append(parts, text[last:i])
			last = i + 1
			if text[i] == ':' {
				at = i
			}
		}
		if at >= 0 {
			break
		}
	}
	if at < 0 {
		return p, fmt.Errorf("line %d is none of iCalendar's: it has no value", line)
	}
	p.name, p.value = strings.ToUpper(parts[0]), text[at+1:]
	for _, param := range parts[1:] {
		name, value, _ := strings.Cut(param, "=")
		p.params[strings.ToUpper(name)] = strings.Trim(value, `"`)
	}
	return p, nil
}

// plain undoes the escapes of a text and keeps it to one short line.
func plain(text string) string {
	text = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, " ", `\N`, " ").Replace(text)
	const most = 80
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return strings.TrimSpace(text)
}
