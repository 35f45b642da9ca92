package check

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// PolicyFile is where a repository keeps its own policy, on the branch that changes land on.
const PolicyFile = ".github/firebreak.yaml"

// Config is the checks section of the configuration.
type Config struct {
	Repositories []string `yaml:"repositories" doc:"repositories whose pull requests are judged, as acme/assistants or acme/*; none when left out"`
	Policy       Policy   `yaml:"policy" doc:"the policy of repositories that have no .github/firebreak.yaml"`
}

// Covers tells whether pull requests of a repository are judged.
func (c Config) Covers(repository string) bool {
	return slices.ContainsFunc(c.Repositories, func(glob string) bool {
		ok, err := path.Match(strings.ToLower(glob), strings.ToLower(repository))
		return err == nil && ok
	})
}

// Check reports every fault.
func (c Config) Check(r *diag.Report) {
	for i, glob := range c.Repositories {
		if _, err := path.Match(glob, ""); err != nil || !strings.Contains(glob, "/") {
			r.At("repositories").Index(i).Faultf("", "bad-glob", "not a repository or glob: %q", glob).Suggest("write owner/name or owner/*")
		}
	}
	c.Policy.Check(r.At("policy"))
}

// Policy is what an assessment means for a repository. The zero value is advisory and lets nobody override.
type Policy struct {
	Required  bool      `yaml:"required" doc:"whether a check may fail; advisory when left out: what would fail is neutral"`
	Levels    Levels    `yaml:"levels" doc:"the check's conclusion for each level of risk"`
	Overrides Overrides `yaml:"overrides" doc:"who may let a change land all the same"`
	Bake      Bake      `yaml:"bake" doc:"how long a change is watched after it has landed, by its level of risk"`
}

// Levels are the conclusions of the levels; empty keeps the default.
type Levels struct {
	Low      Conclusion `yaml:"low" doc:"success when left out"`
	Medium   Conclusion `yaml:"medium" doc:"neutral when left out"`
	High     Conclusion `yaml:"high" doc:"action_required when left out"`
	Critical Conclusion `yaml:"critical" doc:"failure when left out"`
}

// Overrides say who may let a change land all the same.
type Overrides struct {
	By      []string      `yaml:"by" doc:"logins, or teams as @acme/leads; nobody when left out"`
	Longest time.Duration `yaml:"longest" doc:"how long an override holds at most, between 5m and 24h; 2h when left out"`
	Own     bool          `yaml:"own" doc:"whether people may override for changes of their own"`
}

// Bake says how long a change is watched after it has landed.
type Bake struct {
	Medium   *time.Duration `yaml:"medium" doc:"not at all when left out"`
	High     *time.Duration `yaml:"high" doc:"24h when left out, 0s for not at all"`
	Critical *time.Duration `yaml:"critical" doc:"48h when left out, 0s for not at all"`
}

// Conclusion is what a check says, in GitHub's words.
type Conclusion string

// The conclusions. Of these, GitHub lets a change land with Success and Neutral.
const (
	Success        Conclusion = "success"
	Neutral        Conclusion = "neutral"
	Failure        Conclusion = "failure"
	ActionRequired Conclusion = "action_required"
)

// Blocks tells whether a required check with this conclusion keeps a change from landing.
func (c Conclusion) Blocks() bool { return c == Failure || c == ActionRequired }

func conclusions() []string {
	return []string{string(Success), string(Neutral), string(Failure), string(ActionRequired)}
}

// WithDefaults fills in what was not said.
func (p Policy) WithDefaults() Policy {
	for _, level := range []struct {
		at  *Conclusion
		own Conclusion
	}{{&p.Levels.Low, Success}, {&p.Levels.Medium, Neutral}, {&p.Levels.High, ActionRequired}, {&p.Levels.Critical, Failure}} {
		if *level.at == "" {
			*level.at = level.own
		}
	}
	if p.Overrides.Longest == 0 {
		p.Overrides.Longest = 2 * time.Hour
	}
	for _, level := range []struct {
		at  **time.Duration
		own time.Duration
	}{{&p.Bake.Medium, 0}, {&p.Bake.High, 24 * time.Hour}, {&p.Bake.Critical, 48 * time.Hour}} {
		if *level.at == nil {
			*level.at = &level.own
		}
	}
	return p
}

// the bounds of times in a policy.
const (
	shortestOverride, longestOverride = 5 * time.Minute, 24 * time.Hour
	longestBake                       = 7 * 24 * time.Hour
)

var person = regexp.MustCompile(`^(@[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9_.-]{1,100}|[A-Za-z0-9][A-Za-z0-9-]{0,38}(\[bot\])?)$`)

// Check reports every fault.
func (p Policy) Check(r *diag.Report) {
	levels := r.At("levels")
	for _, level := range []struct {
		name string
		is   Conclusion
	}{{"low", p.Levels.Low}, {"medium", p.Levels.Medium}, {"high", p.Levels.High}, {"critical", p.Levels.Critical}} {
		if level.is != "" {
			levels.OneOf(level.name, "unknown-conclusion", "conclusion", string(level.is), conclusions())
		}
	}
	overrides := r.At("overrides")
	for i, who := range p.Overrides.By {
		if !person.MatchString(who) {
			overrides.At("by").Index(i).Faultf("", "bad-person", "neither a login nor a team: %q", who).Suggest("write ana or @acme/leads")
		}
	}
	if d := p.Overrides.Longest; d != 0 && (d < shortestOverride || d > longestOverride) {
		overrides.Faultf("longest", "bad-duration", "an override holds between 5m and 24h").Suggest("leave it out for 2h")
	}
	bake := r.At("bake")
	for _, level := range []struct {
		name string
		is   *time.Duration
	}{{"medium", p.Bake.Medium}, {"high", p.Bake.High}, {"critical", p.Bake.Critical}} {
		if level.is != nil && (*level.is < 0 || *level.is > longestBake) {
			bake.Faultf(level.name, "bad-duration", "a change is watched between 0s and 168h").Suggest("leave it out for the default")
		}
	}
}

// Of is the conclusion of a level. A check that is not required blocks nothing.
func (p Policy) Of(level bot.Level) Conclusion {
	of := map[bot.Level]Conclusion{bot.Low: p.Levels.Low, bot.Medium: p.Levels.Medium, bot.High: p.Levels.High, bot.Critical: p.Levels.Critical}[level]
	if of == "" || (of.Blocks() && !p.Required) {
		return Neutral
	}
	return of
}

// Baking is how long a change of a level is watched after it has landed.
func (p Policy) Baking(level bot.Level) time.Duration {
	d := map[bot.Level]*time.Duration{bot.Medium: p.Bake.Medium, bot.High: p.Bake.High, bot.Critical: p.Bake.Critical}[level]
	if d == nil {
		return 0
	}
	return *d
}

// Who are the people and teams that may override, as they are written.
func (p Policy) Who() string {
	if len(p.Overrides.By) == 0 {
		return "nobody: name people under overrides.by in " + PolicyFile
	}
	return strings.Join(p.Overrides.By, ", ")
}
