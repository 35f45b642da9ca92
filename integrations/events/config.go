package events

import (
	"encoding/base64"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// Config is the events section of the configuration.
type Config struct {
	// Secret is the Standard Webhooks secret ("whsec_…") of POST /webhooks/events.
	Secret secret.Value `yaml:"secret" doc:"Standard Webhooks secret of those who send CloudEvents and CDEvents"`
	// Token is what senders that cannot sign send, as a bearer token or as the password of basic authentication.
	Token secret.Value `yaml:"token" doc:"token of senders that cannot sign"`
	// Mappings make changes of other JSON.
	Mappings []Mapping `yaml:"mappings" doc:"how changes are made of other JSON"`
}

// Mapping makes a change of JSON. Texts are templates: ${ CEL } over body (the JSON) and received (when it came).
type Mapping struct {
	// Name is the end of the path that it is served at, POST /webhooks/events/NAME, and the source of its changes.
	Name string `yaml:"name" doc:"end of its path /webhooks/events/NAME, and source of its changes"`
	// Preset fills in whatever is left out.
	Preset string `yaml:"preset" doc:"a ready-made mapping that fills in what is left out" enum:"langfuse,mlflow"`
	// Sign is how the sender proves who it is.
	Sign string `yaml:"sign" doc:"how the sender proves who it is" enum:"standard-webhooks,token,hmac-sha256,langfuse,mlflow"`
	// Secret is the sender's secret or token.
	Secret secret.Value `yaml:"secret" doc:"the sender's secret or token"`
	// Header carries the signature of hmac-sha256, in hexadecimal digits, with or without "sha256=" before.
	Header string `yaml:"header" doc:"header of the signature of hmac-sha256"`
	// Types makes it a mapping of CloudEvents that come to /webhooks/events: globs of their types. Then body is the whole event.
	Types []string `yaml:"types" doc:"CloudEvents types (globs) that it reads; it has no path of its own then"`
	// When says which deliveries tell of a change; all when left out.
	When string `yaml:"when" doc:"CEL condition: which deliveries tell of a change"`
	// Change is what the change is made of.
	Change Fields `yaml:"change" doc:"what the change is made of"`
}

// Fields are the templates of a change.
type Fields struct {
	ID          string   `yaml:"id" doc:"what makes it the same change when it is told again"`
	Kind        string   `yaml:"kind" doc:"kind of change"`
	Title       string   `yaml:"title" doc:"what was changed, in a line"`
	Repository  string   `yaml:"repository" doc:"owner/name"`
	Revision    string   `yaml:"revision" doc:"version"`
	Author      string   `yaml:"author" doc:"who did it"`
	URL         string   `yaml:"url" doc:"where to look at it"`
	Environment string   `yaml:"environment" doc:"where it took effect"`
	MergedAt    string   `yaml:"merged_at" doc:"when it was accepted"`
	EffectiveAt string   `yaml:"effective_at" doc:"when it began to serve; when it came if this and merged_at are left out"`
	Services    []string `yaml:"services" doc:"services that it touches"`
	Paths       []string `yaml:"paths" doc:"what it touches, as paths; classify knows kinds and services by them"`
	Exposure    string   `yaml:"exposure" doc:"share of traffic that it serves, between 0 and 1"`
}

// The ways of proving who sends.
const (
	signStandard = "standard-webhooks"
	signToken    = "token"
	signHMAC     = "hmac-sha256"
	signLangfuse = "langfuse"
	signMLflow   = "mlflow"
)

func signs() []string { return []string{signStandard, signToken, signHMAC, signLangfuse, signMLflow} }

// Enabled tells whether anything is configured.
func (c Config) Enabled() bool { return c.Secret.IsSet() || c.Token.IsSet() || len(c.Mappings) > 0 }

// open tells whether POST /webhooks/events is served.
func (c Config) open() bool { return c.Secret.IsSet() || c.Token.IsSet() }

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	if c.Secret.IsSet() {
		checkStandard(r, "secret", c.Secret)
	}
	if c.Token.IsSet() {
		checkToken(r, "token", c.Token)
	}
	env := expr.NewMessages()
	seen := map[string]int{}
	for i, m := range c.Mappings {
		at := r.At("mappings").Index(i)
		m.check(at, env)
		if len(m.Types) > 0 && !c.open() {
			at.Faultf("types", "missing-secret", "CloudEvents come to /webhooks/events, which has no secret").
				Suggest("set events.secret or events.token")
		}
		if first, twice := seen[m.Name]; twice && m.Name != "" {
			at.Faultf("name", "duplicate-name", "the mapping %q is already mappings[%d]", m.Name, first)
		} else {
			seen[m.Name] = i
		}
	}
}

var mappingName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

func (m Mapping) check(r *diag.Report, env *expr.Messages) {
	switch {
	case m.Name == "":
		r.Faultf("name", "missing", "a mapping needs a name").Suggest("write name: prompts; its path is then /webhooks/events/prompts")
	case !mappingName.MatchString(m.Name):
		r.Faultf("name", "bad-name", "not a name: %q", m.Name).Suggest("use lower-case letters, digits and hyphens")
	case slices.Contains(reserved(), m.Name):
		r.Faultf("name", "reserved-name", "%q is a source of Firebreak's own", m.Name).Suggest("name it after what it maps, as prompts")
	}
	if m.Preset != "" && !r.OneOf("preset", "unknown-preset", "preset", m.Preset, presetNames()) {
		return
	}
	m = m.filled()
	m.checkProof(r)
	if _, faults := m.compile(env); len(faults) > 0 {
		for _, f := range faults {
			at := r
			for _, part := range f.path {
				at = at.At(part)
			}
			if f.index >= 0 {
				at = at.At(f.field).Index(f.index)
				f.field = ""
			}
			told := at.Faultf(f.field, f.code, "%s", f.problem.Message).Inside(f.problem.Offset)
			if f.problem.Fix != "" {
				told.Suggest("%s", f.problem.Fix)
			}
		}
	}
}

// checkProof reports what is wrong with how the sender proves who it is.
func (m Mapping) checkProof(r *diag.Report) {
	if len(m.Types) > 0 {
		for i, glob := range m.Types {
			if _, err := path.Match(glob, ""); err != nil || glob == "" {
				r.At("types").Index(i).Faultf("", "bad-glob", "not a type or glob: %q", glob)
			}
		}
		if m.Secret.IsSet() {
			r.Faultf("secret", "conflict", "a mapping of CloudEvents uses the secret of /webhooks/events").Suggest("leave it out")
		}
		return
	}
	if !m.Secret.IsSet() {
		r.Faultf("secret", "missing-secret", "without a secret anybody could tell of changes").
			Suggest("set the sender's secret here, as ${env:NAME} or ${file:PATH}")
	}
	if !r.OneOf("sign", "unknown-sign", "way of signing", m.Sign, signs()) {
		return
	}
	switch {
	case m.Sign == signStandard && m.Secret.IsSet():
		checkStandard(r, "secret", m.Secret)
	case m.Sign == signHMAC && m.Header == "":
		r.Faultf("header", "missing", "hmac-sha256 needs the header that carries the signature").Suggest("write header: X-Signature")
	case m.Sign != signHMAC && m.Header != "":
		r.Faultf("header", "conflict", "%s has its own header", m.Sign).Suggest("leave header out")
	}
	if m.Sign != signStandard && m.Secret.IsSet() {
		checkToken(r, "secret", m.Secret)
	}
}

func checkStandard(r *diag.Report, field string, s secret.Value) {
	if _, err := standardKey(s.Reveal()); err != nil {
		r.Faultf(field, "bad-secret", "not a Standard Webhooks secret: %v", err).
			Suggest("use whsec_ and the base64 of 24 to 64 random bytes, as: echo whsec_$(openssl rand -base64 32)")
	}
}

// shortest is the least length of a secret that nobody guesses.
const shortest = 16

func checkToken(r *diag.Report, field string, s secret.Value) {
	if len(s.Reveal()) < shortest {
		r.Faultf(field, "weak-secret", "a secret of less than %d characters can be guessed", shortest).Suggest("use: openssl rand -hex 32")
	}
}

// reserved are names that changes of other sources carry.
func reserved() []string {
	return []string{"github", "argo", "flagger", "flags", "cdevents", "alertmanager", "firebreak", "script", "api"}
}

// standardKey decodes a secret of Standard Webhooks.
func standardKey(text string) ([]byte, error) {
	encoded := strings.TrimPrefix(text, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errNotBase64
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, errKeyLength
	}
	return key, nil
}

func kindWords() []string {
	words := make([]string, 0, len(bot.Kinds()))
	for _, k := range bot.Kinds() {
		words = append(words, string(k))
	}
	return words
}
