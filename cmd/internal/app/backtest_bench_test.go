package app

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/configs"
)

// recordBursts writes a configuration of as many objectives, each of a service of its own, and their series by the minute: quiet
// traffic with an outage every ten days.
func recordBursts(tb testing.TB, services, days int) (config Config, dir string) {
	tb.Helper()
	dir = tb.TempDir()
	text := "signals: {use: [otel-genai]}\nprometheus: {url: \"http://127.0.0.1:9\"}\nservices:\n"
	objectives := "objectives:\n"
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	for i := range services {
		name := fmt.Sprintf("service-%03d", i)
		text += fmt.Sprintf("  - {name: %s, match: {service_name: %s}}\n", name, name)
		objectives += fmt.Sprintf("  - {name: useful-%03d, service: %s, signal: refusal_ratio, target: 99%%}\n", i, name)
		rows := []byte("timestamp,bad,total\n")
		outage, ends := 0, 0
		for minute := range days * 24 * 60 {
			if minute%(10*24*60) == 0 {
				outage = minute + 60 + random.IntN(8*24*60)
				ends = outage + 30 + random.IntN(90)
			}
			total, bad := 80+random.IntN(60), 0
			for p := random.Float64(); p < .3 && bad < 3; p *= 3 {
				bad++
			}
			if minute >= outage && minute < ends {
				bad = total / 4
			}
			rows = strconv.AppendInt(rows, begin.Add(time.Duration(minute+1)*time.Minute).Unix(), 10)
			rows = fmt.Appendf(rows, ",%d,%d\n", bad, total)
		}
		if err := os.MkdirAll(filepath.Join(dir, name), 0o750); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "refusal_ratio.csv"), rows, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	if faults := config.read("firebreak.yaml", []byte(text+objectives), dir, configs.Env{}); len(faults) > 0 {
		tb.Fatal(faults)
	}
	config.Store.URL = "sqlite:" + filepath.Join(dir, "none.db")
	return config, dir
}

// BenchmarkBacktest replays 30 days of 100 objectives by the minute.
func BenchmarkBacktest(b *testing.B) {
	config, dir := recordBursts(b, 100, 30)
	for b.Loop() {
		r, err := Backtest(b.Context(), config, BacktestOptions{Series: dir})
		if err != nil {
			b.Fatal(err)
		}
		if r.Steps != 30*24*60 || r.Pages < 200 {
			b.Fatalf("%d steps, %d pages", r.Steps, r.Pages)
		}
		b.ReportMetric(float64(r.Pages), "pages")
	}
}
