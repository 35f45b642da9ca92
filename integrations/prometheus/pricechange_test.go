package prometheus

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPriceChanges(t *testing.T) {
	before := []Price{{Model: "a", Input: 1, Output: 2}, {Model: "b*", Input: 3, Output: 4, CachedInput: .5}, {Model: "a", Input: 9}, {Model: "c", Input: 1}}
	for _, test := range []struct {
		name  string
		after []Price
		want  []string
	}{
		{"the same", before, nil},
		{"another order and a second entry that never counts", []Price{before[1], before[0], {Model: "a", Input: 7}, before[3]}, nil},
		{"dearer", []Price{{Model: "a", Input: 1, Output: 2.5}, {Model: "b*", Input: 3, Output: 4}, before[3]}, []string{"a output $2 → $2.5", "b* cached input $0.5 → $0"}},
		{"new and gone", []Price{before[0], before[1], {Model: "d", Input: .15, Output: .6}}, []string{"d is priced now: input $0.15, output $0.6", "c is priced no more"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, PriceChanges(before, test.after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
