package app

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/packs"
)

// docsRoot is the folder of the repository, as tests of this package see it.
const docsRoot = "../../.."

// docBlock is a fenced block of a document.
type docBlock struct {
	file string
	line int
	// kind is the info string, as "yaml fragment".
	kind, text string
}

func (b docBlock) String() string { return fmt.Sprintf("%s:%d", b.file, b.line) }

// manuals are those that people read, by their path.
func manuals(t *testing.T) map[string]string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(docsRoot, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	below, err := filepath.Glob(filepath.Join(docsRoot, "docs", "*", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found = append(found, below...)
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		found = append(found, filepath.Join(docsRoot, name))
	}
	out := map[string]string{}
	for _, file := range found {
		out[strings.TrimPrefix(file, docsRoot+"/")] = readDoc(t, file)
	}
	return out
}

func readDoc(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// docBlocks are the fenced blocks of a document.
func docBlocks(file, text string) []docBlock {
	var out []docBlock
	var open *docBlock
	for i, line := range strings.Split(text, "\n") {
		switch {
		case open == nil && strings.HasPrefix(line, "```"):
			open = &docBlock{file: file, line: i + 1, kind: strings.TrimPrefix(line, "```")}
		case open != nil && line == "```":
			out = append(out, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return out
}

// docAround is a configuration into which a fragment of a document fits: each section stands for itself, and one that the fragment
// has takes its place.
func docAround() []struct{ section, text string } {
	return []struct{ section, text string }{
		{"services", `services:
  - name: support-assistant
    owner: team-support-ai
    match: {service_name: support-assistant}
    rollback: {prompt: github.revert}
  - {name: retrieval, match: {service_name: retrieval}}
`},
		{"signals", "signals: {use: [otel-genai]}\n"},
		{"objectives", "objectives: [{name: useful-answers, service: support-assistant, signal: errors, target: 99%}]\n"},
		{"prometheus", "prometheus: {url: \"http://127.0.0.1:9090\"}\n"},
		{"github", "github: {token: \"${env:GITHUB_TOKEN}\", webhook_secret: \"${env:GITHUB_WEBHOOK_SECRET}\"}\n"},
		{"slack", "slack: {token: \"${env:SLACK_TOKEN}\", signing_secret: \"${env:SLACK_SIGNING_SECRET}\", app_token: \"${env:SLACK_APP_TOKEN}\"}\n"},
		{"pagerduty", "pagerduty: {routing_key: \"${env:PD_DEFAULT}\"}\n"},
		{"playbooks", "playbooks: {use: [generic]}\n"},
	}
}

var docSection = regexp.MustCompile(`(?m)^([a-z_]+):`)

// docComplete puts a fragment into a whole configuration.
func docComplete(fragment string) string {
	var own []string
	for _, m := range docSection.FindAllStringSubmatch(fragment, -1) {
		own = append(own, m[1])
	}
	var b strings.Builder
	for _, s := range docAround() {
		if !slices.Contains(own, s.section) && (s.section != "objectives" || !slices.Contains(own, "services")) {
			b.WriteString(s.text)
		}
	}
	return b.String() + fragment
}

// docEnv is an environment in which every variable and every file is there.
func docEnv(t *testing.T) configs.Env {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return configs.Env{
		Lookup: func(name string) (string, bool) {
			if name == "COMPANY_CALENDAR" {
				return "https://calendar.example.com/private-key/basic.ics", true
			}
			if name == "EVENTS_SECRET" { // it has a form of its own
				return "whsec_c2VjcmV0LW9mLUVWRU5UU19TRUNSRVQtd2l0aC1tb3Jl", true
			}
			return "secret-of-" + name, true
		},
		ReadFile: func(string) ([]byte, error) { return text, nil },
	}
}

// docImported is the file that the page about imports shows as a good one.
func docImported(t *testing.T) string {
	t.Helper()
	for _, b := range docBlocks("docs/imports.md", readDoc(t, filepath.Join(docsRoot, "docs", "imports.md"))) {
		if b.kind == "yaml slo" {
			return b.text
		}
	}
	t.Fatal("docs/imports.md shows no file")
	return ""
}

// docLoads fails the test for each fault of a configuration.
func docLoads(t *testing.T, name, text string, env configs.Env) {
	t.Helper()
	dir := t.TempDir()
	own := "name: own\non: {incident: [opened]}\nsteps:\n  - {id: report, action: report.write}\n"
	if err := os.MkdirAll(filepath.Join(dir, "playbooks"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "playbooks", "own.yaml"), []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "slo"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "slo", "assistant.yaml"), []byte(docImported(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	var config Config
	if faults := config.read(name, []byte(text), dir, env); len(faults) > 0 {
		var b bytes.Buffer
		if err := configs.Render(&b, faults, false); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s:\n%s", name, b.String())
	}
}

// TestDocsConfigurationsLoad reads every YAML of the documents as the program does. Playbooks are compiled by the library's test.
func TestDocsConfigurationsLoad(t *testing.T) {
	env := docEnv(t)
	examples := 0
	for file, text := range manuals(t) {
		if file == "docs/playbooks.md" {
			continue
		}
		for _, b := range docBlocks(file, text) {
			switch b.kind {
			case "yaml":
				docLoads(t, b.String(), b.text, env)
				examples++
			case "yaml fragment":
				docLoads(t, b.String(), docComplete(b.text), env)
				examples++
			case "yaml policy":
				policy := filepath.Join(t.TempDir(), "gate.yaml")
				if err := os.WriteFile(policy, []byte(b.text), 0o644); err != nil {
					t.Fatal(err)
				}
				if _, faults := loadPolicy(policy); len(faults) > 0 {
					t.Errorf("%s: %v", b.String(), faults)
				}
				examples++
			case "yaml check":
				if _, faulty := (policies{}).Read([]byte(b.text)); faulty != "" {
					t.Errorf("%s: %s", b.String(), faulty)
				}
				examples++
			case "yaml rules", "yaml scrape", "yaml slo":
				var read map[string]any
				if err := yaml.Unmarshal([]byte(b.text), &read); err != nil {
					t.Errorf("%s: %v", b, err)
				}
			case "yaml broken": // what is wrong with it is held against the document by package main
			default:
				if strings.HasPrefix(b.kind, "yaml") || b.kind == "yml" {
					t.Errorf("%s: nobody looks at a block of the kind %q", b, b.kind)
				}
			}
		}
	}
	if examples < 20 {
		t.Errorf("only %d examples were found", examples)
	}
}

// TestDocsTheShippedExampleLoads holds the whole example against all checks, those of its playbooks included.
func TestDocsTheShippedExampleLoads(t *testing.T) {
	file := filepath.Join(docsRoot, "configs", "example", "firebreak.yaml")
	for _, m := range regexp.MustCompile(`\$\{env:([A-Z_]+)\}`).FindAllStringSubmatch(readDoc(t, file), -1) {
		t.Setenv(m[1], "secret")
	}
	if _, faults := LoadConfig(file); len(faults) > 0 {
		var b bytes.Buffer
		if err := configs.Render(&b, faults, false); err != nil {
			t.Fatal(err)
		}
		t.Error(b.String())
	}
}

// docKeys lists the keys of a schema, as "rules[].long": lists have [], maps whose values have keys of their own have *.
func docKeys(node map[string]any, defs map[string]any, path string) []string {
	if options, is := node["anyOf"].([]any); is {
		for _, option := range options {
			if o, is := option.(map[string]any); is && o["$ref"] != nil {
				node = o
			}
		}
	}
	if ref, is := node["$ref"].(string); is {
		node, _ = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	if properties, is := node["properties"].(map[string]any); is {
		var out []string
		for name, value := range properties {
			below := name
			if path != "" {
				below = path + "." + name
			}
			inner, _ := value.(map[string]any)
			out = append(out, docKeys(inner, defs, below)...)
		}
		return out
	}
	if items, is := node["items"].(map[string]any); is {
		if below := docKeys(items, defs, path+"[]"); len(below) > 1 || below[0] != path+"[]" {
			return below
		}
		return []string{path}
	}
	if values, is := node["additionalProperties"].(map[string]any); is {
		if below := docKeys(values, defs, path+".*"); len(below) > 1 || below[0] != path+".*" {
			return below
		}
	}
	return []string{path}
}

var (
	docHeading = regexp.MustCompile(`(?m)^## ([a-z_]+)$`)
	docTicked  = regexp.MustCompile("`([^`]+)`")
)

// TestDocsEveryKeyIsTold compares the tables of the configuration's document with what the program reads.
func TestDocsEveryKeyIsTold(t *testing.T) {
	data, err := Schema(false)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]map[string]any `json:"properties"`
		Defs       map[string]any            `json:"$defs"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	text := readDoc(t, filepath.Join(docsRoot, "docs", "configuration.md"))
	told := map[string][]string{}
	parts := docHeading.FindAllStringSubmatchIndex(text, -1)
	for i, at := range parts {
		end := len(text)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		section := text[at[2]:at[3]]
		inTable := false
		for line := range strings.Lines(text[at[1]:end]) {
			cells := strings.Split(line, " | ")
			inTable = strings.HasPrefix(line, "|") && (inTable || strings.HasPrefix(cells[0], "| key"))
			if !inTable {
				continue
			}
			for _, m := range docTicked.FindAllStringSubmatch(cells[0], -1) {
				told[section] = append(told[section], m[1])
			}
		}
	}
	for section, node := range schema.Properties {
		want := docKeys(node, schema.Defs, "")
		for i := range want {
			want[i] = strings.TrimPrefix(strings.TrimPrefix(want[i], "[]"), ".")
		}
		slices.Sort(want)
		got := told[section]
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the section %s (-read by the program +told in docs/configuration.md):\n%s", section, diff)
		}
	}
	for section := range told {
		if schema.Properties[section] == nil {
			t.Errorf("docs/configuration.md tells of a section %s", section)
		}
	}
}

// TestDocsEveryActionIsTold holds the reference of playbooks against the catalogue.
func TestDocsEveryActionIsTold(t *testing.T) {
	text := readDoc(t, filepath.Join(docsRoot, "docs", "playbooks.md"))
	for _, action := range (Config{}).catalogue() {
		row := ""
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "| `"+action.Name+"`") {
				row = line
			}
		}
		for _, p := range action.Params {
			want := "`" + p.Name + "`"
			if p.Required {
				want = "**" + want + "**"
			}
			if !strings.Contains(row, want) {
				t.Errorf("the row of %s does not tell of %s", action.Name, want)
			}
		}
		for name := range action.Outputs {
			if !strings.Contains(row, "`"+name+"`") {
				t.Errorf("the row of %s does not tell of the output %s", action.Name, name)
			}
		}
		usual := "ask"
		switch {
		case action.Rollback:
		case action.Verifies:
			usual = "verify"
		case action.Idempotent:
			usual = "retry"
		}
		if !strings.HasSuffix(strings.TrimSpace(row), "| "+usual+" |") {
			t.Errorf("the row of %s does not end with its on_unknown, %s: %s", action.Name, usual, row)
		}
		if strings.Contains(row, "†") != action.Waits {
			t.Errorf("the row of %s is wrong about whether it waits", action.Name)
		}
	}
}

// TestDocsThePacksAreTold holds the page of each shipped pack against it: its signals, its names, its prices. Their queries are
// compared where they are read, in integrations/prometheus.
func TestDocsThePacksAreTold(t *testing.T) {
	for _, name := range packs.Names() {
		t.Run(name, func(t *testing.T) { packIsTold(t, name) })
	}
}

func packIsTold(t *testing.T, name string) {
	t.Helper()
	data, err := packs.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	var pack struct {
		Names   map[string]string `yaml:"names"`
		Signals []struct {
			Name string `yaml:"name"`
		} `yaml:"signals"`
		Prices []map[string]any `yaml:"prices"`
	}
	if err := yaml.Unmarshal(data, &pack); err != nil {
		t.Fatal(err)
	}
	text := readDoc(t, filepath.Join(docsRoot, "docs", "signals", name+".md"))
	if !strings.Contains(readDoc(t, filepath.Join(docsRoot, "docs", "signals.md")), "](signals/"+name+".md)") {
		t.Errorf("docs/signals.md does not link to the page of %s", name)
	}
	for _, s := range pack.Signals {
		if !strings.Contains(text, "\n| `"+s.Name+"` |") {
			t.Errorf("no row tells of the signal %s", s.Name)
		}
	}
	for name, value := range pack.Names {
		if row := "\n| `" + name + "` | `" + strings.ReplaceAll(value, "|", `\|`) + "` |"; !strings.Contains(text, row) {
			t.Errorf("no row tells of the name %s with %s", name, value)
		}
	}
	for _, p := range pack.Prices {
		row := regexp.MustCompile("\n\\| `" + regexp.QuoteMeta(fmt.Sprint(p["model"])) + "`[^|]*\\| ([0-9.]*) *\\| ([0-9.]*) *\\| ([0-9.]*) *\\| ([0-9.]*) *\\|").
			FindStringSubmatch(text)
		if row == nil {
			t.Errorf("no row tells of the price of %v", p["model"])
			continue
		}
		for i, kind := range []string{"input", "output", "cached_input", "cache_write"} {
			var told any
			if row[i+1] != "" {
				if err := yaml.Unmarshal([]byte(row[i+1]), &told); err != nil {
					t.Fatal(err)
				}
			}
			if fmt.Sprint(told) != fmt.Sprint(p[kind]) {
				t.Errorf("the price of %v %s is %v, told is %v", p["model"], kind, p[kind], told)
			}
		}
	}
}

// TestDocsEveryMetricIsTold compares the metrics that the whole program registers with those of docs/operations.md, both ways.
func TestDocsEveryMetricIsTold(t *testing.T) {
	var config Config
	text := docComplete("store: {url: \"sqlite:" + filepath.Join(t.TempDir(), "firebreak.db") + "\"}\nserver: {listen: \"127.0.0.1:0\"}\n")
	if faults := config.read("firebreak.yaml", []byte(text), t.TempDir(), docEnv(t)); len(faults) > 0 {
		t.Fatal(faults)
	}
	app, err := New(t.Context(), config, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := app.Abandon(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	described := make(chan *prometheus.Desc)
	go func() {
		app.registry.Describe(described)
		close(described)
	}()
	registered := map[string]bool{}
	for d := range described {
		if m := regexp.MustCompile(`fqName: "(firebreak_[a-z_]+)"`).FindStringSubmatch(d.String()); m != nil {
			registered[m[1]] = true
		}
	}
	document := readDoc(t, filepath.Join(docsRoot, "docs", "operations.md"))
	rows := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(firebreak_[a-z_]+)`").FindAllStringSubmatch(document, -1) {
		rows[m[1]] = true
	}
	if diff := cmp.Diff(registered, rows); diff != "" {
		t.Errorf("metrics (-registered +told in docs/operations.md):\n%s", diff)
	}
	for file, text := range manuals(t) {
		for _, name := range regexp.MustCompile(`firebreak_[a-z_]+`).FindAllString(text, -1) {
			plain := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_count"), "_sum"), "_bucket")
			if !registered[name] && !registered[plain] && name != "firebreak_part" {
				t.Errorf("%s tells of %s, which does not exist", file, name)
			}
		}
	}
}

// TestDocsRulesAreGoodPromQL parses the alerts of docs/operations.md.
func TestDocsRulesAreGoodPromQL(t *testing.T) {
	rules := 0
	for _, b := range docBlocks("docs/operations.md", readDoc(t, filepath.Join(docsRoot, "docs", "operations.md"))) {
		if b.kind != "yaml rules" {
			continue
		}
		var file struct {
			Groups []struct {
				Rules []struct {
					Alert string `yaml:"alert"`
					Expr  string `yaml:"expr"`
				} `yaml:"rules"`
			} `yaml:"groups"`
		}
		if err := yaml.Unmarshal([]byte(b.text), &file); err != nil {
			t.Fatal(err)
		}
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				rules++
				if _, err := parser.NewParser(parser.Options{}).ParseExpr(rule.Expr); err != nil {
					t.Errorf("%s: %s: %v", b, rule.Alert, err)
				}
			}
		}
	}
	if rules == 0 {
		t.Error("no rules were found")
	}
}

// TestDocsEveryPackageIsOnTheMap finds the packages that ARCHITECTURE.md does not name, and those that it names in vain.
func TestDocsEveryPackageIsOnTheMap(t *testing.T) {
	text := readDoc(t, filepath.Join(docsRoot, "ARCHITECTURE.md"))
	known := map[string]bool{}
	err := filepath.WalkDir(docsRoot, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); path != docsRoot && (strings.HasPrefix(name, ".") || name == "testdata" || name == "tools") {
			return filepath.SkipDir
		}
		if _, err := build.ImportDir(path, 0); err != nil {
			return nil //nolint:nilerr // a folder without Go files
		}
		name := strings.TrimPrefix(path, docsRoot+"/")
		known[name] = true
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("ARCHITECTURE.md does not name the package %s", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range docTicked.FindAllStringSubmatch(text, -1) {
		if top, _, nested := strings.Cut(m[1], "/"); nested && !strings.ContainsAny(m[1], " *") && known[top] && !known[m[1]] {
			t.Errorf("ARCHITECTURE.md names %s, which is no package", m[1])
		}
	}
}

var (
	docLink   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	docTitles = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// docAnchor is how a heading is named in a link.
func docAnchor(title string) string {
	title = strings.ToLower(strings.ReplaceAll(title, "`", ""))
	return strings.ReplaceAll(regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(title, ""), " ", "-")
}

// TestDocsLinksLeadSomewhere follows every link within the repository.
func TestDocsLinksLeadSomewhere(t *testing.T) {
	texts := manuals(t)
	anchors := map[string]bool{}
	for file, text := range texts {
		for _, title := range docTitles.FindAllStringSubmatch(text, -1) {
			anchors[file+"#"+docAnchor(title[1])] = true
		}
	}
	for file, text := range texts {
		for _, m := range docLink.FindAllStringSubmatch(text, -1) {
			path, fragment, _ := strings.Cut(m[1], "#")
			target := file
			switch {
			case strings.Contains(m[1], "://"):
				continue
			case path != "":
				target = filepath.Join(filepath.Dir(file), path)
			}
			if _, err := os.Stat(filepath.Join(docsRoot, target)); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
			if fragment != "" && !anchors[target+"#"+fragment] {
				t.Errorf("%s links to %s, and there is no such heading", file, m[1])
			}
		}
	}
}
