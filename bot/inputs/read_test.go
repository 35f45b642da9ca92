package inputs_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/inputs"
)

func told(pins []inputs.Pin) []string {
	var out []string
	for _, p := range pins {
		out = append(out, fmt.Sprintf("%d %s %s = %s", p.Line, p.Kind, p.Name, p.Version))
	}
	return out
}

func TestPinsAreReadOutOfWhatPeopleWrite(t *testing.T) {
	for name, tt := range map[string]struct {
		kind bot.Kind
		path string
		text string
		want []string
	}{
		"a model in YAML": {
			bot.Config, "config/support.yaml", "temperature: 0.2\nmodel: gpt-4o-2024-08-06 # pinned\n",
			[]string{"2 model model = gpt-4o-2024-08-06"},
		},
		"several agents, and what models are used for": {bot.Config, "agents.yml", `
agents:
  support:
    model_name: "claude-sonnet-4-20250514"
    prompt: {name: support-chat, version: 12}
    retrieval:
      index_name: faq
      index_version: '2026-11-20'
      reranker: {model: rerank-v3.5}
    embedding:
      model: text-embedding-3-large
  judge:
    model: gpt-5-mini
`, []string{
			"4 model agents.support.model_name = claude-sonnet-4-20250514", "5 prompt support-chat = 12",
			"7 retrieval agents.support.retrieval.index_name = faq", "8 retrieval agents.support.retrieval.index_version = 2026-11-20",
			"9 retrieval agents.support.retrieval.reranker.model = rerank-v3.5", "11 embedding agents.support.embedding.model = text-embedding-3-large",
			"13 evaluation agents.judge.model = gpt-5-mini",
		}},
		"LiteLLM's list, where model_name is an alias": {bot.Model, "litellm.yaml", `
model_list:
  - model_name: support
    litellm_params:
      model: azure/gpt-4o
      api_key: os.environ/AZURE_API_KEY
  - model_name: search
    litellm_params: {model: openai/gpt-4o-mini, rpm: 6}
`, []string{
			"5 model model_list[support].litellm_params.model = azure/gpt-4o", "8 model model_list[search].litellm_params.model = openai/gpt-4o-mini",
		}},
		"LiteLLM's prices": {
			bot.Price, "model_prices.json", "{\n \"gpt-4o\": {\n  \"input_cost_per_token\": 2.5e-06,\n  \"litellm_provider\": \"openai\"}\n}",
			[]string{"3 price gpt-4o.input_cost_per_token = 2.5e-06"},
		},
		"a prompt's front matter": {
			bot.Prompt, "prompts/support/system.md", "---\nname: support-chat\nversion: 7\nmodel: gpt-4o\n---\nYou are kind.\nmodel: none-of-this\n",
			[]string{"3 prompt support-chat = 7", "4 model model = gpt-4o"},
		},
		"a prompt named by its file": {
			bot.Prompt, "prompts/refusals.prompt.md", "+++\nversion = \"2026-11-20\"\n+++\nNever say model: x\n",
			[]string{"2 prompt refusals = 2026-11-20"},
		},
		"a text without front matter":       {bot.Prompt, "prompts/system.md", "model: gpt-4o\nversion: 3\n", nil},
		"a front matter that never ends":    {bot.Prompt, "prompts/system.md", "---\nmodel: gpt-4o\n", nil},
		"a version of something else":       {bot.Infrastructure, "docker-compose.yaml", "version: '3.8'\nservices: {web: {image: 'web:1'}}\n", nil},
		"an engine of something else":       {bot.Config, "db.yaml", "engine: postgres\ndeployment_name: web\n", nil},
		"an engine of Azure OpenAI":         {bot.Config, "azure.json", `{"engine": "gpt-35-turbo", "deploymentName": "gpt-4o"}`, []string{"1 model engine = gpt-35-turbo", "1 model deploymentName = gpt-4o"}},
		"a name and its version":            {bot.Config, "m.yaml", "model:\n  name: gpt-4o\n  version: 2024-08-06\n", []string{"3 model model = gpt-4o@2024-08-06"}},
		"a name alone":                      {bot.Config, "m.yaml", "model: {provider: openai, name: gpt-4o}\n", []string{"1 model model = gpt-4o"}},
		"a label of a prompt registry":      {bot.Config, "p.yaml", "prompts:\n  - name: support\n    label: production\n", []string{"3 prompt support = production"}},
		"versions by name":                  {bot.Config, "p.yaml", "prompts:\n  support: 12\n  sales: v3\n  text: Be nice\nmodels: {fast: gpt-4o-mini}\n", []string{"2 prompt prompts.support = 12", "3 prompt prompts.sales = v3", "5 model models.fast = gpt-4o-mini"}},
		"TOML with tables":                  {bot.Config, "app.toml", "[agents.support]\nmodel = \"gpt-4o\"\nprompt = { name = \"chat\", version = 4 }\n[[corpora]]\nname = \"faq\"\nversion = \"2026-11\"\n", []string{"2 model agents.support.model = gpt-4o", "3 prompt chat = 4", "6 retrieval faq = 2026-11"}},
		"an environment file":               {bot.Config, ".env.production", "export SUPPORT_MODEL=gpt-4o\nDATA_MODEL=star\nPROMPT_VERSION=9\nOPENAI_API_KEY=sk-abc\n", []string{"1 model SUPPORT_MODEL = gpt-4o", "3 prompt PROMPT_VERSION = 9"}},
		"Kubernetes' environment":           {bot.Infrastructure, "k8s/support.yaml", "spec:\n  containers:\n  - name: app\n    env:\n    - name: MODEL_NAME\n      value: gpt-4o\n    - {name: LOG, value: info}\n", []string{"6 model spec.containers[app].env.MODEL_NAME = gpt-4o"}},
		"a compose file's environment":      {bot.Infrastructure, "compose.yaml", "services:\n  app:\n    environment:\n      - MODEL=gpt-4o\n", []string{"4 model services.app.MODEL = gpt-4o"}},
		"Bedrock's guardrail":               {bot.Guardrail, "guardrail.json", `{"guardrailIdentifier": "gr-1", "guardrailVersion": "3"}`, []string{"1 guardrail guardrailIdentifier = gr-1", "1 guardrail guardrailVersion = 3"}},
		"a guardrail's own version":         {bot.Guardrail, "guardrails/pii.yaml", "version: 1.4.0\nrules: [email]\n", []string{"1 guardrail pii = 1.4.0"}},
		"a moderation model":                {bot.Config, "a.yaml", "moderation:\n  model: omni-moderation-2024-09-26\n", []string{"2 guardrail moderation.model = omni-moderation-2024-09-26"}},
		"a policy and an evaluation set":    {bot.Config, "a.json", `{"policy": {"name": "refusals", "version": "2026.1"}, "eval_set": "golden-v4", "judge_model": "gpt-5"}`, []string{"1 evaluation eval_set = golden-v4", "1 evaluation judge_model = gpt-5", "1 policy refusals = 2026.1"}},
		"a corpus":                          {bot.Retrieval, "corpus.yaml", "corpus_version: 12\nindex: {name: faq-2026-11-20}\n", []string{"1 retrieval corpus_version = 12", "2 retrieval index = faq-2026-11-20"}},
		"a prompt's words are no version":   {bot.Config, "a.yaml", "prompt: You are kind and never refuse.\nsystem_prompt: Hello\nprompt_template: |\n  model: gpt-4o\n  version: 3\nmodel: >-\n  gpt-4o\n", nil},
		"a quoted text over several lines":  {bot.Config, "a.yaml", "prompt: \"You are\n  model: gpt-4\n  kind\"\nmodel: gpt-4o\n", []string{"4 model model = gpt-4o"}},
		"references are no pins":            {bot.Config, "a.yaml", "model: ${MODEL}\nmodel_name: {{ .Values.model }}\nbase_model: *m\nchat_model: null\n", nil},
		"a template that is not quite YAML": {bot.Config, "values.yaml.tmpl", "{{- if .x }}\nmodel: gpt-4o\n{{- end }}\n", []string{"2 model model = gpt-4o"}},
		"anchors and tags":                  {bot.Config, "a.yaml", "model: &m gpt-4o\nchat_model: !!str gpt-4o-mini\n", []string{"1 model model = gpt-4o", "2 model chat_model = gpt-4o-mini"}},
		"several documents":                 {bot.Config, "a.yaml", "model: a\n---\nmodel: b\n", []string{"1 model model = a", "3 model [1].model = b"}},
		"lines of JSON":                     {bot.Config, "a.jsonl", "{\"model\": \"a\"}\n{\"model\": \"b\"}\n", []string{"1 model model = a", "2 model [1].model = b"}},
		"JSON with comments":                {bot.Config, "a.jsonc", "{ // which\n \"model\": \"gpt-4o\", /* x */ }", []string{"2 model model = gpt-4o"}},
		"half a JSON":                       {bot.Config, "a.json", "{\"a\": {\"model\": \"gpt-4o\", \"b\": [", []string{"1 model a.model = gpt-4o"}},
		"keys that are sentences":           {bot.Config, "a.json", `{"You are kind": {"model": "gpt-4o"}, "models": {"say hello": "gpt-4o"}}`, []string{"1 model ….model = gpt-4o"}},
		"the same name twice":               {bot.Config, "a.toml", "[a]\nmodel = 'x'\n[a]\nmodel = 'y'\n", []string{"2 model a.model = x", "4 model a.model#2 = y"}},
		"a secret under a key of the table": {bot.Config, "a.yaml", "model: sk-live-0123456789\nmodel_id: https://me:pw@host/model\n", nil},
		"a file that is a version":          {bot.Model, ".model-version", "gpt-4o-2024-11-20\n", []string{"1 model model_version = gpt-4o-2024-11-20"}},
		"code":                              {bot.Code, "a.py", "model = 'gpt-4o'\n", nil},
		"a binary":                          {bot.Config, "a.json", "{\"model\": \"gpt-4o\"}\x00", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, told(inputs.Read(tt.kind, tt.path, []byte(tt.text)))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestReadingIsBounded(t *testing.T) {
	if got := inputs.Read(bot.Config, "a.yaml", []byte("model: a\n"+strings.Repeat("#", inputs.MaxSize))); got != nil {
		t.Errorf("a file larger than a mebibyte is read: %v", got)
	}
	many := strings.Builder{}
	for i := range 5000 {
		fmt.Fprintf(&many, "a%d:\n  model: gpt-4o\n", i)
	}
	if got := inputs.Read(bot.Config, "a.yaml", []byte(many.String())); len(got) != 100 {
		t.Errorf("%d pins of one file, want 100", len(got))
	}
	for _, deep := range []string{strings.Repeat("[", 1<<20), strings.Repeat("{a:", 300_000), strings.Repeat("- ", 500_000), strings.Repeat("a.", 500_000) + "b = 1"} {
		for _, file := range []string{"a.yaml", "a.json", "a.toml"} {
			inputs.Read(bot.Config, file, []byte(deep)[:min(len(deep), inputs.MaxSize)])
		}
	}
}

func TestCompareTellsOldAndNew(t *testing.T) {
	const base = "model: gpt-4o-2024-08-06\ncorpus_version: 11\njudge_model: gpt-5\n"
	const head = "# newer\nmodel: gpt-4o-2024-08-06\ncorpus_version: 12\nembedding_model: e5-large\n"
	want := []bot.Input{
		{Kind: bot.Model, Name: "model", Path: "m.yaml", Line: 2, Old: "gpt-4o-2024-08-06", New: "gpt-4o-2024-08-06"},
		{Kind: bot.Retrieval, Name: "corpus_version", Path: "m.yaml", Line: 3, Old: "11", New: "12"},
		{Kind: bot.Embedding, Name: "embedding_model", Path: "m.yaml", Line: 4, New: "e5-large"},
		{Kind: bot.Evaluation, Name: "judge_model", Path: "m.yaml", Old: "gpt-5"},
	}
	if d := cmp.Diff(want, inputs.Compare(bot.Model, "m.yaml", []byte(base), []byte(head))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for name, sides := range map[string][2][]byte{"a new file": {nil, []byte(base)}, "a removed one": {[]byte(base), nil}} {
		for _, in := range inputs.Compare(bot.Model, "m.yaml", sides[0], sides[1]) {
			if in.Old != "" && in.New != "" || !in.Changed() {
				t.Errorf("%s: %+v", name, in)
			}
		}
	}
}

func TestOfManyPinsThoseThatChangedAreTold(t *testing.T) {
	list := func(last string) []byte {
		var b strings.Builder
		for i := range 999 {
			fmt.Fprintf(&b, "m%d: {input_price: 1}\n", i)
		}
		return []byte(b.String() + "last: {input_price: " + last + "}\n")
	}
	got := inputs.Compare(bot.Price, "prices.yaml", list("1"), list("2"))
	if len(got) != 100 || got[0] != (bot.Input{Kind: bot.Price, Name: "last.input_price", Path: "prices.yaml", Line: 1000, Old: "1", New: "2"}) {
		t.Errorf("%d: %+v", len(got), got[0])
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"model: gpt-4o\n", "---\nversion: 3\n---\n", "{\"a\": [{\"model\": \"x\"}]}", "[a.b]\nmodel = \"x\"\n", "- - a: {b: c}\n  d: |\n   e\n",
		"+++\nversion = 1\n+++", "a: \"b\n c: d\"\n", "env:\n- name: MODEL\n  value: gpt-4o\n", "'''", "\"\\u00", "a: &x !y 'z'", "prompt: a secret sentence",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, file := range []string{"a.yaml", "a.json", "a.toml", "a.md", ".env"} {
			pins := inputs.Read(bot.Prompt, file, []byte(text))
			if len(pins) > 100 {
				t.Fatalf("%d pins", len(pins))
			}
			names := map[string]bool{}
			for _, p := range pins {
				if !bot.IsPinned(p.Version) || strings.ContainsFunc(p.Version, unicode.IsSpace) {
					t.Fatalf("%s: %q is kept", file, p.Version)
				}
				if p.Line < 1 || p.Line > strings.Count(text, "\n")+1 || p.Name == "" {
					t.Fatalf("%s: %+v", file, p)
				}
				if id := string(p.Kind) + p.Name; names[id] {
					t.Fatalf("%s: %s twice", file, id)
				} else {
					names[id] = true
				}
			}
			for _, in := range inputs.Compare(bot.Prompt, file, []byte(text), []byte(text)) {
				if in.Changed() {
					t.Fatalf("%s: what is the same has changed: %+v", file, in)
				}
			}
		}
	})
}
