package playbooks

import (
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// graph checks what steps need, and learns which steps are over when each begins.
func (p *compilation) graph() {
	whole := true
	for i, s := range p.plan.Steps {
		needs := p.report.At("steps").Index(i).At("needs")
		seen := map[string]bool{}
		for j, id := range s.Needs {
			at, known := p.order[id]
			switch {
			case known && at < len(p.plan.Steps) && seen[id]:
				needs.Index(j).Faultf("", "doubled", "%q is listed twice", id)
			case known && at < len(p.plan.Steps):
			case p.raw.Steps[i].Needs == nil:
				whole = false // the step before has no usable id, which is told there
			default:
				whole = false
				p.unknownNeed(needs.Index(j), id, known)
			}
			seen[id] = true
		}
	}
	if !whole {
		return
	}
	if cycle := p.cycle(); cycle != nil {
		first := p.order[cycle[0]]
		p.report.At("steps").Index(first).Faultf("needs", "cycle", "steps need each other in a circle: %s", strings.Join(cycle, " needs "))
		return
	}
	p.before = make([]map[int]bool, len(p.plan.Steps))
	for i := range p.plan.Steps {
		p.ancestors(i)
	}
}

func (p *compilation) unknownNeed(r *diag.Report, id string, inFailure bool) {
	if inFailure {
		r.Faultf("", "unknown-step", "%q is a step of on_failure", id)
		return
	}
	names := make([]string, 0, len(p.plan.Steps))
	for _, s := range p.plan.Steps {
		names = append(names, s.ID)
	}
	r.OneOf("", "unknown-step", "step", id, names)
}

// cycle finds a circle of needs and names its steps, the first one again at the end.
func (p *compilation) cycle() []string {
	const (
		unseen = iota
		open
		done
	)
	state := make([]int, len(p.plan.Steps))
	var path, found []string
	var visit func(i int)
	visit = func(i int) {
		if found != nil || state[i] == done {
			return
		}
		id := p.plan.Steps[i].ID
		if state[i] == open {
			found = append(slices.Clone(path[slices.Index(path, id):]), id)
			return
		}
		state[i] = open
		path = append(path, id)
		for _, need := range p.plan.Steps[i].Needs {
			visit(p.order[need])
		}
		path = path[:len(path)-1]
		state[i] = done
	}
	for i := range p.plan.Steps {
		visit(i)
	}
	return found
}

// ancestors fills in which steps are over when step i begins. There is no cycle.
func (p *compilation) ancestors(i int) map[int]bool {
	if p.before[i] != nil {
		return p.before[i]
	}
	all := map[int]bool{}
	for _, need := range p.plan.Steps[i].Needs {
		at := p.order[need]
		all[at] = true
		for a := range p.ancestors(at) {
			all[a] = true
		}
	}
	p.before[i] = all
	return all
}
