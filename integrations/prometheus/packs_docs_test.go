package prometheus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/configs/packs"
)

// TestEachPackHasAPageWithItsQueries: whoever doubts a number can paste its query from the page into Prometheus.
func TestEachPackHasAPageWithItsQueries(t *testing.T) {
	for _, name := range packs.Names() {
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "signals", name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(string(page)), " ")
		signals, err := SignalsConfig{Use: []string{name}}.Signals()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range signals {
			for field, query := range map[string]string{"bad": s.Bad, "total": s.Total, "requires": s.Requires, "value": s.Value} {
				if want := field + ": " + strings.Join(strings.Fields(query), " "); query != "" && !strings.Contains(text, want) {
					t.Errorf("docs/signals/%s.md does not have the query of %s: %s", name, s.Name, want)
				}
			}
		}
	}
}
