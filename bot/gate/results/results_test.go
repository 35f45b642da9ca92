package results_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/firebreak-dev/firebreak/bot/gate"
	"github.com/firebreak-dev/firebreak/bot/gate/results"
)

// Documents as the tools write them, shortened.
const (
	promptfoo = `{"evalId":"eval-1","results":{"version":3,"timestamp":"2026-11-20T13:00:00.000Z","results":[
	{"success":true,"score":1,"latencyMs":500,"cost":0.002,"namedScores":{"tone":0.5},"response":{"output":"hi"}},
	{"success":false,"score":0,"latencyMs":1500,"cost":0.004,"namedScores":{"tone":1}}],
	"stats":{"successes":1,"failures":1,"errors":2,"tokenUsage":{"total":5}}},"config":{}}`
	openai = `{"spec":{"completion_fns":["gpt-5"],"eval_name":"match.dev"}}
{"run_id":"r","event_id":0,"sample_id":"a.0","type":"sampling","data":{"prompt":"x"},"created_by":"","created_at":"2026-11-20 13:00:00.000000+00:00"}
{"run_id":"r","event_id":1,"sample_id":"a.0","type":"match","data":{"correct":true,"expected":"a"},"created_at":"2026-11-20 13:00:01.500000+00:00"}
{"run_id":"r","event_id":2,"sample_id":"a.1","type":"match","data":{"correct":false}}
{"final_report":{"accuracy":0.5,"boostrap_std":0.3}}`
	lmEval = `{"results":{"arc_easy":{"alias":"arc_easy","acc,none":0.76,"acc_stderr,none":0.0087,"acc_norm,none":0.7,"acc_norm_stderr,none":0.0094},
	"gsm8k":{"exact_match,strict-match":0.5,"exact_match_stderr,strict-match":"N/A"}},
	"n-samples":{"arc_easy":{"original":2376,"effective":2376},"gsm8k":{"original":1319,"effective":200}},"date":1763643600.5,"n-shot":{"arc_easy":0}}`
	deepEval = `{"testCases":[{"name":"t1","input":"q","success":true,"metricsData":[{"name":"Answer Relevancy","threshold":0.7,"success":true,"score":0.9}]},
	{"name":"t2","success":false,"metricsData":[{"name":"Answer Relevancy","success":false,"score":0.5}]}],"runDuration":3.1}`
	jUnit = `<?xml version="1.0"?><testsuites><testsuite name="safety" tests="3" timestamp="2026-11-20T13:00:00">
	<testcase name="a"/><testcase name="b"><failure message="no">stack</failure></testcase><testcase name="c"><skipped/></testcase></testsuite>
	<testsuite name="quality"><testcase name="d"></testcase><testcase name="e"><error/></testcase></testsuite></testsuites>`
	plain = `{"at":"2026-11-20T13:00:00Z","metrics":{"accuracy":0.93,"safe":{"passed":990,"total":1000},"ttft":{"value":0.4,"samples":200,"error":0.01}}}`
)

func TestRead(t *testing.T) {
	share := func(name string, passed, total float64) gate.Measure {
		return gate.Measure{Name: name, Value: passed / total, Samples: total, Share: true}
	}
	for _, test := range []struct {
		name, data string
		want       []gate.Measure
		at         string
	}{
		{"promptfoo", promptfoo, []gate.Measure{
			share("pass_rate", 1, 4),
			{Name: "cost", Value: .003, Samples: 2, Error: .001},
			{Name: "latency", Value: 1, Samples: 2, Error: .5},
			{Name: "score", Value: .5, Samples: 2, Error: .5},
			{Name: "tone", Value: .75, Samples: 2, Error: .25},
		}, "2026-11-20T13:00:00Z"},
		{"OpenAI evals", openai, []gate.Measure{share("accuracy", 1, 2), {Name: "boostrap_std", Value: .3}}, "2026-11-20T13:00:01Z"},
		{"lm-eval", lmEval, []gate.Measure{
			{Name: "arc_easy/acc", Value: .76, Samples: 2376, Error: .0087},
			{Name: "arc_easy/acc_norm", Value: .7, Samples: 2376, Error: .0094},
			{Name: "gsm8k/exact_match,strict-match", Value: .5, Samples: 200},
		}, "2025-11-20T13:00:00Z"},
		{"DeepEval", deepEval, []gate.Measure{
			share("pass_rate", 1, 2), {Name: "Answer Relevancy", Value: .7, Samples: 2, Error: .2}, share("Answer Relevancy/pass", 1, 2),
		}, ""},
		{"JUnit", jUnit, []gate.Measure{share("tests", 2, 4), share("safety", 1, 2), share("quality", 1, 2)}, "2026-11-20T13:00:00Z"},
		{"plain", plain, []gate.Measure{
			{Name: "accuracy", Value: .93}, share("safe", 990, 1000), {Name: "ttft", Value: .4, Samples: 200, Error: .01},
		}, "2026-11-20T13:00:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := results.Read([]byte(test.data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Measures, cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
				t.Error(diff)
			}
			at := ""
			if !got.At.IsZero() {
				at = got.At.UTC().Format("2006-01-02T15:04:05Z")
			}
			if at != test.at {
				t.Errorf("it ended at %q", at)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"nothing", " \n", "it is empty"},
		{"neither", "accuracy,0.9", "neither JSON nor XML"},
		{"a stranger", `{"scores":[1]}`, `the members ["scores"]`},
		{"half", `{"metrics":{"a":`, "no JSON"},
		{"a metric that is a text", `{"metrics":{"a":"high"}}`, `the metric "a"`},
		{"a misspelt metric", `{"metrics":{"a":{"vlaue":1}}}`, `unknown field "vlaue"`},
		{"no metric", `{"metrics":{}}`, "no measure"},
		{"a share above one", `{"metrics":{"a":{"passed":5,"total":4}}}`, "is 1.25 of 4 samples"},
		{"no test that ran", `<testsuite><testcase><skipped/></testcase></testsuite>`, "without a test case"},
		{"broken XML", `<testsuite><testcase>`, "no XML"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := results.Read([]byte(test.data)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// FuzzRead: whatever comes is read into numbers that a gate can judge, or refused.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{promptfoo, openai, lmEval, deepEval, jUnit, plain} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := results.Read(data)
		if err == nil && len(got.Measures) == 0 {
			t.Error("nothing was read, and no error")
		}
	})
}
