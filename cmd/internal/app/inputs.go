package app

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/classify"
	"github.com/firebreak-dev/firebreak/bot/inputs"
	"github.com/firebreak-dev/firebreak/bot/server"
)

// The answers about inputs, and what they consist of.
type (
	Input           = bot.Input
	InForce         = bot.InForce
	InputsAnswer    = bot.InputsAnswer
	InputDifference = bot.InputDifference
	InputsDiff      = bot.InputsDiff
)

// ParseInput reads KIND:NAME=VERSION. The server says what is wrong with the parts.
func ParseInput(text string) (Input, error) {
	kind, rest, found := strings.Cut(text, ":")
	name, version, pinned := strings.Cut(rest, "=")
	if !found || !pinned || kind == "" || name == "" || version == "" {
		return Input{}, fmt.Errorf("%q is no input: write KIND:NAME=VERSION, as model:support-chat=gpt-4o-2024-11-20", text)
	}
	return Input{Kind: bot.Kind(kind), Name: name, New: version}, nil
}

// Inputs tells what is in force at a time, the zero time for now; an empty service means all.
func (c *Client) Inputs(ctx context.Context, service string, at time.Time) (InputsAnswer, error) {
	var answer InputsAnswer
	err := c.call(ctx, http.MethodGet, "/api/v1/inputs?"+inputsQuery(service, at).Encode(), nil, &answer)
	answer.Inputs = NotNil(answer.Inputs)
	return answer, err
}

// InputsDiff tells in what two environments differ.
func (c *Client) InputsDiff(ctx context.Context, service string, at time.Time, left, right string) (InputsDiff, error) {
	q := inputsQuery(service, at)
	q["diff"] = []string{left, right}
	var answer InputsDiff
	err := c.call(ctx, http.MethodGet, "/api/v1/inputs?"+q.Encode(), nil, &answer)
	answer.Differences = NotNil(answer.Differences)
	return answer, err
}

func inputsQuery(service string, at time.Time) url.Values {
	q := url.Values{}
	if service != "" {
		q.Set("service", service)
	}
	if !at.IsZero() {
		q.Set("at", at.Format(time.RFC3339))
	}
	return q
}

// stock answers which inputs are in force, out of the ledger.
type stock struct{ a *App }

var _ server.Inputs = stock{}

// The bounds of one look into the ledger, in pages of a thousand.
const (
	stockPage             = 1000
	stockChangePages      = 20
	stockDeploymentPages  = 5
	stockMostRepositories = 200
)

// InForce tells what is in force.
func (s stock) InForce(ctx context.Context, service string, at time.Time) (bot.InputsAnswer, error) {
	ledger, back, err := s.ledger(ctx, service, at)
	if err != nil {
		return bot.InputsAnswer{}, err
	}
	found := inputs.At(at, ledger)
	if service != "" {
		found = slices.DeleteFunc(found, func(in bot.InForce) bool { return in.Service != service })
		if len(found) == 0 && !slices.Contains(s.a.config.names(), service) {
			return bot.InputsAnswer{}, bot.Errorf(bot.NotFound, "no service %q is configured, and no change told of its inputs", service)
		}
	}
	return bot.InputsAnswer{At: at.UTC(), Inputs: found, Back: back}, nil
}

// InputsDiffer tells in what two environments differ.
func (s stock) InputsDiffer(ctx context.Context, service string, at time.Time, left, right string) (bot.InputsDiff, error) {
	found, err := s.InForce(ctx, service, at)
	return bot.InputsDiff{
		At: found.At, Left: left, Right: right, Differences: inputs.Diff(found.Inputs, left, right), Back: found.Back,
	}, err
}

// ledger reads what tells of a service's inputs until a time. Back is how far, zero for all of it.
func (s stock) ledger(ctx context.Context, service string, at time.Time) (l inputs.Ledger, back time.Time, err error) {
	rules, services := s.a.config.Classify.WithDefaults(), s.a.config.services()
	l.KindOf = once(func(repository, path string) bot.Kind { return classify.KindOf(rules, repository, path) })
	l.Owners = once(func(repository, path string) []string {
		c := bot.Change{Repository: repository}
		if path != "" {
			c.Paths = []string{path}
		}
		return classify.Classify(rules, services, c).Services
	})
	if l.Changes, back, err = s.changes(ctx, service, at); err != nil {
		return l, back, err
	}
	var repositories []string
	note := func(name string) {
		if name != "" && len(repositories) < stockMostRepositories && !slices.Contains(repositories, name) {
			repositories = append(repositories, name)
		}
	}
	for _, own := range services {
		l.Environments = append(l.Environments, own.Environments...)
		for _, r := range own.Repositories {
			if (service == "" || own.Name == service) && !strings.ContainsAny(r.Name, "*?[{") {
				note(r.Name)
			}
		}
	}
	for _, c := range l.Changes {
		note(c.Repository)
	}
	for _, repository := range repositories {
		found, err := s.deployments(ctx, repository, at)
		if err != nil {
			return l, back, err
		}
		l.Deployments = append(l.Deployments, found...)
	}
	return l, back, nil
}

// changes reads backwards, page by page. A page begins at the instant at which the last one ended, for others may share it.
func (s stock) changes(ctx context.Context, service string, at time.Time) (out []bot.Change, back time.Time, err error) {
	seen := map[string]bool{}
	to := at.Add(time.Microsecond)
	for range stockChangePages {
		page, err := s.a.db.Changes(ctx, bot.ChangeQuery{Service: service, Inputs: true, To: to, Limit: stockPage})
		if err != nil {
			return nil, back, err
		}
		fresh := 0
		for _, c := range page {
			if !seen[c.ID] {
				seen[c.ID], out, fresh = true, append(out, c), fresh+1
			}
		}
		if len(page) < stockPage {
			return out, time.Time{}, nil
		}
		back = page[len(page)-1].At()
		if fresh == 0 {
			break
		}
		to = back.Add(time.Microsecond)
	}
	return out, back, nil
}

func (s stock) deployments(ctx context.Context, repository string, at time.Time) (out []bot.Deployment, err error) {
	to := at.Add(time.Microsecond)
	for range stockDeploymentPages {
		page, err := s.a.db.Deployments(ctx, bot.DeploymentQuery{Repository: repository, To: to, Limit: stockPage})
		if err != nil {
			return nil, err
		}
		out = append(out, page...) // one that stands on two pages is the same twice, which changes nothing
		if len(page) < stockPage || !page[len(page)-1].At.Before(to) {
			break
		}
		to = page[len(page)-1].At.Add(time.Microsecond)
	}
	return out, nil
}

// once asks once for every path.
func once[T any](ask func(repository, path string) T) func(repository, path string) T {
	type place struct{ repository, path string }
	known := map[place]T{}
	return func(repository, path string) T {
		at := place{repository, path}
		answer, found := known[at]
		if !found {
			answer = ask(repository, path)
			known[at] = answer
		}
		return answer
	}
}
