package window

import (
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// BenchmarkTick puts one tile into each of 10,000 series that hold an hour, as every interval does.
func BenchmarkTick(b *testing.B) {
	s := store(b)
	ids := make([]detectors.SeriesID, 10_000)
	for i := range ids {
		ids[i] = detectors.SeriesID{Signal: "refusal_ratio", Service: fmt.Sprint(i)}
		fill(b, s, ids[i], t0.Add(-time.Hour), t0)
	}
	end := t0
	b.ReportAllocs()
	for b.Loop() {
		end = end.Add(base)
		for _, id := range ids {
			put(b, s, id, Tile{End: end, Width: base, Bad: 1, Total: 10})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(ids)), "ns/series")
}

func BenchmarkSum(b *testing.B) {
	s := store(b)
	fill(b, s, id, t0.Add(-32*24*time.Hour), t0)
	for _, span := range spans[1:] {
		b.Run(span.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Sum(id, t0, span)
			}
		})
	}
}

func BenchmarkSnapshotAndLoad(b *testing.B) {
	s := store(b)
	fill(b, s, id, t0.Add(-time.Hour), t0)
	chunks := s.Snapshot()
	bytes := 0
	for _, c := range chunks {
		bytes += len(c.Data)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Unsaved(chunks)
		for _, c := range s.Snapshot() {
			if err := s.Load(c); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(bytes), "bytes/hour")
}
