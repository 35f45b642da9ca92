package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	prom "github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/command"
	"github.com/firebreak-dev/firebreak/bot/gate"
	"github.com/firebreak-dev/firebreak/bot/owners"
	"github.com/firebreak-dev/firebreak/bot/risk"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/github"
)

// RiskRequest is what would land, and what is known beside it.
type RiskRequest struct {
	// Dir is a checkout; Base and Head are revisions in it. Repository is owner/name, read from the remote origin when empty.
	Dir, Base, Head, Repository string
	// Pull is the address of a pull request, instead of a checkout; Token is a credential for its API, empty for public ones.
	Pull  string
	Token secret.Value
	// Gate is a file with a verdict of firebreak gate -o json.
	Gate string
	// Server is a running Firebreak, which knows the open incidents and what was before; nil asks nobody.
	Server *Client
}

// Risk is how risky it is to land a change now.
type Risk struct {
	bot.Assessment
	Title      string     `json:"title"`
	Repository string     `json:"repository,omitempty"`
	Kinds      []bot.Kind `json:"kinds"`
	Services   []string   `json:"services"`
	Rollback   string     `json:"rollback,omitempty"`
	Paths      int        `json:"paths"`
	// Inputs are the versions that its files pin, from which to which.
	Inputs []bot.Input `json:"inputs"`
	// Owned are the paths that somebody owns by CODEOWNERS, Notes what is to be said of that file.
	Owned []Owned  `json:"owned,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// Owned are paths of the same owners.
type Owned struct {
	Owners []string `json:"owners"`
	Paths  []string `json:"paths"`
}

// Secret is a credential that masks itself.
func Secret(value string) secret.Value {
	if value == "" {
		return secret.Value{}
	}
	return secret.New(value)
}

// Level is how risky it is.
type Level = bot.Level

// Levels are all levels, the mildest first.
func Levels() []Level { return []Level{bot.Low, bot.Medium, bot.High, bot.Critical} }

// AssessLanding judges landing a change now, by the configuration and what the request knows.
func (c Config) AssessLanding(ctx context.Context, now time.Time, q RiskRequest) (Risk, error) {
	l, err := c.landing(ctx, q)
	if err != nil {
		return Risk{}, err
	}
	rules, err := newRules(c)
	if err != nil {
		return Risk{}, err
	}
	change, facts := rules.Classify(l.change), l.facts
	facts.Owned, facts.Canary = l.owners.Groups(change.Paths), c.canaried(change.Services)
	if facts.Evaluation, err = gateVerdict(q.Gate); err != nil {
		return Risk{}, err
	}
	var open []bot.Incident
	if q.Server != nil {
		if open, err = q.Server.Unresolved(ctx); err != nil {
			return Risk{}, err
		}
		past, err := q.Server.past(ctx, now)
		if err != nil {
			return Risk{}, err
		}
		history := past.Of(change)
		facts.Incidents, facts.History = true, &history
	}
	services := map[string]bot.Service{}
	for _, s := range c.services() {
		services[s.Name] = s
	}
	assessment := risk.Judge(now, change, facts, rules.moment(now, change.Services), open, services, c.Risk.WithDefaults())
	if change.Inputs == nil {
		assessment.Unknown = append(assessment.Unknown, "versions in its files")
	}
	out := Risk{
		Assessment: assessment, Inputs: NotNil(change.Inputs), Title: change.Title, Repository: change.Repository, Kinds: NotNil(change.Kinds),
		Services: NotNil(change.Services), Rollback: change.Rollback, Paths: len(change.Paths), Notes: ownersNotes(l.owners),
	}
	for _, g := range facts.Owned {
		out.Owned = append(out.Owned, Owned{Owners: g.Owners, Paths: g.Paths})
	}
	return out, nil
}

// toLand is the change that would land, with what was found out on the way to it.
type toLand struct {
	change bot.Change
	facts  risk.Facts
	owners owners.File
}

// landing is the change that would land, from a checkout or from GitHub.
func (c Config) landing(ctx context.Context, q RiskRequest) (toLand, error) {
	if q.Pull == "" {
		git := checkout{dir: q.Dir}
		l, err := git.landing(ctx, q.Base, q.Head, q.Repository)
		if err == nil {
			l.change.Inputs, err = git.inputs(ctx, q.Base, l.change, c.pins())
		}
		return l, err
	}
	repository, number, err := pullOf(q.Pull)
	if err != nil {
		return toLand{}, err
	}
	config := c.GitHub
	if q.Token.IsSet() {
		config.Token = q.Token
	}
	client, err := github.New(config, github.Options{Registerer: prom.NewRegistry(), Pins: c.pins()})
	if err != nil {
		return toLand{}, err
	}
	defer client.Close()
	pull, err := client.Pull(ctx, repository, number)
	if err != nil {
		return toLand{}, err
	}
	out := toLand{change: pull.Change, facts: risk.Facts{
		Reviews: true, Files: pull.Files, Lines: pull.Lines, Committed: pull.Committed, Reviewed: pull.Reviewed, Asked: pull.Asked,
	}}
	// A token that may read pull requests may be without the right to read files: then what they pin and whose they are is not looked at.
	if told, err := client.PullInputs(ctx, out.change); err == nil {
		out.change.Inputs = NotNil(told)
	}
	if text, err := client.Owners(ctx, repository, pull.Change.Branch); err == nil {
		out.facts.Owners, out.owners = true, owners.Parse(text)
	} else if ctx.Err() != nil {
		return toLand{}, err
	}
	return out, nil
}

// toldFaults bounds the lines of CODEOWNERS that are told.
const toldFaults = 3

// ownersNotes tells which lines of CODEOWNERS say nothing.
func ownersNotes(f owners.File) []string {
	var out []string
	for i, fault := range f.Faults {
		if i == toldFaults {
			return append(out, fmt.Sprintf("CODEOWNERS: %d more lines are skipped", len(f.Faults)-toldFaults))
		}
		out = append(out, "CODEOWNERS, "+fault.String())
	}
	return out
}

// pullOf takes the address of a pull request apart, or its short form.
func pullOf(address string) (repository string, number int, err error) {
	repository, number, ok := command.PullOf(address)
	if !ok {
		return "", 0, fmt.Errorf("%q is no address of a pull request: write https://github.com/owner/name/pull/482, or owner/name#482", address)
	}
	return repository, number, nil
}

// gateVerdict reads what firebreak gate -o json said.
func gateVerdict(file string) (*risk.Evaluation, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // nobody asked the gate
	}
	data, err := readAtMost(file, 1<<20)
	if err != nil {
		return nil, err
	}
	var v gate.Verdict
	if err := json.Unmarshal(data, &v); err != nil || v.Answer == "" {
		return nil, errors.Join(fmt.Errorf("%s is no verdict of firebreak gate -o json", file), err)
	}
	return &risk.Evaluation{Answer: string(v.Answer), At: v.At}, nil
}
