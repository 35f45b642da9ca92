package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// The bounds of what people write.
const (
	maxNote   = 3000
	maxTitle  = 200
	maxReason = 300
	maxMuted  = 7 * 24 * time.Hour
	unnoticed = time.Hour
)

// Resolve notes that a person holds an incident to be over. While something still fires a reason is wanted: it is what the next one
// who looks will ask for. What fired goes on firing without opening another incident, unless it gets worse or begins anew.
func (e *Engine) Resolve(ctx context.Context, incident, by, via, reason string) (bot.Incident, error) {
	reason, err := words("reason", reason, maxReason, true)
	if err != nil {
		return bot.Incident{}, err
	}
	e.placing.Lock()
	defer e.placing.Unlock()
	in, err := e.parts.Timeline.Incident(ctx, incident)
	switch {
	case err != nil:
		return in, err
	case by == "":
		return in, bot.Errorf(bot.Invalid, "say who resolves")
	case in.State == bot.Resolved:
		return in, bot.Errorf(bot.Conflict, "the incident was resolved at %s", in.ResolvedAt.UTC().Format(time.RFC3339))
	}
	if loud := StillLoud(in); len(loud) > 0 && reason == "" {
		return in, bot.Errorf(bot.Conflict, "%s; say why it is over all the same, as a reason", strings.Join(loud, "; "))
	}
	now := e.now()
	return e.person(ctx, in, bot.Entry{
		ID: bot.NewID("ent", now), Incident: in.ID, At: now, Kind: bot.EntryResolved, Key: "resolved/person/" + in.MitigatedAt.UTC().Format(time.RFC3339),
		Actor: by, Sentence: sentence("resolved", by, via, reason),
	})
}

// StillLoud says in words what of an incident fires or cannot be seen. What a person declared is over when a person says so.
func StillLoud(in bot.Incident) []string {
	var out []string
	for _, f := range in.Findings {
		name := f.Title
		if name == "" {
			name = strings.ReplaceAll(f.Signal, "_", " ")
		}
		switch {
		case f.Detector == bot.ByPerson:
		case f.Verdict == detectors.Blind:
			out = append(out, "it cannot be seen: "+name)
		case f.Verdict == detectors.Firing && !in.Echo(f):
			out = append(out, "it still fires: "+name)
		}
	}
	return out
}

// Note puts a person's words on the timeline of an incident. The same words of the same person within a minute are said once.
func (e *Engine) Note(ctx context.Context, incident, by, via, text string) (bot.Incident, error) {
	text, err := words("note", text, maxNote, false)
	if err != nil {
		return bot.Incident{}, err
	}
	in, err := e.parts.Timeline.Incident(ctx, incident)
	if err != nil {
		return in, err
	}
	if by == "" {
		return in, bot.Errorf(bot.Invalid, "say who notes it")
	}
	now := e.now()
	_, err = e.parts.Timeline.Append(ctx, bot.Entry{
		ID: bot.NewID("ent", now), Incident: in.ID, At: now, Kind: bot.EntryNote, Actor: by,
		Key:      "note/" + shortHash(by+"\x00"+text+"\x00"+now.Truncate(time.Minute).Format(time.RFC3339)),
		Sentence: fmt.Sprintf("%s (%s): %s", by, via, text), Data: mustJSON(map[string]string{"text": text, "via": via}),
	})
	if err != nil {
		return in, err
	}
	e.parts.Announcer.Update(ctx, in.ID)
	return e.parts.Timeline.Incident(ctx, in.ID)
}

// Declare opens an incident because a person says so. Everything follows as if a detector had seen it: suspects, playbooks, pages. It
// stays until a person resolves it. A service has one open incident at a time, so that it is told where there is one.
func (e *Engine) Declare(ctx context.Context, d bot.Declared) (bot.Incident, error) {
	f, err := e.declared(d)
	if err != nil {
		return bot.Incident{}, err
	}
	e.placing.Lock()
	defer e.placing.Unlock()
	open, err := e.unresolved(ctx)
	if err != nil {
		return bot.Incident{}, err
	}
	for _, in := range open {
		if in.Service == f.Service && in.Environment == f.Environment {
			return in, bot.Errorf(bot.Conflict, "%s has an open incident: %s (%s); note there what you see", f.Service, in.ID, in.Title)
		}
	}
	in := bot.Incident{ID: bot.StableID("inc", f.At, f.Service, f.Environment)}
	return e.person(ctx, in, bot.Entry{
		ID: bot.NewID("ent", f.At), Incident: in.ID, At: f.At, Kind: bot.EntryOpened, Key: "declared", Actor: d.By,
		Sentence: fmt.Sprintf("declared by %s (%s): %s", d.By, d.Via, f.Title), Data: mustJSON(f),
	})
}

// declared makes the finding that a person's word is. People notice late: it began at some time within the last hour.
func (e *Engine) declared(d bot.Declared) (detectors.Finding, error) {
	title, err := words("title", d.Title, maxTitle, false)
	if err != nil {
		return detectors.Finding{}, err
	}
	if d.Severity == detectors.None {
		d.Severity = detectors.Page
	}
	s, known := e.known(d.Service)
	switch {
	case !known:
		return detectors.Finding{}, bot.Errorf(bot.Invalid, "no service %q is configured; those that are: %s", d.Service, strings.Join(e.names(), ", "))
	case d.Environment != "" && len(s.Environments) > 0 && !slices.Contains(s.Environments, d.Environment):
		return detectors.Finding{}, bot.Errorf(bot.Invalid, "%s does not run in %q; it runs in %s", d.Service, d.Environment, strings.Join(s.Environments, ", "))
	case d.Severity != detectors.Page && d.Severity != detectors.Ticket:
		return detectors.Finding{}, bot.Errorf(bot.Invalid, "an incident is of severity page or ticket")
	case d.By == "":
		return detectors.Finding{}, bot.Errorf(bot.Invalid, "say who declares it")
	}
	if d.Environment == "" && len(s.Environments) > 0 {
		d.Environment = s.Environments[0]
	}
	now := e.now()
	return detectors.Finding{
		Key: strings.Join([]string{bot.ByPerson, d.Service, d.Environment}, "/"), Detector: bot.ByPerson, Service: d.Service, Environment: d.Environment,
		Verdict: detectors.Firing, Severity: d.Severity, At: now, Title: title,
		Onset: detectors.Onset{At: now, Earliest: now.Add(-unnoticed), Latest: now},
	}, nil
}

// Mute has no playbook be started for an incident for a time: neither because it gets worse nor because more is known of it. What has
// begun goes on, and what would have begun begins when the time is over, if it is still true then. Zero ends a mute.
func (e *Engine) Mute(ctx context.Context, incident string, lasts time.Duration, by, via, reason string) (bot.Incident, error) {
	reason, err := words("reason", reason, maxReason, lasts == 0)
	if err != nil {
		return bot.Incident{}, err
	}
	in, err := e.parts.Timeline.Incident(ctx, incident)
	switch {
	case err != nil:
		return in, err
	case by == "":
		return in, bot.Errorf(bot.Invalid, "say who mutes it")
	case in.State == bot.Resolved:
		return in, bot.Errorf(bot.Conflict, "the incident was resolved at %s", in.ResolvedAt.UTC().Format(time.RFC3339))
	case lasts < 0 || lasts > maxMuted || (lasts > 0 && lasts < time.Minute):
		return in, bot.Errorf(bot.Invalid, "an incident is muted for a minute to seven days")
	}
	now := e.now()
	m := bot.Mute{By: by, Reason: reason}
	said := sentence("unmuted", by, via, reason)
	if lasts > 0 {
		m.Until = now.Add(lasts)
		said = sentence("muted until "+m.Until.UTC().Format("2006-01-02 15:04 UTC"), by, via, reason)
	}
	_, err = e.parts.Timeline.Append(ctx, bot.Entry{
		ID: bot.NewID("ent", now), Incident: in.ID, At: now, Kind: bot.EntryMuted, Actor: by, Sentence: said, Data: mustJSON(m),
		Key: "muted/" + shortHash(by+reason+lasts.String()+now.Truncate(time.Minute).Format(time.RFC3339)),
	})
	if err != nil {
		return in, err
	}
	e.parts.Announcer.Update(ctx, in.ID)
	return e.parts.Timeline.Incident(ctx, in.ID)
}

// person adds what a person said to an incident, and does what follows. It is called with placing held.
func (e *Engine) person(ctx context.Context, in bot.Incident, entry bot.Entry) (bot.Incident, error) {
	added, err := e.parts.Timeline.Append(ctx, entry)
	if err != nil {
		return in, err
	}
	e.parts.Logger.InfoContext(ctx, "a person changed an incident", "incident", in.ID, "kind", string(entry.Kind), "by", entry.Actor)
	if e.open, err = e.unresolved(ctx); err != nil {
		e.pending = append(e.pending, triggersOf(in.ID, added)...)
		return in, err
	}
	touched := newTouched()
	touched.add(in.Then(added...), added)
	e.follow(ctx, touched)
	return e.parts.Timeline.Incident(ctx, in.ID)
}

// now is the time of an entry, as exact as the store keeps it.
func (e *Engine) now() time.Time { return e.parts.Now().UTC().Truncate(time.Microsecond) }

func (e *Engine) known(service string) (bot.Service, bool) {
	all := e.current().Services
	i := slices.IndexFunc(all, func(s bot.Service) bool { return s.Name == service })
	if i < 0 {
		return bot.Service{}, false
	}
	return all[i], true
}

func (e *Engine) names() []string {
	services := e.current().Services
	out := make([]string, 0, len(services))
	for _, s := range services {
		out = append(out, s.Name)
	}
	return out
}

// sentence words what a person did.
func sentence(what, by, via, reason string) string {
	s := fmt.Sprintf("%s by %s (%s)", what, by, via)
	if reason != "" {
		s += ": " + reason
	}
	return s
}

// words makes one line of what a person wrote, and refuses what is missing or too long.
func words(what, text string, most int, optional bool) (string, error) {
	text = strings.Join(strings.Fields(text), " ")
	switch n := utf8.RuneCountInString(text); {
	case n == 0 && !optional:
		return "", bot.Errorf(bot.Invalid, "a %s is wanted", what)
	case n > most:
		return "", bot.Errorf(bot.Invalid, "a %s has at most %d characters; this one has %d", what, most, n)
	case !utf8.ValidString(text):
		return "", bot.Errorf(bot.Invalid, "the %s is not text", what)
	}
	return text, nil
}
