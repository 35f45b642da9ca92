package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// The kinds of digests.
const (
	Morning  = "morning"
	Forecast = "forecast"
	Weekly   = "weekly"
	Handover = "handover"
)

// Kinds lists all kinds.
func Kinds() []string { return []string{Morning, Forecast, Weekly, Handover} }

// Config is the digests section of the configuration.
type Config []Entry

// Entry is one digest that is sent again and again.
type Entry struct {
	Kind string `yaml:"kind" doc:"what it tells: the state in the morning, what is about to land late in the week, how the week was, or what the next on-call must know" enum:"morning,forecast,weekly,handover"`
	// Cron and At exclude each other; neither means the kind's own time.
	Cron calendar.Schedule `yaml:"cron" doc:"when, in the five fields of cron on the wall clock of the zone, as \"0 7 * * mon-fri\""`
	At   *calendar.Clock   `yaml:"at" doc:"at what time of the kind's own days, as 07:30, instead of cron"`
	Zone string            `yaml:"zone" doc:"the zone whose wall clock counts, as Europe/Berlin; that of windows when left out"`
	// Channel is where it is posted.
	Channel  string   `yaml:"channel" doc:"Slack channel; that of the slack section when left out"`
	Services []string `yaml:"services" doc:"the services that it tells of; all when left out"`
	Empty    string   `yaml:"empty" doc:"what is done where there is nothing to tell: say so, or skip it; skip for morning and forecast, say for the others when left out" enum:"say,skip"`
	Night    Night    `yaml:"night" doc:"which hours are night for those who are woken; only for weekly"`
}

// Night is when people sleep, by their own clock.
type Night struct {
	From *calendar.Clock `yaml:"from" doc:"its first minute; 22:00 when left out"`
	To   *calendar.Clock `yaml:"to" doc:"the minute after its last; 07:00 when left out"`
}

// Hours are its ends with what is meant where they are left out.
func (n Night) Hours() (from, to calendar.Clock) {
	from, to = 22*60, 7*60
	if n.From != nil {
		from = *n.From
	}
	if n.To != nil {
		to = *n.To
	}
	return from, to
}

// has tells whether a time of day is within it.
func (n Night) has(t time.Time) bool {
	from, to := n.Hours()
	c := calendar.Clock(t.Hour()*60 + t.Minute())
	if from <= to {
		return from <= c && c < to
	}
	return c >= from || c < to
}

// usual is when a kind is told: the days, and the time of them unless said otherwise.
func usual(kind string) (days string, at calendar.Clock) {
	switch kind {
	case Forecast:
		return "thu", 15 * 60
	case Weekly:
		return "mon", 9 * 60
	case Handover:
		return "*", 9 * 60
	default:
		return "mon-fri", 8*60 + 30
	}
}

// Schedule is when it is due.
func (e Entry) Schedule() calendar.Schedule {
	if e.Cron.IsSet() {
		return e.Cron
	}
	days, at := usual(e.Kind)
	if e.At != nil {
		at = *e.At
	}
	s, _ := calendar.Every(days, at) // of our own making
	return s
}

// Says tells whether it is sent where there is nothing to tell.
func (e Entry) Says() bool {
	if e.Empty == "" {
		return e.Kind == Weekly || e.Kind == Handover
	}
	return e.Empty == "say"
}

// Key names the digest across restarts: two entries that tell the same at the same time in the same place are one.
func (e Entry) Key() string {
	text, _ := e.Schedule().MarshalText() // it writes what was read
	services := slices.Clone(e.Services)
	slices.Sort(services)
	sum := sha256.Sum256([]byte(strings.Join(append([]string{e.Kind, e.Channel, e.Zone, string(text)}, services...), "\x00")))
	return e.Kind + "/" + hex.EncodeToString(sum[:6])
}

// leastApart is how often a team may be told: what comes more often is not read.
const leastApart = time.Hour

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	seen := map[string]int{}
	for i, e := range c {
		at := r.Index(i)
		e.check(at)
		if first, twice := seen[e.Key()]; twice {
			at.Faultf("kind", "duplicate-digest", "it is the same as digests[%d]: of the same kind, at the same time, in the same channel", first)
		} else {
			seen[e.Key()] = i
		}
	}
}

func (e Entry) check(r *diag.Report) {
	if e.Kind == "" {
		r.Faultf("kind", "missing", "a digest needs its kind").Allow(Kinds()...)
	} else {
		r.OneOf("kind", "unknown-kind", "kind of digest", e.Kind, Kinds())
	}
	if e.Cron.IsSet() && e.At != nil {
		r.Faultf("at", "bad-digest", "a digest has cron or at, not both").Suggest("leave out at")
	}
	if e.At != nil && *e.At == 24*60 {
		r.Faultf("at", "bad-digest", "no clock shows 24:00").Suggest(`write "00:00"`)
	}
	if e.Cron.IsSet() {
		switch apart, ever := e.Cron.Apart(); {
		case !ever:
			r.Faultf("cron", "never-due", "it never comes: there is no such day").Suggest("look at the day and the month")
		case apart > 0 && apart < leastApart:
			r.Faultf("cron", "bad-digest", "it comes again within an hour; nobody reads that").Suggest("write a fixed minute, as 0 7 * * mon-fri")
		}
	}
	if e.Zone != "" {
		calendar.CheckZone(r, "zone", e.Zone)
	}
	if e.Empty != "" {
		r.OneOf("empty", "unknown-word", "word", e.Empty, []string{"say", "skip"})
	}
	if (e.Night.From != nil || e.Night.To != nil) && e.Kind != Weekly {
		r.Faultf("night", "bad-digest", "only the weekly digest tells who was woken at night").Suggest("leave it out")
	}
	if from, to := e.Night.Hours(); from == to {
		r.Faultf("night", "bad-digest", "the night is empty: it ends when it begins").Suggest("write {from: 22:00, to: 07:00}")
	}
}

// CheckServices reports services that there are not.
func (c Config) CheckServices(r *diag.Report, known []string) {
	for i, e := range c {
		for j, s := range e.Services {
			r.Index(i).At("services").Index(j).OneOf("", "unknown-service", "service", s, known)
		}
	}
}
