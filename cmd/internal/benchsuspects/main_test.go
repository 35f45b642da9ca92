package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot/suspect/cases"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

// runs measures and gives what it printed.
func runs(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(append([]string{"-stories=false"}, args...), &o, &e)
	return code, o.String(), e.String()
}

func TestTheCommittedCasesAreRanked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "verdicts.jsonl")
	code, out, errs := runs(t, "-o", "json", "-verdicts", file)
	if code != 0 {
		t.Fatal(errs)
	}
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	s := r.Sets[0]
	if s.Cases != 60 || s.Ours.Guilty+s.Ours.Innocent != 60 || len(r.Cost) != 2 || len(s.Figures) != 8 || len(s.Lost) != 2 {
		t.Errorf("%+v", s)
	}
	// Ours must be far ahead of what a glance tells, whatever the weights are.
	if s.Ours.Top1 < s.Others["most recent"].Top1 || s.Ours.LogLoss > s.Others["chance"].LogLoss/3 {
		t.Errorf("ours %+v, others %+v", s.Ours, s.Others)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	var v verdict
	if err := json.Unmarshal([]byte(lines[0]), &v); err != nil || len(lines) != 60 || v.ID == "" || v.None <= 0 {
		t.Errorf("%d verdicts, the first %+v (%v)", len(lines), v, err)
	}
	sum := v.None
	for _, s := range v.Suspects {
		sum += s.Probability
	}
	if sum > 1+1e-9 {
		t.Errorf("the probabilities sum to %g", sum)
	}
}

// TestAMadeUpWorldIsRanked guards against a broken rule and tunes nothing: the floor is far below what is reached, and far above the most
// recent first.
func TestAMadeUpWorldIsRanked(t *testing.T) {
	const each = 200
	made, err := generate(integrationstest.Shared(t, "tools", "casegen"), each, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	got := count(made, rank)
	t.Logf("%d cases: %+v", len(made), got)
	if len(made) != 5*each || got.Top1 < .6 || got.Top3 < .85 || got.ECE > .1 {
		t.Errorf("of %d cases: %+v", len(made), got)
	}
	for _, by := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		off := count(made, func(c cases.Case) verdict { return rank(c.Shifted(by)) })
		if off.Top1 < got.Top1-.25 {
			t.Errorf("an onset that is %s off costs %.2f of the first places", by, got.Top1-off.Top1)
		}
	}
}

func TestCasesOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("good.jsonl", strings.SplitAfter(committed, "\n")[0])
	if code, out, errs := runs(t, "-cases", good); code != 0 || !strings.Contains(out, "1 cases") || !strings.Contains(out, "firebreak") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	for name, file := range map[string]string{
		"no file":     filepath.Join(dir, "nowhere"),
		"no case":     write("empty.jsonl", "\n"),
		"no JSON":     write("broken.jsonl", "{\n"),
		"half a case": write("half.jsonl", `{"id":"x"}`),
	} {
		if code, _, errs := runs(t, "-cases", file); code != 1 || errs == "" {
			t.Errorf("%s: exit code %d, %q", name, code, errs)
		}
	}
	if code, _, _ := runs(t, "-o", "yaml"); code != 2 {
		t.Errorf("an unknown format ends with %d", code)
	}
}

func TestPetShopsIssuesBecomeCases(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const target = `{"target":{"node":"site","metric":"latency","timestamp":1681866993},"root_cause":{"node":"search"},"metadata":{"reproducibility":{"command":"aws ssm put-parameter --name x"}}}`
	write("low/test/issue_0/target.json", target)
	write("low/test/issue_1/target.json", strings.ReplaceAll(target, "put-parameter", "sed -i"))
	write("low/graph.csv", ",site,search\nsite,0.0,1.0\nsearch,0.0,0.0\n")
	issues, err := petShop(dir)
	if err != nil || len(issues) != 2 {
		t.Fatal(issues, err)
	}
	c := issues[0]
	if c.Truth != "low/test/issue_0" || len(c.Told) != 2 || c.Told[1].Kind != "code" || strings.Join(c.Depends, " ") != "search" {
		t.Errorf("%+v", c)
	}
	if v := rank(c); v.Suspects[0].Change != c.Truth {
		t.Errorf("%+v", v)
	}
	write("low/test/issue_2/target.json", "{")
	if _, err := petShop(dir); err == nil {
		t.Error("a broken issue was taken")
	}
}
