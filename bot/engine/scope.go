package engine

import (
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// Scope is what a playbook's expressions see of the incident.
func (e *Engine) Scope(in bot.Incident) expr.Scope {
	service := e.service(in.Service)
	rollback := make(map[string]string, len(service.Rollback))
	for kind, action := range service.Rollback {
		rollback[string(kind)] = action
	}
	suspects := make([]expr.Suspect, 0, len(in.Ranking.Suspects))
	for _, s := range in.Ranking.Suspects {
		suspects = append(suspects, expr.Suspect{
			Change: s.Change, Kind: string(s.Kind), Title: s.Title, URL: s.URL, Author: s.Author,
			Probability: s.Probability, Rollback: wayBack(s),
		})
	}
	return expr.Scope{
		Incident: expr.Incident{
			ID: in.ID, Service: in.Service, Environment: in.Environment, Signal: in.Signal, Detector: in.Detector,
			Severity: string(in.Severity), State: string(in.State), Title: in.Title, Onset: in.Onset.At.UTC(),
			OpenedAt: in.OpenedAt.UTC(), Blind: string(in.Blind),
		},
		Service: expr.Service{
			Name: service.Name, Owner: service.Owner, Slack: service.Slack, Environments: service.Environments, Rollback: rollback,
		},
		Suspects: suspects,
		None:     in.Ranking.None,
	}
}

// wayBack is the action that undoes a suspect: none where it was undone already, whoever did it. A playbook that begins when that makes it
// likelier must not ask people for what is done.
func wayBack(s bot.Suspect) string {
	undone := func(r bot.Reason) bool { return slices.Contains([]string{"reverted", "cured", "uncured"}, r.Code) }
	if slices.ContainsFunc(s.Reasons, undone) {
		return ""
	}
	return s.Rollback
}
