package configs_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// TestAMappingMayStandForAListOfItself reads, finds and describes a list that may be written as its only entry.
func TestAMappingMayStandForAListOfItself(t *testing.T) {
	type item struct {
		Name string   `yaml:"name"`
		Tags []string `yaml:"tags"`
	}
	type file struct {
		Entries []item `yaml:"entries,single"`
		Others  []item `yaml:"others"`
	}
	for _, test := range []struct {
		name, text, path string
		count            int
		line, col        int
	}{
		{"a list", "entries:\n  - {name: a, tags: [x]}\n  - {name: b}\n", "entries[1].name", 2, 3, 12},
		{"a mapping", "entries: {name: a, tags: [x, y]}\n", "entries[0].tags[1]", 1, 1, 30},
		{"a mapping over lines", "entries:\n  name: a\n", "entries[0].name", 1, 2, 9},
		{"nothing", "entries:\n", "entries", 0, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var f file
			doc, faults := configs.Load("f.yaml", []byte(test.text), &f, configs.Env{})
			if len(faults) > 0 || len(f.Entries) != test.count {
				t.Fatalf("%d entries, %v", len(f.Entries), faults)
			}
			r := diag.New()
			r.Faultf(test.path, "x", "here")
			if at := doc.Resolve(r.Faults())[0]; at.Line != test.line || at.Col != test.col {
				t.Errorf("%s stands at %d:%d, want %d:%d", test.path, at.Line, at.Col, test.line, test.col)
			}
		})
	}
	var f file
	if _, faults := configs.Load("f.yaml", []byte("entries: {name: 1}\nothers: {name: a}\n"), &f, configs.Env{}); len(faults) != 2 ||
		faults[0].Path != "entries[0].name" || faults[1].Code != "wrong-type" {
		t.Errorf("%v", faults)
	}
	schema := compile(t, file{})
	for text, ok := range map[string]bool{
		"entries: [{name: a}]": true, "entries: {name: a}": true, "entries: {nam: a}": false, "others: {name: a}": false, "entries:": true,
	} {
		if err := validate(t, schema, text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
