package playbooks_test

import (
	"fmt"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

func ExampleCompiler_Read() {
	c := playbooks.NewCompiler(expr.New(), catalogue(), nil)
	_, faults := c.Read("wake.yaml", []byte(`
name: wake
on: {incident: [opened]}
when: incident.sevrity == "page"
steps:
  - {id: page, action: pagerduty.page}
`))
	for _, f := range faults {
		fmt.Println(f, "|", f.Fix)
	}
	// Output: wake.yaml:4:16: incident has no field "sevrity" | did you mean "severity"?
}

func ExampleSet_Choose() {
	c := playbooks.NewCompiler(expr.New(), catalogue(), nil)
	plan, _ := c.Read("wake.yaml", []byte(`
name: wake
on: {incident: [opened]}
when: incident.severity == "page" && none < 0.5
steps:
  - {id: page, action: pagerduty.page}
`))
	set := playbooks.NewSet([]playbooks.Plan{plan}, playbooks.NewEvaluator(expr.New(), catalogue()))
	_, others := set.Choose("opened", expr.Scope{Incident: expr.Incident{Severity: "page"}, None: 0.8})
	fmt.Println(others[0])
	// Output: playbook wake was not started: none < 0.5 is false: none is 0.8
}
