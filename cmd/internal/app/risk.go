package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	prom "github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/gate"
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
	// Incidents are the open ones; nil where nobody was asked.
	Incidents []bot.Incident
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
	change, facts, err := c.landing(ctx, q)
	if err != nil {
		return Risk{}, err
	}
	facts.Incidents = q.Incidents != nil
	if facts.Evaluation, err = gateVerdict(q.Gate); err != nil {
		return Risk{}, err
	}
	rules, err := newRules(c)
	if err != nil {
		return Risk{}, err
	}
	change = rules.Classify(change)
	services := map[string]bot.Service{}
	for _, s := range c.services() {
		services[s.Name] = s
	}
	assessment := risk.Judge(now, change, facts, rules.moment(now, change.Services), q.Incidents, services, c.Risk.WithDefaults())
	return Risk{
		Assessment: assessment, Title: change.Title, Repository: change.Repository, Kinds: NotNil(change.Kinds),
		Services: NotNil(change.Services), Rollback: change.Rollback, Paths: len(change.Paths),
	}, nil
}

// landing is the change that would land, from a checkout or from GitHub.
func (c Config) landing(ctx context.Context, q RiskRequest) (bot.Change, risk.Facts, error) {
	if q.Pull == "" {
		return checkout{dir: q.Dir}.change(ctx, q.Base, q.Head, q.Repository)
	}
	repository, number, err := pullOf(q.Pull)
	if err != nil {
		return bot.Change{}, risk.Facts{}, err
	}
	config := c.GitHub
	if q.Token.IsSet() {
		config.Token = q.Token
	}
	client, err := github.New(config, github.Options{Registerer: prom.NewRegistry()})
	if err != nil {
		return bot.Change{}, risk.Facts{}, err
	}
	defer client.Close()
	pull, err := client.Pull(ctx, repository, number)
	if err != nil {
		return bot.Change{}, risk.Facts{}, err
	}
	return pull.Change, risk.Facts{
		Reviews: true, Files: pull.Files, Lines: pull.Lines, Committed: pull.Committed, Reviewed: pull.Reviewed,
	}, nil
}

var pullAddress = regexp.MustCompile(`^https?://[^/]+/([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)/pull/([0-9]{1,9})(?:[/?#].*)?$`)

// pullOf takes the address of a pull request apart.
func pullOf(address string) (repository string, number int, err error) {
	m := pullAddress.FindStringSubmatch(address)
	if m == nil {
		return "", 0, fmt.Errorf("%q is no address of a pull request: write https://github.com/owner/name/pull/482", address)
	}
	number, err = strconv.Atoi(m[2])
	return m[1], number, err
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
