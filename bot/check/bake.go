package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Watched is what was seen of a change's services since it landed.
type Watched struct {
	// Incidents are those that opened since, on services that the change touches.
	Incidents []WatchedIncident
	// Firing are findings that fire now, mere information too, in words.
	Firing []string
	// Blind says in words what cannot be seen.
	Blind []string
	// Reverted names the change that took it back, empty for none.
	Reverted string
}

// WatchedIncident is an incident, and how likely the change is its cause.
type WatchedIncident struct {
	ID, Title, Service, URL string
	Resolved                bool
	Probability             float64
}

// Baking is a change that is watched after it has landed.
type Baking struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Level bot.Level `json:"level"`
	// Reasons are why it was risky when it landed, in words.
	Reasons []string `json:"reasons,omitempty"`
	// Override is how it landed all the same, in words; empty where it needed none.
	Override string `json:"override,omitempty"`
	Zone     string `json:"zone"`
}

// BakeMark is how our comment is found again.
const BakeMark = "<!-- firebreak: bake -->"

// Tell says how a watched change has gone, for a comment that is edited in place.
func Tell(now time.Time, b Baking, services []string, w Watched) string {
	over := !now.Before(b.Until)
	trouble := len(w.Incidents) > 0 || w.Reverted != ""
	var out strings.Builder
	out.WriteString(BakeMark + "\n")
	who := "its services"
	if len(services) > 0 {
		who = escape(strings.Join(services, ", "))
	}
	switch {
	case w.Reverted != "":
		fmt.Fprintf(&out, "**Taken back** by %s.", escape(w.Reverted))
	case over && trouble:
		fmt.Fprintf(&out, "**Watched until %s**, with what follows.", clock(b.Until, b.Zone))
	case over && len(w.Blind) > 0:
		fmt.Fprintf(&out, "**Watched until %s**, but not all could be seen.", clock(b.Until, b.Zone))
	case over:
		fmt.Fprintf(&out, "**Baked.** %s stayed quiet until %s.", who, clock(b.Until, b.Zone))
	case trouble:
		fmt.Fprintf(&out, "**Not quiet.** %s is watched until %s.", who, clock(b.Until, b.Zone))
	default:
		fmt.Fprintf(&out, "**Quiet so far.** %s is watched until %s.", who, clock(b.Until, b.Zone))
	}
	fmt.Fprintf(&out, "\n\nIt landed on %s at %s risk", clock(b.From, b.Zone), b.Level)
	if len(b.Reasons) > 0 {
		out.WriteString(": " + escape(strings.Join(b.Reasons, "; ")))
	}
	out.WriteString(".")
	if b.Override != "" {
		out.WriteString(" " + escape(b.Override))
	}
	out.WriteString("\n")
	for _, in := range w.Incidents {
		out.WriteString("\n- " + incident(in))
	}
	for _, f := range w.Firing {
		out.WriteString("\n- fires now: " + escape(f))
	}
	for _, f := range w.Blind {
		out.WriteString("\n- cannot be seen: " + escape(f))
	}
	return out.String()
}

// incident is one incident in words; probabilities are told in steps of five, so that the comment is not edited for less.
func incident(in WatchedIncident) string {
	state := "is open"
	if in.Resolved {
		state = "was resolved"
	}
	name := escape(in.ID)
	if in.URL != "" {
		name = "[" + name + "](" + in.URL + ")"
	}
	text := fmt.Sprintf("%s of %s %s: %s", name, escape(in.Service), state, escape(in.Title))
	if p := int(in.Probability*20+.5) * 5; p > 0 {
		return text + fmt.Sprintf("; this change is suspected at %d %%", p)
	}
	return text + "; this change is no suspect"
}
