// Package diag collects what is wrong with a configuration, field by field.
//
// It answers: which field, what is wrong with it, what would be allowed, and what would mend it. A check never stops at the
// first fault; it reports them all to a Report, naming each field by its path ("objectives[1].target"). Package configs knows
// where each path stands in its file and renders file:line:col with a caret.
//
// It never reads files, never formats for a terminal and never decides whether to go on. It knows nothing of YAML, so the
// purest packages may use it.
package diag

import (
	"fmt"
	"slices"
	"strconv"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	// Path names the field, as "services[0].match". The empty path is the whole document.
	Path string
	// Key is true when the fault lies with the key itself (an unknown or a doubled one) and not with its value.
	Key bool
	// Offset is the byte offset of the fault inside the field's value, for values that hold a language of their own
	// (PromQL, CEL, a glob). Zero points at the value's first character.
	Offset int
	// Code is a short stable word for machines, as "unknown-field", "bad-duration", "impossible-objective".
	Code string
	// Message is a sentence for people, without the path and without a full stop.
	Message string
	// Allowed lists the values that would have been accepted, where they can be listed.
	Allowed []string
	// Fix says what to write instead, where that is plain.
	Fix string
}

// Allow adds the values that would have been accepted.
func (f *Fault) Allow(values ...string) *Fault {
	f.Allowed = append(f.Allowed, values...)
	return f
}

// Suggest adds what to write instead.
func (f *Fault) Suggest(format string, args ...any) *Fault {
	f.Fix = fmt.Sprintf(format, args...)
	return f
}

// Inside moves the fault to a byte offset within the field's value.
func (f *Fault) Inside(offset int) *Fault {
	f.Offset = offset
	return f
}

// Report collects faults. The zero value is not usable; New makes one. Reports made by At and Index share the faults of
// their parent and differ only in the path that they put in front.
type Report struct {
	prefix string
	faults *[]*Fault
}

// New makes an empty report for a whole document.
func New() *Report { return &Report{faults: &[]*Fault{}} }

// At returns the report for a field below this one.
func (r *Report) At(field string) *Report {
	return &Report{prefix: Join(r.prefix, field), faults: r.faults}
}

// Index returns the report for the i-th element of the list that this report stands for.
func (r *Report) Index(i int) *Report {
	return &Report{prefix: r.prefix + "[" + strconv.Itoa(i) + "]", faults: r.faults}
}

// Faultf records a fault of the named field; an empty field is the value that this report stands for.
// The code is for machines, the message for people.
func (r *Report) Faultf(field, code, format string, args ...any) *Fault {
	f := &Fault{Path: Join(r.prefix, field), Code: code, Message: fmt.Sprintf(format, args...)}
	*r.faults = append(*r.faults, f)
	return f
}

// Keyf records a fault that lies with a key itself.
func (r *Report) Keyf(field, code, format string, args ...any) *Fault {
	f := r.Faultf(field, code, format, args...)
	f.Key = true
	return f
}

// Faults returns what was recorded, in the order of recording.
func (r *Report) Faults() []Fault {
	out := make([]Fault, 0, len(*r.faults))
	for _, f := range *r.faults {
		out = append(out, *f)
	}
	return out
}

// Len counts what was recorded.
func (r *Report) Len() int { return len(*r.faults) }

// OneOf records a fault when the value is none of the allowed ones, and suggests the nearest of them.
func (r *Report) OneOf(field, code, what, value string, allowed []string) bool {
	if slices.Contains(allowed, value) {
		return true
	}
	f := r.Faultf(field, code, "unknown %s %q", what, value).Allow(allowed...)
	if near := Nearest(value, allowed); near != "" {
		f.Suggest("did you mean %q?", near)
	}
	return false
}

// Join puts a field behind a path.
func Join(path, field string) string {
	switch {
	case path == "":
		return field
	case field == "":
		return path
	case field[0] == '[':
		return path + field
	default:
		return path + "." + field
	}
}

// Nearest returns the candidate that a mistyped word most likely meant, or "" when none is near.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", len(word)/3+2
	for _, c := range candidates {
		if d := distance(word, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
