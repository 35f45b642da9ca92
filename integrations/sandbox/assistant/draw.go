package assistant

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"
)

// dice gives the random numbers of one pod at one scrape. They depend on the seed, the pod's place and the time, and on nothing
// that happened before.
type dice struct {
	pcg  *rand.PCG
	rand *rand.Rand
	seed uint64
}

func newDice(seed uint64) *dice {
	pcg := rand.NewPCG(seed, seed)
	return &dice{pcg: pcg, rand: rand.New(pcg), seed: seed}
}

// at turns to the numbers of a pod and a time.
func (d *dice) at(pod uint64, t time.Time) {
	d.pcg.Seed(d.seed^pod, uint64(t.Unix())*0x9e3779b97f4a7c15)
}

// count draws how many of n independent events happen when each does with probability p.
func (d *dice) count(n, p float64) float64 {
	mean := n * p
	switch {
	case mean <= 0:
		return 0
	case p > 0.5:
		return n - d.count(n, 1-p) // Poisson stands for what is rare
	case mean < 12:
		return math.Min(math.Ceil(n), d.poisson(mean)) // whole events, also of a service with few in a day
	default:
		return math.Min(n, math.Max(0, math.Round(mean+d.rand.NormFloat64()*math.Sqrt(mean*(1-p)))))
	}
}

// poisson is Knuth's method; the means it is asked for are small.
func (d *dice) poisson(mean float64) float64 {
	limit, product, k := math.Exp(-mean), d.rand.Float64(), 0.0
	for product > limit {
		product *= d.rand.Float64()
		k++
	}
	return k
}

// fingerprint numbers a name.
func fingerprint(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}

// traffic is the share of the mean rate that arrives at this hour: a day wave that is highest at 13:00 UTC, half of it at weekends.
func traffic(t time.Time) float64 {
	t = t.UTC()
	hour := float64(t.Hour()) + float64(t.Minute())/60
	wave := 0.8 + 0.5*math.Cos((hour-13)/24*2*math.Pi)
	if day := t.Weekday(); day == time.Saturday || day == time.Sunday {
		wave /= 2
	}
	return wave
}
