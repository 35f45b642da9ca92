package watch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// The names of the finding about Firebreak's own sight.
const (
	Absent = "absent"
	Self   = "firebreak"
	Sight  = "sight"
)

// patience is how many ticks in a row something must be blind before Firebreak tells of it.
const patience = 2

// mostShown bounds the evidence of the finding.
const mostShown = 10

// sight counts for how long each thing that is judged could not be seen.
type sight struct {
	// blind holds what is blind, by signal and service, or by signal alone when its question failed.
	blind map[string]*blindness
	// told are those whose silence a detector tells by a finding of its own, with its severity.
	told  map[string]detectors.Severity
	since time.Time
}

type blindness struct {
	ticks    int
	reason   detectors.Blindness
	severity detectors.Severity
	sentence string
	fresh    bool
}

func newSight() sight {
	return sight{blind: map[string]*blindness{}, told: map[string]detectors.Severity{}}
}

// begin opens the round of a tick.
func (s *sight) begin() {
	for _, b := range s.blind {
		b.fresh = false
	}
	clear(s.told)
}

// end closes the round: what was not noted in it is seen again, and what a detector tells as loudly is not told twice.
func (s *sight) end() {
	maps.DeleteFunc(s.blind, func(what string, b *blindness) bool {
		severity, told := s.told[what]
		return !b.fresh || (told && severity.Rank() >= b.severity.Rank())
	})
}

// count takes in the findings of one detector. A window that is still filling after a start is not blindness.
func (s *sight) count(d detectors.Detector, found []detectors.Finding) {
	if _, compares := d.(Comparing); compares {
		return
	}
	severity := detectors.Ticket
	if severe, ok := d.(Severe); ok {
		severity = severe.Severity()
	}
	for _, f := range found {
		switch {
		case f.Verdict == detectors.Blind && f.Blind != detectors.WarmingUp:
			s.note(subject(f), f.Blind, severity)
		case f.Verdict == detectors.Firing && f.Detector == Absent:
			s.told[subject(f)] = f.Severity
		}
	}
}

// subject is what a finding is about.
func subject(f detectors.Finding) string {
	what := fmt.Sprintf("%s of %s", f.Signal, f.Service)
	if f.Environment != "" {
		what += " in " + f.Environment
	}
	return what
}

// asked takes in the outcome of a signal's newest question.
func (s *sight) asked(of *signal) {
	if of.err != nil {
		s.note(of.Signal.Name, ReasonOf(of.err), detectors.Ticket)
	}
}

func (s *sight) note(what string, reason detectors.Blindness, severity detectors.Severity) {
	b := s.blind[what]
	if b == nil {
		b = &blindness{}
		s.blind[what] = b
	}
	if !b.fresh {
		b.ticks++
	}
	b.fresh, b.reason, b.severity = true, reason, detectors.Worst(b.severity, severity)
	b.sentence = fmt.Sprintf("%s cannot be seen: %s", what, words(reason))
}

// finding says how sight is.
func (s *sight) finding(now time.Time) detectors.Finding {
	f := detectors.Finding{
		Key: Absent + "/" + Self + "//" + Sight + "/", Detector: Absent, Service: Self, Signal: Sight,
		Verdict: detectors.Quiet, At: now, Title: "Firebreak sees all its signals",
	}
	count := 0
	for _, what := range slices.Sorted(maps.Keys(s.blind)) {
		b := s.blind[what]
		if b.ticks < patience {
			continue
		}
		count++
		f.Severity = detectors.Worst(f.Severity, b.severity)
		if len(f.Evidence) < mostShown {
			f.Evidence = append(f.Evidence, detectors.Evidence{Name: "blind_" + string(b.reason), Sentence: b.sentence, Value: float64(b.ticks), Unit: "intervals"})
		}
	}
	if count == 0 {
		s.since = time.Time{}
		return f
	}
	if s.since.IsZero() {
		s.since = now
	}
	f.Verdict = detectors.Firing
	f.Onset = detectors.Onset{At: s.since, Earliest: s.since, Latest: s.since}
	f.Title = fmt.Sprintf("Firebreak is blind: %s", f.Evidence[0].Sentence)
	if count > 1 {
		f.Title = fmt.Sprintf("Firebreak is blind to %d things: %s", count, f.Evidence[0].Sentence)
	}
	return f
}

// words say a reason to people.
func words(reason detectors.Blindness) string {
	return cmp.Or(map[detectors.Blindness]string{
		detectors.NoData:       "the source has no such series",
		detectors.Stale:        "the newest sample is too old",
		detectors.Partial:      "the source gave a partial answer",
		detectors.TooExpensive: "the source finds the question too expensive",
		detectors.Timeout:      "the source did not answer in time",
		detectors.Unreachable:  "the source cannot be reached",
		detectors.Garbage:      "the source answered nonsense",
	}[reason], string(reason))
}
