package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
)

func TestWhatTellsOfInputsIsFoundByServiceAndByAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		pinned := []bot.Input{{Kind: bot.Model, Name: "support", New: "gpt-4o-2024-11-20"}}
		for i, c := range []bot.Change{
			{ID: "code", Kind: bot.Code, Services: []string{"support"}},
			{ID: "prompt", Kind: bot.Code, Kinds: []bot.Kind{bot.Code, bot.Prompt}, Services: []string{"support"}},
			{ID: "config", Kind: bot.Config, Services: []string{"search"}, Inputs: pinned},
			{ID: "nobody's", Kind: bot.Model},
		} {
			c.MergedAt, c.Seen = minute(i), minute(i)
			must[bool](t)(db.PutChange(ctx, c))
		}
		asked := func(q bot.ChangeQuery) (ids []string) {
			q.Inputs = true
			for _, c := range must[[]bot.Change](t)(db.Changes(ctx, q)) {
				ids = append(ids, c.ID)
			}
			return ids
		}
		for name, tt := range map[string]struct {
			q    bot.ChangeQuery
			want []string
		}{
			"all, newest first":       {bot.ChangeQuery{}, []string{"nobody's", "config", "prompt"}},
			"of a service":            {bot.ChangeQuery{Service: "support"}, []string{"prompt"}},
			"before a time":           {bot.ChangeQuery{To: minute(2)}, []string{"prompt"}},
			"of a kind":               {bot.ChangeQuery{Kinds: []bot.Kind{bot.Model}}, []string{"nobody's"}},
			"of one that has nothing": {bot.ChangeQuery{Service: "billing"}, nil},
		} {
			if d := cmp.Diff(tt.want, asked(tt.q)); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		must[bool](t)(db.PutChange(ctx, bot.Change{ID: "code", Inputs: pinned, Seen: minute(5)}))
		if d := cmp.Diff([]string{"prompt", "code"}, asked(bot.ChangeQuery{Service: "support"})); d != "" {
			t.Errorf("what is learnt of a change later counts (-want +got):\n%s", d)
		}
	})
}

func TestDeploymentsComeBackWithTheMergeOfTheirRevision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		must[bool](t)(db.PutChange(ctx, bot.Change{ID: "a", Repository: "acme/x", Revision: "r1", Branch: "main", MergedAt: minute(1), Seen: minute(1)}))
		declared := []bot.Input{{Kind: bot.Model, Name: "chat", New: "gpt-5"}}
		first := bot.Deployment{Source: "github", Repository: "acme/x", Revision: "r1", Environment: "staging", At: minute(2), Succeeded: true, Inputs: declared}
		second := bot.Deployment{Source: "argo", Repository: "acme/x", Revision: "r0", Environment: "staging", At: minute(3), Succeeded: true}
		for _, d := range []bot.Deployment{first, second, {Repository: "acme/y", Revision: "r1", At: minute(2), Succeeded: true}} {
			must[[]bot.Change](t)(db.Deployed(ctx, d))
		}
		first.MergedAt, first.Branch = minute(1), "main"
		got := must[[]bot.Deployment](t)(db.Deployments(ctx, bot.DeploymentQuery{Repository: "acme/x"}))
		if d := cmp.Diff([]bot.Deployment{second, first}, got); d != "" {
			t.Errorf("newest first, with what is known of the revision (-want +got):\n%s", d)
		}
		got = must[[]bot.Deployment](t)(db.Deployments(ctx, bot.DeploymentQuery{Repository: "acme/x", To: minute(3)}))
		if d := cmp.Diff([]bot.Deployment{first}, got); d != "" {
			t.Errorf("before a time (-want +got):\n%s", d)
		}
	})
}
