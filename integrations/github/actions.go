package github

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	gh "github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// CanAct tells whether there are credentials to act with.
func (c Config) CanAct() bool { return c.Token.IsSet() || c.App.isSet() }

// Actions lists what playbooks may call here. Without credentials (Config.CanAct) every call is refused.
func (c *Client) Actions() []playbooks.Bound {
	return []playbooks.Bound{
		{
			Action: playbooks.Action{
				Name: "github.revert",
				Doc:  "Open a pull request that undoes a merged one, and merge it where that is allowed.",
				Params: []playbooks.Param{
					{Name: "change", Type: playbooks.String, Required: true, Doc: "The ID of the change, as suspects[0].change."},
					{
						Name: "merge", Type: playbooks.Bool,
						Doc: "Whether to merge at once; needs allow_merge in the configuration, whose value is the default.",
					},
				},
				Outputs: map[string]playbooks.Type{
					"pull_request": playbooks.Int, "url": playbooks.String, "merged": playbooks.Bool, "revision": playbooks.String,
				},
				Rollback: true,
			},
			Handler: reverter{c},
		},
		{
			Action: playbooks.Action{
				Name: "github.dispatch",
				Doc:  "Start a workflow that listens to workflow_dispatch.",
				Params: []playbooks.Param{
					{Name: "repository", Type: playbooks.String, Required: true, Doc: "owner/name."},
					{Name: "workflow", Type: playbooks.String, Required: true, Doc: "The workflow's file name, as rollback.yaml, or its ID."},
					{Name: "ref", Type: playbooks.String, Required: true, Doc: "The branch or tag whose workflow file is run."},
					{Name: "inputs", Type: playbooks.Map, Doc: "At most 25 inputs of the workflow."},
				},
				Outputs: map[string]playbooks.Type{"url": playbooks.String},
			},
			// GitHub neither takes a key nor tells which run a dispatch began, so there is nothing to verify by.
			Handler: playbooks.HandlerFunc(c.dispatch),
		},
	}
}

// maxInputs and maxInputsSize are GitHub's bounds on a workflow's inputs.
const (
	maxInputs     = 25
	maxInputsSize = 65_535
)

var workflowName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}$`)

func (c *Client) dispatch(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	wire := c.rest.Call()
	owner, name, ok := split(text(call.With, "repository"))
	workflow, ref := text(call.With, "workflow"), text(call.With, "ref")
	switch {
	case !ok:
		return playbooks.Outcome{}, wire.Refused(playbooks.Permanent, 0, "repository %q is not owner/name", text(call.With, "repository"))
	case !workflowName.MatchString(workflow):
		return playbooks.Outcome{}, wire.Refused(playbooks.Permanent, 0, "workflow %q is neither a file name nor an ID", workflow)
	case ref == "":
		return playbooks.Outcome{}, wire.Refused(playbooks.Permanent, 0, "a ref is required: the branch or tag whose workflow is run")
	}
	inputs, err := inputsOf(call.With["inputs"])
	if err != nil {
		return playbooks.Outcome{}, wire.Refused(playbooks.Permanent, 0, "%v", err)
	}
	event := gh.CreateWorkflowDispatchEventRequest{Ref: ref, Inputs: inputs}
	if id, numErr := strconv.ParseInt(workflow, 10, 64); numErr == nil {
		_, err = c.api(wire).Actions.CreateWorkflowDispatchEventByID(ctx, owner, name, id, event)
	} else {
		_, err = c.api(wire).Actions.CreateWorkflowDispatchEventByFileName(ctx, owner, name, workflow, event)
	}
	if err != nil {
		return playbooks.Outcome{}, failure(wire, err)
	}
	return playbooks.Outcome{
		Status:   playbooks.Done,
		Output:   map[string]any{"url": c.web() + owner + "/" + name + "/actions"},
		Sentence: fmt.Sprintf("GitHub: started workflow %s of %s/%s at %s", workflow, owner, name, ref),
	}, nil
}

// inputsOf makes the texts that a workflow takes of what a playbook gives.
func inputsOf(given any) (map[string]any, error) {
	if given == nil {
		return nil, nil
	}
	values, ok := given.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("inputs are %T, not names with values", given)
	}
	if len(values) > maxInputs {
		return nil, fmt.Errorf("%d inputs are more than the %d that GitHub takes", len(values), maxInputs)
	}
	inputs, size := make(map[string]any, len(values)), 0
	for name, v := range values {
		s := fmt.Sprint(v)
		inputs[name], size = s, size+len(name)+len(s)
	}
	if size > maxInputsSize {
		return nil, fmt.Errorf("inputs of %d characters are longer than the %d that GitHub takes", size, maxInputsSize)
	}
	return inputs, nil
}

// web is the address that people see, with a slash at the end.
func (c *Client) web() string {
	if c.config.URL == "" {
		return "https://github.com/"
	}
	base := strings.TrimSuffix(strings.TrimRight(c.config.URL, "/"), "/api/v3")
	return strings.Replace(base, "://api.", "://", 1) + "/"
}

func text(with map[string]any, name string) string {
	s, _ := with[name].(string)
	return strings.TrimSpace(s)
}
