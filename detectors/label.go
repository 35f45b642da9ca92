package detectors

import (
	"strconv"
	"strings"
)

// Label takes a label out of the slice, and gives its value and the other labels in their order. A slice that is not canonical
// has no labels.
func (id SeriesID) Label(name string) (value, rest string, ok bool) {
	var others []string
	for slice := id.Slice; slice != ""; {
		label, after, found := strings.Cut(slice, "=")
		if !found {
			return "", "", false
		}
		quoted, err := strconv.QuotedPrefix(after)
		if err != nil {
			return "", "", false
		}
		if label == name {
			if value, err = strconv.Unquote(quoted); err != nil {
				return "", "", false
			}
			ok = true
		} else {
			others = append(others, label+"="+quoted)
		}
		slice = strings.TrimPrefix(after[len(quoted):], ",")
	}
	return value, strings.Join(others, ","), ok
}
