package githubfake

import (
	"net/http"
	"slices"
)

// Limits that GitHub puts on requests.
const (
	maxInputs = 25
	maxOutput = 65_535
)

func listDeployments(c *call) result {
	out := []object{}
	for _, d := range slices.Backward(c.repo.deployments) {
		env, sha, ref := c.FormValue("environment"), c.FormValue("sha"), c.FormValue("ref")
		if (env == "" || d.Environment == env) && (sha == "" || d.SHA == sha) && (ref == "" || d.Ref == ref) {
			out = append(out, c.hub.deployment(c.repo, d))
		}
	}
	return ok(page(c, out))
}

func createDeployment(c *call) result {
	var body struct{ Ref, Environment, Description string }
	if err := c.decode(&body); err != nil || body.Ref == "" {
		return problem(err, `"ref"`)
	}
	if body.Environment == "" {
		body.Environment = "production"
	}
	sha := body.Ref
	if sha == DefaultBranch {
		sha = c.repo.head
	}
	d := c.hub.deploy(c.repo, Deployment{
		SHA: sha, Ref: body.Ref, Environment: body.Environment, Description: body.Description, Creator: BotLogin,
	})
	c.inform(c.hub.deploymentEvent(c.repo, d))
	return created(c.hub.deployment(c.repo, d))
}

func listStatuses(c *call) result {
	d := c.repo.deployment(c.number("id"))
	if d == nil {
		return missing
	}
	out := []object{}
	for _, s := range slices.Backward(d.Statuses) {
		out = append(out, c.hub.deploymentStatus(c.repo, d, s))
	}
	return ok(page(c, out))
}

var deploymentStates = []string{"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}

func createDeploymentStatus(c *call) result {
	d := c.repo.deployment(c.number("id"))
	if d == nil {
		return missing
	}
	var body struct {
		State, Description string
		LogURL             string `json:"log_url"`
	}
	if err := c.decode(&body); err != nil || !slices.Contains(deploymentStates, body.State) {
		return problem(err, `"state"`)
	}
	c.inform(c.hub.status(c.repo, d, Status{State: body.State, Description: body.Description, URL: body.LogURL}))
	return created(c.hub.deploymentStatus(c.repo, d, d.Statuses[len(d.Statuses)-1]))
}

func repositoryDispatch(c *call) result {
	var body struct {
		Event   string         `json:"event_type"`
		Payload map[string]any `json:"client_payload"`
	}
	if err := c.decode(&body); err != nil || body.Event == "" {
		return problem(err, `"event_type"`)
	}
	return c.dispatched(Dispatch{Repository: c.repo.name, Event: body.Event, Inputs: body.Payload, At: c.hub.cfg.Now()})
}

func workflowDispatch(c *call) result {
	var body struct {
		Ref    string         `json:"ref"`
		Inputs map[string]any `json:"inputs"`
	}
	if err := c.decode(&body); err != nil || body.Ref == "" {
		return problem(err, `"ref"`)
	}
	if len(body.Inputs) > maxInputs {
		return refused(http.StatusUnprocessableEntity, "you may only define up to %d `inputs` for a `workflow_dispatch` event", maxInputs)
	}
	return c.dispatched(Dispatch{
		Repository: c.repo.name, Workflow: c.PathValue("file"), Ref: body.Ref, Inputs: body.Inputs, At: c.hub.cfg.Now(),
	})
}

func (c *call) dispatched(d Dispatch) result {
	c.hub.dispatches = bounded(append(c.hub.dispatches, d))
	c.later = append(c.later, func() { c.hub.cfg.Dispatched(d) })
	return result{http.StatusNoContent, nil}
}

// checkBody is what creates and updates a check run.
type checkBody struct {
	Name       string         `json:"name"`
	HeadSHA    string         `json:"head_sha"`
	ExternalID string         `json:"external_id"`
	Status     string         `json:"status"`
	Conclusion string         `json:"conclusion"`
	Output     map[string]any `json:"output"`
	// Actions replace those that it has, where they are sent; GitHub takes three.
	Actions []map[string]any `json:"actions"`
}

// mostAnnotations is how many annotations GitHub takes with one request.
const mostAnnotations = 50

// annotations takes them out of the output: they are added to those that a check has.
func (b checkBody) annotations() []map[string]any {
	var out []map[string]any
	list, _ := b.Output["annotations"].([]any)
	for _, a := range list {
		if one, ok := a.(map[string]any); ok {
			out = append(out, one)
		}
	}
	delete(b.Output, "annotations")
	return out
}

// fits tells whether GitHub would take it: a summary that is too long or an output without a title is refused.
func (b checkBody) fits() bool {
	if b.Output == nil {
		return true
	}
	title, _ := b.Output["title"].(string)
	summary, _ := b.Output["summary"].(string)
	text, _ := b.Output["text"].(string)
	annotations, _ := b.Output["annotations"].([]any)
	return title != "" && summary != "" && len(summary) <= maxOutput && len(text) <= maxOutput && len(annotations) <= mostAnnotations && len(b.Actions) <= 3
}

func createCheck(c *call) result {
	var body checkBody
	if err := c.decode(&body); err != nil || body.Name == "" || body.HeadSHA == "" || !body.fits() {
		return problem(err, `"name"`, `"head_sha"`, `"output"`)
	}
	if body.Status == "" {
		body.Status = "queued"
	}
	if body.Conclusion != "" {
		body.Status = "completed"
	}
	c.hub.serial++
	k := &Check{
		ID: c.hub.serial, Repository: c.repo.name, Name: body.Name, HeadSHA: body.HeadSHA, ExternalID: body.ExternalID,
		State: body.Status, Conclusion: body.Conclusion, Annotations: body.annotations(), Output: body.Output, Actions: body.Actions,
	}
	c.repo.checks = bounded(append(c.repo.checks, k))
	return created(c.hub.check(c.repo, k))
}

func updateCheck(c *call) result {
	i := slices.IndexFunc(c.repo.checks, func(k *Check) bool { return k.ID == c.number("id") })
	if i < 0 {
		return missing
	}
	var body checkBody
	if err := c.decode(&body); err != nil || !body.fits() {
		return problem(err, `"output"`)
	}
	k := c.repo.checks[i]
	if body.Status != "" {
		k.State = body.Status
	}
	if body.Conclusion != "" {
		k.State, k.Conclusion = "completed", body.Conclusion
	}
	if body.Output != nil {
		k.Annotations = append(slices.Clone(k.Annotations), body.annotations()...)
		k.Output = body.Output
	}
	if body.Actions != nil {
		k.Actions = body.Actions
	}
	k.Edits++
	return ok(c.hub.check(c.repo, k))
}

func commitChecks(c *call) result {
	out := []object{}
	for _, k := range c.repo.checks {
		if name := c.FormValue("check_name"); k.HeadSHA == c.PathValue("sha") && (name == "" || k.Name == name) {
			out = append(out, c.hub.check(c.repo, k))
		}
	}
	return ok(object{"total_count": len(out), "check_runs": page(c, out)})
}

func createStatus(c *call) result {
	var body struct{ State, Context, Description string }
	states := []string{"error", "failure", "pending", "success"}
	if err := c.decode(&body); err != nil || !slices.Contains(states, body.State) {
		return problem(err, `"state"`)
	}
	c.hub.serial++
	return created(object{
		"id": c.hub.serial, "state": body.State, "context": body.Context, "description": body.Description,
		"created_at": stamp(c.hub.cfg.Now()), "updated_at": stamp(c.hub.cfg.Now()),
	})
}
