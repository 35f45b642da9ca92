package diag_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

func TestReportsBelowShareTheirFaultsAndNameTheWholePath(t *testing.T) {
	r := diag.New()
	at := r.At("objectives").Index(1)
	at.Faultf("target", "bad", "it is %d", 7).Allow("a", "b").Suggest("write %q", "c").Inside(3)
	at.At("match").Keyf("a.b", "bad-key", "no")
	at.Faultf("", "whole", "the objective itself")
	got := r.Faults()
	if r.Len() != 3 || at.Len() != 3 {
		t.Fatalf("%d and %d faults", r.Len(), at.Len())
	}
	f := got[0]
	if f.Path != "objectives[1].target" || f.Message != "it is 7" || len(f.Allowed) != 2 || f.Fix != `write "c"` || f.Offset != 3 || f.Key {
		t.Errorf("got %+v", f)
	}
	if got[1].Path != "objectives[1].match.a.b" || !got[1].Key || got[2].Path != "objectives[1]" {
		t.Errorf("got %+v", got[1:])
	}
}

func TestOneOfSuggestsTheNearest(t *testing.T) {
	r := diag.New()
	if !r.OneOf("kind", "unknown-kind", "kind", "prompt", []string{"prompt", "policy"}) || r.Len() != 0 {
		t.Error("a known word was refused")
	}
	if r.OneOf("kind", "unknown-kind", "kind", "promt", []string{"policy", "prompt"}) {
		t.Error("an unknown word was accepted")
	}
	f := r.Faults()[0]
	if f.Fix != `did you mean "prompt"?` || len(f.Allowed) != 2 || f.Message != `unknown kind "promt"` {
		t.Errorf("got %+v", f)
	}
	if near := diag.Nearest("zzzzzz", []string{"prompt"}); near != "" {
		t.Errorf("%q is not near", near)
	}
}

func TestAMissingLetterIsAlwaysFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z]{4,20}`).Draw(t, "word")
		i := rapid.IntRange(0, len(word)-1).Draw(t, "i")
		if got := diag.Nearest(word[:i]+word[i+1:], []string{word}); got != word {
			t.Fatalf("%q was not found", word)
		}
	})
}
