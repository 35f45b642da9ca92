package detectors

import "testing"

func TestLabel(t *testing.T) {
	for _, test := range []struct {
		name, slice, value, rest string
		ok                       bool
	}{
		{"the only label", `version="482"`, "482", "", true},
		{"one among others", `model="a",version="482",zone="b"`, "482", `model="a",zone="b"`, true},
		{"a value with a comma and a quote", `model="a,\"b\"",version="4"`, "4", `model="a,\"b\""`, true},
		{"a label whose name ends alike", `prompt_version="482"`, "", `prompt_version="482"`, false},
		{"an empty value", `version=""`, "", "", true},
		{"no labels", "", "", "", false},
		{"nonsense", "version=482", "", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, rest, ok := SeriesID{Slice: test.slice}.Label("version")
			if value != test.value || rest != test.rest || ok != test.ok {
				t.Errorf("%q, %q, %t", value, rest, ok)
			}
		})
	}
}
