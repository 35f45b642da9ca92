package playbooks_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/playbooks"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func read(t *testing.T, text string) playbooks.Plan {
	t.Helper()
	plan, diagnostics := compiler(t).Read("test.yaml", []byte(text))
	if len(diagnostics) > 0 {
		var b bytes.Buffer
		_ = configs.Render(&b, diagnostics, false)
		t.Fatalf("%s", b.String())
	}
	return plan
}

func TestEveryFaultIsToldAtItsPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no faults to look at", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			plan, diagnostics := compiler(t).Read(filepath.Base(file), data)
			if len(diagnostics) == 0 || plan.Name != "" && len(plan.Steps) > 0 && plan.Steps[0].Timeout == 0 {
				t.Fatal("it has no fault")
			}
			var b bytes.Buffer
			if err := configs.Render(&b, diagnostics, false); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", b.Bytes())
		})
	}
}

func TestPlanIsStoredAsItRuns(t *testing.T) {
	data, err := os.ReadFile("testdata/prompt.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plan := read(t, string(data))
	stored, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/prompt.json", append(stored, '\n'))
	var again playbooks.Plan
	if err := json.Unmarshal(stored, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plan, again); diff != "" {
		t.Errorf("the stored plan differs (-before +after):\n%s", diff)
	}
}

const head = "name: x\non: {incident: [opened]}\nsteps:\n"

func TestStepsFollowEachOtherUnlessTheySayOtherwise(t *testing.T) {
	plan := read(t, head+`
  - {id: a, action: slack.post}
  - {id: b, action: slack.post}
  - {id: c, action: slack.post, needs: []}
  - {id: d, action: slack.post, needs: [a, c]}
  - {id: e, action: slack.post}
`)
	var got [][]string
	for _, s := range plan.Steps {
		got = append(got, s.Needs)
	}
	if diff := cmp.Diff([][]string{nil, {"a"}, nil, {"a", "c"}, {"d"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	plan := read(t, head+`
  - {id: page, action: pagerduty.page}
  - {id: tell, action: slack.post}
  - {id: start, action: github.dispatch, with: {repository: a/b}}
  - {id: ask, action: approval.ask, with: {expires: 10m}, retry: {backoff: 5m}}
  - {id: revert, action: github.revert, with: {change: x}, on_unknown: verify}
  - {id: again, action: github.revert, with: {change: x}}
on_failure:
  - {action: pagerduty.escalate}
`)
	if plan.Timeout != 2*time.Hour || plan.When != "" || len(plan.Digest) != 64 {
		t.Errorf("got %+v", plan)
	}
	unknown := map[string]string{}
	for _, s := range plan.Steps {
		unknown[s.ID] = s.OnUnknown
		if s.OnError != "fail" || s.OnExpiry != "escalate" || s.OnDenied != "end" || s.Retry.Attempts != 5 {
			t.Errorf("got %+v", s)
		}
	}
	want := map[string]string{"page": "retry", "tell": "verify", "start": "ask", "ask": "retry", "revert": "verify", "again": "ask"}
	if diff := cmp.Diff(want, unknown); diff != "" {
		t.Error(diff)
	}
	if plan.Steps[0].Timeout != 30*time.Second || plan.Steps[3].Timeout != 2*time.Hour {
		t.Errorf("a call has %s, a wait has %s", plan.Steps[0].Timeout, plan.Steps[3].Timeout)
	}
	if r := plan.Steps[0].Retry; r.Backoff != 2*time.Second || r.Max != time.Minute {
		t.Errorf("got %+v", r)
	}
	if r := plan.Steps[3].Retry; r.Max != 5*time.Minute {
		t.Errorf("the longest pause is never below the first one: %+v", r)
	}
	last := plan.OnFailure[0]
	if last.ID != "on_failure_1" || last.OnError != "continue" || last.OnExpiry != "continue" || last.OnDenied != "continue" {
		t.Errorf("got %+v", last)
	}
}

func TestDigestIsThatOfTheMeaning(t *testing.T) {
	a := read(t, head+"  - {id: a, action: slack.post}\n")
	b := read(t, "# a comment\n"+head+"  - id: a\n    action: slack.post\n")
	c := read(t, head+"  - {id: b, action: slack.post}\n")
	if a.Digest != b.Digest || a.Digest == c.Digest {
		t.Error("a comment changes nothing, an id does")
	}
}

func TestRollbackPathsOfServices(t *testing.T) {
	text := []byte(head + "  - {id: a, action: github.revert, with: {change: x}}\n")
	if _, d := playbooks.NewCompiler(environment(t), catalogue(), nil).Read("a.yaml", text); len(d) != 0 {
		t.Errorf("nothing is known of services: %v", d)
	}
	_, d := playbooks.NewCompiler(environment(t), catalogue(), []string{}).Read("a.yaml", text)
	if len(d) != 1 || d[0].Code != "no-rollback-path" || d[0].Line != 4 {
		t.Errorf("no service can roll back: %v", d)
	}
	asking := []byte(head + `
  - {id: ask, action: approval.ask, when: "size(suspects) > 0 && suspects[0].rollback == 'github.revert'", with: {expires: 5m}}
  - {id: a, action: github.revert, when: steps.ask.status == "done", with: {change: x}}
`)
	if _, d := playbooks.NewCompiler(environment(t), catalogue(), []string{}).Read("a.yaml", asking); len(d) != 0 {
		t.Errorf("it asks for a path first: %v", d)
	}
	last := []byte(head + "  - {id: a, action: slack.post}\non_failure: [{action: github.revert, with: {change: x}}]\n")
	if _, d := playbooks.NewCompiler(environment(t), catalogue(), []string{}).Read("a.yaml", last); len(d) != 1 || d[0].Line != 5 {
		t.Errorf("no service can roll back: %v", d)
	}
}

func TestCatalogueKnowsWhatFollowsFromTheHandlers(t *testing.T) {
	got := playbooks.Catalogue(
		[]playbooks.Bound{{Action: playbooks.Action{Name: "b.b"}, Handler: playbooks.HandlerFunc(nil)}},
		[]playbooks.Bound{{Action: playbooks.Action{Name: "a.a"}, Handler: verifier{}}, {Action: playbooks.Action{Name: "c.c"}}},
	)
	want := []playbooks.Action{
		{Name: "a.a", Verifies: true, Configured: true}, {Name: "b.b", Configured: true}, {Name: "c.c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type verifier struct {
	playbooks.HandlerFunc
	playbooks.Verifier
}

func FuzzCompile(f *testing.F) {
	for _, file := range []string{"testdata/prompt.yaml"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	faults, _ := filepath.Glob("testdata/faults/*.yaml")
	for _, file := range faults {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	c := compiler(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		plan, diagnostics := c.Read("fuzz.yaml", data)
		for _, d := range diagnostics {
			if d.Line < 1 || d.Col < 1 || d.Message == "" {
				t.Fatalf("%+v", d)
			}
		}
		if len(diagnostics) > 0 {
			return
		}
		stored, err := json.Marshal(plan)
		if err != nil {
			t.Fatalf("a plan that cannot be stored: %v", err)
		}
		var again playbooks.Plan
		if err := json.Unmarshal(stored, &again); err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for _, s := range plan.Steps {
			known[s.ID] = true
		}
		for _, s := range plan.Steps {
			if s.Timeout <= 0 || s.Retry.Attempts < 1 || s.OnUnknown == "" || s.OnError == "" {
				t.Fatalf("a step without bounds: %+v", s)
			}
			for _, need := range s.Needs {
				if !known[need] {
					t.Fatalf("%s needs %s", s.ID, need)
				}
			}
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	data, err := os.ReadFile("testdata/prompt.yaml")
	if err != nil {
		b.Fatal(err)
	}
	c := compiler(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, d := c.Read("prompt.yaml", data); len(d) > 0 {
			b.Fatal(d)
		}
	}
}
