package compare

import (
	"fmt"
	"testing"

	"github.com/firebreak-dev/firebreak/detectors"
)

func TestMatches(t *testing.T) {
	side := func(rests ...string) []Labelled {
		out := make([]Labelled, len(rests))
		for i, rest := range rests {
			out[i] = Labelled{ID: detectors.SeriesID{Signal: "s", Slice: rest}, Rest: rest}
		}
		return out
	}
	for _, test := range []struct {
		name      string
		a, b      []Labelled
		want      string
		unmatched int
	}{
		{"no other labels", side(""), side("", ""), "1:2", 0},
		{"the same regions", side(`region="eu"`, `region="us"`), side(`region="eu"`, `region="us"`), "1:1 1:1", 0},
		{"a region that the other has not", side(`region="eu"`), side(`region="eu"`, `region="us"`), "1:1", 1},
		{"a model of its own is no region", side(`model="new",region="eu"`), side(`model="old",region="eu"`, `model="old",region="us"`), "1:1", 1},
		{"nothing in common but the service", side(`model="new"`), side(`model="old"`), "1:1", 0},
		{"one side only", nil, side("", ""), "", 2},
		{"a value with a comma and an escape", side(`a="x,\"y"`), side(`a="x,\"y"`), "1:1", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			matched, unmatched := Matches(test.a, test.b)
			got := ""
			for i, m := range matched {
				if i > 0 {
					got += " "
				}
				got += fmt.Sprintf("%d:%d", len(m.A), len(m.B))
			}
			if got != test.want || unmatched != test.unmatched {
				t.Errorf("%q and %d unmatched, want %q and %d", got, unmatched, test.want, test.unmatched)
			}
		})
	}
}
