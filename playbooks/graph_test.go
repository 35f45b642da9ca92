package playbooks_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func TestNeedsAreAcceptedExactlyWhenTheyCanBeMet(t *testing.T) {
	c := compiler(t)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "steps")
		raw := playbooks.Playbook{Name: "x", On: playbooks.On{Incident: []string{"opened"}}}
		for i := range n {
			raw.Steps = append(raw.Steps, playbooks.StepSource{
				ID: fmt.Sprintf("s%d", i), Action: "slack.post",
				Needs: rapid.SliceOfNDistinct(rapid.SampledFrom(ids(n)), 0, min(2, n), rapid.ID).Draw(t, "needs"),
			})
		}
		r := diag.New()
		plan := c.Compile(raw, r)
		order := possible(raw.Steps)
		if accepted := r.Len() == 0; accepted != (len(order) == n) {
			t.Fatalf("accepted: %v, order: %v, faults: %+v", accepted, order, r.Faults())
		}
		if r.Len() > 0 {
			cycle := r.Faults()[0].Message
			names := strings.Split(strings.TrimPrefix(cycle, "steps need each other in a circle: "), " needs ")
			if len(names) < 2 || names[0] != names[len(names)-1] {
				t.Fatalf("no circle: %s", cycle)
			}
			return
		}
		// A step may read another one exactly when it comes after it in every order.
		from, to := rapid.IntRange(0, n-1).Draw(t, "reader"), rapid.IntRange(0, n-1).Draw(t, "read")
		raw.Steps[from].When = fmt.Sprintf(`steps.s%d.status == "done"`, to)
		r = diag.New()
		c.Compile(raw, r)
		if readable := r.Len() == 0; readable != above(plan, from, to) {
			t.Fatalf("s%d reads s%d: %v, faults %+v", from, to, readable, r.Faults())
		}
	})
}

func ids(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("s%d", i)
	}
	return out
}

// possible begins steps as long as there is one whose needs are met.
func possible(steps []playbooks.StepSource) []string {
	var order []string
	over := map[string]bool{}
	for went := true; went; {
		went = false
		for _, s := range steps {
			met := !over[s.ID]
			for _, need := range s.Needs {
				met = met && over[need]
			}
			if met {
				over[s.ID], went = true, true
				order = append(order, s.ID)
			}
		}
	}
	return order
}

// above tells whether step `to` is needed by step `from`, directly or through others.
func above(plan playbooks.Plan, from, to int) bool {
	byID := map[string]playbooks.Step{}
	for _, s := range plan.Steps {
		byID[s.ID] = s
	}
	var look func(id string) bool
	look = func(id string) bool {
		for _, need := range byID[id].Needs {
			if need == plan.Steps[to].ID || look(need) {
				return true
			}
		}
		return false
	}
	return look(plan.Steps[from].ID)
}
