package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
)

// race runs do in many goroutines at once and adds up what they return.
func race(t *testing.T, goroutines int, do func(i int) (int, error)) int {
	t.Helper()
	var sum atomic.Int64
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range goroutines {
		wg.Go(func() {
			<-begin
			n, err := do(i)
			if err != nil {
				t.Error(err)
			}
			sum.Add(int64(n))
		})
	}
	close(begin)
	wg.Wait()
	return int(sum.Load())
}
