package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatIsLearntCanBePasted learns from the committed cases and reads the proposed section as a configuration.
func TestWhatIsLearntCanBePasted(t *testing.T) {
	cases, err := filepath.Abs("../internal/benchsuspects/testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	var said, wrong bytes.Buffer
	if code := execute(t.Context(), []string{"suspects", "learn", "--cases", cases, "--weights-out", "suspects.yaml", "-o", "json"}, &said, &wrong); code != 0 {
		t.Fatal(wrong.String())
	}
	var learnt struct {
		Cases, Guilty int
		Before, After struct{ Top1, Log_loss float64 }
		Turns         []struct{ What string }
		YAML          string
	}
	if err := json.Unmarshal(said.Bytes(), &learnt); err != nil || learnt.Cases != 60 || len(learnt.Turns) == 0 || learnt.Before.Log_loss <= 0 {
		t.Errorf("%+v (%v)", learnt, err)
	}
	if !strings.Contains(wrong.String(), "learning: 100 %") {
		t.Errorf("it does not tell how far it is: %q", wrong.String())
	}
	section, err := os.ReadFile("suspects.yaml")
	if err != nil || string(section) != learnt.YAML {
		t.Fatalf("%q (%v)", section, err)
	}
	config := append([]byte("services: [{name: support, match: {service_name: support}}]\n"), section...)
	if err := os.WriteFile(defaultConfig, config, 0o600); err != nil {
		t.Fatal(err)
	}
	said.Reset()
	if code := execute(t.Context(), []string{"check"}, &said, &wrong); code != 0 {
		t.Errorf("the section is refused: %s", said.String())
	}
	few, err := os.ReadFile(cases)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("few.jsonl", bytes.Join(bytes.SplitAfter(few, []byte("\n"))[:19], nil), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong.Reset()
	if code := execute(t.Context(), []string{"suspects", "learn", "--cases", "few.jsonl"}, &said, &wrong); code != exitFailed ||
		!strings.Contains(wrong.String(), "19 incidents with a confirmed cause are too few to learn from; it takes 20") {
		t.Errorf("exit code %d: %s", code, wrong.String())
	}
}
