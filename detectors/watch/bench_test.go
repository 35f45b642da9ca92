package watch_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors/detectorstest/figures"
)

// BenchmarkTick10kObjectives is one tick over 10,000 objectives of one signal, after a start and after 35 days, with few and with many
// events. It reports the processor's time of a tick, which the garbage collector shares in, and what is in use after a collection.
func BenchmarkTick10kObjectives(b *testing.B) {
	for _, test := range []struct {
		name   string
		past   bool
		events float64
	}{
		{"fresh", false, 100}, {"35 days, 100 events a tile", true, 100}, {"35 days, 100,000 events a tile", true, 100_000},
	} {
		b.Run(test.name, func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			w, do, err := figures.Crowd(10_000, test.past, test.events)
			if err != nil {
				b.Fatal(err)
			}
			tick := func() {
				if err := do(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			for range 3 {
				tick()
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportAllocs()
			used := processorTime(b)
			for b.Loop() {
				tick()
			}
			b.ReportMetric(float64((processorTime(b)-used).Milliseconds())/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1e6, "MB")
			runtime.KeepAlive(w)
		})
	}
}

// processorTime is what the process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
