package events

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// cdEvent are the parts of a CDEvent that are read.
type cdEvent struct {
	Context struct {
		ID        string      `json:"id"`
		Source    string      `json:"source"`
		Type      string      `json:"type"`
		Timestamp hook.Moment `json:"timestamp"`
	} `json:"context"`
	Subject struct {
		ID      string    `json:"id"`
		Source  string    `json:"source"`
		Content cdContent `json:"content"`
	} `json:"subject"`
	// CustomData may say which kind of change it is, as {"kind": "model"}, and which versions it
	// brings, as {"inputs": {"model:support-chat": "gpt-4o-2024-11-20"}}.
	CustomData json.RawMessage `json:"customData"`
}

type cdContent struct {
	Environment cdReference `json:"environment"`
	Service     cdReference `json:"service"`
	Repository  cdReference `json:"repository"`
	ArtifactID  string      `json:"artifactId"`
	Description string      `json:"description"`
	Name        string      `json:"name"`
	URI         string      `json:"uri"`
}

type cdReference struct {
	ID     string `json:"id"`
	Source string `json:"source"`
}

const cdPrefix = "dev.cdevents."

func isCDEvent(kind string) bool { return strings.HasPrefix(kind, cdPrefix) }

// subjectOf takes "service" and "deployed" out of "dev.cdevents.service.deployed.0.3.0".
func subjectOf(kind string) (subject, predicate string) {
	parts := strings.SplitN(strings.TrimPrefix(kind, cdPrefix), ".", 3)
	if len(parts) < 2 {
		return "", ""
	}
	return strings.ToLower(parts[0]), strings.ToLower(parts[1])
}

// tellCDEvent reads a CDEvent out of its CloudEvent.
func tellCDEvent(e event, received time.Time) (bot.Told, error) {
	var ce cdEvent
	if err := json.Unmarshal(e.Data, &ce); err != nil {
		return bot.Told{}, bot.Errorf(bot.Invalid, "the data of the event is not a CDEvent").Because(err)
	}
	if ce.Context.ID == "" || ce.Subject.ID == "" {
		return bot.Told{}, bot.Errorf(bot.Invalid, "a CDEvent needs context.id and subject.id")
	}
	at := ce.Context.Timestamp.Time
	if at.IsZero() || at.After(received.Add(ahead)) {
		at = received
	}
	subject, predicate := subjectOf(ce.Context.Type)
	switch subject {
	case "service":
		return ce.service(predicate, at, received), nil
	case "environment":
		return ce.environment(predicate, at, received), nil
	case "change":
		return ce.merged(predicate, at, received), nil
	case "incident":
		return ce.incident(predicate, at), nil
	case "artifact", "approval", "pipelinerun", "taskrun", "branch", "repository", "build", "testcaserun", "testsuiterun", "testoutput", "ticket":
		return bot.Told{}, nil // they alter nothing that serves
	}
	return bot.Told{Unused: "CDEvents of type " + hook.Word(ce.Context.Type) + " are not known"}, nil
}

// change is what all changes of CDEvents have in common.
func (ce cdEvent) change(title string, received time.Time) bot.Change {
	c := bot.Change{
		ID: "cdevents:" + hook.Digest(ce.Context.Source, ce.Context.ID), Source: "cdevents", Title: hook.Title(title), Seen: received,
		Environment: hook.Word(ce.Subject.Content.Environment.ID), Repository: hook.Word(ce.Subject.Content.Repository.ID),
	}
	var custom struct {
		Kind   bot.Kind          `json:"kind"`
		Inputs map[string]string `json:"inputs"`
	}
	if json.Unmarshal(ce.CustomData, &custom) == nil {
		if slices.Contains(bot.Kinds(), custom.Kind) {
			c.Kind = custom.Kind
		}
		c.Inputs = bot.LabelledInputs(custom.Inputs)
	}
	return c
}

func (ce cdEvent) service(predicate string, at, received time.Time) bot.Told {
	words := map[string]string{
		"deployed": "deployed", "upgraded": "upgraded", "rolledback": "rolled back", "removed": "removed", "published": "published",
	}
	word, known := words[predicate]
	if !known {
		return bot.Told{Unused: "CDEvents of type " + hook.Word(ce.Context.Type) + " are not known"}
	}
	title := "service " + ce.Subject.ID + " " + word
	if artifact := ce.Subject.Content.ArtifactID; artifact != "" {
		title += ": " + artifact
	}
	c := ce.change(title, received)
	c.Revision, c.Services, c.EffectiveAt = hook.Word(ce.Subject.Content.ArtifactID), []string{hook.Word(ce.Subject.ID)}, at
	return bot.Told{Changes: []bot.Change{c}}
}

func (ce cdEvent) environment(predicate string, at, received time.Time) bot.Told {
	if predicate != "created" && predicate != "modified" && predicate != "deleted" {
		return bot.Told{Unused: "CDEvents of type " + hook.Word(ce.Context.Type) + " are not known"}
	}
	name := ce.Subject.Content.Name
	if name == "" {
		name = ce.Subject.ID
	}
	c := ce.change("environment "+name+" "+predicate, received)
	if c.Kind == "" {
		c.Kind = bot.Infrastructure
	}
	c.Environment, c.EffectiveAt, c.URL = hook.Word(name), at, hook.Link(ce.Subject.Content.URI)
	return bot.Told{Changes: []bot.Change{c}}
}

func (ce cdEvent) merged(predicate string, at, received time.Time) bot.Told {
	switch predicate {
	case "merged":
	case "created", "updated", "reviewed", "abandoned":
		return bot.Told{}
	default:
		return bot.Told{Unused: "CDEvents of type " + hook.Word(ce.Context.Type) + " are not known"}
	}
	title := "change " + ce.Subject.ID + " merged"
	if ce.Subject.Content.Description != "" {
		title = ce.Subject.Content.Description
	}
	c := ce.change(title, received)
	c.Revision, c.MergedAt = hook.Word(ce.Subject.ID), at
	return bot.Told{Changes: []bot.Change{c}}
}

// incident makes a finding of what somebody else's watch saw.
func (ce cdEvent) incident(predicate string, at time.Time) bot.Told {
	content := ce.Subject.Content
	service := hook.Word(content.Service.ID)
	if service == "" {
		return bot.Told{Unused: "the incident names no service"}
	}
	f := detectors.Finding{
		Key:      strings.Join([]string{"cdevents", service, hook.Word(content.Environment.ID), hook.Digest(ce.Subject.Source, ce.Subject.ID)}, "/"),
		Detector: "cdevents", Rule: hook.Word(ce.Subject.ID), Service: service, Environment: hook.Word(content.Environment.ID),
		Signal: "incident", At: at, Title: hook.Title(content.Description),
	}
	switch predicate {
	case "detected", "reported":
		f.Verdict, f.Severity = detectors.Firing, detectors.Ticket
		f.Onset = detectors.Onset{At: at, Earliest: at, Latest: at}
	case "resolved":
		f.Verdict = detectors.Quiet
	default:
		return bot.Told{Unused: "CDEvents of type " + hook.Word(ce.Context.Type) + " are not known"}
	}
	return bot.Told{Findings: []detectors.Finding{f}}
}
