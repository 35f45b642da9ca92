package configs_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// FuzzLoad proves that no file can stop the program, that every diagnostic stands somewhere, and that reading is repeatable.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/faults/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	same := cmp.Comparer(func(a, b secret.Value) bool { return a.Reveal() == b.Reveal() })
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b root
		docA, diagsA := configs.Load("f.yaml", data, &a, env())
		_, diagsB := configs.Load("f.yaml", data, &b, env())
		if d := cmp.Diff(diagsA, diagsB); d != "" {
			t.Errorf("the second reading found something else: %s", d)
		}
		if len(diagsA) == 0 {
			if d := cmp.Diff(a, b, same, cmp.Exporter(func(reflect.Type) bool { return true })); d != "" && !strings.Contains(d, "NaN") {
				t.Errorf("the second reading gave something else: %s", d)
			}
		}
		for _, d := range diagsA {
			if d.Line < 1 || d.Col < 1 || d.Message == "" || d.Code == "" {
				t.Errorf("stands nowhere or says nothing: %+v", d)
			}
		}
		r := diag.New()
		for key, value := range a.Queries {
			r.At("queries").Faultf(key, "x", "x").Inside(len(value) / 2)
			r.At("queries").Faultf(key, "x", "x").Inside(len(value) + 1)
		}
		docA.Resolve(r.Faults())
	})
}

// TestOffsetsLeadToTheirCharacters writes random texts in every style of YAML and asks where each of their characters stands.
func TestOffsetsLeadToTheirCharacters(t *testing.T) {
	word := rapid.StringMatching(`[a-zA-Z0-9(){}\[\]=~"'\\/.,日本é|>#:-]{1,9}`)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(word, 1, 12).Draw(t, "words")
		breaks := rapid.SliceOfN(rapid.SampledFrom([]string{" ", "  ", "\n"}), len(words), len(words)).Draw(t, "breaks")
		style := rapid.SampledFrom([]string{"single", "double", "literal", "folded"}).Draw(t, "style")
		var b strings.Builder
		for i, w := range words {
			if i > 0 {
				b.WriteString(breaks[i])
			}
			b.WriteString(w)
		}
		source := "queries:\n  # a comment\n  q: " + write(style, b.String()) + "\nlisten: x\n"
		var into root
		doc, diags := configs.Load("f.yaml", []byte(source), &into, env())
		if len(diags) > 0 {
			t.Fatalf("cannot be read: %v\n%s", diags, source)
		}
		lines := strings.Split(source, "\n")
		for i, c := range into.Queries["q"] {
			if unicode.IsSpace(c) || i == 0 {
				continue
			}
			r := diag.New()
			r.Faultf("queries.q", "x", "x").Inside(i)
			at := doc.Resolve(r.Faults())[0]
			there := []rune(lines[at.Line-1])
			if at.Col > len(there) || !stands(style, there[at.Col-1:], c) {
				t.Fatalf("offset %d (%c) of %q is said to stand at %d:%d of\n%s", i, c, into.Queries["q"], at.Line, at.Col, source)
			}
		}
	})
}

// stands tells whether a character is what the source says at this place.
func stands(style string, there []rune, c rune) bool {
	if style == "double" && there[0] == '\\' {
		escaped := string(there[:2])
		if there[1] == 'u' {
			escaped = string(there[:6])
		}
		plain, err := strconv.Unquote(`"` + escaped + `"`)
		return err == nil && plain == string(c)
	}
	return there[0] == c
}

// write puts a text into YAML in one of its styles.
func write(style, text string) string {
	switch style {
	case "single":
		return "'" + strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "'", "''") + "'"
	case "double":
		if utf8.RuneCountInString(text)%2 == 0 {
			return strconv.QuoteToASCII(text)
		}
		return strconv.Quote(text)
	case "literal":
		return "|\n    " + strings.ReplaceAll(text, "\n", "\n    ")
	default:
		return ">-\n    " + strings.ReplaceAll(text, "\n", "\n    ")
	}
}

func BenchmarkLoadTenThousandObjectives(b *testing.B) {
	var text strings.Builder
	text.WriteString("objectives:\n")
	for i := range 10_000 {
		text.WriteString("  - {name: objective-" + strconv.Itoa(i) + ", target: 99.9%, period: 30d, tags: [a]}\n")
	}
	b.ReportAllocs()
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		var into root
		if _, diags := configs.Load("f.yaml", []byte(text.String()), &into, env()); len(diags) > 0 {
			b.Fatal(diags)
		}
	}
}
