package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Name is the check's, GateName that of the release gate.
const (
	Name     = "firebreak/risk"
	GateName = "firebreak/gate"
)

// Subject is a pull request with all that its check is made of.
type Subject struct {
	Now        time.Time
	Pull       bot.Pull
	Assessment bot.Assessment
	Policy     Policy
	// Faulty says why the repository's own policy cannot be used, so that Policy is another; empty where it can.
	Faulty string
	// Kinds are the kinds of its paths, where they have one.
	Kinds map[string]bot.Kind
	// Openings are what the calendar says of the touched services.
	Openings []bot.Opening
	// Override is the last that was granted, Asked the last that was asked for; nil where there was none.
	Override *Override
	Asked    *Request
	// Refused says in words who wanted an override last and why there is none; empty where nobody did.
	Refused string
	// Group tells that it is about the commit in which a merge queue tries the pull request.
	Group bool
}

// Verdict is what stands on a pull request. Equal verdicts say the same.
type Verdict struct {
	Conclusion Conclusion
	// Level is how risky it is, whatever the policy makes of it.
	Level bot.Level
	// Title is plain text, Summary and Text are Markdown.
	Title, Summary, Text string
	Annotations          []bot.Annotation
	Buttons              []bot.Button
}

// The buttons of the check; a forge allows 20 characters for an ID and a label, 40 for a description.
const (
	ButtonGrant    = "override"
	ButtonWithdraw = "override-end"
)

// Judge says what stands on a pull request.
func Judge(s Subject) Verdict {
	s.Policy = s.Policy.WithDefaults()
	v := Verdict{Level: s.Assessment.Level, Conclusion: s.Policy.Of(s.Assessment.Level)}
	overridden := s.Override.Holds(s.Now, s.Pull.Change.Revision)
	wouldBlock := v.Conclusion.Blocks()
	switch {
	case s.Pull.Draft && !s.Group:
		v.Conclusion = Neutral
	case overridden && v.Conclusion != Success:
		v.Conclusion = Success
	}
	v.Title = title(s, overridden)
	v.Summary = summary(s, v.Conclusion, overridden)
	v.Text = details(s)
	v.Annotations = annotations(s)
	v.Buttons = buttons(s, wouldBlock, overridden)
	return v
}

// Blind is the verdict on a commit of a merge queue whose pull request cannot be read: what is not known must hold up no queue.
func Blind(why string) Verdict {
	return Verdict{
		Conclusion: Neutral, Title: "not judged: " + plain(why, 100),
		Summary: "How risky it is to land this now could not be told: " + escape(why) + ". So that the queue goes on, nothing is held up.",
	}
}

// title is the level with what weighs most.
func title(s Subject, overridden bool) string {
	a := s.Assessment
	level := strings.ToUpper(string(a.Level)[:1]) + string(a.Level)[1:]
	what := level + " risk to land now"
	if len(a.Reasons) > 0 && a.Reasons[0].Weight > 0 {
		what += ": " + a.Reasons[0].Sentence
	}
	switch {
	case overridden:
		what = "Overridden by " + s.Override.By + " until " + clock(s.Override.Until, zone(s)) + ". " + what
	case s.Pull.Draft:
		what = "Draft. " + what
	}
	return plain(what, 200)
}

func buttons(s Subject, wouldBlock, overridden bool) []bot.Button {
	if len(s.Policy.Overrides.By) == 0 {
		return nil
	}
	if overridden {
		return []bot.Button{{ID: ButtonWithdraw, Label: "End override", Description: "Judge it by its risk again"}}
	}
	if !wouldBlock || s.Pull.Draft {
		return nil
	}
	return []bot.Button{{
		ID: ButtonGrant, Label: "Override for " + short(s.Policy.Overrides.Longest),
		Description: "Let it land; for people allowed only",
	}}
}

// short is a duration without zero parts, as 2h or 1h30m.
func short(d time.Duration) string {
	text := d.Round(time.Minute).String()
	text = strings.TrimSuffix(text, "0s")
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// mostAnnotations bounds the lines that are pointed at.
const mostAnnotations = 150

// told are the kinds whose lines are worth a word: what changes the service's behaviour without changing its code.
func told(k bot.Kind) bool {
	switch k {
	case bot.Prompt, bot.Policy, bot.Model, bot.Guardrail, bot.Retrieval, bot.Embedding, bot.Evaluation, bot.Price:
		return true
	default:
		return false
	}
}

// annotations point at the first changed line of every file that changes behaviour, and at every version that another one takes the place
// of. What they say holds as long as the commits do, since a forge never takes an annotation back.
func annotations(s Subject) []bot.Annotation {
	var out []bot.Annotation
	pinned := map[string]bool{}
	for _, in := range s.Pull.Change.Inputs {
		if in.Line > 0 && len(out) < mostAnnotations {
			pinned[in.Path] = true
			out = append(out, bot.Annotation{
				Path: in.Path, Line: in.Line, Warning: true, Title: fmt.Sprintf("%s %s", in.Kind, plain(in.Name, 60)),
				Message: versions(in),
			})
		}
	}
	for _, f := range s.Pull.Files {
		kind := s.Kinds[f.Path]
		if f.Removed || f.Line <= 0 || pinned[f.Path] || !told(kind) || len(out) >= mostAnnotations {
			continue
		}
		out = append(out, bot.Annotation{Path: f.Path, Line: f.Line, Title: "a change of kind " + string(kind), Message: effect(s.Pull.Change, kind)})
	}
	return out
}

// versions tells an input's old and new version.
func versions(in bot.Input) string {
	switch {
	case in.Old == "":
		return "new here: " + plain(in.New, 100)
	case in.New == "":
		return "no longer pinned; it was " + plain(in.Old, 100)
	default:
		return plain(in.Old, 100) + " becomes " + plain(in.New, 100)
	}
}

// effect says what a change of a kind reaches and how it is undone.
func effect(c bot.Change, kind bot.Kind) string {
	who := "no known service"
	if len(c.Services) > 0 {
		who = strings.Join(c.Services, ", ")
	}
	back := "nothing is set up that undoes it"
	if c.Rollback != "" {
		back = "undone by " + c.Rollback
	}
	return fmt.Sprintf("This changes how %s behaves without changing its code (%s); %s.", who, kind, back)
}
