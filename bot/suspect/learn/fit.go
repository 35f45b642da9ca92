package learn

import (
	"cmp"
	"context"
	"hash/fnv"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
)

// Bounds of learning.
const (
	// Fewest is how many incidents it takes to say anything.
	Fewest = 20
	folds  = 5
	// mostWork is how many changes are ranked for one look at a table; of more incidents the newest are learnt from.
	mostWork = 20_000
	// sweeps bounds how often every knob is tried, firstStep and lastStep are how far it is turned, in widths.
	sweeps    = 10
	firstStep = 0.8
	lastStep  = 0.2
)

// Score is how good a table of weights is.
type Score struct {
	// Top1 is the share of incidents whose answer, a change or none, is likelier than every other one.
	Top1 float64 `json:"top1"`
	// LogLoss is minus the logarithm of the probability of the right answer, on average.
	LogLoss float64 `json:"log_loss"`
}

// Turn is a knob that was turned.
type Turn struct {
	What string `json:"what"`
	// By is how far: of a logarithm for what is multiplied, in log-odds else.
	By float64 `json:"by"`
}

// Result is what was learnt.
type Result struct {
	// Cases are the incidents that were learnt from, Guilty those with a guilty change, Left the older ones that were too many.
	Cases  int `json:"cases"`
	Guilty int `json:"guilty"`
	Left   int `json:"left,omitempty"`
	// Before and After are cross-validated: how good the present weights are, and weights that are learnt like the proposed ones.
	Before Score `json:"before"`
	After  Score `json:"after"`
	// Gain is by how much the log loss falls, Error its standard error. Better tells that the gain is more than twice its error: less
	// would come about by chance once in twenty times.
	Gain   float64 `json:"gain"`
	Error  float64 `json:"error"`
	Better bool    `json:"better"`
	Turns  []Turn  `json:"turns"`
	// Weights is the proposed table, whole.
	Weights suspect.Weights `json:"-"`
}

// Fit learns weights from cases, beginning at a table. Progress is told how much of the work is done, from 0 to 1.
func Fit(ctx context.Context, cases []Case, base suspect.Weights, progress func(done float64)) (Result, error) {
	if len(cases) < Fewest {
		return Result{}, bot.Errorf(bot.Conflict,
			"%d incidents with a confirmed cause are too few to learn from; it takes %d: confirm more of them (firebreak suspects confirm), also resolved ones",
			len(cases), Fewest)
	}
	base = base.WithDefaults()
	cases, left := newest(cases)
	r := Result{Cases: len(cases), Left: left, Turns: []Turn{}}
	for _, c := range cases {
		if c.Truth != "" {
			r.Guilty++
		}
	}
	before, after := make([]outcome, len(cases)), make([]outcome, len(cases))
	for fold := range folds {
		var known []Case
		var asked []int
		for i, c := range cases {
			if foldOf(c) == fold {
				asked = append(asked, i)
			} else {
				known = append(known, c)
			}
		}
		all := knobs(known)
		by := climb(ctx, known, base, all, func(part float64) { progress((float64(fold) + part) / (folds + 1)) })
		learnt := turned(base, all, by)
		for _, i := range asked {
			prepared := cases[i].prepare(base)
			before[i], after[i] = cases[i].judge(prepared, base), cases[i].judge(prepared, learnt)
		}
	}
	all := knobs(cases)
	by := climb(ctx, cases, base, all, func(part float64) { progress((folds + part) / (folds + 1)) })
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	for i, k := range all {
		if by[i] != 0 {
			r.Turns = append(r.Turns, Turn{k.name, by[i]})
		}
	}
	r.Weights = turned(base, all, by)
	r.compare(before, after)
	return r, nil
}

// newest keeps the newest cases where all would be too much work, in an order of their own.
func newest(cases []Case) (kept []Case, left int) {
	kept = slices.Clone(cases)
	slices.SortFunc(kept, func(a, b Case) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	work := 0
	for i, c := range kept {
		work += len(c.Changes)
		if work > mostWork && i >= Fewest {
			return kept[:i], len(kept) - i
		}
	}
	return kept, 0
}

// foldOf puts a case into one of five parts, the same one whatever the others are.
func foldOf(c Case) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.ID)) // never fails
	return int(h.Sum32() % folds)
}

// climb turns one knob after the other, as long as that lowers the penalized loss, by ever smaller steps.
func climb(ctx context.Context, cases []Case, base suspect.Weights, all []knob, progress func(part float64)) []float64 {
	by := make([]float64, len(all))
	prepared := make([]*suspect.Prepared, len(cases))
	for i, c := range cases {
		prepared[i] = c.prepare(base)
	}
	best := penalized(cases, prepared, base, all, by)
	step := firstStep
	for sweep := 0; sweep < sweeps && step >= lastStep; sweep++ {
		moved := false
		for i, k := range all {
			if ctx.Err() != nil {
				return by
			}
			for _, way := range []float64{step, -step} {
				was := by[i]
				by[i] = min(max(was+way*k.width, -furthest*k.width), furthest*k.width)
				if now := penalized(cases, prepared, base, all, by); now < best-1e-9 {
					best, moved = now, true
					break
				}
				by[i] = was
			}
			progress((float64(sweep) + float64(i+1)/float64(len(all))) / sweeps)
		}
		if !moved {
			step /= 2
		}
	}
	progress(1)
	return by
}

// penalized is the log loss of all cases and what the knobs cost.
func penalized(cases []Case, prepared []*suspect.Prepared, base suspect.Weights, all []knob, by []float64) float64 {
	w := turned(base, all, by)
	losses := make([]float64, len(cases))
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), len(cases))
	for part := range workers {
		wg.Go(func() {
			for i := part; i < len(cases); i += workers {
				losses[i] = cases[i].judge(prepared[i], w).loss
			}
		})
	}
	wg.Wait()
	sum := 0.0
	for _, l := range losses { // in their order, so that the sum is the same to the last bit
		sum += l
	}
	for i, k := range all {
		sum += by[i] * by[i] / (k.width * k.width) / 2
	}
	return sum
}

// compare tells what the learnt weights gain on cases that they were not learnt from.
func (r *Result) compare(before, after []outcome) {
	n := float64(len(before))
	squares := 0.0
	for i := range before {
		r.Before.LogLoss += before[i].loss / n
		r.After.LogLoss += after[i].loss / n
		r.Before.Top1 += share(before[i].first, n)
		r.After.Top1 += share(after[i].first, n)
	}
	r.Gain = r.Before.LogLoss - r.After.LogLoss
	for i := range before {
		off := before[i].loss - after[i].loss - r.Gain
		squares += off * off
	}
	r.Error = math.Sqrt(squares / (n - 1) / n)
	r.Better = r.Gain > 2*r.Error && len(r.Turns) > 0
}

func share(is bool, of float64) float64 {
	if is {
		return 1 / of
	}
	return 0
}
