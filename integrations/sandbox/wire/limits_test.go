package wire_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

func TestALimitHoldsForAnyStretchOfItsLength(t *testing.T) {
	var l wire.Limits
	begin := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	var got []int
	for _, at := range []float64{0, 0, 50, 50, 59, 60, 60, 60, 110} {
		got = append(got, l.Take("key", wire.Limit{Calls: 4, Per: time.Minute}, begin.Add(time.Duration(at*float64(time.Second)))))
	}
	if diff := cmp.Diff([]int{0, 0, 0, 0, 1, 0, 0, 50, 0}, got); diff != "" {
		t.Error(diff)
	}
	if l.Take("another", wire.Limit{Calls: 1, Per: time.Minute}, begin) != 0 {
		t.Error("keys are not counted apart")
	}
	if diff := cmp.Diff(map[string]int{"key": 2}, l.Refused()); diff != "" {
		t.Error(diff)
	}
}
