package check

import (
	"fmt"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// Gate says what a release gate's verdict is on a commit. What could not be told is neutral: it neither passes nor fails.
func Gate(e bot.Evaluated) Verdict {
	v := Verdict{Conclusion: Neutral, Title: plain(e.Sentence, 200)}
	switch e.Answer {
	case bot.Go:
		v.Conclusion = Success
	case bot.Back:
		v.Conclusion = Failure
	}
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** by the policy %s, evaluated on %s.\n", escape(e.Answer), escape(e.Policy), clock(e.At, "UTC"))
	if len(e.Measures) > 0 {
		b.WriteString("\n| measure | answer | why |\n|---|---|---|\n")
	}
	for i, m := range e.Measures {
		if i == mostListed {
			fmt.Fprintf(&b, "\nand %d more\n", len(e.Measures)-i)
			break
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", escape(plain(m.Metric, 100)), escape(plain(m.Answer, 20)), escape(plain(m.Sentence, 300)))
	}
	v.Summary = b.String()
	return v
}
