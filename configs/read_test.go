package configs_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

func mustLoad(t *testing.T, text string, into any) *configs.Document {
	t.Helper()
	doc, diags := configs.Load("f.yaml", []byte(text), into, env())
	if len(diags) > 0 {
		t.Fatalf("unexpected: %v", diags)
	}
	return doc
}

func TestEveryKindOfFieldIsRead(t *testing.T) {
	var got root
	got.Listen = "a default that stays"
	got.Labels = map[string]string{"a default": "that is replaced"}
	doc := mustLoad(t, `
store: "postgres://u:${env:DB}@db/fb"
objectives:
  - {name: useful, target: 99.9%, period: 30d, tags: [a, "b"]}
  - {name: half, target: 0.5, period: 1d12h}
watch: {enabled: true, interval: 1h30m, timeout: 1.5s, retention: 2w, parallel: -7, retries: 0x10, factor: 1e3}
prometheus:
  url: http://localhost:9090
  bearer: ${env:PD_KEY}
  headers: {X-Key: ${file:key.pem}}
labels: {a: "1", b.c: x}
queries:
since: 2026-11-20T16:40:00Z
level: loud
any: {n: 1, f: 1.5, s: x, b: true, z: ~, l: [1, a], big: 18446744073709551615, octal: 010}
`, &got)
	if got.Listen != "a default that stays" || got.Level != 11 || got.Store != "postgres://u:s3cret@db/fb" {
		t.Errorf("got %+v", got)
	}
	if o := got.Objectives[0]; o.Target != 0.999 || o.Period != 720*time.Hour || len(o.Tags) != 2 {
		t.Errorf("objective: %+v", o)
	}
	if o := got.Objectives[1]; o.Target != 0.5 || o.Period != 36*time.Hour {
		t.Errorf("objective: %+v", o)
	}
	w := got.Watch
	if w.Timeout != 1500*time.Millisecond || w.Retention != 14*24*time.Hour || w.Parallel != -7 || w.Retries != 16 || w.Factor != 1000 {
		t.Errorf("watch: %+v", w)
	}
	if p := got.Prometheus; p.Bearer.Reveal() != "pd-secret" || p.Headers["X-Key"].Reveal() != "file-secret" {
		t.Errorf("secrets: %q %q", p.Bearer.Reveal(), p.Headers["X-Key"].Reveal())
	}
	if d := cmp.Diff(map[string]string{"a": "1", "b.c": "x"}, got.Labels); d != "" {
		t.Error(d)
	}
	want := map[string]any{
		"n": int64(1), "f": 1.5, "s": "x", "b": true, "z": nil, "l": []any{int64(1), "a"},
		"big": uint64(18446744073709551615), "octal": int64(10),
	}
	if d := cmp.Diff(want, got.Any); d != "" {
		t.Error(d)
	}
	if n := len(doc.Secrets()); n != 3 {
		t.Errorf("the document knows %d secrets, want 3", n)
	}
	if s := secret.Redact("x s3cret", doc.Secrets()...); strings.Contains(s, "s3cret") {
		t.Errorf("not redacted: %s", s)
	}
}

func TestReferencesElsewhereAreLeftAlone(t *testing.T) {
	var got root
	mustLoad(t, "listen: ${env:NOPE}\nlabels: {a: \"${ service.owner }\"}\n", &got)
	if got.Listen != "${env:NOPE}" || got.Labels["a"] != "${ service.owner }" {
		t.Errorf("got %+v", got)
	}
}

func TestAFileMayBeEmpty(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "---\n", "\ufeff", "---\nlisten: x\n", "\ufefflisten: x\r\nlabels: {}\r\n"} {
		var got root
		mustLoad(t, text, &got)
	}
}

func TestALargeFileIsRefused(t *testing.T) {
	var got root
	_, diags := configs.Load("f.yaml", bytes.Repeat([]byte("#"), configs.MaxSize+1), &got, env())
	if len(diags) != 1 || diags[0].Code != "too-large" || diags[0].Line != 1 {
		t.Errorf("got %v", diags)
	}
}

func TestDeepNestingIsRefusedHoweverItIsWritten(t *testing.T) {
	indented := &strings.Builder{}
	for i := range 100 {
		indented.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for name, text := range map[string]string{
		"brackets": strings.Repeat("[", 60_000),
		"braces":   "any: " + strings.Repeat("{a: ", 40_000),
		"dashes":   strings.Repeat("- ", 60_000) + "x",
		"tags":     strings.Repeat("!a ", 40_000) + "x",
		"indented": indented.String(),
	} {
		var got any
		_, diags := configs.Load("f.yaml", []byte(text), &got, env())
		if len(diags) == 0 || !strings.Contains(diags[0].Message, "nested deeper") {
			t.Errorf("%s: got %d diagnostics, %.200v", name, len(diags), diags)
		}
	}
}

func TestWhatFollowsFromAToldFaultIsNotToldAgain(t *testing.T) {
	var got root
	doc, diags := configs.Load("f.yaml", []byte("lisen: x\nlabels: {a: 1, b: x}\n"), &got, env())
	if len(diags) != 2 {
		t.Fatalf("got %v", diags)
	}
	r := diag.New()
	r.Faultf("listen", "missing", "listen is missing") // mistyped: told
	r.At("labels").Faultf("a", "empty", "a is empty")  // of the wrong type: told
	r.At("labels").Faultf("b", "bad", "b is bad")
	r.Faultf("store", "missing", "store is missing")
	more := doc.Resolve(r.Faults())
	if len(more) != 2 || more[0].Path != "store" || more[1].Path != "labels.b" {
		t.Errorf("got %v", more)
	}
}

func TestPathsLeadToValues(t *testing.T) {
	var got any
	doc := mustLoad(t, "steps:\n  - id: page\n    with: {\"a.b\": {\"c[0]\": 7}, list: [1, {x: y}]}\n", &got)
	for _, c := range []struct {
		path      string
		line, col int
		value     any
	}{
		{"steps[0].id", 2, 9, "page"},
		{"steps[0].with.a.b.c[0]", 3, 28, int64(7)},
		{"steps[0].with.list[1].x", 3, 46, "y"},
		{"steps[0].with.list[0]", 3, 39, int64(1)},
	} {
		pos, ok := doc.Position(c.path)
		if !ok || pos.Line != c.line || pos.Col != c.col {
			t.Errorf("%s stands at %v, %v; want %d:%d", c.path, pos, ok, c.line, c.col)
		}
		if v, ok := doc.Value(c.path); !ok || v != c.value {
			t.Errorf("%s is %v, want %v", c.path, v, c.value)
		}
	}
	for _, path := range []string{"steps[1]", "steps[0].with.nope", "step", "steps[x]", "steps[0]id"} {
		if v, ok := doc.Value(path); ok {
			t.Errorf("%s should not exist, is %v", path, v)
		}
	}
	if pos, ok := doc.Position("steps[0].with.nope.deeper"); ok || pos.Line != 3 {
		t.Errorf("a missing path falls back to the mapping around it, got %v", pos)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "30d": 720 * time.Hour, "2w": 336 * time.Hour,
		"1.5d": 36 * time.Hour, "1d12h": 36 * time.Hour, "250ms": 250 * time.Millisecond, "5µs": 5 * time.Microsecond, ".5s": 500 * time.Millisecond,
	} {
		if got, err := configs.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "m", "5x", "-5m", "1.2.3s", "5 m", "300000w", "9223372036854775807ns1ns", ".s", "１s"} {
		if got, err := configs.ParseDuration(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestPercentagesAreExact(t *testing.T) {
	for text, want := range map[string]float64{"99.9%": 0.999, "99.99%": 0.9999, "50 %": 0.5, "0%": 0, "150%": 1.5, "99.999%": 0.99999} {
		if got, err := configs.ParsePercent(text); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", "5", "1e3%", "-1%", "1.2.3%", "inf%"} {
		if got, err := configs.ParsePercent(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestTheJSONFormIsStable(t *testing.T) {
	var got root
	_, diags := configs.Load("f.yaml", []byte("watch:\n  intervall: 5m\n"), &got, env())
	data, err := json.Marshal(diags)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"file":"f.yaml","line":2,"col":3,"path":"watch.intervall","code":"unknown-key",` +
		`"message":"unknown key \"intervall\" in watch",` +
		`"allowed":["enabled","interval","timeout","retention","parallel","retries","factor"],` +
		`"fix":"did you mean \"interval\"?","source":"  intervall: 5m"}]`
	if d := cmp.Diff(want, string(data)); d != "" {
		t.Error(d)
	}
}

func TestLongLinesAreShownAroundTheCaret(t *testing.T) {
	var got root
	text := "labels: {" + strings.Repeat("kkkkkkk: v, ", 40) + "}\n"
	_, diags := configs.Load("f.yaml", []byte(text), &got, env())
	for _, d := range diags {
		if n := len([]rune(d.Source)); n > 160 {
			t.Fatalf("shows %d characters", n)
		}
		var out bytes.Buffer
		if err := configs.Render(&out, []configs.Diagnostic{d}, false); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(out.String(), "\n")
		if caret := strings.IndexByte(lines[2], '^'); !strings.HasPrefix(lines[1][caret:], "kkkkkkk") {
			t.Fatalf("the caret points elsewhere:\n%s", out.String())
		}
	}
	if len(diags) != 39 {
		t.Errorf("%d doubled keys were found, want 39", len(diags))
	}
}

func TestATerminalIsNotSteeredByTheFile(t *testing.T) {
	var got root
	_, diags := configs.Load("f\x1b[2J.yaml", []byte("nope\u009b: \u202e1\n"), &got, env())
	var out bytes.Buffer
	if err := configs.Render(&out, diags, false); err != nil {
		t.Fatal(err)
	}
	if len(diags) == 0 || strings.ContainsAny(out.String(), "\x1b\u009b\u202e") {
		t.Errorf("got %q", out.String())
	}
	out.Reset()
	if err := configs.Render(&out, diags, true); err != nil || !strings.Contains(out.String(), "\x1b[1;31m^") {
		t.Errorf("the caret is not painted: %q", out.String())
	}
}

func TestALineWithAFaultDoesNotShowItsSecrets(t *testing.T) {
	for _, text := range []string{
		"{store: 'postgres://u:12345678@db/fb', nope: 1}\n", "stor: postgres://u:12345678@db/fb\n", "token: \"xoxb-12345678\nx: 1\n", "slack: {token: xoxb-12345678, x: {\n", "tabs:\n\tapi_key: xoxb-12345678\n",
	} {
		var got root
		_, diags := configs.Load("f.yaml", []byte(text), &got, env())
		for _, d := range diags {
			if strings.Contains(d.Source+d.Message, "12345678") {
				t.Errorf("shows the token: %v", d)
			}
		}
	}
}
