package argo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// Config is the argo section of the configuration.
type Config struct {
	// Token is what the notifications carry, as a bearer token or as the password of basic authentication.
	Token secret.Value `yaml:"token" doc:"token that notifications of Argo CD and Argo Rollouts carry"`
}

// Enabled tells whether anything is configured.
func (c Config) Enabled() bool { return c.Token.IsSet() }

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	if c.Token.IsSet() && len(c.Token.Reveal()) < 16 {
		r.Faultf("token", "weak-secret", "a token of less than 16 characters can be guessed").Suggest("use: openssl rand -hex 32")
	}
}

// notification is what the templates of docs/sources/argo.md send.
type notification struct {
	Kind        string   `json:"kind"` // "application" or "rollout"
	Name        string   `json:"name"`
	Namespace   string   `json:"namespace"`
	Environment string   `json:"environment"`
	Service     string   `json:"service"`
	ChangeKind  bot.Kind `json:"change_kind"`
	URL         string   `json:"url"`
	// Inputs are labels that name versions, as {"model:support-chat": "gpt-4o-2024-11-20"}.
	Inputs     map[string]string `json:"inputs"`
	StartedAt  hook.Moment       `json:"started_at"`
	FinishedAt hook.Moment       `json:"finished_at"`

	// Of an application: where it was synced from.
	Repository string `json:"repository"`
	Chart      string `json:"chart"`
	Revision   string `json:"revision"`
	// Phase is that of the operation (Running, Succeeded, Failed, Error), or of the rollout (Progressing, Healthy, Degraded, Paused).
	Phase string `json:"phase"`

	// Of a rollout: what of it is told (updated, step, completed, aborted), the hash of the new pods, the percentage of traffic that they serve, whether it was aborted.
	Trigger string   `json:"trigger"`
	Hash    string   `json:"hash"`
	Weight  *float64 `json:"weight"`
	Aborted bool     `json:"aborted"`
	Message string   `json:"message"`
	Images  []string `json:"images"`
}

// Receiver hears the notifications. It is safe for concurrent use.
type Receiver struct {
	config Config
	now    func() time.Time
}

// New makes the receiver of a checked configuration.
func New(c Config, now func() time.Time) *Receiver { return &Receiver{c, now} }

// Receive proves who sent a notification. The same body is the same delivery.
func (r *Receiver) Receive(header http.Header, body []byte) (bot.Delivery, error) {
	if err := hook.Size(body); err != nil {
		return bot.Delivery{}, err
	}
	if err := hook.Token(header, r.config.Token); err != nil {
		return bot.Delivery{}, err
	}
	if _, err := hook.JSON(header); err != nil {
		return bot.Delivery{}, err
	}
	d := bot.Delivery{ID: hook.Digest(string(body)), Source: "argo", Event: "undecodable", Body: body, ReceivedAt: r.now()}
	if n, err := decode(body); err == nil {
		d.Event = hook.Word(n.Kind)
	}
	return d, nil
}

func decode(body []byte) (notification, error) {
	var n notification
	err := json.Unmarshal(body, &n)
	var odd *json.UnmarshalTypeError
	if err != nil && (!errors.As(err, &odd) || odd.Field == "") {
		return n, bot.Errorf(bot.Invalid, "the body is not what the template sends").Because(err)
	}
	return n, nil
}

// Tell reads a notification.
func (r *Receiver) Tell(_ context.Context, d bot.Delivery) (bot.Told, error) {
	n, err := decode(d.Body)
	if err != nil {
		return bot.Told{}, err
	}
	if n.Kind != "application" && n.Kind != "rollout" {
		return bot.Told{Unused: "a notification's kind is application or rollout, not " + hook.Word(n.Kind)}, nil
	}
	if hook.Word(n.Name) == "" {
		return bot.Told{}, bot.Errorf(bot.Invalid, "the notification names no %s: compare the template with the manual", n.Kind)
	}
	if n.Kind == "application" {
		return n.synced(d.ReceivedAt), nil
	}
	return n.rolled(d.ReceivedAt)
}

// synced tells of an application that was synced. A revision of a repository is a deployment of it, which makes the changes that it
// carries effective; a chart, which has no repository, is a change by itself.
func (n notification) synced(received time.Time) bot.Told {
	at := earlier(n.FinishedAt.Time, n.StartedAt.Time, received)
	repository := Repository(n.Repository)
	if hook.Word(n.Revision) == "" {
		return bot.Told{Unused: "the notification names no revision"}
	}
	if n.Chart == "" && repository != "" {
		return bot.Told{Deployments: []bot.Deployment{{
			Source: "argo", Repository: repository, Revision: hook.Word(n.Revision), Environment: hook.Word(n.Environment), At: at,
			Succeeded: n.Phase == "Succeeded", URL: hook.Link(n.URL), Inputs: bot.LabelledInputs(n.Inputs),
		}}}
	}
	if n.Phase != "Succeeded" {
		return bot.Told{}
	}
	c := n.change("application", received)
	c.ID += "/" + hook.Word(n.Revision)
	c.Revision, c.EffectiveAt = hook.Word(n.Revision), at
	c.Title = hook.Title("application " + n.Name + " synced to " + strings.TrimSpace(n.Chart+" "+n.Revision))
	if c.Kind == "" {
		c.Kind = bot.Infrastructure
	}
	return bot.Told{Changes: []bot.Change{c}}
}

// rolled tells of a rollout: one change from its first step to its end, whose exposure grows; and one more when it is aborted.
func (n notification) rolled(received time.Time) (bot.Told, error) {
	hash := hook.Word(n.Hash)
	if hash == "" {
		return bot.Told{}, bot.Errorf(bot.Invalid, "the notification names no hash: compare the template with the manual")
	}
	c := n.change("rollout", received)
	c.ID += "/" + hash
	c.Revision = hash
	if n.Aborted {
		aborted := c
		aborted.ID, aborted.Reverts = c.ID+"/aborted", c.ID
		aborted.Inputs = nil // what was before is back
		aborted.Title = hook.Title("rollout " + n.Name + " aborted: " + n.Message)
		aborted.EffectiveAt = earlier(n.FinishedAt.Time, received)
		return bot.Told{Changes: []bot.Change{aborted}}, nil
	}
	c.Title = hook.Title("rollout " + n.Name + ": " + strings.Join(n.Images[:min(len(n.Images), 10)], ", "))
	if n.Trigger == "updated" {
		c.EffectiveAt = earlier(n.StartedAt.Time, received) // what is told later of it does not make it younger
	}
	switch {
	case n.Phase == "Healthy":
		c.Exposure = 1
	case n.Weight != nil && *n.Weight > 0 && *n.Weight <= 100:
		c.Exposure = *n.Weight / 100
	}
	if c.Exposure > 0 {
		c.Rollout = []bot.RolloutStep{{At: earlier(n.FinishedAt.Time, received), Share: c.Exposure}}
	}
	return bot.Told{Changes: []bot.Change{c}}, nil
}

func (n notification) change(kind string, received time.Time) bot.Change {
	c := bot.Change{
		ID: strings.Join([]string{"argo:" + kind, hook.Word(n.Namespace), hook.Word(n.Name)}, "/"), Source: "argo",
		Environment: hook.Word(n.Environment), URL: hook.Link(n.URL), Seen: received, Inputs: bot.LabelledInputs(n.Inputs),
	}
	if slices.Contains(bot.Kinds(), n.ChangeKind) {
		c.Kind = n.ChangeKind
	}
	if service := hook.Word(n.Service); service != "" {
		c.Services = []string{service}
	} else {
		c.Services = []string{hook.Word(n.Name)}
	}
	return c
}

// earlier is the first time that is known and not in the future.
func earlier(all ...time.Time) time.Time {
	received := all[len(all)-1]
	for _, at := range all {
		if !at.IsZero() && !at.After(received.Add(10*time.Minute)) {
			return at
		}
	}
	return received
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$`)

// Repository is "owner/name" of a repository's address (https or ssh); empty for what is none.
func Repository(address string) string {
	path := ""
	if u, err := url.Parse(address); err == nil && u.Host != "" && u.Scheme != "oci" {
		path = u.Path
	} else if _, after, found := strings.Cut(address, ":"); found && strings.Contains(address, "@") {
		path = after // git@github.com:owner/name.git
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if !repositoryName.MatchString(path) {
		return ""
	}
	return path
}
