package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
)

func wholeChange() bot.Change {
	return bot.Change{
		ID: "github:acme/assistants#482", Kind: bot.Prompt, Kinds: []bot.Kind{bot.Prompt, bot.Code}, Source: "github",
		Repository: "acme/assistants", Number: 482, Revision: "abc123", Branch: "main", Title: "Friendlier \x00refusals <!here>",
		Author: "ana", MergedBy: "ben", Reviewers: []string{"cleo"}, URL: "https://github.test/acme/assistants/pull/482",
		Paths:    []string{"prompts/support/system.md"},
		Inputs:   []bot.Input{{Kind: bot.Prompt, Name: "support", Path: "prompts/support/system.md", Line: 2, Old: "3", New: "4"}},
		Services: []string{"support-assistant"}, Environment: "production",
		MergedAt: minute(1), EffectiveAt: minute(9), Exposure: 0.25, Rollback: "github.revert", Handle: "PR_x", Reverts: "",
		Flags: []bot.Reason{{Code: "friday", Sentence: "it was merged on a Friday", Weight: 1.5}}, Seen: minute(2),
	}
}

func TestChangeComesBackWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		want := wholeChange()
		if !must[bool](t)(db.PutChange(t.Context(), want)) {
			t.Error("the first telling did not create the change")
		}
		if d := cmp.Diff(want, must[bot.Change](t)(db.Change(t.Context(), want.ID))); d != "" {
			t.Errorf("change (-want +got):\n%s", d)
		}
		_, err := db.Change(t.Context(), "nobody")
		wantCode(t, err, bot.NotFound)
		_, err = db.PutChange(t.Context(), bot.Change{Title: "no ID"})
		wantCode(t, err, bot.Invalid)
	})
}

func TestChangeToldAgainForgetsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		known := wholeChange()
		must[bool](t)(db.PutChange(ctx, known))
		if must[bool](t)(db.PutChange(ctx, bot.Change{ID: known.ID, Seen: minute(99)})) {
			t.Error("the second telling created the change again")
		}
		if d := cmp.Diff(known, must[bot.Change](t)(db.Change(ctx, known.ID))); d != "" {
			t.Errorf("a telling that knows nothing changed something (-want +got):\n%s", d)
		}

		told := bot.Change{
			ID: known.ID, Kind: bot.Policy, Title: "A better title", Services: []string{"search"}, Reviewers: []string{"dan"},
			EffectiveAt: minute(12), Environment: "staging", Seen: minute(0),
		}
		must[bool](t)(db.PutChange(ctx, told))
		want := known
		want.Kind, want.Title, want.Services, want.Reviewers = told.Kind, told.Title, told.Services, told.Reviewers
		want.EffectiveAt, want.Environment, want.Seen = told.EffectiveAt, told.Environment, told.Seen
		if d := cmp.Diff(want, must[bot.Change](t)(db.Change(ctx, known.ID))); d != "" {
			t.Errorf("what the second telling says counts, the rest stays (-want +got):\n%s", d)
		}
		for service, n := range map[string]int{"search": 1, "support-assistant": 0} {
			if got := must[[]bot.Change](t)(db.Changes(ctx, bot.ChangeQuery{Service: service})); len(got) != n {
				t.Errorf("%d changes of %s, want %d", len(got), service, n)
			}
		}
	})
}

func TestARollOutIsKeptStepByStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for _, step := range []bot.RolloutStep{{At: minute(20), Share: .5}, {At: minute(10), Share: .05}, {At: minute(30), Share: 1}} { // told out of order
			must[bool](t)(db.PutChange(ctx, bot.Change{
				ID: "argo:rollout/support/1", Title: "a roll-out", EffectiveAt: step.At, Exposure: step.Share, Rollout: []bot.RolloutStep{step}, Seen: minute(40),
			}))
		}
		got := must[bot.Change](t)(db.Change(ctx, "argo:rollout/support/1"))
		if len(got.Rollout) != 3 || got.Rollout[0].Share != .05 || got.Exposure != 1 || !got.EffectiveAt.Equal(minute(10)) {
			t.Errorf("it began with its first step and reached all: %+v", got)
		}
	})
}

func TestChangeQueries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		put := func(id string, at int, kinds []bot.Kind, repository string, services ...string) {
			c := bot.Change{
				ID: id, Kind: kinds[0], Kinds: kinds, Repository: repository, Services: services, MergedAt: minute(at - 5), Seen: minute(at - 4),
				EffectiveAt: minute(at),
			}
			must[bool](t)(db.PutChange(ctx, c))
		}
		put("c1", 10, []bot.Kind{bot.Prompt}, "acme/a", "assistant")
		put("c2", 20, []bot.Kind{bot.Code, bot.Prompt}, "acme/a", "assistant", "search")
		put("c3", 30, []bot.Kind{bot.Model}, "acme/b", "search")
		put("c4", 40, []bot.Kind{bot.Code}, "acme/a", "assistant")
		put("c5", 40, []bot.Kind{bot.Flag}, "acme/b")
		for name, c := range map[string]struct {
			query bot.ChangeQuery
			want  []string
		}{
			"everything, newest first, the ID decides a tie": {bot.ChangeQuery{}, []string{"c5", "c4", "c3", "c2", "c1"}},
			"of a service":                            {bot.ChangeQuery{Service: "assistant"}, []string{"c4", "c2", "c1"}},
			"of a repository":                         {bot.ChangeQuery{Repository: "acme/b"}, []string{"c5", "c3"}},
			"of a kind, main or not":                  {bot.ChangeQuery{Kinds: []bot.Kind{bot.Prompt}}, []string{"c2", "c1"}},
			"of two kinds, each once":                 {bot.ChangeQuery{Kinds: []bot.Kind{bot.Prompt, bot.Code}}, []string{"c4", "c2", "c1"}},
			"of two kinds, the newest":                {bot.ChangeQuery{Kinds: []bot.Kind{bot.Prompt, bot.Code}, Limit: 2}, []string{"c4", "c2"}},
			"of a kind in a repository":               {bot.ChangeQuery{Kinds: []bot.Kind{bot.Code}, Repository: "acme/b"}, nil},
			"of a service and a kind":                 {bot.ChangeQuery{Service: "search", Kinds: []bot.Kind{bot.Model, bot.Flag}}, []string{"c3"}},
			"of a service in a repository":            {bot.ChangeQuery{Service: "search", Repository: "acme/a"}, []string{"c2"}},
			"from one time up to before another":      {bot.ChangeQuery{From: minute(20), To: minute(40)}, []string{"c3", "c2"}},
			"of a service since a time":               {bot.ChangeQuery{Service: "assistant", From: minute(11)}, []string{"c4", "c2"}},
			"of a kind before a time":                 {bot.ChangeQuery{Kinds: []bot.Kind{bot.Prompt}, To: minute(20)}, []string{"c1"}},
			"the newest two":                          {bot.ChangeQuery{Limit: 2}, []string{"c5", "c4"}},
			"of a service with a name that is no SQL": {bot.ChangeQuery{Service: "' OR 1=1 --"}, nil},
		} {
			if d := cmp.Diff(c.want, changeIDs(must[[]bot.Change](t)(db.Changes(ctx, c.query)))); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	})
}

func changeIDs(changes []bot.Change) (out []string) {
	for _, c := range changes {
		out = append(out, c.ID)
	}
	return out
}

func TestDeployed(t *testing.T) {
	merged := func(n int, branch string) bot.Change {
		return bot.Change{
			ID: fmt.Sprintf("c%d", n), Repository: "acme/a", Revision: fmt.Sprintf("r%d", n), Branch: branch, MergedAt: minute(n), Seen: minute(n),
		}
	}
	deployment := func(revision string, at int) bot.Deployment {
		return bot.Deployment{
			Source: "github", Repository: "acme/a", Revision: revision, Environment: "production", At: minute(at), Succeeded: true,
		}
	}
	failed := deployment("r2", 10)
	failed.Succeeded = false
	elsewhere := deployment("r2", 10)
	elsewhere.Repository = "acme/b"
	old := merged(0, "main")
	old.MergedAt = minute(1).Add(-31 * 24 * time.Hour)

	cases := map[string]struct {
		changes     []bot.Change
		deployments []bot.Deployment
		// altered are those that the last deployment says it altered; effective is the minute per change.
		altered   []string
		effective map[string]int
	}{
		"a revision carries what was merged before it": {
			[]bot.Change{merged(1, "main"), merged(2, ""), merged(3, "main")},
			[]bot.Deployment{deployment("r2", 10)},
			[]string{"c2", "c1"},
			map[string]int{"c1": 10, "c2": 10},
		},
		"a revision of another branch is not carried": {
			[]bot.Change{merged(1, "release"), merged(2, "main")},
			[]bot.Deployment{deployment("r2", 10)},
			[]string{"c2"},
			map[string]int{"c2": 10},
		},
		"a second deployment does not make a change younger": {
			[]bot.Change{merged(1, "main"), merged(2, "main")},
			[]bot.Deployment{deployment("r1", 10), deployment("r2", 20), deployment("r1", 30)},
			nil,
			map[string]int{"c1": 10, "c2": 20},
		},
		"an earlier deployment that is told late counts": {
			[]bot.Change{merged(0, "main"), merged(1, "main"), merged(2, "main")},
			[]bot.Deployment{deployment("r2", 20), deployment("r1", 10)},
			[]string{"c1", "c0"},
			map[string]int{"c0": 10, "c1": 10, "c2": 20},
		},
		"a failed deployment alters nothing": {
			[]bot.Change{merged(2, "main")}, []bot.Deployment{failed}, nil, nil,
		},
		"a deployment of another repository alters nothing": {
			[]bot.Change{merged(2, "main")}, []bot.Deployment{elsewhere}, nil, nil,
		},
		"an unknown revision alters nothing": {
			[]bot.Change{merged(2, "main")}, []bot.Deployment{deployment("r9", 10)}, nil, nil,
		},
		"what was merged a month before does not become young": {
			[]bot.Change{old, merged(1, "main")}, []bot.Deployment{deployment("r1", 10)}, []string{"c1"}, map[string]int{"c1": 10},
		},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				apart := func(repository string) string { return repository + "/" + name }
				for _, change := range c.changes {
					change.ID, change.Repository = apart(change.ID), apart(change.Repository)
					must[bool](t)(db.PutChange(t.Context(), change))
				}
				var altered []string
				for _, d := range c.deployments {
					d.Repository = apart(d.Repository)
					altered = nil
					for _, change := range must[[]bot.Change](t)(db.Deployed(t.Context(), d)) {
						altered = append(altered, strings.TrimSuffix(change.ID, "/"+name))
					}
				}
				if d := cmp.Diff(c.altered, altered); d != "" {
					t.Errorf("altered (-want +got):\n%s", d)
				}
				for _, want := range c.changes {
					if m, is := c.effective[want.ID]; is {
						want.EffectiveAt, want.Environment = minute(m), "production"
					}
					want.ID, want.Repository = apart(want.ID), apart(want.Repository)
					if d := cmp.Diff(want, must[bot.Change](t)(db.Change(t.Context(), want.ID))); d != "" {
						t.Errorf("%s (-want +got):\n%s", want.ID, d)
					}
				}
			})
		}
	})
}

func TestDeployedRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		_, err := db.Deployed(t.Context(), bot.Deployment{Revision: "r", Succeeded: true})
		wantCode(t, err, bot.Invalid)
		_, err = db.Deployed(t.Context(), bot.Deployment{Repository: "acme/a", Succeeded: true})
		wantCode(t, err, bot.Invalid)
	})
}

// The order in which changes and deployments are told is that of the network, and must not matter: the ledger after any order
// equals what the definition says.
func TestTheOrderOfTellingDoesNotMatter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			repository := fmt.Sprintf("acme/%d", round)
			changes := make([]bot.Change, rapid.IntRange(1, 5).Draw(rt, "changes"))
			for i := range changes {
				changes[i] = bot.Change{
					ID: fmt.Sprintf("%s#%d", repository, i), Repository: repository, Revision: fmt.Sprintf("r%d", i),
					Branch:   rapid.SampledFrom([]string{"", "main", "release"}).Draw(rt, "branch"),
					MergedAt: minute(rapid.IntRange(0, 20).Draw(rt, "merged")), Seen: minute(0),
				}
			}
			deployments := make([]bot.Deployment, rapid.IntRange(0, 5).Draw(rt, "deployments"))
			for i := range deployments {
				deployments[i] = bot.Deployment{
					Repository: repository, Revision: fmt.Sprintf("r%d", rapid.IntRange(0, 6).Draw(rt, "revision")),
					Environment: "production", At: minute(rapid.IntRange(0, 30).Draw(rt, "at")), Succeeded: true,
				}
			}
			order := make([]int, len(changes)+len(deployments))
			for i := range order {
				order[i] = i
			}
			for _, i := range rapid.Permutation(order).Draw(rt, "order") {
				var err error
				if i < len(changes) {
					_, err = db.PutChange(t.Context(), changes[i])
				} else {
					_, err = db.Deployed(t.Context(), deployments[i-len(changes)])
				}
				if err != nil {
					rt.Fatal(err)
				}
			}
			for _, c := range changes {
				want := c
				want.EffectiveAt = effectiveByDefinition(c, changes, deployments)
				if !want.EffectiveAt.IsZero() {
					want.Environment = "production"
				}
				got, err := db.Change(t.Context(), c.ID)
				if err != nil {
					rt.Fatal(err)
				}
				if d := cmp.Diff(want, got); d != "" {
					rt.Fatalf("change (-definition +ledger):\n%s", d)
				}
			}
		})
	})
}

// effectiveByDefinition is the earliest deployment of the change's own revision, or of a revision of its branch that was merged
// at the same time or later and deployed after the change was merged.
func effectiveByDefinition(c bot.Change, all []bot.Change, deployments []bot.Deployment) (first time.Time) {
	for _, d := range deployments {
		for _, head := range all {
			carries := head.Revision == d.Revision && !head.MergedAt.Before(c.MergedAt) && !d.At.Before(c.MergedAt) &&
				(head.Branch == c.Branch || head.Branch == "" || c.Branch == "")
			if (d.Revision == c.Revision || carries) && (first.IsZero() || d.At.Before(first)) {
				first = d.At
			}
		}
	}
	return first
}
