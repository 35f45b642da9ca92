package playbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// The bounds and defaults of a playbook.
const (
	minRunTimeout     = time.Minute
	maxRunTimeout     = 7 * 24 * time.Hour
	defaultRunTimeout = 2 * time.Hour

	minStepTimeout = time.Second
	// maxCallTimeout bounds one attempt of an action that answers at once.
	maxCallTimeout     = 10 * time.Minute
	defaultCallTimeout = 30 * time.Second

	maxAttempts     = 20
	defaultAttempts = 5
	minBackoff      = 100 * time.Millisecond
	maxBackoff      = time.Hour
	defaultBackoff  = 2 * time.Second
	defaultMax      = time.Minute

	maxSteps   = 50
	maxFailure = 10
)

// The words of on_error, on_expiry, on_denied and on_unknown.
const (
	Fail     = "fail"
	Continue = "continue"
	End      = "end"
	Escalate = "escalate"

	RetryIt  = "retry"
	VerifyIt = "verify"
	AskFirst = "ask"
)

// Compiler checks playbooks against a catalogue of actions and makes plans of them. It is safe for use by several goroutines.
type Compiler struct {
	env     *expr.Env
	actions map[string]Action
	names   []string
	// rollbacks are the actions that some service names as a rollback path; nil when nothing is known of services.
	rollbacks map[string]bool
}

// NewCompiler makes a compiler for a catalogue. The rollbacks are the actions that services name as their rollback paths: a
// playbook that rolls back by any other action, and does not ask first whether there is a path, could never do so and is refused. Nil means that nothing is known of services.
func NewCompiler(env *expr.Env, catalogue []Action, rollbacks []string) *Compiler {
	c := &Compiler{env: env, actions: make(map[string]Action, len(catalogue))}
	for _, a := range catalogue {
		c.actions[a.Name] = a
		c.names = append(c.names, a.Name)
	}
	slices.Sort(c.names)
	if rollbacks != nil {
		c.rollbacks = make(map[string]bool, len(rollbacks))
		for _, r := range rollbacks {
			c.rollbacks[r] = true
		}
	}
	return c
}

// Read loads and compiles one playbook file and returns everything that is wrong with it, sorted by position. The plan is
// usable exactly when there are no diagnostics.
func (c *Compiler) Read(file string, data []byte) (Plan, []configs.Diagnostic) {
	var raw Playbook
	// Playbooks hold no secrets, so no reference to one can be resolved here.
	doc, diagnostics := configs.Load(file, data, &raw, configs.Env{})
	r := diag.New()
	plan := c.Compile(raw, r)
	diagnostics = append(diagnostics, doc.Resolve(r.Faults())...)
	configs.Sort(diagnostics)
	return plan, diagnostics
}

var (
	playbookName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	stepName     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

// reserved are words that steps.WORD cannot be written with.
func reserved() []string {
	return []string{
		"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "namespace",
		"null", "package", "return", "true", "var", "void", "while",
	}
}

// Compile checks a playbook and makes a plan of it, with every default filled in:
//
//   - a step needs the one before it, unless it says needs;
//   - a call has 30s, a waiting step has the run's timeout, a run has 2h;
//   - a failed attempt is repeated 5 times in all, after 2s, 4s, … up to 1m;
//   - on_error is fail, on_expiry is escalate, on_denied is end; in on_failure all of them are continue;
//   - on_unknown is ask for what rolls back, retry where it is safe to repeat, verify where the action can look its effect up
//     and ask otherwise.
//
// Faults go to the report; the plan is usable exactly when there are none.
func (c *Compiler) Compile(raw Playbook, r *diag.Report) Plan {
	before := r.Len()
	p := &compilation{Compiler: c, raw: raw, report: r, order: map[string]int{}}
	p.plan = Plan{
		Name: raw.Name, Digest: raw.digest(), On: slices.Clone(raw.On.Incident), When: raw.When, Otherwise: raw.Otherwise,
		Timeout: raw.Timeout,
	}
	p.head()
	p.identify()
	for i, s := range raw.Steps {
		p.plan.Steps = append(p.plan.Steps, p.step(s, i, false))
	}
	p.graph()
	for i, s := range p.raw.OnFailure {
		p.plan.OnFailure = append(p.plan.OnFailure, p.step(s, i, true))
	}
	p.rollbackPaths()
	p.expressions()
	if r.Len() > before {
		return Plan{}
	}
	return p.plan
}

// compilation is the compiling of one playbook.
type compilation struct {
	*Compiler
	raw    Playbook
	report *diag.Report
	plan   Plan
	// when is the playbook's compiled condition, nil when there is none or it is broken; unsure tells that it is broken.
	when   *expr.Condition
	unsure bool
	// order maps the IDs of steps to their place; those of on_failure count on behind.
	order map[string]int
	// before[i] tells which steps are over when step i begins; nil while needs are broken.
	before []map[int]bool
}

// head checks what stands above the steps.
func (p *compilation) head() {
	if p.raw.Name != "" && !playbookName.MatchString(p.raw.Name) {
		p.report.Faultf("name", "bad-name", "%q is not a name for a playbook", p.raw.Name).
			Suggest("use small letters, digits and hyphens, a letter first, 63 at most")
	}
	on := p.report.At("on").At("incident")
	seen := map[string]bool{}
	for i, trigger := range p.raw.On.Incident {
		if on.Index(i).OneOf("", "unknown-trigger", "trigger", trigger, Triggers()) && seen[trigger] {
			on.Index(i).Faultf("", "doubled", "%q is listed twice", trigger)
		}
		seen[trigger] = true
	}
	if len(p.raw.On.Incident) == 0 {
		p.report.Faultf("on.incident", "nothing-starts-it", "nothing starts this playbook").Allow(Triggers()...)
	}
	if p.plan.Timeout == 0 {
		p.plan.Timeout = defaultRunTimeout
	}
	within(p.report, "timeout", p.plan.Timeout, minRunTimeout, maxRunTimeout)
	if p.raw.When != "" {
		p.when = p.condition(p.report, "when", p.raw.When)
		p.unsure = p.when == nil
	}
	if len(p.raw.Steps) == 0 {
		p.report.Faultf("steps", "no-steps", "a playbook needs at least one step")
	}
	if n := len(p.raw.Steps); n > maxSteps {
		p.report.Faultf("steps", "too-many", "%d steps are more than the %d that a playbook may have", n, maxSteps)
	}
	if n := len(p.raw.OnFailure); n > maxFailure {
		p.report.Faultf("on_failure", "too-many", "%d steps are more than the %d that on_failure may have", n, maxFailure)
	}
}

// within checks a duration against its bounds.
func within(r *diag.Report, field string, d, least, most time.Duration) bool {
	if d >= least && d <= most {
		return true
	}
	r.Faultf(field, "out-of-range", "%s is not between %s and %s", expr.FormatDuration(d), expr.FormatDuration(least), expr.FormatDuration(most))
	return false
}

// condition compiles a condition and refuses one that never or always holds.
func (p *compilation) condition(r *diag.Report, field, src string) *expr.Condition {
	c, problems := p.env.Condition(src)
	tell(r, field, problems)
	if c == nil {
		return nil
	}
	if value, constant := c.Constant(); constant {
		code, what := "always-true", "this is always true"
		if !value {
			code, what = "never-true", "this is never true"
		}
		r.Faultf(field, code, "%s", what).Suggest("leave it out, or ask about the incident, the service, the suspects or a signal")
	}
	return c
}

// tell reports problems of an expression at their place in the field.
func tell(r *diag.Report, field string, problems []expr.Problem) {
	for _, problem := range problems {
		f := r.Faultf(field, "bad-expression", "%s", problem.Message).Inside(problem.Offset)
		if problem.Fix != "" {
			f.Suggest("%s", problem.Fix)
		}
	}
}

// identify checks the IDs of all steps and gives those of on_failure one where they have none.
func (p *compilation) identify() {
	p.raw.OnFailure = slices.Clone(p.raw.OnFailure)
	for i := range p.raw.OnFailure {
		if p.raw.OnFailure[i].ID == "" {
			p.raw.OnFailure[i].ID = fmt.Sprintf("on_failure_%d", i+1)
		}
	}
	n := 0
	for _, list := range []struct {
		field string
		steps []StepSource
	}{{"steps", p.raw.Steps}, {"on_failure", p.raw.OnFailure}} {
		for i, s := range list.steps {
			p.identity(p.report.At(list.field).Index(i), s.ID, n)
			n++
		}
	}
}

func (p *compilation) identity(r *diag.Report, id string, n int) {
	_, doubled := p.order[id]
	switch {
	case id == "":
		r.Faultf("id", "missing-id", "a step needs an id").Suggest("name it by what it does, as page or ask")
		return
	case doubled:
		r.Faultf("id", "doubled", "there are two steps with the id %q", id)
		return
	case !stepName.MatchString(id):
		f := r.Faultf("id", "bad-name", "%q is not an id for a step, it could not be read as steps.ID", id)
		if fixed := strings.ToLower(strings.NewReplacer("-", "_", " ", "_", ".", "_").Replace(id)); stepName.MatchString(fixed) {
			f.Suggest("write %s", fixed)
		}
	case slices.Contains(reserved(), id):
		r.Faultf("id", "bad-name", "%q is a word of the expression language, it could not be read as steps.%s", id, id)
	}
	p.order[id] = n
}
