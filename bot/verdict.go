package bot

import (
	"slices"
	"time"
)

// Word is what a verdict says of a change: that it did it, or that it did not.
type Word string

// The words of a verdict.
const (
	Confirmed Word = "confirmed"
	Cleared   Word = "cleared"
)

// NoneOfThese stands in a verdict for the answer that none of the known changes did it.
const NoneOfThese = "none"

// ByRollback is how a verdict came that follows from the undoing of a change: the signals came back, or stayed bad.
const ByRollback = "rollback"

// Verdict is what is held of a change of an incident: by a person, or because of what its undoing brought.
type Verdict struct {
	// Change is its ID, or NoneOfThese.
	Change string `json:"change"`
	Word   Word   `json:"verdict"`
	By     string `json:"by"`
	// Via is how it came: "slack", "api", "cli", or ByRollback.
	Via    string    `json:"via"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// Personal tells that a person said so. What followed from an undoing is evidence, which a person may overrule.
func (v Verdict) Personal() bool { return v.Via != ByRollback }

// Check tells what is missing of a verdict that a person gives, or too much.
func (v Verdict) Check() error {
	switch {
	case v.Change == "" || (v.Word != Confirmed && v.Word != Cleared):
		return Errorf(Invalid, `say which change, and what of it: {"change": ID or "none", "verdict": "confirmed" or "cleared", "by": "name"}`)
	case v.Change == NoneOfThese && v.Word == Cleared:
		return Errorf(Invalid, "that one of the known changes did it is said by confirming which one")
	case v.By == "":
		return Errorf(Invalid, `say who judges: {"by": "name"}`)
	}
	for name, text := range map[string]string{"change": v.Change, "by": v.By, "reason": v.Reason} {
		if err := oneLine(name, text); err != nil {
			return err
		}
	}
	return nil
}

// Verdict gives what is held of a change, if anything is.
func (in Incident) Verdict(change string) (Verdict, bool) {
	i := slices.IndexFunc(in.Verdicts, func(v Verdict) bool { return v.Change == change })
	if i < 0 {
		return Verdict{}, false
	}
	return in.Verdicts[i], true
}

// judged takes a verdict up. Each change has one, the newest, but evidence does not overrule a person; and one cause is enough: who
// confirms another one takes back what was confirmed before.
func (in *Incident) judged(v Verdict) {
	if v.Change == "" || (v.Word != Confirmed && v.Word != Cleared) {
		return
	}
	outranks := func(have Verdict) bool { return have.Personal() && !v.Personal() }
	for _, have := range in.Verdicts {
		if outranks(have) && (have.Change == v.Change || have.Word == Confirmed && v.Word == Confirmed) {
			return
		}
	}
	in.Verdicts = slices.DeleteFunc(slices.Clone(in.Verdicts), func(have Verdict) bool {
		return have.Change == v.Change || have.Word == Confirmed && v.Word == Confirmed
	})
	in.Verdicts = append(in.Verdicts, v)
	in.conclude()
}

// conclude names the cause: the change that is confirmed, if one is.
func (in *Incident) conclude() {
	in.Cause = ""
	for _, v := range in.Verdicts {
		if v.Word == Confirmed && v.Change != NoneOfThese {
			in.Cause = v.Change
		}
	}
}

// doubt takes back what followed from an undoing: the signals went bad again.
func (in *Incident) doubt() {
	n := len(in.Verdicts)
	in.Verdicts = slices.DeleteFunc(slices.Clone(in.Verdicts), func(v Verdict) bool { return !v.Personal() && v.Word == Confirmed })
	if len(in.Verdicts) != n {
		in.conclude()
	}
}
