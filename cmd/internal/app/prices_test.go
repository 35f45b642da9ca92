package app

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
)

func TestPricesThatChangeWithTheConfigurationAreAChange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prices.db")
	start := func(input float64) []bot.Change {
		t.Helper()
		c := loadText(t, fmt.Sprintf(`
services: [{name: support, match: {service_name: support}}]
signals: {use: [otel-genai], prices: [{model: gpt-5, input: %g, output: 10}]}
prometheus: {url: "http://127.0.0.1:9"}
server: {listen: "127.0.0.1:0"}
store: {url: %q}
`, input, "sqlite:"+file))
		a, err := New(t.Context(), c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.notePrices(t.Context()); err != nil {
			t.Fatal(err)
		}
		changes, err := a.db.Changes(t.Context(), bot.ChangeQuery{})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Abandon(t.Context()); err != nil {
			t.Fatal(err)
		}
		return changes
	}
	for i, step := range []struct {
		input float64
		want  int
	}{{1.25, 0}, {1.25, 0}, {1.5, 1}, {1.5, 1}} {
		if got := start(step.input); len(got) != step.want {
			t.Fatalf("start %d: %d changes: %+v", i+1, len(got), got)
		}
	}
	c := start(1.5)[0]
	if c.Kind != bot.Price || !strings.Contains(c.Title, "gpt-5 input $1.25 → $1.5") || len(c.Services) != 1 || c.EffectiveAt.IsZero() {
		t.Errorf("%+v", c)
	}
}
