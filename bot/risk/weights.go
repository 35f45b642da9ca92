package risk

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// The codes of reasons. Those of the calendar are the codes that its verdict gives.
const (
	Friday              = "friday"
	OutOfWindow         = "out_of_window"
	Freeze              = "freeze"
	Holiday             = "holiday"
	HolidayEve          = "holiday_eve"
	Absence             = "absence"
	OpenIncident        = "open_incident"
	DependencyIncident  = "dependency_incident"
	Unreviewed          = "unreviewed"
	SelfMerged          = "self_merged"
	NoRollback          = "no_rollback"
	SeveralKinds        = "several_kinds"
	PromptAndEvaluation = "prompt_and_evaluation"
	FanOut              = "fan_out"
	Revert              = "revert"

	Size                   = "size"
	EvaluationMissing      = "evaluation_missing"
	EvaluationFailed       = "evaluation_failed"
	EvaluationInconclusive = "evaluation_inconclusive"
	EvaluationOld          = "evaluation_old"
	ReviewOld              = "review_old"
	BudgetSpent            = "budget_spent"
	OwnerNotAsked          = "owner_not_asked"

	AuthorFailures     = "author_failures"
	RepositoryFailures = "repository_failures"
	RollbackUntried    = "rollback_untried"
	CanaryUndeclared   = "canary_undeclared"
	DeprecatedModel    = "deprecated_model"
	Exposed            = "exposed"

	// RollbackTried and ModelEnding weigh nothing by default and are told all the same.
	RollbackTried = "rollback_tried"
	ModelEnding   = "model_ending"
)

// toldAnyway tells which reasons are worth knowing without a weight.
func toldAnyway(code string) bool { return code == RollbackTried || code == ModelEnding }

// Weights are the points of each reason and the sums at which a level begins. Points are comparable, not probabilities: a
// single ordinary weakness stays low, two make it medium, a freeze or an incident with anything beside it is high.
type Weights struct {
	// Points are by the code of the reason; a code that is not named keeps its default, zero switches it off.
	Points map[string]float64 `yaml:"points" doc:"Points of each reason by its code; what is not named keeps its default, 0 switches it off."`
	// Medium, High and Critical are the lowest sums of their levels; zero keeps the default.
	Medium   float64 `yaml:"medium" doc:"The lowest sum that is medium; 20 when left out."`
	High     float64 `yaml:"high" doc:"The lowest sum that is high; 40 when left out."`
	Critical float64 `yaml:"critical" doc:"The lowest sum that is critical; 70 when left out."`
	// Evaluate are globs of repositories in which what an evaluation can judge must have been judged.
	Evaluate []string `yaml:"evaluate" doc:"Repositories, as acme/assistants or acme/*, in which prompts, models and the like must have been evaluated."`
	// Deprecations are what vendors have announced.
	Deprecations []Deprecation `yaml:"deprecations" doc:"Models that their vendors will switch off."`
}

// points is the table of defaults. A later fit on a team's own history may replace it.
func points() map[string]float64 {
	return map[string]float64{
		Friday:      15, // nobody watches the weekend's first hours
		OutOfWindow: 20, // the team said so itself
		Freeze:      60, // and said why; with any other reason it is critical
		Holiday:     25, // as out of window, and the backup is away too
		HolidayEve:  10, // a Friday that the calendar moved
		Absence:     10, // who knows it best is not there when it goes wrong

		OpenIncident:       40, // two causes at once cannot be told apart, and the revert of one may need the other
		DependencyIncident: 20, // the same, one step away
		BudgetSpent:        20, // users have had their share of trouble for this period

		Unreviewed: 20, // one pair of eyes
		SelfMerged: 10, // reviewed perhaps, but nobody else chose the moment
		NoRollback: 20, // if it goes wrong, it stays wrong until somebody writes the way back

		SeveralKinds:        10, // for each beyond the first, at most two: a bisection is needed to know which of them it was
		PromptAndEvaluation: 25, // the yardstick moves together with what it measures, so the evaluation proves nothing
		FanOut:              5,  // for each service beyond the first that feels it, at most fanOutMost of them

		Size:                   7,  // for each doubling: size is the best single predictor of a bad change, and a weak one
		EvaluationMissing:      20, // the repository says that it must be measured
		EvaluationFailed:       50, // it was measured to be worse
		EvaluationInconclusive: 10, // it was not measured to be good
		EvaluationOld:          15, // what was measured is not what would land
		ReviewOld:              15, // nor is what was reviewed
		OwnerNotAsked:          10, // reviewed perhaps, but not by who knows it

		AuthorFailures:     4,  // for each doubling of failing: what went wrong lately goes wrong again, weakly
		RepositoryFailures: 4,  // the same; most of it is that the code, not the people, is in trouble
		RollbackUntried:    5,  // a way back that nobody has gone may not be one
		CanaryUndeclared:   3,  // whom it harms, it harms all at once; little, since it holds for every change of such a service
		DeprecatedModel:    10, // twice within two weeks, four times when it answers no more

		RollbackTried: 0, // told, since it is what people ask first
		ModelEnding:   0, // told: the service has to move, but this change does not make it worse

		Revert:  -30, // it goes back to what was known to work
		Exposed: -10, // whom it harms are few, and the others show that it is the change
	}
}

// fanOutMost bounds what fan-out adds: ten services are not twice as bad as five.
const fanOutMost = 4

// WithDefaults fills in what was left out.
func (w Weights) WithDefaults() Weights {
	merged := points()
	maps.Copy(merged, w.Points)
	w.Points = merged
	if w.Medium == 0 {
		w.Medium = 20
	}
	if w.High == 0 {
		w.High = 40
	}
	if w.Critical == 0 {
		w.Critical = 70
	}
	return w
}

// mustEvaluate tells whether a repository wants evaluations.
func (w Weights) mustEvaluate(repository string) bool {
	return slices.ContainsFunc(w.Evaluate, func(glob string) bool {
		ok, err := doublestar.Match(strings.ToLower(glob), strings.ToLower(repository))
		return err == nil && ok
	})
}

// Codes lists the codes of all reasons, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(points())) }

// Check reports every fault.
func (w Weights) Check(r *diag.Report) {
	at := r.At("points")
	for _, code := range slices.Sorted(maps.Keys(w.Points)) {
		if !slices.Contains(Codes(), code) {
			f := at.Keyf(code, "unknown-reason", "unknown reason %q", code).Allow(Codes()...)
			if near := diag.Nearest(code, Codes()); near != "" {
				f.Suggest("did you mean %q?", near)
			}
			continue
		}
		if p := w.Points[code]; math.Abs(p) > 1000 {
			at.Faultf(code, "out-of-range", "%s cannot have %g points", code, p).Allow("-1000 to 1000")
		}
	}
	d := w.WithDefaults()
	if w.Medium < 0 || d.Medium >= d.High {
		r.Faultf("medium", "bad-levels", "medium must begin above 0 and below high (%g)", d.High)
	}
	if d.High >= d.Critical {
		r.Faultf("high", "bad-levels", "high must begin below critical (%g)", d.Critical)
	}
	for i, glob := range w.Evaluate {
		if !doublestar.ValidatePattern(glob) || glob == "" {
			r.At("evaluate").Index(i).Faultf("", "bad-glob", "%q is no glob of repositories", glob).Suggest("write owner/name or owner/*")
		}
	}
	checkDeprecations(w.Deprecations, r.At("deprecations"))
}

// level names a sum.
func (w Weights) level(score float64) bot.Level {
	switch {
	case score >= w.Critical:
		return bot.Critical
	case score >= w.High:
		return bot.High
	case score >= w.Medium:
		return bot.Medium
	default:
		return bot.Low
	}
}
