package expr_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

func TestConditionIsTrueOrFalse(t *testing.T) {
	e := env(t)
	for src, want := range map[string]bool{
		`incident.signal == "refusal_ratio"`:                                         true,
		`incident.signal == "refusal_ratio" && suspects.exists(s, s.kind == "code")`: true,
		`suspects.exists(s, s.kind == "prompt" && s.probability > 0.6)`:              true,
		`suspects.exists(s, s.kind == "model")`:                                      false,
		`suspects[0].probability > none`:                                             true,
		`suspects[0].probability > 1`:                                                false, // numbers of different kinds compare
		`none < 1 && 1 > none`:                                                       true,
		`burn(1h) < 1`:                                                               false,
		`burn(30m) < 1`:                                                              true,
		`burn(30d) == 720.0`:                                                         true,
		`ratio("refusal_ratio", 5m) == 0.05`:                                         true,
		`value("latency_p95") == 11.0`:                                               true,
		`now - incident.onset > 10m`:                                                 true,
		`now - incident.onset > 1h30m`:                                               false,
		`incident.opened_at + 2m == now`:                                             true,
		`0m < 5m && 1.5h == 90m && 1w == 7d && 1500ms == 1.5s`:                       true,
		`"5m" == "5" + "m"`:                                                          true, // strings are left alone
		`r'5m\d' == '5m\\d' && '''1h''' == "1h"`:                                     true,
		`size(suspects) == 2 // not 1h`:                                              true,
		`has(incident.blind)`:                                                        false,
		`has(incident.onset) && has(service.rollback.prompt)`:                        true,
		`"model" in service.rollback`:                                                false,
		`service.environments.exists(x, x == incident.environment)`:                  true,
		`steps.revert.status == "done" && steps.revert.output.number == 483`:         true,
		`incident.title.lowerAscii().contains("refusal")`:                            true,
		`suspects.map(s, s.probability)[1] < 0.1`:                                    true,
		`incident.blind == "" || incident.blind in ["stale", "no_data"]`:             true,
		`"%d of %d".format([size(suspects), 9]) == "2 of 9"`:                         true,
		`now.getDayOfWeek() == 5`:                                                    true,
	} {
		c, problems := e.Condition(src)
		if len(problems) > 0 {
			t.Errorf("%s: %+v", src, problems)
			continue
		}
		if got, err := c.Eval(scope()); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", src, got, err, want)
		}
	}
}

func TestConditionTellsItsFaultsWhereTheyAre(t *testing.T) {
	for _, c := range []struct{ src, at, message, fix string }{
		{`incident.sevrity == "page"`, "sevrity", `incident has no field "sevrity"`, `did you mean "severity"?`},
		{`incidnt.severity == "page"`, "incidnt", `unknown name "incidnt"`, `did you mean "incident"?`},
		{`true && brun(1h) < 1`, "brun", `unknown name "brun"`, `did you mean "burn"?`},
		{`burn(1) < 1`, "(1)", "burn cannot be called with (int)", "write a window, as burn(1h)"},
		{`ratio(5m) < 1`, "(5m)", "ratio cannot be called with (duration)", `as ratio("refusal_ratio", 5m)`},
		{`burn(1h) < 1 && burn(30d) < foo`, "foo", `unknown name "foo"`, "known are incident, service"},
		{`burn(1h) == 1`, "==", `"==" cannot be applied to (double, int)`, "with a point, as 1.0"},
		{`now < timestamp("noon")`, `"noon"`, "this is not a timestamp", ""},
		{`burn(1h)`, "burn", "a condition must be true or false, this is a number", "compare it, as burn(1h) < 1"},
		{`5m`, "5m", "a condition must be true or false, this is a duration", ""},
		{`burn(1h) <`, "", "the expression ends too early", ""},
		{``, "", "the expression is empty", ""},
		{"burn(1h) < 1 &&\n  incident.foo == 1", "foo", `incident has no field "foo"`, "known are id, service"},
		{`"é" == "é" && incident.sevrity == ""`, "sevrity", `incident has no field "sevrity"`, `"severity"`},
		{`suspects.exists(s, s.knd == "prompt")`, "knd", `unknown field "knd"`, `did you mean "kind"?`},
		{`suspects[0].titel == ""`, "titel", `suspect has no field "titel"`, `did you mean "title"?`},
		{`steps.a.outptu.x == 1`, "outptu", `step has no field "outptu"`, `did you mean "output"?`},
		{`service.slack.foo == ""`, ".foo", "a string has no fields", ""},
		{`incident.signal == 3`, "==", `"==" cannot be applied to (string, int)`, ""},
		{`incident.title.lowerAsci() == ""`, "lowerAsci", `unknown name "lowerAsci"`, `did you mean "lowerAscii"?`},
		{`incident.title == "open`, `"open`, "this string has no end", "close it"},
		{`incident.title.matches("[")`, `"[")`, "this is not a regular expression (RE2)", ""},
		{`incident{id: "x"}.id == "x"`, "{id", "objects cannot be made in expressions, only read", ""},
		{`incident.severity == "critical"`, `"critical"`, `"critical" is no severity`, "known are info, ticket, page"},
		{`incident.severity in ["page", "tickt"]`, `"tickt"`, `"tickt" is no severity`, `did you mean "ticket"?`},
		{`"opened" != incident.state`, `"opened"`, `"opened" is no state`, `did you mean "open"?`},
		{`suspects.exists(s, s.kind == "promt")`, `"promt"`, `"promt" is no kind`, `did you mean "prompt"?`},
		{`steps.ask.status == "approved"`, `"approved"`, `"approved" is no status`, "known are"},
		{`"x".matches(incident.title)`, "incident.title", "the pattern of matches must be written out", "contains"},
		{`incident.title.format([1]) == ""`, "incident.title", "the text that format is called on must be written out", `write "%s"`},
		{`none < 1 and none > 0`, "and", `unexpected "and"`, "write &&"},
		{`none < 1 & none > 0`, "&", `unexpected "&"`, "write &&"},
		{`not (none < 1)`, "", "", ""},
		{`é == 1`, "é", `unexpected "é"`, ""},
		{`suspects.exists(a, suspects.exists(b, suspects.exists(c, suspects.exists(d, a == d))))`, "suspects", "steps, the limit is", "nest fewer"},
		{strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200), "", "recursion", ""},
		{strings.Repeat("x", 5000), "x", "the expression is 5000 bytes long", ""},
	} {
		got, problems := env(t).Condition(c.src)
		if got != nil || len(problems) == 0 {
			t.Errorf("%s: no problem", c.src)
			continue
		}
		p := problems[0]
		if !strings.Contains(p.Message, c.message) || !strings.Contains(p.Fix, c.fix) || !strings.HasPrefix(c.src[p.Offset:], c.at) {
			t.Errorf("%.60s:\n got %q, fix %q, at %.40q\nwant %q, fix %q, at %q", c.src, p.Message, p.Fix, c.src[p.Offset:], c.message, c.fix, c.at)
		}
	}
}

func TestEvaluationIsBounded(t *testing.T) {
	// The estimate takes outside texts to be short; the limit at run time holds when they are not.
	c, problems := env(t).Condition(`suspects.exists(s, s.title.matches("(a|b|c)+d"))`)
	if problems != nil {
		t.Fatal(problems)
	}
	s := scope()
	s.Suspects[0].Title = strings.Repeat("abc", 1<<20)
	_, err := c.Eval(s)
	var evalErr *expr.EvalError
	if !errors.As(err, &evalErr) || !strings.Contains(err.Error(), "it takes more than 200000 steps") {
		t.Errorf("a huge title: %v", err)
	}
}

func TestConstantConditionsAreKnown(t *testing.T) {
	e := env(t)
	for src, want := range map[string][2]bool{
		`false`:                    {false, true},
		`1 > 2`:                    {false, true},
		`5m < 1h`:                  {true, true},
		`[1, 2].exists(x, x == 2)`: {true, true},
		`burn(1h) < 1`:             {false, false},
		`none < 2`:                 {false, false},
		`suspects.exists(x, true)`: {false, false},
		`now > timestamp("2000-01-01T00:00:00Z")`: {false, false},
	} {
		c, problems := e.Condition(src)
		if problems != nil {
			t.Fatal(src, problems)
		}
		value, constant := c.Constant()
		if got := [2]bool{value, constant}; got != want {
			t.Errorf("%s: %v, want %v", src, got, want)
		}
	}
}

func TestUnguardedSuspects(t *testing.T) {
	e := env(t)
	for _, c := range []struct {
		src, given string
		want       int
	}{
		{`suspects[0].kind == "prompt"`, "", 1},
		{`suspects[0].kind == "prompt" || suspects[0].kind == "policy"`, "", 2},
		{`size(suspects) > 0 && suspects[0].kind == "prompt"`, "", 0},
		{`suspects[0].kind == "prompt" && suspects.size() >= 1`, "", 0},
		{`0 < size(suspects) && suspects[0].kind == "prompt"`, "", 0},
		{`size(suspects) != 0 && suspects[0].kind == "prompt"`, "", 0},
		{`size(suspects) == 0 || suspects[0].kind == "prompt"`, "", 0},
		{`!(size(suspects) > 0) || suspects[0].kind == "prompt"`, "", 0},
		{`size(suspects) > 0 || suspects[0].kind == "prompt"`, "", 1},
		{`size(suspects) > 0 ? suspects[0].kind == "prompt" : false`, "", 0},
		{`size(suspects) > 0 ? false : suspects[0].kind == "prompt"`, "", 1},
		{`size(suspects) > 0 && suspects[1].kind == "prompt"`, "", 1},
		{`size(suspects) > 1 && suspects[1].kind == "prompt"`, "", 0},
		{`suspects.exists(s, s.kind == "prompt") && suspects[0].probability > 0.5`, "", 0},
		{`suspects.all(s, s.kind == "prompt") && suspects[0].probability > 0.5`, "", 1},
		{`suspects[0].kind == "prompt"`, `suspects.exists(s, s.probability > 0.6) && incident.severity == "page"`, 0},
		{`suspects[0].kind == "prompt"`, `size(suspects) > 0 || incident.severity == "page"`, 1},
		{`suspects.exists(s, s.change == suspects[0].change)`, "", 1},
		{`suspects.filter(s, s.kind == "prompt")[0].author == ""`, "", 1},
		{`suspects.filter(s, s.kind == "prompt")[0].author == ""`, `size(suspects) > 0`, 1},
		{`suspects.filter(x, x.kind == "prompt")[0].author == ""`, `suspects.exists(s, s.probability > 0.6 && s.kind == "prompt")`, 0},
		{`suspects.filter(x, x.kind == "prompt")[1].author == ""`, `suspects.exists(s, s.kind == "prompt")`, 1},
		{`suspects.filter(x, x.kind == "model")[0].author == ""`, `suspects.exists(s, s.kind == "prompt")`, 1},
		{`suspects.exists(s, s.kind == "code") && suspects.filter(s, s.kind == "code")[0].author == ""`, "", 0},
		{`suspects.exists(s, s.kind == "code") || suspects.filter(s, s.kind == "code")[0].author == ""`, "", 1},
		{`suspects.map(s, s.author)[0] == ""`, "", 0},
	} {
		x, problems := e.Condition(c.src)
		if problems != nil {
			t.Fatal(c.src, problems)
		}
		var given []*expr.Condition
		if c.given != "" {
			g, problems := e.Condition(c.given)
			if problems != nil {
				t.Fatal(problems)
			}
			given = append(given, g)
		}
		if got := x.Unguarded(given...); len(got) != c.want {
			t.Errorf("%s (given %q): %d unguarded %+v, want %d", c.src, c.given, len(got), got, c.want)
		}
	}
}

func TestWhatIsNotToldAsUnguardedNeverFails(t *testing.T) {
	e := env(t)
	arm := rapid.Custom(func(t *rapid.T) string {
		n := rapid.IntRange(0, 2).Draw(t, "n")
		op := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "operator")
		src := rapid.SampledFrom([]string{
			fmt.Sprintf(`suspects[%d].kind == "prompt"`, n), fmt.Sprintf(`size(suspects) %s %d`, op, n),
			fmt.Sprintf(`%d %s suspects.size()`, n, op), `suspects.exists(s, s.probability > 0.1)`,
			`suspects.filter(s, s.probability > 0.1)[0].kind == "code"`, `incident.severity == "page"`, `suspects.all(s, s.kind != "code")`,
		}).Draw(t, "arm")
		if rapid.Bool().Draw(t, "not") {
			return "!(" + src + ")"
		}
		return src
	})
	safe := 0
	rapid.Check(t, func(t *rapid.T) {
		src := arm.Draw(t, "first")
		for range rapid.IntRange(0, 4).Draw(t, "more") {
			format := rapid.SampledFrom([]string{"(%s) && %s", "(%s) || %s", "%[2]s && (%[1]s)", "(%s) ? %s : false", "(%s) ? true : %s"}).Draw(t, "join")
			src = fmt.Sprintf(format, src, arm.Draw(t, "arm"))
		}
		c, problems := e.Condition(src)
		if problems != nil {
			t.Fatal(src, problems)
		}
		if len(c.Unguarded()) > 0 {
			return
		}
		safe++
		for _, severity := range []string{"page", "info"} {
			s := expr.Scope{Incident: expr.Incident{Severity: severity}}
			for range 4 {
				if _, err := c.Eval(s); err != nil {
					t.Fatalf("%s is not told and fails with %d suspects: %v", src, len(s.Suspects), err)
				}
				s.Suspects = append(s.Suspects, expr.Suspect{Kind: "code", Probability: 0.1 * float64(len(s.Suspects))})
			}
		}
	})
	if safe < 10 {
		t.Errorf("only %d of the conditions were safe, which proves nothing", safe)
	}
}

func TestRefers(t *testing.T) {
	src := `steps.ask.output.decision == "approved" && has(steps.revert.output.url) && steps["page"].status == "done" && size(steps) > 1`
	c, problems := env(t).Condition(src)
	if problems != nil {
		t.Fatal(problems)
	}
	want := []expr.Reference{
		{Step: "ask", Output: "decision", Offset: 0},
		{Step: "revert", Output: "url", Offset: strings.Index(src, "steps.revert"), Tested: true},
		{Step: "page", Offset: strings.Index(src, `steps["page"]`)},
	}
	got := c.Refers()
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("reference %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestStatusTests(t *testing.T) {
	src := `steps.ask.status == "done" && none < 1 && (steps.b.status in ["failed", "denied"] && "skipped" == steps["c"].status)` +
		` && (steps.d.status == "done" || none > 1) && steps.e.status != "done"`
	c, problems := env(t).Condition(src)
	if problems != nil {
		t.Fatal(problems)
	}
	want := []expr.StatusTest{
		{Step: "ask", Statuses: []string{"done"}, Offset: 0},
		{Step: "b", Statuses: []string{"failed", "denied"}, Offset: strings.Index(src, "steps.b")},
		{Step: "c", Statuses: []string{"skipped"}, Offset: strings.Index(src, "steps[")},
	}
	if diff := cmp.Diff(want, c.StatusTests()); diff != "" {
		t.Error(diff)
	}
}

func TestAScopeWithoutATimeHasNoNow(t *testing.T) {
	c, _ := env(t).Condition(`now - incident.onset > 5m`)
	if _, err := c.Eval(expr.Scope{}); err == nil {
		t.Error("it was compared with the year 1")
	}
}

func TestConditionsAndTemplatesAreSharedSafely(t *testing.T) {
	e := env(t)
	c, _ := e.Condition(`suspects.exists(s, s.kind == "prompt") && burn(5m) < 1`)
	tpl, _ := e.Template("${suspects[0].title} ${now}", expr.String)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				s := scope()
				if ok, err := c.Eval(s); !ok || err != nil || !c.Explain(s).Holds {
					t.Error(ok, err)
				}
				if _, err := tpl.Render(s); err != nil {
					t.Error(err)
				}
				if _, problems := e.Condition(`none < 1`); problems != nil {
					t.Error(problems)
				}
			}
		})
	}
	wg.Wait()
}

func TestExplainSaysWhyNot(t *testing.T) {
	e := env(t)
	for src, want := range map[string]string{
		`incident.signal == "cost" && suspects.exists(s, s.kind == "model")`: `incident.signal == "cost" is false: incident.signal is "refusal_ratio"`,
		`incident.signal == "refusal_ratio" && suspects.exists(s, s.kind == "model" && s.probability > 0.6)`: `suspects.exists(s, s.kind == "model" && s.probability > 0.6) is false: ` +
			`suspects is [github:acme/assistants#482 prompt 0.83, github:acme/assistants#480 code 0.05]`,
		`burn(1h) < 1`: `burn(1h) < 1 is false: burn(1h) is 1`,
		`burn(30m) < 1 && now - incident.onset > 1d`: `now - incident.onset > 1d is false: now is 2026-03-06T17:40:00Z, incident.onset is 2026-03-06T17:28:00Z`,
		`burn(30m) < 1 && none < 1`:                  `burn(30m) < 1 and none < 1 is true`,
		`ratio("dark", 5m) > 0.1 && none < 0.5`:      `ratio("dark", 5m) > 0.1 cannot be told: ratio("dark", 5m): no samples for 5m: the signal cannot be seen`,
	} {
		c, problems := e.Condition(src)
		if problems != nil {
			t.Fatal(problems)
		}
		if got := c.Explain(scope()).Sentence(); got != want {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	}
}

func TestExplainToldEveryTerm(t *testing.T) {
	c, _ := env(t).Condition(`incident.signal == "cost" && (none < 1 && incident.severity == "page") && burn(2h) < 1`)
	e := c.Explain(scope())
	var holds []bool
	for _, p := range e.Parts {
		if p.Err != nil {
			t.Error(p.Text, p.Err)
		}
		holds = append(holds, p.Holds)
	}
	if e.Holds || len(holds) != 4 || holds[0] || !holds[1] || !holds[2] || holds[3] {
		t.Errorf("got %+v", e)
	}
}

func TestDurationsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(10000*time.Hour/time.Millisecond)).Draw(t, "ms")) * time.Millisecond
		got, ok := expr.ParseDuration(expr.FormatDuration(d))
		if !ok || got != d {
			t.Fatalf("%s became %s, %v", d, expr.FormatDuration(d), got)
		}
	})
	for _, bad := range []string{"", "m", "5", "5x", "1h30", "0x1d", "5m ", "--5m", "99999999w"} {
		if d, ok := expr.ParseDuration(bad); ok {
			t.Errorf("ParseDuration(%q) = %s", bad, d)
		}
	}
}

func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		`burn(1h) < 1`, `suspects[0].kind == "a" && size(suspects) > 0`, `steps.a.output.b > 5m`, `"${x}" == r'\'`, "é\n== 1d",
		`suspects.exists(s, s.probability > 0.6)`, `incident.title.matches("(a+)+$")`, `1h30m2`, `0x5m`, `'''`, `has(a.b)`,
	} {
		f.Add(seed)
	}
	e := env(f)
	s := scope()
	f.Fuzz(func(t *testing.T, src string) {
		c, problems := e.Condition(src)
		if (c == nil) == (len(problems) == 0) {
			t.Fatalf("%q: a condition or problems, never both or none", src)
		}
		for _, p := range problems {
			if p.Offset < 0 || p.Offset > len(src) || p.Message == "" {
				t.Fatalf("%q: %+v", src, p)
			}
		}
		if c != nil {
			_, _ = c.Eval(s)
			_ = c.Explain(s).Sentence()
			_ = c.Unguarded()
			_ = c.Refers()
			_, _ = c.Constant()
		}
	})
}

func BenchmarkConditionEval(b *testing.B) {
	c, problems := env(b).Condition(`incident.signal == "refusal_ratio" && suspects.exists(s, s.kind == "prompt" && s.probability > 0.6)`)
	if problems != nil {
		b.Fatal(problems)
	}
	s := scope()
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := c.Eval(s); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkConditionCompile(b *testing.B) {
	e := env(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := e.Condition(`incident.signal == "refusal_ratio" && suspects.exists(s, s.kind == "prompt" && burn(1h) > 0.6)`); problems != nil {
			b.Fatal(problems)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = expr.New()
	}
}
