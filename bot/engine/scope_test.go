package engine

import (
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
)

func TestWhatWasUndoneHasNoWayBack(t *testing.T) {
	for _, c := range []struct {
		name, code, want string
	}{
		{"a change that stands has its way back", "lag", "github.revert"},
		{"one whose revert helped is undone", "cured", ""},
		{"one whose revert did not help is undone, too", "uncured", ""},
		{"so is one that was undone before it began", "reverted", ""},
		{"a revert itself can be taken back", "revert", "github.revert"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := bot.Suspect{Rollback: "github.revert", Reasons: []bot.Reason{{Code: "prior"}, {Code: c.code}}}
			if got := wayBack(s); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
