package durable_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot/store/storetest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// BenchmarkStartToFirstCall measures what lies between a finding and the first byte of its page that is ours: Start, the
// journal's rows on the disk (SQLite, synchronous FULL), the workflow, the first call of a handler.
func BenchmarkStartToFirstCall(b *testing.B) {
	called := make(chan time.Time, 1)
	p := newProcess(b, storetest.Open(b, storetest.SQLite(b)), map[string]act{
		"page": func(context.Context, playbooks.Call) (playbooks.Outcome, error) {
			called <- time.Now()
			return playbooks.Outcome{Status: playbooks.Done}, nil
		},
	})
	p.launch(b)
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		id := fmt.Sprintf("r%d", len(took))
		r := newRun(b, id, step("page"))
		began := time.Now()
		if err := p.Start(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-called).Sub(began))
		p.journal.await(b, id)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkLaunch measures the launch on a file that has the engine's tables and on one that has not.
func BenchmarkLaunch(b *testing.B) {
	b.Run("fresh", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			p := newProcess(b, storetest.Open(b, storetest.SQLite(b)), nil)
			b.StartTimer()
			p.launch(b)
			b.StopTimer()
			if err := p.Shutdown(patience); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	b.Run("existing", func(b *testing.B) {
		db := storetest.Open(b, storetest.SQLite(b))
		p := newProcess(b, db, nil)
		for b.Loop() {
			p.launch(b)
			b.StopTimer()
			if err := p.Shutdown(patience); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}
