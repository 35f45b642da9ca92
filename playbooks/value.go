package playbooks

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// coerce makes of a constant, as YAML or JSON gives it, the value that a call carries for a type.
func coerce(value any, t Type) (any, bool) {
	switch t {
	case String, Condition:
		s, ok := value.(string)
		return s, ok
	case Bool:
		b, ok := value.(bool)
		return b, ok
	case Int:
		switch v := value.(type) {
		case int:
			return int64(v), true
		case int64:
			return v, true
		case float64: // JSON knows no other number
			return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
		}
	case Double:
		switch v := value.(type) {
		case int:
			return float64(v), true
		case int64:
			return float64(v), true
		case float64:
			return v, !math.IsNaN(v) && !math.IsInf(v, 0)
		}
	case Duration:
		if s, ok := value.(string); ok {
			return expr.ParseDuration(s)
		}
	case Map:
		m, ok := value.(map[string]any)
		return m, ok
	case List:
		l, ok := value.([]any)
		return l, ok
	}
	return nil, false
}

// describe names what a constant is, for a fault.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "empty"
	case string:
		return fmt.Sprintf("the text %q", short(v))
	case bool:
		return fmt.Sprintf("the truth value %t", v)
	case int, int64, uint64, float64:
		return fmt.Sprintf("the number %v", v)
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	default:
		return fmt.Sprintf("a %T", v)
	}
}

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return s
}

func describeType(t Type) string {
	switch t {
	case String:
		return "a text"
	case Int:
		return "a whole number"
	case Double:
		return "a number"
	case Bool:
		return "true or false"
	case Duration:
		return "a duration such as 10m"
	case Map:
		return "a map"
	case List:
		return "a list"
	case Condition:
		return "a condition such as \"burn(1h) < 1\""
	default:
		return string(t)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
