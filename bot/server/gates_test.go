package server

import (
	"context"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
)

// keeper gives every service its name as the answer.
type keeper struct{}

func (keeper) Promotion(_ context.Context, service, environment string) (bot.Promotion, error) {
	if service == "nobody" {
		return bot.Promotion{}, bot.Errorf(bot.NotFound, "no service %q", service)
	}
	return bot.Promotion{Service: service, Environment: environment, At: noon, Answer: service, Sentence: "because", Reasons: []bot.Reason{}}, nil
}

func TestGates(t *testing.T) {
	const hook = `{"name":"support","namespace":"ai","phase":"Progressing","checksum":"1","metadata":{"token":"gate-token"}}`
	for _, test := range []struct {
		name, method, path, body, bearer string
		status                           int
		says                             string
	}{
		{"Argo asks and is told to go on", "GET", "/gates/pass?environment=production", "", "gate-token", 200, `"answer": "pass"`},
		{"Argo is told to hold, and that is no error", "GET", "/gates/inconclusive", "", "gate-token", 200, `"answer": "inconclusive"`},
		{"Argo may post", "POST", "/gates/fail", "{}", "gate-token", 200, `"answer": "fail"`},
		{"a service that nobody knows", "GET", "/gates/nobody", "", "gate-token", 404, "no service"},
		{"without a token", "GET", "/gates/pass", "", "", 401, "token"},
		{"Flagger may go on", "POST", "/gates/flagger/confirm-promotion/pass", hook, "", 200, "pass: because"},
		{"Flagger has to hold", "POST", "/gates/flagger/confirm-promotion/inconclusive", hook, "", 403, "inconclusive: because"},
		{"Flagger asks whether to roll back", "POST", "/gates/flagger/rollback/fail", hook, "", 200, "fail: because"},
		{"what holds is not rolled back", "POST", "/gates/flagger/rollback/inconclusive", hook, "", 403, "inconclusive: because"},
		{"what is well is not rolled back", "POST", "/gates/flagger/rollback/pass", hook, "", 403, "pass: because"},
		{"Flagger with another token", "POST", "/gates/flagger/rollback/fail", `{"metadata":{"token":"x"}}`, "", 401, "token"},
		{"Flagger without a token", "POST", "/gates/flagger/rollback/fail", `{}`, "", 401, "token"},
		{"a hook that is none", "POST", "/gates/flagger/event/pass", hook, "", 404, "there is no gate"},
		{"a body that is none", "POST", "/gates/flagger/rollback/fail", `[`, "gate-token", 400, "no webhook of Flagger"},
		{"a body without end", "POST", "/gates/flagger/rollback/fail", `{"x":"` + strings.Repeat("x", maxAPIBody) + `"}`, "gate-token", 413, "larger"},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, _ := serve(t, &fake{}, "gate-token")
			header := map[string]string{}
			if test.bearer != "" {
				header["Authorization"] = "Bearer " + test.bearer
			}
			status, said := ask(t, test.method, url+test.path, test.body, header)
			if status != test.status || !strings.Contains(said, test.says) {
				t.Errorf("%d %s", status, said)
			}
		})
	}
}
