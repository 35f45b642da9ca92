package app

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
	"github.com/firebreak-dev/firebreak/bot/landing"
	"github.com/firebreak-dev/firebreak/bot/owners"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/integrations/github"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// buildChecks makes what keeps the checks of pull requests, and what release gates said. Without a GitHub App no repository is covered, since
// nobody else may make checks.
func (a *App) buildChecks(context.Context) error {
	a.scenes = newScenes(a)
	a.landing.use(landing.New(landing.Parts{
		Config: a.config.Checks, Memory: a.db, Audit: auditor{a.db}, Forge: newForge(a.vendors.github, a.logger), Policies: policies{a.config.Checks.Policy},
		Rules: a.scenes, Now: a.options.Clock.Now, Logger: a.logger, Registry: a.registry, URL: a.config.Server.URL,
	}))
	return nil
}

// checkChecks tells what checks need beside their own section.
func (c Config) checkChecks(r *diag.Report) {
	c.Checks.Check(r)
	if len(c.Checks.Repositories) > 0 && c.GitHub.App.ID == 0 {
		r.Faultf("repositories", "missing-app", "only a GitHub App may put checks on pull requests").Suggest("set github.app, or leave the section out")
	}
}

// lateLanding keeps checks once there is somebody who does; it is made after the engine, and before anything is heard.
type lateLanding struct{ to *landing.Landing }

func (l *lateLanding) use(to *landing.Landing) { l.to = to }

// Heard hands on what happened to pull requests.
func (l *lateLanding) Heard(ctx context.Context, news []bot.PullNews) error {
	return l.to.Heard(ctx, news)
}

// Protect hands on deployments that wait.
func (l *lateLanding) Protect(ctx context.Context, ds []bot.Protected) error {
	return l.to.Protect(ctx, ds)
}

// Evaluated hands on what a release gate said.
func (l *lateLanding) Evaluated(ctx context.Context, e bot.Evaluated) error {
	return l.to.Evaluated(ctx, e)
}

// wakeChecks has everything judged anew, because something changed that judgements depend on.
func (a *App) wakeChecks() {
	if a.landing.to != nil { // an incident may change while the bot is put together
		a.scenes.stale()
		a.landing.to.Wake()
	}
}

// auditor keeps who did what to a check.
type auditor struct{ db *store.DB }

// Note adds a line to the audit log.
func (w auditor) Note(ctx context.Context, at time.Time, actor, action, target, detail string) error {
	return w.db.Audit(ctx, store.AuditEntry{At: at, Actor: actor, Action: action, Target: target, Detail: detail})
}

// policies reads the policies of repositories.
type policies struct{ own check.Policy }

// Default is the policy of the configuration.
func (p policies) Default() check.Policy { return p.own }

// Read reads a repository's policy. All that is wrong with it is told in one line.
func (p policies) Read(text []byte) (check.Policy, string) {
	var own check.Policy
	if len(text) > configs.MaxSize {
		return own, "it is larger than any configuration"
	}
	doc, faults := configs.Load(check.PolicyFile, text, &own, configs.MapEnv(nil))
	report := diag.New()
	own.Check(report)
	faults = append(faults, doc.Resolve(report.Faults())...)
	configs.Sort(faults)
	words := make([]string, 0, len(faults))
	for _, f := range faults {
		words = append(words, f.String())
	}
	return own, strings.Join(words, "; ")
}

// forge is GitHub as the checks see it.
type forge struct {
	*github.Client
	logger *slog.Logger
	mu     sync.Mutex
	// owners are the CODEOWNERS files by repository and branch; nil for none.
	owners map[[2]string]*owners.File
}

var _ landing.Forge = (*forge)(nil)

func newForge(c *github.Client, logger *slog.Logger) *forge {
	return &forge{Client: c, logger: logger, owners: map[[2]string]*owners.File{}}
}

// trouble says what a failure means for what comes next.
func trouble(err error) error {
	if err == nil {
		return nil
	}
	fate, after := playbooks.FateOf(err)
	status := github.StatusOf(err)
	return &landing.Trouble{
		Err: err, After: after, Gone: status == http.StatusNotFound || status == http.StatusGone,
		Limited: fate == playbooks.Transient && (status == http.StatusForbidden || status == http.StatusTooManyRequests),
		Down:    status == 0 || status >= http.StatusInternalServerError,
	}
}

// Pull reads a pull request, and whose its paths are.
func (f *forge) Pull(ctx context.Context, repository string, number int) (bot.Pull, error) {
	p, err := f.OpenPull(ctx, repository, number)
	if err != nil || p.Closed {
		return p, trouble(err)
	}
	file, err := f.ownersOf(ctx, repository, p.Change.Branch)
	if err != nil {
		return p, trouble(err)
	}
	if p.Change.Inputs, err = f.PullInputs(ctx, p.Change); err != nil { // versions are told where they can be read; a judgement stands without
		f.logger.WarnContext(ctx, "which versions a pull request changes could not be read", "pull", p.Change.ID, "error", err)
	}
	p.Owners = true
	if file != nil {
		for _, g := range file.Groups(p.Change.Paths) {
			p.Owned = append(p.Owned, bot.PullOwned{Owners: g.Owners, Paths: g.Paths})
		}
	}
	return p, nil
}

// mostOwners bounds the CODEOWNERS files that are kept at hand.
const mostOwners = 1_000

func (f *forge) ownersOf(ctx context.Context, repository, branch string) (*owners.File, error) {
	key := [2]string{repository, branch}
	f.mu.Lock()
	have, known := f.owners[key]
	f.mu.Unlock()
	if known {
		return have, nil
	}
	text, err := f.Owners(ctx, repository, branch)
	if err != nil {
		return nil, err
	}
	if text != nil {
		file := owners.Parse(text)
		have = &file
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.owners) >= mostOwners {
		clear(f.owners)
	}
	f.owners[key] = have
	return have, nil
}

// Changed forgets what is known of a repository's files.
func (f *forge) Changed(repository string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key := range f.owners {
		if key[0] == repository {
			delete(f.owners, key)
		}
	}
}

// Policy reads a repository's policy.
func (f *forge) Policy(ctx context.Context, repository, branch string) ([]byte, error) {
	text, err := f.Client.Policy(ctx, repository, check.PolicyFile, branch)
	return text, trouble(err)
}

// Member tells whether somebody belongs to a team.
func (f *forge) Member(ctx context.Context, team, login string) (bool, error) {
	is, err := f.Client.Member(ctx, team, login)
	return is, trouble(err)
}

// FindCheck looks for a check.
func (f *forge) FindCheck(ctx context.Context, repository, head, name, key string) (int64, error) {
	id, err := f.Client.FindCheck(ctx, repository, head, name, key)
	return id, trouble(err)
}

// CreateCheck makes a check.
func (f *forge) CreateCheck(ctx context.Context, run bot.CheckRun) (int64, error) {
	id, err := f.Client.CreateCheck(ctx, run)
	return id, trouble(err)
}

// UpdateCheck changes a check.
func (f *forge) UpdateCheck(ctx context.Context, id int64, run bot.CheckRun) error {
	return trouble(f.Client.UpdateCheck(ctx, id, run))
}

// FindComment looks for a comment.
func (f *forge) FindComment(ctx context.Context, repository string, number int, mark string) (int64, error) {
	id, err := f.Client.FindComment(ctx, repository, number, mark)
	return id, trouble(err)
}

// Comment writes a comment.
func (f *forge) Comment(ctx context.Context, repository string, number int, body string) (int64, error) {
	id, err := f.Client.Comment(ctx, repository, number, body)
	return id, trouble(err)
}

// EditComment changes a comment.
func (f *forge) EditComment(ctx context.Context, repository string, id int64, body string) error {
	return trouble(f.Client.EditComment(ctx, repository, id, body))
}

// Answer answers a deployment that waits.
func (f *forge) Answer(ctx context.Context, d bot.Protected, state, comment string) error {
	return trouble(f.Client.Answer(ctx, d, state, comment))
}
