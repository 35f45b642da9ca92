package classify_test

import (
	"slices"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/classify"
)

func TestWhatWasReadSaysMoreThanThePath(t *testing.T) {
	pin := func(kind bot.Kind, path, was, is string) bot.Input {
		return bot.Input{Kind: kind, Name: "x", Path: path, Old: was, New: is}
	}
	const models, config = "models/support.yaml", "config/app.yaml"
	for name, tt := range map[string]struct {
		paths  []string
		inputs []bot.Input
		kind   bot.Kind
		kinds  []bot.Kind
	}{
		"the same model with another corpus is a change of retrieval": {
			[]string{models},
			[]bot.Input{pin(bot.Model, models, "a", "a"), pin(bot.Retrieval, models, "11", "12")},
			bot.Retrieval,
			[]bot.Kind{bot.Model, bot.Retrieval},
		},
		"a model in a file of configuration is a change of model": {
			[]string{config}, []bot.Input{pin(bot.Model, config, "a", "b")}, bot.Model, []bot.Kind{bot.Model, bot.Config},
		},
		"a model that stayed the same is none": {
			[]string{config}, []bot.Input{pin(bot.Model, config, "a", "a")}, bot.Config, []bot.Kind{bot.Config},
		},
		"what is beside it keeps its say": {
			[]string{models, "prompts/x.md"},
			[]bot.Input{pin(bot.Retrieval, models, "11", "12")},
			bot.Prompt,
			[]bot.Kind{bot.Prompt, bot.Model, bot.Retrieval},
		},
		"an input without a file":            {nil, []bot.Input{pin(bot.Price, "", "", "2")}, bot.Price, []bot.Kind{bot.Price}},
		"nothing at all is code":             {nil, nil, bot.Code, []bot.Kind{bot.Code}},
		"an input that was only looked at":   {nil, []bot.Input{pin(bot.Price, "", "2", "2")}, bot.Code, []bot.Kind{bot.Code}},
		"a file of models in which none was": {[]string{models}, nil, bot.Model, []bot.Kind{bot.Model}},
	} {
		c := classify.Classify(classify.Defaults(), nil, bot.Change{Repository: "acme/x", Paths: tt.paths, Inputs: tt.inputs})
		if c.Kind != tt.kind || !slices.Equal(c.Kinds, tt.kinds) {
			t.Errorf("%s: %s %v, want %s %v", name, c.Kind, c.Kinds, tt.kind, tt.kinds)
		}
	}
}
