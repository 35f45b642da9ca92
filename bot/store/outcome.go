package store

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// encodeOutcome writes an outcome such that decodeOutcome gives the same values: integers stay integers and floats stay
// floats, because expressions of later steps see them.
func encodeOutcome(o *playbooks.Outcome) (string, error) {
	if o == nil {
		return "", nil
	}
	kept := *o
	if o.Output != nil {
		kept.Output = exactMap(o.Output, exact)
	}
	kept.Again = stored(o.Again)
	text, err := json.Marshal(kept)
	return string(text), err
}

func decodeOutcome(text string) (*playbooks.Outcome, error) {
	if text == "" {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var o playbooks.Outcome
	if err := d.Decode(&o); err != nil {
		return nil, err
	}
	if o.Output != nil {
		o.Output = exactMap(o.Output, inexact)
	}
	return &o, nil
}

// exact marks whole floats by a decimal point, and tells numbers that JSON does not have as text.
func exact(v any) any {
	switch v := v.(type) {
	case float32:
		return exact(float64(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return json.Number(text)
	case map[string]any:
		return exactMap(v, exact)
	case []any:
		return exactList(v, exact)
	default:
		return v
	}
}

// inexact makes numbers of what was read.
func inexact(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case map[string]any:
		return exactMap(v, inexact)
	case []any:
		return exactList(v, inexact)
	default:
		return v
	}
}

func exactMap(m map[string]any, of func(any) any) map[string]any {
	if m == nil {
		return nil
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = of(v)
	}
	return out
}

func exactList(l []any, of func(any) any) []any {
	out := make([]any, len(l))
	for i, v := range l {
		out[i] = of(v)
	}
	return out
}
