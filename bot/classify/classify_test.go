package classify_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/classify"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

func TestShippedRulesKnowThePathsOfTheField(t *testing.T) {
	for path, want := range map[string]bot.Kind{
		"prompts/support/system.md":            bot.Prompt,
		"services/support/prompts/refund.j2":   bot.Prompt,
		"app/answer.prompt":                    bot.Prompt,
		"app/SYSTEM_v3.md":                     bot.Prompt,
		"src/summary_prompt.py":                bot.Prompt,
		"policies/refunds.yaml":                bot.Policy,
		"app/usage-policy.md":                  bot.Policy,
		"opa/allow.rego":                       bot.Policy,
		"models.yaml":                          bot.Model,
		"deployments/models/gpt.lock":          bot.Model,
		"litellm-config.yaml":                  bot.Model,
		"adapters/support/adapter_config.json": bot.Model,
		"app/models/user.py":                   bot.Code,
		"retrieval/query.py":                   bot.Retrieval,
		"data/corpus/faq.md":                   bot.Retrieval,
		"conf/reranker.yaml":                   bot.Retrieval,
		"search/indexes/products.json":         bot.Retrieval,
		"embeddings/model.txt":                 bot.Embedding,
		"config/embedding_model.yaml":          bot.Embedding,
		"guardrails/pii.yaml":                  bot.Guardrail,
		"app/moderation/rules.py":              bot.Guardrail,
		"evals/prompts/case1.md":               bot.Evaluation,
		"promptfooconfig.yaml":                 bot.Evaluation,
		"flags/rollout.json":                   bot.Flag,
		"feature-flags.yaml":                   bot.Flag,
		"terraform/policies/iam.json":          bot.Infrastructure,
		"infra/main.tf":                        bot.Infrastructure,
		"helm/support/values.yaml":             bot.Infrastructure,
		"k8s/base/deployment.yaml":             bot.Infrastructure,
		"Dockerfile":                           bot.Infrastructure,
		".github/workflows/ci.yml":             bot.Infrastructure,
		"prices/openai.csv":                    bot.Price,
		"pricing.yaml":                         bot.Price,
		"config/app.json":                      bot.Config,
		"service.toml":                         bot.Config,
		"config/loader.go":                     bot.Code,
		"cmd/main.go":                          bot.Code,
		"README.md":                            bot.Code,
	} {
		if got := classify.KindOf(classify.Defaults(), "acme/assistants", path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func TestEveryKindButTheVendorsHasAShippedRule(t *testing.T) {
	for _, kind := range bot.Kinds() {
		has := slices.ContainsFunc(classify.Defaults(), func(r classify.Rule) bool { return r.Kind == kind })
		if vendor := kind == bot.Vendor; has == vendor {
			t.Errorf("%s has a rule: %v", kind, has) // what a vendor changes has no path
		}
	}
	r := diag.New()
	classify.Config{Rules: classify.Defaults()}.Check(r)
	if r.Len() > 0 {
		t.Errorf("the shipped rules are faulty: %+v", r.Faults())
	}
}

func TestEditorsOfferEveryKind(t *testing.T) {
	f, _ := reflect.TypeFor[classify.Rule]().FieldByName("Kind")
	var want []string
	for _, kind := range bot.Kinds() {
		want = append(want, string(kind))
	}
	if d := cmp.Diff(want, strings.Split(f.Tag.Get("enum"), ",")); d != "" {
		t.Error(d)
	}
}

func services() []bot.Service {
	return []bot.Service{
		{
			Name: "support", Environments: []string{"production"},
			Repositories: []bot.Repository{{Name: "acme/assistants", Paths: []string{"prompts/support/**", "services/support/**"}}},
			Rollback:     map[bot.Kind]string{bot.Prompt: "github.revert", bot.Model: "argo.undo"},
		},
		{Name: "sales", Repositories: []bot.Repository{{Name: "acme/assistants", Paths: []string{"prompts/sales/**"}}}},
		{Name: "search", Repositories: []bot.Repository{{Name: "acme/search"}}},
	}
}

func TestClassify(t *testing.T) {
	own := classify.Config{Rules: []classify.Rule{
		{Paths: []string{"services/support/answers/*.py"}, Kind: bot.Prompt},
		{Repository: "acme/sear*", Paths: []string{"synonyms/**"}, Kind: bot.Retrieval, Services: []string{"sales"}},
	}}.WithDefaults()
	for name, c := range map[string]struct {
		in       bot.Change
		kinds    []bot.Kind
		services []string
		rollback string
	}{
		"the most telling kind names a change of several": {
			bot.Change{Source: "github", Number: 7, Repository: "acme/assistants", Paths: []string{"services/support/main.go", "prompts/support/a.md", "evals/x.yaml"}},
			[]bot.Kind{bot.Prompt, bot.Evaluation, bot.Code},
			[]string{"support"},
			"github.revert",
		},
		"an own rule comes before the shipped ones": {
			bot.Change{Source: "github", Number: 7, Repository: "acme/assistants", Paths: []string{"services/support/answers/refund.py"}},
			[]bot.Kind{bot.Prompt},
			[]string{"support"},
			"github.revert",
		},
		"an own rule may name services of another repository": {
			bot.Change{Repository: "acme/search", Paths: []string{"synonyms/de.txt"}},
			[]bot.Kind{bot.Retrieval},
			[]string{"sales", "search"},
			"",
		},
		"the repository's name is matched without regard to case": {
			bot.Change{Repository: "Acme/Assistants", Paths: []string{"prompts/sales/a.md"}},
			[]bot.Kind{bot.Prompt},
			[]string{"sales"},
			"",
		},
		"without paths every service of the repository counts as touched": {
			bot.Change{Repository: "acme/assistants"}, []bot.Kind{bot.Code}, []string{"support", "sales"}, "",
		},
		"an environment that a service does not have is not its own": {
			bot.Change{Repository: "acme/assistants", Environment: "staging"}, []bot.Kind{bot.Code}, []string{"sales"}, "",
		},
		"what the source said is kept": {
			bot.Change{Kind: bot.Model, Services: []string{"support", "elsewhere"}, Paths: nil},
			[]bot.Kind{bot.Model},
			[]string{"support", "elsewhere"},
			"argo.undo",
		},
		"what a registry published is no pull request that could be reverted": {
			bot.Change{Source: "prompt-registry", Kind: bot.Prompt, Services: []string{"support"}}, []bot.Kind{bot.Prompt}, []string{"support"}, "",
		},
		"a push is no pull request either": {
			bot.Change{Source: "github", Repository: "acme/assistants", Paths: []string{"prompts/support/a.md"}, MergedAt: time.Unix(1, 0)}, []bot.Kind{bot.Prompt}, []string{"support"}, "",
		},
		"what has not landed yet will be a pull request": {
			bot.Change{Repository: "acme/assistants", Paths: []string{"prompts/support/a.md"}}, []bot.Kind{bot.Prompt}, []string{"support"}, "github.revert",
		},
		"a source's rollback is kept": {
			bot.Change{Repository: "acme/assistants", Paths: []string{"prompts/support/a.md"}, Rollback: "flags.off"},
			[]bot.Kind{bot.Prompt},
			[]string{"support"},
			"flags.off",
		},
		"a repository that nobody claims touches nothing": {
			bot.Change{Repository: "acme/website", Paths: []string{"index.html"}}, []bot.Kind{bot.Code}, nil, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := classify.Classify(own, services(), c.in)
			if d := cmp.Diff(c.kinds, got.Kinds); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.services, got.Services); d != "" {
				t.Error(d)
			}
			if got.Rollback != c.rollback {
				t.Errorf("rollback %q, want %q", got.Rollback, c.rollback)
			}
			if again := classify.Classify(own, services(), got); !cmp.Equal(again, got) {
				t.Errorf("a second time gives something else: %s", cmp.Diff(got, again))
			}
		})
	}
}

func TestTheOrderOfPathsDoesNotMatter(t *testing.T) {
	path := rapid.SampledFrom([]string{"prompts/support/a.md", "evals/a.yaml", "main.go", "models.yaml", "k8s/x.yaml", "prompts/sales/b.md"})
	rapid.Check(t, func(t *rapid.T) {
		paths := rapid.SliceOf(path).Draw(t, "paths")
		shuffled := rapid.Permutation(paths).Draw(t, "shuffled")
		a := classify.Classify(classify.Defaults(), services(), bot.Change{Repository: "acme/assistants", Paths: paths})
		b := classify.Classify(classify.Defaults(), services(), bot.Change{Repository: "acme/assistants", Paths: shuffled})
		a.Paths, b.Paths = nil, nil
		if d := cmp.Diff(a, b); d != "" {
			t.Fatal(d)
		}
	})
}

func TestCheckTellsEveryFault(t *testing.T) {
	r := diag.New()
	c := classify.Config{Rules: []classify.Rule{
		{Kind: "promt", Paths: []string{"a/**", "b/[", ""}, Repository: "{"},
		{Kind: bot.Code, Services: []string{"supprt"}},
	}}
	c.Check(r)
	c.CheckServices(r, []string{"support"})
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+" "+f.Code+" "+f.Fix)
	}
	want := []string{
		`rules[0].kind unknown-kind did you mean "prompt"?`,
		`rules[0].paths[1] bad-glob close every [ and {, and put \ before a character that is meant as itself`,
		`rules[0].paths[2] bad-glob write "**" for every path`,
		`rules[0].repository bad-glob `,
		`rules[1].paths missing add paths, such as ["prompts/**"]`,
		`rules[1].services[0] unknown-service did you mean "support"?`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// FuzzClassify proves that no path or pattern can stop the program and that every path has a kind.
func FuzzClassify(f *testing.F) {
	f.Add("prompts/a.md", "**/[")
	f.Fuzz(func(t *testing.T, path, pattern string) {
		rules := classify.Config{Rules: []classify.Rule{{Paths: []string{pattern}, Kind: bot.Flag}}}.WithDefaults()
		if got := classify.Classify(rules, services(), bot.Change{Repository: pattern, Paths: []string{path}}); got.Kind == "" {
			t.Errorf("%q has no kind", path)
		}
	})
}

func BenchmarkClassifyThreeHundredPaths(b *testing.B) {
	paths := make([]string, 0, 300)
	for len(paths) < 300 {
		paths = append(paths, "services/support/internal/handler/deeply/nested/file.go")
	}
	rules := classify.Defaults()
	b.ReportAllocs()
	for b.Loop() {
		classify.Classify(rules, services(), bot.Change{Repository: "acme/assistants", Paths: paths})
	}
}
