package expr_test

import (
	"fmt"

	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

func ExampleEnv_Condition() {
	_, problems := expr.New().Condition(`burn(1h) < 1 && incident.signal = "cost"`)
	for _, p := range problems {
		fmt.Printf("%d: %s; %s\n", p.Offset, p.Message, p.Fix)
	}
	condition, _ := expr.New().Condition(`suspects.exists(s, s.kind == "prompt" && s.probability > 0.6)`)
	fmt.Println(condition.Explain(expr.Scope{
		Suspects: []expr.Suspect{{Change: "github:acme/assistants#482", Kind: "prompt", Probability: 0.41}},
	}).Sentence())
	// Output:
	// 32: unexpected "="; write ==
	// suspects.exists(s, s.kind == "prompt" && s.probability > 0.6) is false: suspects is [github:acme/assistants#482 prompt 0.41]
}

func ExampleTemplate_Render() {
	template, _ := expr.New().Template("Revert ${suspects[0].title}?", expr.String)
	text, _ := template.Render(expr.Scope{Suspects: []expr.Suspect{{Title: "Be ${careful} <!channel>"}}})
	fmt.Println(text)
	// Output: Revert Be ${careful} <!channel>?
}
