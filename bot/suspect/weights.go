package suspect

import (
	"maps"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Weights is the table of everything that the ranking assumes. The zero value of a field means its default.
type Weights struct {
	// None is the prior probability that no known change did it, in (0, 1).
	None float64 `yaml:"none,percent" doc:"how often no known change is behind an incident (25%)"`
	// Horizon is how far back a change may lie; an older one is excluded.
	Horizon time.Duration `yaml:"horizon" doc:"changes older than this are excluded (7d)"`
	// Deploy is the time from merged to effective where it was not observed.
	Deploy Lag `yaml:"deploy" doc:"time from merged to effective where no deployment was seen"`
	// Lags are the times from effective to onset for each kind.
	Lags map[bot.Kind]Lag `yaml:"lags" doc:"time from effective to the onset, by kind of change"`
	// Scope says how readily a change of some service harms the incident's, relative to other scopes.
	Scope Scope `yaml:"scope" doc:"how readily a change harms the service, by where it lies"`
	// Affinity says how often a kind of change is behind a class of signals, relative to other kinds. How common the kind is among
	// all changes is not in it: that is counted.
	Affinity map[Class]map[bot.Kind]float64 `yaml:"affinity" doc:"how often a kind of change is behind a class of signals"`
	// Environment is the log-odds of a change that went to another environment than the incident's.
	Environment float64 `yaml:"environment" doc:"log-odds of a change that went to another environment (-5)"`
	// Exposure multiplies the log-odds that a change which reached only a share of the traffic is seen in the whole.
	Exposure float64 `yaml:"exposure" doc:"multiplies the log-odds of a change that reached only a share of the traffic (1.5)"`
	// Together is the log-odds of a change that reaches every other service that was hit at the same time, Apart of one that reaches none.
	Together float64 `yaml:"together" doc:"log-odds of a change that reaches the other services that were hit at the same time (0.5)"`
	Apart    float64 `yaml:"apart" doc:"log-odds of a change that reaches none of the other services that were hit at the same time (-1.5)"`
	// SliceMoved is the log-odds of a change whose version is the only one that moved, SliceStayed of one whose version did not, SliceShared
	// of one whose version moved, but others did too.
	SliceMoved  float64 `yaml:"slice_moved" doc:"log-odds of a change whose version alone moved (4)"`
	SliceStayed float64 `yaml:"slice_stayed" doc:"log-odds of a change whose version did not move (-3)"`
	SliceShared float64 `yaml:"slice_shared" doc:"log-odds of a change whose version moved no more than others (-1.5)"`
	// Stepped is the most that a signal which went with the steps of a change's roll-out says for it, Unstepped what one that did not says
	// against it.
	Stepped   float64 `yaml:"stepped" doc:"log-odds at most of a change with whose share of the traffic the signal went, step by step (2)"`
	Unstepped float64 `yaml:"unstepped" doc:"log-odds at most of a change with whose share of the traffic the signal did not go (-1.5)"`
	// Dose is the log-odds of a change that reached too little of the traffic to move the whole so far.
	Dose float64 `yaml:"dose" doc:"log-odds of a change that reached too little of the traffic to move the whole so far (-4)"`
	// Reverted is the log-odds of a change that was already undone when it began.
	Reverted float64 `yaml:"reverted" doc:"log-odds of a change undone before the onset (-3)"`
	// Revert is the log-odds of a change that undoes another one: it restores what worked before.
	Revert float64 `yaml:"revert" doc:"log-odds of a change that is a revert itself (-0.7)"`
	// Replaced is the log-odds of a change whose very files were changed again before it began.
	Replaced float64 `yaml:"replaced" doc:"log-odds of a change whose files were changed again before the onset (-0.7)"`
	// Cured is the log-odds of a change after whose undoing the signals came back.
	Cured float64 `yaml:"cured" doc:"log-odds of a change after whose revert the signals came back (2)"`
	// Uncured is the log-odds of a change that was undone while the signals stayed bad.
	Uncured float64 `yaml:"uncured" doc:"log-odds of a change after whose revert the signals stayed bad (-2)"`
	// Flags are the log-odds of what made a change risky when it landed, by the code of the flag.
	Flags map[string]float64 `yaml:"flags" doc:"log-odds of risk flags, by code"`
	// FlagsAtMost bounds the flags of one change together.
	FlagsAtMost float64 `yaml:"flags_at_most" doc:"bound of all flags of one change together (1)"`
}

// Lag is a log-normal time.
type Lag struct {
	Median time.Duration `yaml:"median"`
	// Spread is the standard deviation of the logarithm: two thirds lie within a factor of e^Spread of the median.
	Spread float64 `yaml:"spread"`
}

// Scope is how often the guilty change lies where, seen from the service of the incident. Only the ratios count, but for Unknown, which
// multiplies the odds of a change of which nobody knows what it touches: 1 is neither for nor against it.
type Scope struct {
	Own        float64 `yaml:"own"`        // the service itself
	Dependency float64 `yaml:"dependency"` // a service that it depends on directly
	Upstream   float64 `yaml:"upstream"`   // a service further up
	Unknown    float64 `yaml:"unknown"`    // nobody knows what it touches
	Unrelated  float64 `yaml:"unrelated"`  // known services that it does not depend on
}

// among are the shares of the places that there are: who depends on nothing has no guilty dependency.
func (s Scope) among(near neighbourhood) (shares [relations]float64) {
	there := [relations]bool{own: true, unrelated: true}
	for _, r := range near {
		there[r] = true
	}
	sum := 0.0
	for r := range relations {
		if there[r] {
			shares[r] = s.of(r)
			sum += shares[r]
		}
	}
	for r := range relations {
		shares[r] /= sum
	}
	return shares
}

func (s Scope) of(r relation) float64 {
	switch r {
	case own:
		return s.Own
	case dependency:
		return s.Dependency
	case upstream:
		return s.Upstream
	case unknown:
		return s.Unknown
	default:
		return s.Unrelated
	}
}

// The five steps of affinity, relative shares of the causes. Their ratio is at most 80, so that timing and scope can outweigh the kind:
// a table like this is always wrong somewhere.
const (
	mostly = 9.0
	often  = 6.0
	some   = 2.5
	seldom = 0.6
	hardly = 0.15
)

// DefaultWeights returns the shipped table. Where a number comes from stands beside it; "judgement" means that nothing published was
// found and that the number is broad on purpose.
func DefaultWeights() Weights {
	return Weights{
		// About 70 % of outages follow a change in a live system (Google, Site Reliability Engineering, ch. 1).
		None: 0.25,
		// A week holds a release train and a weekend. Judgement.
		Horizon: 7 * 24 * time.Hour,
		// A pipeline takes minutes to an hour. Judgement.
		Deploy: Lag{15 * time.Minute, 1.2},
		Lags:   defaultLags(),
		// Most incidents come from the service's own changes, a good part from what it leans on; an unrelated cause needs an error in
		// the service map, or a shared machine. Of unknown scope are guilty and innocent ones alike. Judgement.
		Scope:    Scope{Own: 0.63, Dependency: 0.29, Upstream: 0.06, Unknown: 1, Unrelated: 0.02},
		Affinity: defaultAffinity(),
		// One in fifty: labels of environments are sometimes wrong, and staging sometimes shares a gateway. Judgement.
		Environment: -5,
		// A twentieth of the traffic moves the whole half as readily as all of it (halfVisible).
		Exposure: 1.5,
		// Two services hit within minutes by chance is rare, but an unseen cause upstream hits them as readily as a change there; and a map
		// of services is never complete. Judgement.
		Together: 0.5, Apart: -1.5,
		// Who has only the new version and is bad while who has the old one is not, has all but proved it; labels are sometimes wrong, and a
		// version may go to other users than the rest. Judgement.
		SliceMoved: 4, SliceStayed: -3, SliceShared: -1.5,
		// A signal that goes with several steps of one roll-out by chance is rare; one that does not may have a threshold, or users who come
		// back, which is why it says less. Judgement.
		Stepped: 2, Unstepped: -1.5,
		// Arithmetic, but for shares that are declared wrongly. Judgement.
		Dose:     -4,
		Reverted: -3, Revert: -0.7, Replaced: -0.7, // Judgement.
		// Recovery soon after the undoing is strong evidence, yet some incidents end by themselves. Judgement.
		Cured: 2, Uncured: -2,
		// Unreviewed and out-of-hours changes are somewhat likelier to break things; what is published (Meta, arXiv 2410.06351:
		// the riskiest tenth of changes holds 28 % of the bad ones) bounds all of them together to about e.
		Flags: map[string]float64{
			"unreviewed": 0.7, "self_merged": 0.4, "out_of_window": 0.5, "freeze": 0.5, "friday": 0.2, "no_rollback": 0.1,
		},
		FlagsAtMost: 1,
	}
}

// defaultLags: what a vendor does shows with the first answer, and it is known from the same signals that suffer; what is read at every
// request may show with the next one, and mostly within minutes of taking effect, what is rolled out over a fleet a little later,
// what is an index or a corpus when enough questions met it. Spreads of 1.2 to 1.6 put two thirds within a factor of 3.3 to 5 of the
// median. Judgement.
func defaultLags() map[bot.Kind]Lag {
	atOnce := Lag{3 * time.Minute, 1.4}
	rollout := Lag{10 * time.Minute, 1.3}
	seen := Lag{90 * time.Second, 1.3}
	slow := Lag{45 * time.Minute, 1.5}
	return map[bot.Kind]Lag{
		bot.Prompt: atOnce, bot.Policy: atOnce, bot.Guardrail: atOnce, bot.Config: atOnce,
		bot.Flag: atOnce, bot.Price: seen, bot.Vendor: seen,
		bot.Model: rollout, bot.Code: rollout, bot.Infrastructure: rollout, bot.Evaluation: rollout,
		bot.Retrieval: slow, bot.Embedding: slow,
	}
}

// defaultAffinity: which inputs of a model service are behind what. Each row says of which kind a cause is, so
// what is changed day by day stands before what is seldom touched: prompts before policies, code wherever there is much of it to go
// wrong. Judgement; the shape follows the mechanism and not counts of incidents.
func defaultAffinity() map[Class]map[bot.Kind]float64 {
	row := func(first bot.Kind, oftens, somes, seldoms []bot.Kind) map[bot.Kind]float64 {
		m := make(map[bot.Kind]float64, len(bot.Kinds()))
		for _, k := range bot.Kinds() {
			switch {
			case k == first:
				m[k] = mostly
			case slices.Contains(oftens, k):
				m[k] = often
			case slices.Contains(somes, k):
				m[k] = some
			case slices.Contains(seldoms, k):
				m[k] = seldom
			default:
				m[k] = hardly
			}
		}
		return m
	}
	type kinds = []bot.Kind
	return map[Class]map[bot.Kind]float64{
		Refusals: row(bot.Prompt, kinds{bot.Policy, bot.Guardrail, bot.Model},
			kinds{bot.Vendor, bot.Config, bot.Flag, bot.Code}, kinds{bot.Retrieval, bot.Embedding, bot.Infrastructure}),
		Cost: row(bot.Prompt, kinds{bot.Model},
			kinds{bot.Price, bot.Vendor, bot.Config, bot.Flag, bot.Retrieval, bot.Code}, kinds{bot.Guardrail, bot.Embedding, bot.Policy, bot.Infrastructure}),
		Latency: row("", kinds{bot.Model, bot.Infrastructure, bot.Code},
			kinds{bot.Vendor, bot.Config, bot.Flag, bot.Retrieval, bot.Prompt}, kinds{bot.Guardrail, bot.Embedding, bot.Policy}),
		Grounding: row(bot.Retrieval, kinds{bot.Embedding}, kinds{bot.Config, bot.Infrastructure, bot.Code},
			kinds{bot.Vendor, bot.Flag, bot.Prompt, bot.Model}),
		Quality: row(bot.Prompt, kinds{bot.Model, bot.Retrieval},
			kinds{bot.Vendor, bot.Embedding, bot.Policy, bot.Guardrail, bot.Flag, bot.Config, bot.Code}, kinds{bot.Infrastructure, bot.Evaluation}),
		Errors: row(bot.Code, kinds{bot.Infrastructure, bot.Config}, kinds{bot.Vendor, bot.Model, bot.Flag},
			kinds{bot.Guardrail, bot.Retrieval, bot.Embedding, bot.Prompt, bot.Policy}),
		Other: row("", nil, kinds{
			bot.Model, bot.Vendor, bot.Prompt, bot.Guardrail, bot.Retrieval, bot.Policy, bot.Embedding,
			bot.Config, bot.Infrastructure, bot.Flag, bot.Code,
		}, kinds{bot.Price}),
	}
}

// ordinary is how the changes of a team are spread over kinds while its own are too few to tell: mostly code. Judgement.
func ordinary(k bot.Kind) float64 {
	switch k {
	case bot.Code:
		return 0.5
	case bot.Config:
		return 0.12
	case bot.Prompt, bot.Infrastructure:
		return 0.08
	case bot.Flag:
		return 0.06
	default:
		return 0.02
	}
}

// bystanders is how ordinary changes are spread over scopes while the candidates are too few to tell. Judgement.
func bystanders(r relation) float64 {
	return Scope{Own: 0.25, Dependency: 0.2, Upstream: 0.1, Unrelated: 0.45}.of(r)
}

// WithDefaults returns the weights with every zero field, and every entry that a table lacks, replaced by its default.
func (w Weights) WithDefaults() Weights {
	d := DefaultWeights()
	or := func(v *float64, usual float64) {
		if *v == 0 {
			*v = usual
		}
	}
	or(&w.None, d.None)
	or(&w.Environment, d.Environment)
	or(&w.Exposure, d.Exposure)
	or(&w.Dose, d.Dose)
	or(&w.SliceMoved, d.SliceMoved)
	or(&w.SliceStayed, d.SliceStayed)
	or(&w.SliceShared, d.SliceShared)
	or(&w.Stepped, d.Stepped)
	or(&w.Unstepped, d.Unstepped)
	or(&w.Together, d.Together)
	or(&w.Apart, d.Apart)
	or(&w.Reverted, d.Reverted)
	or(&w.Revert, d.Revert)
	or(&w.Replaced, d.Replaced)
	or(&w.Cured, d.Cured)
	or(&w.Uncured, d.Uncured)
	or(&w.FlagsAtMost, d.FlagsAtMost)
	if w.Horizon == 0 {
		w.Horizon = d.Horizon
	}
	if w.Deploy == (Lag{}) {
		w.Deploy = d.Deploy
	}
	or(&w.Scope.Own, d.Scope.Own)
	or(&w.Scope.Dependency, d.Scope.Dependency)
	or(&w.Scope.Upstream, d.Scope.Upstream)
	or(&w.Scope.Unknown, d.Scope.Unknown)
	or(&w.Scope.Unrelated, d.Scope.Unrelated)
	w.Lags = over(d.Lags, w.Lags)
	w.Flags = over(d.Flags, w.Flags)
	for class, row := range w.Affinity {
		d.Affinity[class] = over(d.Affinity[class], row)
	}
	w.Affinity = d.Affinity
	return w
}

// over lays one table over another, which it may change.
func over[K comparable, V any](base, own map[K]V) map[K]V {
	if base == nil {
		base = make(map[K]V, len(own))
	}
	maps.Copy(base, own)
	return base
}
