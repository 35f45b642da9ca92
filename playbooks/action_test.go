package playbooks_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

func TestFateOfAnError(t *testing.T) {
	vendor := errors.New("429")
	for name, c := range map[string]struct {
		err   error
		fate  playbooks.Fate
		after time.Duration
	}{
		"a failure says what follows": {
			&playbooks.Failure{Fate: playbooks.Transient, After: time.Minute, Err: vendor}, playbooks.Transient, time.Minute,
		},
		"also behind other words":            {fmt.Errorf("page: %w", &playbooks.Failure{Fate: playbooks.Permanent, Err: vendor}), playbooks.Permanent, 0},
		"a failure without a fate":           {&playbooks.Failure{After: time.Minute, Err: vendor}, playbooks.Unknown, 0},
		"nothing is assumed of other errors": {context.DeadlineExceeded, playbooks.Unknown, 0},
	} {
		if fate, after := playbooks.FateOf(c.err); fate != c.fate || after != c.after {
			t.Errorf("%s: %s after %s", name, fate, after)
		}
	}
	if f := (&playbooks.Failure{Err: vendor}); !errors.Is(f, vendor) || f.Error() != "429" {
		t.Error("the vendor's words are kept")
	}
}
