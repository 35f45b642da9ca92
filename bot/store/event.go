package store

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// encodeEvent writes an event such that decodeEvent gives the same values: in an outcome integers stay integers and floats
// stay floats, because expressions of later steps see them. The event's own times have columns.
func encodeEvent(e run.Event) (string, error) {
	e.At, e.RetryAt = time.Time{}, time.Time{}
	if e.Outcome != nil {
		kept := *e.Outcome
		kept.Output = eachOf(kept.Output, exact)
		kept.Again = stored(kept.Again)
		e.Outcome = &kept
	}
	text, err := json.Marshal(e)
	return string(text), err
}

func decodeEvent(text string) (e run.Event, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&e); err != nil {
		return e, err
	}
	if e.Outcome != nil {
		e.Outcome.Output = eachOf(e.Outcome.Output, inexact)
	}
	return e, nil
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
		return eachOf(v, exact)
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
		return eachOf(v, inexact)
	case []any:
		return exactList(v, inexact)
	default:
		return v
	}
}

func eachOf(m map[string]any, of func(any) any) map[string]any {
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
