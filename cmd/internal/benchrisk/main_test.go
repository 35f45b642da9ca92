package main

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestTheWorldsAreMeasured(t *testing.T) {
	measured := func() report {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run([]string{"-seeds", "1", "-world", "usual", "-o", "json"}, &out, &errs); code != 0 {
			t.Fatal(errs.String())
		}
		var r report
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := measured()
	if len(r.Worlds) != 1 || r.Cost.Millis <= 0 {
		t.Fatalf("%+v", r)
	}
	for i, w := range r.Worlds {
		want := worlds()[i].rate
		if got := float64(w.Bad) / float64(w.Merges); w.Merges < 3000 || math.Abs(got-want) > want/3 {
			t.Errorf("%s: %d merges, %.3f bad, want %.3f", w.Name, w.Merges, got, want)
		}
		levels := 0
		for _, g := range w.Levels {
			levels += g.Merges
		}
		// Chance is chance, and nobody does better than what was drawn.
		score, chance, drawn := w.Rankers[0], w.Rankers[2], w.Rankers[3]
		if levels != w.Merges || math.Abs(chance.Caught[1]-.1) > 1e-3 || chance.AUC != .5 || drawn.AUC <= score.AUC || score.AUC <= .5 {
			t.Errorf("%s: %+v", w.Name, w)
		}
	}
	var text bytes.Buffer
	if err := r.print(&text); err != nil || !strings.Contains(text.String(), "Synthetic merges") || !strings.Contains(text.String(), "lines alone") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestTiesAreSharedOut(t *testing.T) {
	var merges []judged
	for i := range 100 {
		merges = append(merges, judged{score: 1, bad: i < 10})
	}
	merges[0].score = 2
	if got := caught(merges, byScore)[1]; math.Abs(got-(1+9*9./99)/10) > 1e-9 {
		t.Errorf("got %g", got)
	}
	if got := auc(merges, byScore); math.Abs(got-(.1+.9*.5)) > 1e-9 {
		t.Errorf("got %g", got)
	}
	if got := caught(nil, byScore); got[1] != 0 {
		t.Errorf("got %v", got)
	}
}

func TestTheCommandLine(t *testing.T) {
	for line, want := range map[string]int{"-h": 0, "-o yaml": 2, "-seeds 0": 2, "more": 2, "-nonsense": 2, "-world nowhere": 2} {
		var out, errs bytes.Buffer
		if got := run(strings.Fields(line), &out, &errs); got != want {
			t.Errorf("%s: %d, want %d", line, got, want)
		}
	}
}
