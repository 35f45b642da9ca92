package configs

import (
	"strconv"
	"strings"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// place is what was found at a path.
type place struct {
	value *node
	// key is where the key stands that leads to the value; for an element of a list, where the element stands.
	key Position
}

// find walks a path as far as it exists; whole tells whether it exists to its end. Keys may hold dots and brackets: of the
// keys that fit, the first that leads on is taken.
func (d *Document) find(path string) (at place, whole bool) {
	if d.root == nil {
		return place{value: &node{kind: broken, pos: Position{1, 1}}, key: Position{1, 1}}, path == ""
	}
	start := place{value: d.root, key: d.root.pos}
	return follow(start, path)
}

func follow(from place, rest string) (place, bool) {
	if rest == "" {
		return from, true
	}
	best, depth := from, -1
	try := func(next place, tail string) bool {
		got, whole := follow(next, tail)
		if whole || len(rest)-len(tail) > depth {
			best, depth = got, len(rest)-len(tail)
		}
		return whole
	}
	switch from.value.kind {
	case list:
		if i, tail, ok := index(rest); ok && i < len(from.value.items) {
			item := from.value.items[i]
			if try(place{value: item, key: item.pos}, tail) {
				return best, true
			}
		}
	case mapping:
		if i, tail, ok := index(rest); ok && i == 0 && tail != "" && tail[0] != '[' { // one that was taken for a list of itself
			if try(from, tail) {
				return best, true
			}
		}
		for _, e := range from.value.entries {
			tail, ok := strings.CutPrefix(rest, e.key)
			if !ok || e.key == "" || tail != "" && tail[0] != '.' && tail[0] != '[' {
				continue
			}
			if try(place{value: e.value, key: e.pos}, strings.TrimPrefix(tail, ".")) {
				return best, true
			}
		}
	default:
	}
	return best, false
}

func index(rest string) (i int, tail string, ok bool) {
	inner, found := strings.CutPrefix(rest, "[")
	digits, tail, closed := strings.Cut(inner, "]")
	i, err := strconv.Atoi(digits)
	if !found || !closed || err != nil || i < 0 {
		return 0, "", false
	}
	if tail != "" && tail[0] != '.' && tail[0] != '[' {
		return 0, "", false
	}
	return i, strings.TrimPrefix(tail, "."), true
}

// Position returns where the value at a path such as "objectives[1].target" begins.
func (d *Document) Position(path string) (Position, bool) {
	at, whole := d.find(path)
	return at.value.pos, whole
}

// KeyPosition returns where the key stands that leads to the value at a path.
func (d *Document) KeyPosition(path string) (Position, bool) {
	at, whole := d.find(path)
	return at.key, whole
}

// Value returns what the file says at a path, as written: nil, bool, int64, float64, string, []any or map[string]any.
// References to secrets stay references.
func (d *Document) Value(path string) (any, bool) {
	at, whole := d.find(path)
	if !whole || at.value.kind == broken {
		return nil, false
	}
	return at.value.natural(), true
}

// Resolve finds where faults stand in the file. A fault of a field that is not there stands at the nearest key around it.
// Faults of fields that Load has already complained about are left out: they only follow from that.
func (d *Document) Resolve(faults []diag.Fault) []Diagnostic {
	out := make([]Diagnostic, 0, len(faults))
	for _, f := range faults {
		if d.wasTold(f.Path) {
			continue
		}
		at, whole := d.find(f.Path)
		pos := at.key
		if whole && !f.Key && at.value.kind != broken {
			pos = d.inside(at.value, f.Offset)
		}
		out = append(out, d.diagnostic(f, pos))
	}
	Sort(out)
	return out
}

// wasTold tells whether Load reported the field at path or something around it.
func (d *Document) wasTold(path string) bool {
	for {
		if d.told[path] {
			return true
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return d.told[""]
		}
		path = path[:cut]
	}
}
