package prometheus

import (
	"cmp"
	"strings"
)

// fits tells whether a price is for a model: its name, or the beginning of its name before a *.
func (p Price) fits(name string) bool {
	if prefix, ok := strings.CutSuffix(p.Model, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return p.Model == name
}

// of is what a million tokens of a kind add to the cost. Kinds are named as the attribute gen_ai.token.type and its relatives
// name them. Input contains what was read from the cache and written to it, so these add only the difference; reasoning is
// contained in output. Kinds that are not known cost nothing, and known is false.
func (p Price) of(kind string) (dollars float64, known bool) {
	switch kind {
	case "input", "prompt":
		return p.Input, true
	case "output", "completion":
		return p.Output, true
	case "cached_input", "cache_read", "input_cached":
		return cmp.Or(p.CachedInput, p.Input) - p.Input, true
	case "cache_creation_input", "cache_write", "cache_creation":
		return cmp.Or(p.CacheWrite, p.Input) - p.Input, true
	case "reasoning", "total":
		return 0, true
	default:
		return 0, false
	}
}

// kindOf reads the kind of token from the name of a metric that counts only one kind.
func kindOf(metric string) string {
	for _, k := range [...]struct{ part, kind string }{
		{"cache_read", "cache_read"},
		{"cached", "cache_read"},
		{"cache_write", "cache_write"},
		{"cache_creation", "cache_write"},
		{"reasoning", "reasoning"},
		{"input", "input"},
		{"prompt", "input"},
		{"output", "output"},
		{"generation", "output"},
		{"completion", "output"},
	} {
		if strings.Contains(metric, k.part) {
			return k.kind
		}
	}
	return ""
}
