package store

import (
	"strconv"
	"strings"
)

// where collects the conditions of a query and the arguments that their placeholders stand for. Values never become SQL text.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition in which each ? stands for one of the values.
func (w *where) and(condition string, values ...any) {
	var b strings.Builder
	for _, piece := range strings.SplitAfter(condition, "?") {
		text, asks := strings.CutSuffix(piece, "?")
		b.WriteString(text)
		if asks {
			b.WriteString(w.arg(values[0]))
			values = values[1:]
		}
	}
	w.conditions = append(w.conditions, b.String())
}

// andIn adds that a column has one of the values; no values do not narrow.
func andIn[T any](w *where, column string, values []T) {
	if len(values) == 0 {
		return
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = w.arg(v)
	}
	w.conditions = append(w.conditions, column+" IN ("+strings.Join(marks, ", ")+")")
}

// arg adds an argument and returns its placeholder.
func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}
