package inputs

import (
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// looks says how a value must look for its key to pin something.
type looks int

const (
	likeWord    looks = iota // any short word
	likeModel                // what models are called: gpt-…, claude-…, org/llama-…
	likeVersion              // a number, a date, a digest, a word with a number behind a hyphen
	likeNumber
)

// Key is one row of the table: what a key pins.
type Key struct {
	Kind  bot.Kind
	Looks looks
}

// keys is the table. Keys are compared in lower case with underscores (plain).
var keys = func() map[string]Key {
	table := map[string]Key{}
	for _, row := range []struct {
		kind  bot.Kind
		looks looks
		keys  string
	}{
		{bot.Model, likeWord, "model model_name model_id model_version model_alias model_uri base_model chat_model completion_model llm_model " +
			"model_deployment azure_deployment azure_openai_deployment openai_model anthropic_model fallback_model primary_model"},
		{bot.Model, likeModel, "engine llm deployment deployment_name deployment_id azure_deployment_name inference_profile foundation_model"},
		{bot.Prompt, likeWord, "prompt_version prompt_label prompt_tag prompt_revision template_version system_prompt_version prompt_template_version prompt_commit"},
		{bot.Prompt, likeVersion, "prompt system_prompt prompt_id prompt_name prompt_template"},
		{bot.Embedding, likeWord, "embedding_model embeddings_model embedding_model_name embedding_model_id embedding_model_version embed_model " +
			"embedding_version embeddings_version embedding_deployment embedding_deployment_name embedder_model"},
		{bot.Embedding, likeModel, "embedding embeddings embedder"},
		{bot.Retrieval, likeWord, "index_name index_version corpus corpus_name corpus_version collection_name collection_version knowledge_base_id " +
			"knowledge_base_version vector_store_id vector_store_version vectorstore_version index_snapshot retriever_version retrieval_version " +
			"chunking_version reranker_model rerank_model reranker_version"},
		{bot.Retrieval, likeModel, "reranker rerank"},
		{bot.Retrieval, likeVersion, "index collection knowledge_base vector_store"},
		{bot.Guardrail, likeWord, "guardrail_version guardrails_version guardrail_id guardrail_identifier guardrail_model guardrails_model moderation_model " +
			"moderation_version safety_model content_filter_version safety_version rail_version"},
		{bot.Guardrail, likeVersion, "guardrail guardrails content_filter"},
		{bot.Policy, likeWord, "policy_version policies_version content_policy_version safety_policy_version refusal_policy_version policy_bundle policy_revision"},
		{bot.Policy, likeVersion, "policy content_policy safety_policy"},
		{bot.Evaluation, likeWord, "eval_version evaluation_version eval_set eval_set_version evaluation_set evaluation_set_version eval_dataset " +
			"eval_dataset_version evaluation_dataset evaluation_dataset_version golden_set golden_set_version golden_dataset benchmark_version " +
			"judge_model grader_model evaluator_model"},
		{bot.Price, likeNumber, "input_cost_per_token output_cost_per_token input_cost_per_1k_tokens output_cost_per_1k_tokens cost_per_token " +
			"cost_per_1k_tokens cost_per_million_tokens input_cost_per_million_tokens output_cost_per_million_tokens cache_read_input_token_cost " +
			"cache_creation_input_token_cost price_per_token price_per_1k_tokens price_per_million_tokens input_price output_price cached_input_price " +
			"input_price_per_million output_price_per_million"},
		{bot.Price, likeWord, "price_version prices_version pricing_version price_list_version"},
	} {
		for key := range strings.FieldsSeq(row.keys) {
			table[key] = Key{row.kind, row.looks}
		}
	}
	return table
}()

// suffixes make of any key a pin, as SUPPORT_MODEL or summary_model_name, where the value looks like it.
var suffixes = []struct {
	suffix string
	Key
}{
	{"_embedding_model", Key{bot.Embedding, likeModel}},
	{"_model", Key{bot.Model, likeModel}},
	{"_model_name", Key{bot.Model, likeModel}},
	{"_model_id", Key{bot.Model, likeModel}},
	{"_prompt_version", Key{bot.Prompt, likeWord}},
	{"_corpus_version", Key{bot.Retrieval, likeWord}},
	{"_index_version", Key{bot.Retrieval, likeWord}},
	{"_policy_version", Key{bot.Policy, likeWord}},
	{"_guardrail_version", Key{bot.Guardrail, likeWord}},
}

// places are keys of mappings that say what the versions below are versions of, as prompt: {name: support, version: 3}.
var places = func() map[string]bot.Kind {
	out := map[string]bot.Kind{}
	for kind, names := range map[bot.Kind]string{
		bot.Prompt:     "prompt prompts system_prompt prompt_template prompt_templates prompt_ref",
		bot.Policy:     "policy policies content_policy safety_policy",
		bot.Model:      "model models llm llms base_model",
		bot.Embedding:  "embedding embeddings embedder embed embedding_model",
		bot.Retrieval:  "retrieval retriever rag corpus corpora index indexes collection knowledge_base knowledge_bases vector_store vectorstore reranker",
		bot.Guardrail:  "guardrail guardrails moderation content_filter content_filters",
		bot.Evaluation: "eval evals evaluation evaluations eval_set evaluation_set golden_set golden_sets judge grader",
		bot.Price:      "price prices pricing",
	} {
		for name := range strings.FieldsSeq(names) {
			out[name] = kind
		}
	}
	return out
}()

// versionKeys say the version of the mapping that they stand in, the most telling first.
var versionKeys = []string{"version", "revision", "digest", "sha", "tag", "label", "alias", "snapshot", "commit"}

// lookUp finds what a key pins.
func lookUp(key string) (Key, bool) {
	if k, found := keys[key]; found {
		return k, true
	}
	for _, s := range suffixes {
		if strings.HasSuffix(key, s.suffix) && len(key) > len(s.suffix) {
			return s.Key, true
		}
	}
	return Key{}, false
}

func (l looks) accepts(value string) bool {
	if !bot.IsPinned(value) || slices.Contains([]string{"true", "false", "null", "none", "nil", "yes", "no", "on", "off", "~", "-"}, strings.ToLower(value)) {
		return false
	}
	switch l {
	case likeModel:
		return isModel(value)
	case likeVersion:
		return isVersion(value)
	case likeNumber:
		return isNumber(value)
	default:
		return true
	}
}

// families are how the names of models begin.
var families = strings.Fields("gpt chatgpt o1 o3 o4 claude gemini gemma palm llama codellama mistral mixtral ministral codestral magistral command " +
	"text- davinci curie babbage ada- qwen qwq deepseek phi- phi3 phi4 grok nova- titan jamba yi- falcon mpt- bloom flan t5- bert all-minilm all-mpnet e5- bge " +
	"gte- nomic voyage jina embed rerank dall-e whisper kimi glm minimax sonar granite dbrx olmo amazon.titan amazon.nova anthropic. cohere. meta. ai21. ft:")

// isModel tells whether a word is what models are called; vendors and regions may stand before it.
func isModel(value string) bool {
	for part := range strings.FieldsFuncSeq(strings.ToLower(value), func(r rune) bool { return r == '/' || r == ':' }) {
		for {
			for _, family := range families {
				if strings.HasPrefix(part, strings.TrimSuffix(family, ":")) {
					return true
				}
			}
			_, after, found := strings.Cut(part, ".") // us.anthropic.claude-…
			if !found || after == "" {
				break
			}
			part = after
		}
	}
	return false
}

// isVersion tells whether a word is a version or ends in one: 3, v3, 2024-08-06, a digest, support-v3, faq@12.
func isVersion(value string) bool {
	if slices.Contains([]string{"latest", "production", "staging", "stable", "canary"}, strings.ToLower(value)) {
		return true
	}
	digits := strings.ContainsAny(value, "0123456789")
	if !digits || strings.Contains(value, "://") {
		return false
	}
	if strings.ContainsAny(value[:1], "0123456789") || (value[0] == 'v' || value[0] == 'V') && len(value) > 1 && value[1] >= '0' && value[1] <= '9' {
		return true
	}
	if strings.Trim(strings.ToLower(value), "0123456789abcdef") == "" && len(value) >= 7 {
		return true
	}
	for i := 1; i < len(value)-1; i++ {
		if strings.ContainsAny(value[i:i+1], "-_@:/") {
			rest := strings.TrimLeft(value[i+1:], "vV")
			if rest != "" && rest[0] >= '0' && rest[0] <= '9' {
				return true
			}
		}
	}
	return false
}

func isNumber(value string) bool {
	return value != "" && strings.Trim(value, "0123456789.eE+-") == "" && strings.ContainsAny(value, "0123456789")
}

// isName tells whether a word can name something.
func isName(text string) bool {
	return len(text) <= maxKey && !strings.ContainsAny(text, "=:") && bot.IsPinned(text)
}
