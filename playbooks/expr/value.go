package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Type is the type that a place wants of a template. The words are those of the catalogue of actions.
type Type string

// The types that a template can give.
const (
	String   Type = "string"
	Int      Type = "int"
	Double   Type = "double"
	Bool     Type = "bool"
	Duration Type = "duration"
	Map      Type = "map"
	List     Type = "list"
	// Any takes whatever the expression gives.
	Any Type = ""
)

// word is how faults name the type.
func (t Type) word() string {
	switch t {
	case Any:
		return "plain value"
	case String:
		return "text"
	case Int:
		return "whole number"
	case Double:
		return "number"
	case Bool:
		return "truth value"
	default:
		return string(t)
	}
}

// some puts the article before the name of a type.
func some(name string) string {
	if strings.IndexAny(name, "aeio") == 0 {
		return "an " + name
	}
	return "a " + name
}

// typeName is how faults name a type.
func typeName(t *cel.Type) string {
	switch t.Kind() {
	case types.StringKind:
		return "text"
	case types.IntKind, types.UintKind:
		return "whole number"
	case types.DoubleKind:
		return "number"
	case types.BoolKind:
		return "truth value"
	case types.ListKind:
		return "list"
	case types.MapKind:
		return "map"
	case types.TimestampKind:
		return "time"
	case types.DurationKind:
		return "duration"
	case types.NullTypeKind:
		return "null"
	case types.DynKind:
		return "value of any type"
	default:
		return t.TypeName()
	}
}

// kindOf is how errors name the type of a value.
func kindOf(v ref.Val) string {
	if t, ok := v.Type().(*types.Type); ok {
		return typeName(t)
	}
	return v.Type().TypeName()
}

// textual tells whether values of the type can be written into a text.
func textual(t *cel.Type) bool {
	switch t.Kind() {
	case types.StringKind, types.IntKind, types.UintKind, types.DoubleKind, types.BoolKind, types.TimestampKind,
		types.DurationKind, types.DynKind, types.AnyKind:
		return true
	default:
		return false
	}
}

// gives tells whether a value of the expression's type can serve where want is wanted. Numbers serve as each other's kind
// where nothing is lost, and everything textual as a string.
func gives(t *cel.Type, want Type) bool {
	kind := t.Kind()
	if kind == types.DynKind || kind == types.AnyKind {
		return true
	}
	switch want {
	case Any:
		return textual(t) || kind == types.ListKind || kind == types.MapKind
	case String:
		return textual(t)
	case Int:
		return kind == types.IntKind || kind == types.UintKind
	case Double:
		return kind == types.DoubleKind || kind == types.IntKind || kind == types.UintKind
	case Bool:
		return kind == types.BoolKind
	case Duration:
		return kind == types.DurationKind
	case Map:
		return kind == types.MapKind
	case List:
		return kind == types.ListKind
	}
	return false
}

// asText writes a value into a text: times as RFC 3339 in UTC, durations as 5m, numbers without padding.
func asText(v ref.Val) (string, error) {
	switch v := v.(type) {
	case types.String:
		return string(v), nil
	case types.Int:
		return strconv.FormatInt(int64(v), 10), nil
	case types.Uint:
		return strconv.FormatUint(uint64(v), 10), nil
	case types.Double:
		return formatDouble(float64(v)), nil
	case types.Bool:
		return strconv.FormatBool(bool(v)), nil
	case types.Timestamp:
		return v.UTC().Format(time.RFC3339), nil
	case types.Duration:
		return FormatDuration(v.Duration), nil
	}
	return "", fmt.Errorf("%s cannot be written into a text", some(kindOf(v)))
}

func formatDouble(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// convert makes the Go value that a call carries: string, int64, float64, bool, time.Duration, map[string]any or []any.
func convert(v ref.Val, want Type) (any, error) {
	switch want {
	case Any:
		return native(v, 0)
	case String:
		return asText(v)
	case Int:
		return asInt(v)
	case Double:
		switch v := v.(type) {
		case types.Double:
			return float64(v), nil
		case types.Int:
			return float64(v), nil
		case types.Uint:
			return float64(v), nil
		}
	case Bool:
		if b, ok := v.(types.Bool); ok {
			return bool(b), nil
		}
	case Duration:
		switch v := v.(type) {
		case types.Duration:
			return v.Duration, nil
		case types.String:
			if d, ok := ParseDuration(string(v)); ok {
				return d, nil
			}
		}
	case Map:
		if _, ok := v.(traits.Mapper); ok {
			return native(v, 0)
		}
	case List:
		if _, ok := v.(traits.Lister); ok {
			return native(v, 0)
		}
	}
	return nil, fmt.Errorf("it gave %s where %s is wanted", some(kindOf(v)), some(want.word()))
}

// asInt takes whole numbers; those that went through JSON are doubles.
func asInt(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.Int:
		return int64(v), nil
	case types.Uint:
		if uint64(v) <= math.MaxInt64 {
			return int64(v), nil
		}
	case types.Double:
		if f := float64(v); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f), nil
		}
	}
	return nil, fmt.Errorf("it gave %s where a whole number is wanted", some(kindOf(v)))
}

// maxDepth bounds how deeply maps and lists may be nested in a value.
const maxDepth = 16

func native(v ref.Val, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.Int:
		return int64(v), nil
	case types.Double:
		return float64(v), nil
	case types.Bool:
		return bool(v), nil
	case types.Duration:
		return v.Duration, nil
	case traits.Mapper:
		out := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			name, err := asText(key)
			if err != nil {
				return nil, fmt.Errorf("a key of a map: %w", err)
			}
			if out[name], err = native(v.Get(key), depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case traits.Lister:
		out := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			item, err := native(it.Next(), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, item)
		}
		return out, nil
	}
	return asText(v)
}
