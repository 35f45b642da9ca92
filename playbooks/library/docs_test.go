package library_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// TestDocs compiles every example of the reference: playbooks (yaml), steps of one (yaml-steps), conditions (cel).
func TestDocs(t *testing.T) {
	data, err := os.ReadFile("../../docs/playbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	examples := 0
	for i, block := range strings.Split(string(data), "\n```") {
		kind, text, _ := strings.Cut(block, "\n")
		if i%2 == 0 {
			continue
		}
		switch kind {
		case "yaml":
			examples++
			b.read(t, fmt.Sprintf("example %d", examples), []byte(text))
		case "yaml-steps":
			examples++
			b.read(t, fmt.Sprintf("example %d", examples), []byte("name: x\non: {incident: [opened]}\nsteps:\n"+text))
		case "cel":
			env := expr.New()
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); line == "" {
					continue
				}
				examples++
				if _, problems := env.Condition(line); problems != nil {
					t.Errorf("%s: %+v", line, problems)
				}
			}
		}
	}
	if examples < 12 {
		t.Errorf("only %d examples were found", examples)
	}
	for _, a := range catalogue() {
		if !strings.Contains(string(data), "`"+a.Name+"`") {
			t.Errorf("the reference does not tell of %s", a.Name)
		}
	}
	for _, trigger := range playbooks.Triggers() {
		if !slices.Contains(strings.FieldsFunc(string(data), func(r rune) bool { return strings.ContainsRune(" `,.|()\n[]", r) }), trigger) {
			t.Errorf("the reference does not tell of the trigger %s", trigger)
		}
	}
}
