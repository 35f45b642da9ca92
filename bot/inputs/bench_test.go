package inputs_test

import (
	"fmt"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/inputs"
)

// BenchmarkAt folds the largest part of a ledger that one look reads: 20,000 changes of 200 files, 5,000 deployments to two
// environments.
func BenchmarkAt(b *testing.B) {
	var changes []bot.Change
	for i := range 20_000 {
		c := pull(i, fmt.Sprintf("models/support-%d.yaml", i%200), model(fmt.Sprint(i-1), fmt.Sprint(i)))
		c.Inputs[0].Name = c.Paths[0]
		changes = append(changes, c)
	}
	var deployments []bot.Deployment
	for i := range 5000 {
		deployments = append(deployments, deployed(20_000+i, 4*i, []string{"staging", "production"}[i%2]))
	}
	l := ledger(changes, deployments...)
	for b.Loop() {
		if got := inputs.At(hour(100_000), l); len(got) != 400 {
			b.Fatalf("%d inputs", len(got))
		}
	}
}

// BenchmarkCompare reads a large file of prices before and after.
func BenchmarkCompare(b *testing.B) {
	var text []byte
	for i := range 4000 {
		text = fmt.Appendf(text, "model-%d:\n  input_cost_per_token: 0.%d\n  provider: somebody\n", i, i+1)
	}
	b.SetBytes(int64(2 * len(text)))
	for b.Loop() {
		inputs.Compare(bot.Price, "prices.yaml", text, text)
	}
}
