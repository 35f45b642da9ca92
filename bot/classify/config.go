package classify

import (
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Config is a team's own rules.
type Config struct {
	Rules []Rule `yaml:"rules" doc:"Which paths are which kind of change; the first rule that matches a path decides, these before the shipped ones."`
}

// Rule gives a kind, and services, to paths.
type Rule struct {
	// Repository is a glob of "owner/name"; empty means every repository.
	Repository string `yaml:"repository" doc:"A glob of owner/name; every repository when left out."`
	// Paths are doublestar globs, matched against the whole path without regard to case.
	Paths []string `yaml:"paths" doc:"Globs of paths, as prompts/** or **/*.prompt."`
	Kind  bot.Kind `yaml:"kind" doc:"The kind of change that these paths are." enum:"prompt,policy,model,guardrail,retrieval,embedding,vendor,price,flag,config,infrastructure,evaluation,code"`
	// Services are touched by a change of these paths, besides those that claim the paths themselves.
	Services []string `yaml:"services" doc:"Services that these paths belong to, besides those that claim them."`
}

// Check reports every fault of the rules.
func (c Config) Check(r *diag.Report) {
	kinds := make([]string, 0, len(bot.Kinds()))
	for _, k := range bot.Kinds() {
		kinds = append(kinds, string(k))
	}
	rules := r.At("rules")
	for i, rule := range c.Rules {
		at := rules.Index(i)
		at.OneOf("kind", "unknown-kind", "kind of change", string(rule.Kind), kinds)
		if len(rule.Paths) == 0 {
			at.Faultf("paths", "missing", "a rule needs at least one path").Suggest(`add paths, such as ["prompts/**"]`)
		}
		CheckGlobs(at, "paths", rule.Paths)
		if rule.Repository != "" && !doublestar.ValidatePattern(rule.Repository) {
			at.Faultf("repository", "bad-glob", "%q is not a glob", rule.Repository)
		}
	}
}

// CheckServices reports rules that name services which do not exist.
func (c Config) CheckServices(r *diag.Report, known []string) {
	for i, rule := range c.Rules {
		for j, name := range rule.Services {
			r.At("rules").Index(i).At("services").Index(j).OneOf("", "unknown-service", "service", name, known)
		}
	}
}

// CheckGlobs reports the patterns in a list that are not globs.
func CheckGlobs(r *diag.Report, field string, patterns []string) {
	at := r.At(field)
	for i, pattern := range patterns {
		switch {
		case pattern == "":
			at.Index(i).Faultf("", "bad-glob", "a glob must not be empty").Suggest(`write "**" for every path`)
		case !doublestar.ValidatePattern(pattern):
			at.Index(i).Faultf("", "bad-glob", "%q is not a glob", pattern).
				Suggest(`close every [ and {, and put \ before a character that is meant as itself`)
		}
	}
}

// Defaults are the shipped rules, in the order in which they are tried. What tells more comes first: a prompt inside an
// evaluation set is evaluation, a policy inside Terraform is infrastructure.
func Defaults() []Rule {
	const data = "{yaml,yml,json,jsonl,toml,csv}"
	return []Rule{
		{Kind: bot.Evaluation, Paths: []string{
			"**/{eval,evals,evaluation,evaluations,judges,graders,goldens}/**", "**/*.{eval,evals}." + data, "**/promptfoo*." + data,
			"**/*{_eval,-eval,_evals,-evals}." + data,
		}},
		{Kind: bot.Guardrail, Paths: []string{
			"**/{guardrail,guardrails,moderation,safety,content_filter,content_filters,content-filters}/**",
			"**/*guardrail*." + data, "**/*{moderation,content_filter,content-filter}*." + data, "**/*.{rail,co}",
		}},
		{Kind: bot.Prompt, Paths: []string{
			"**/{prompt,prompts,system_prompts,personas,few_shot,few-shot,fewshot}/**",
			"**/*.{prompt,prompty,promptl}", //nolint:misspell // .prompty is a file format
			"**/*.prompt.*", "**/*{_prompt,-prompt,_prompts,-prompts}.*", "**/{prompt,prompts}.*",
			"**/system*.{md,txt,j2,jinja,jinja2,tmpl,mustache,hbs}",
		}},
		{Kind: bot.Embedding, Paths: []string{
			"**/{embedding,embeddings,embedder,embedders}/**", "**/*embedd{ing,er}*." + data,
		}},
		{Kind: bot.Retrieval, Paths: []string{
			"**/{retrieval,retriever,retrievers,rag,corpus,corpora,knowledge,knowledge_base,knowledge-base,indexes,indices}/**",
			"**/{chunking,reranker,rerankers,vectorstore,vectorstores,vector_store}/**",
			"**/*{retriev,rerank,chunking,corpus,vectorstore}*." + data,
		}},
		{Kind: bot.Price, Paths: []string{"**/{price,prices,pricing}/**", "**/{price,prices,pricing}*." + data}},
		{Kind: bot.Model, Paths: []string{
			"**/models/**/*.{yaml,yml,json,toml,lock}", "**/{model,models,litellm,generation_config}*.{yaml,yml,json,toml,lock}",
			"**/*{_model,-model,_models,-models,.model,.models}.{yaml,yml,json,toml,lock}",
			"**/{lora,loras,adapters}/**/*.{json,safetensors,bin}", "**/*.{safetensors,gguf,onnx}", "**/.model-version*",
		}},
		{Kind: bot.Flag, Paths: []string{
			"**/{flags,feature_flags,feature-flags,featureflags,experiments}/**", "**/{flags,feature_flags,feature-flags,flagd}*." + data,
			"**/*.flags." + data,
		}},
		{Kind: bot.Infrastructure, Paths: []string{
			"**/*.{tf,tfvars,hcl}", "**/{terraform,helm,charts,k8s,kubernetes,kustomize,manifests,deploy,deployment,argocd,ansible,pulumi}/**",
			"**/kustomization.{yaml,yml}", "**/dockerfile*", "**/*.dockerfile", "**/{docker-compose,compose}*.{yaml,yml}",
			".github/workflows/**", ".gitlab-ci.yml", "**/chart.yaml",
		}},
		{Kind: bot.Policy, Paths: []string{
			"**/{policy,policies}/**", "**/*{_policy,-policy,.policy,_policies,-policies}.*", "**/{policy,policies}.*", "**/*.rego",
		}},
		{Kind: bot.Config, Paths: []string{
			"**/{config,configs,conf,settings}/**/*.{yaml,yml,json,toml,ini,env,properties,cfg,conf}",
			"**/*.{yaml,yml,toml,ini,env,properties,cfg,conf}", "**/{config,settings}*.json", "**/.env*",
		}},
		{Kind: bot.Code, Paths: []string{"**"}},
	}
}

// WithDefaults returns the team's own rules followed by the shipped ones.
func (c Config) WithDefaults() []Rule { return slices.Concat(c.Rules, Defaults()) }
