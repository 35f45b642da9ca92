package expr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

func TestTemplateKeepsTheTypeOfASingleHole(t *testing.T) {
	e := env(t)
	for _, c := range []struct {
		src  string
		want expr.Type
		give any
	}{
		{"plain", expr.String, "plain"},
		{"", expr.String, ""},
		{"${incident.id}", expr.String, "inc-1"},
		{"${ incident.id }", expr.Any, "inc-1"},
		{"revert ${suspects[0].change} of ${suspects[0].author}", expr.String, "revert github:acme/assistants#482 of mona"},
		{"${size(suspects)} suspects, ${none} none", expr.String, "2 suspects, 0.12 none"},
		{"${size(suspects)}", expr.Int, int64(2)},
		{"${size(suspects)}", expr.Double, 2.0},
		{"${size(suspects)}", expr.String, "2"},
		{"${steps.revert.output.number}", expr.Int, int64(483)},
		{"${steps.revert.output.number}", expr.String, "483"},
		{"${none}", expr.Double, 0.12},
		{"${none < 0.5}", expr.Bool, true},
		{"${10m}", expr.Duration, 10 * time.Minute},
		{"${now - incident.onset}", expr.Duration, 12 * time.Minute},
		{"since ${incident.onset}, ${now - incident.onset}", expr.String, "since 2026-03-06T17:28:00Z, 12m"},
		{"${service.environments}", expr.List, []any{"production", "staging"}},
		{"${service.rollback}", expr.Map, map[string]any{"prompt": "github.revert"}},
		{`${{"a": 1, "b": [true, 2.5]}}`, expr.Map, map[string]any{"a": int64(1), "b": []any{true, 2.5}}},
		{`${"}" + '{' + "${"}`, expr.String, "}{${"},
		{"$${incident.id}", expr.String, "${incident.id}"},
		{"$$${incident.id} costs $5", expr.String, "$${incident.id} costs $5"},
		{"$ {x} $} }", expr.String, "$ {x} $} }"},
	} {
		tpl, problems := e.Template(c.src, c.want)
		if len(problems) > 0 {
			t.Errorf("%s as %q: %+v", c.src, c.want, problems)
			continue
		}
		got, err := tpl.Render(scope())
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		if diff := cmp.Diff(c.give, got); diff != "" {
			t.Errorf("%s as %q (-want +got):\n%s", c.src, c.want, diff)
		}
	}
}

func TestTemplateTellsItsFaultsWhereTheyAre(t *testing.T) {
	for _, c := range []struct {
		src     string
		want    expr.Type
		at      string
		message string
	}{
		{"ask ${incident.sevrity} now", expr.String, "sevrity", `incident has no field "sevrity"`},
		{"${ incident.id }, ${ burn(5m) + foo }", expr.String, "foo", `unknown name "foo"`},
		{"open ${incident.id", expr.String, "${", "this ${ has no }"},
		{"open ${incident.id + \"}", expr.String, "${", "this ${ has no }"},
		{"a ${ } b", expr.String, "${", "this ${} holds no expression"},
		{"a ${suspects} b", expr.String, "suspects", "a list cannot be written into a text"},
		{"${suspects}", expr.String, "suspects", "this is a list, wanted is a text"},
		{"${incident}", expr.Any, "incident", "this is an incident, wanted is a plain value"},
		{"${incident.id}", expr.Int, "incident", "this is a text, wanted is a whole number"},
		{"${incident.id}", expr.Duration, "incident", "this is a text, wanted is a duration"},
		{"${10m} long", expr.Duration, "${10m}", "this gives text, wanted is a duration"},
	} {
		got, problems := env(t).Template(c.src, c.want)
		if got != nil || len(problems) == 0 {
			t.Errorf("%s: no problem", c.src)
			continue
		}
		if p := problems[0]; !strings.Contains(p.Message, c.message) || !strings.HasPrefix(c.src[p.Offset:], c.at) {
			t.Errorf("%s: %q at %q; want %q at %q", c.src, p.Message, c.src[p.Offset:], c.message, c.at)
		}
	}
}

func TestTextFromOutsideIsData(t *testing.T) {
	for src, want := range map[string]string{
		"${suspects[0].title}":                          hostile,
		"Suspect: ${suspects[0].title}.":                "Suspect: " + hostile + ".",
		"${suspects[0].title}${suspects[0].title}":      hostile + hostile,
		`${suspects.map(s, s.title)[0]}`:                hostile,
		`${"<" + suspects[0].title + ">"}`:              "<" + hostile + ">",
		"${{'title': suspects[0].title}.title} ${none}": hostile + " 0.12",
	} {
		tpl, problems := env(t).Template(src, expr.String)
		if problems != nil {
			t.Fatal(src, problems)
		}
		if got, err := tpl.Render(scope()); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", src, got, err, want)
		}
	}
}

func TestAnyOutsideTextComesOutAsItWas(t *testing.T) {
	tpl, problems := env(t).Template("a ${suspects[0].title} z", expr.String)
	if problems != nil {
		t.Fatal(problems)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := scope()
		s.Suspects[0].Title = rapid.String().Draw(t, "title")
		if got, err := tpl.Render(s); err != nil || got != "a "+s.Suspects[0].Title+" z" {
			t.Fatalf("%q, %v", got, err)
		}
	})
}

func TestRenderingFailsInsteadOfGuessing(t *testing.T) {
	e := env(t)
	for _, c := range []struct {
		src  string
		want expr.Type
		say  string
	}{
		{"${suspects[7].title}", expr.String, "index out of bounds: 7"},
		{"${steps.absent.output.x}", expr.String, "no such key: absent"},
		{"${steps.revert.output.url}", expr.Int, "it gave a text where a whole number is wanted"},
		{"${steps.revert.output.number + dyn(0.5)}", expr.Int, "it gave a number where a whole number is wanted"},
		{"${steps.revert.output.number}", expr.Bool, "it gave a number where a truth value is wanted"},
		{"${steps.revert.output} x", expr.String, ""},
		{`${ratio("dark", 5m)}`, expr.String, "the signal cannot be seen"},
	} {
		tpl, problems := e.Template(c.src, c.want)
		if c.say == "" {
			if len(problems) == 0 {
				t.Errorf("%s: a map went into a text", c.src)
			}
			continue
		}
		if problems != nil {
			t.Fatal(c.src, problems)
		}
		if got, err := tpl.Render(scope()); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s = %v, %v; want an error with %q", c.src, got, err, c.say)
		}
	}
	long := scope()
	long.Suspects[0].Title = strings.Repeat("x", 70<<10)
	tpl, _ := e.Template("${suspects[0].title}!", expr.String)
	if _, err := tpl.Render(long); err == nil || !strings.Contains(err.Error(), "64 KiB") {
		t.Errorf("a huge text: %v", err)
	}
}

func TestTemplateRefersAndGuards(t *testing.T) {
	e := env(t)
	src := "of ${suspects[0].change}, see ${steps.revert.output.url}"
	tpl, problems := e.Template(src, expr.String)
	if problems != nil {
		t.Fatal(problems)
	}
	if diff := cmp.Diff([]expr.Reference{{Step: "revert", Output: "url", Offset: strings.Index(src, "steps")}}, tpl.Refers()); diff != "" {
		t.Error(diff)
	}
	if un := tpl.Unguarded(); len(un) != 1 || un[0].Offset != strings.Index(src, "suspects") {
		t.Errorf("unguarded: %+v", un)
	}
	guard, _ := e.Condition(`size(suspects) > 0`)
	if un := tpl.Unguarded(nil, guard); len(un) != 0 {
		t.Errorf("guarded and still told: %+v", un)
	}
	if _, whole := tpl.Whole(); whole {
		t.Error("two holes are not one reference")
	}
	tpl, _ = e.Template("${ steps.revert.output.url }", expr.String)
	if ref, whole := tpl.Whole(); !whole || ref.Step != "revert" || ref.Output != "url" || ref.Offset != 3 {
		t.Errorf("got %+v, %v", ref, whole)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"a ${b} c", "$${x}", "${'}'}", "${{'a': 1}}", "${", "$", "${}", "é${incident.id}é", "${'''}", hostile} {
		f.Add(seed)
	}
	e := env(f)
	s := scope()
	f.Fuzz(func(t *testing.T, src string) {
		tpl, problems := e.Template(src, expr.String)
		if (tpl == nil) == (len(problems) == 0) {
			t.Fatalf("%q: a template or problems, never both or none", src)
		}
		for _, p := range problems {
			if p.Offset < 0 || p.Offset > len(src) || p.Message == "" {
				t.Fatalf("%q: %+v", src, p)
			}
		}
		if tpl == nil {
			return
		}
		out, err := tpl.Render(s)
		if err == nil {
			if _, ok := out.(string); !ok {
				t.Fatalf("%q gave a %T", src, out)
			}
		}
		if text, constant := tpl.Constant(); constant && (err != nil || out != text) {
			t.Fatalf("%q is constant and gave %v, %v", src, out, err)
		}
		if !expr.HasHole(src) && out != src {
			t.Fatalf("%q has no hole and became %q", src, out)
		}
	})
}

func BenchmarkTemplateRender(b *testing.B) {
	tpl, problems := env(b).Template("revert ${suspects[0].change} of ${suspects[0].author}", expr.String)
	if problems != nil {
		b.Fatal(problems)
	}
	s := scope()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tpl.Render(s); err != nil {
			b.Fatal(err)
		}
	}
}
