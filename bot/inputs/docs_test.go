package inputs

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestDocsNameEveryKey(t *testing.T) {
	text, err := os.ReadFile("../../docs/inputs.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(string(text), "\n| ")
	told := func(kind, key string) bool {
		return slices.ContainsFunc(rows, func(row string) bool {
			return strings.HasPrefix(row, "`"+kind+"`") && strings.Contains(row, "`"+key+"`")
		})
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if kind := string(keys[key].Kind); !told(kind, key) {
			t.Errorf("docs/inputs.md does not tell that %s pins a %s", key, kind)
		}
	}
	for _, s := range suffixes {
		if kind := string(s.Kind); !told(kind, s.suffix) {
			t.Errorf("docs/inputs.md does not tell that what ends in %s pins a %s", s.suffix, kind)
		}
	}
	for _, key := range versionKeys {
		if !strings.Contains(string(text), "`"+key+"`") && !strings.Contains(string(text), key+":") {
			t.Errorf("docs/inputs.md does not tell of %s", key)
		}
	}
}
