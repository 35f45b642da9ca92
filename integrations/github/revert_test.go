package github

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/playbooks"
)

func revertCall(with map[string]any) playbooks.Call {
	all := map[string]any{"change": "github:acme/assistants#482"}
	for k, v := range with {
		all[k] = v
	}
	return playbooks.Call{
		Run: "run-1", Playbook: "prompt-regression", Step: "revert", Action: "github.revert", Attempt: 1, Key: "run-1/revert",
		With: all, Incident: "inc-1", Service: "support-assistant",
	}
}

const (
	graphql = "POST /api/graphql"
	mergeIt = "PUT /api/v3/repos/acme/assistants/pulls/483/merge"
	listAll = "GET /api/v3/repos/acme/assistants/pulls"
)

func TestARevertIsOpenedAndMerged(t *testing.T) {
	v := newVendor(t)
	outcome, err := action(newClient(t, v, nil), "github.revert").Act(t.Context(), revertCall(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := playbooks.Outcome{Status: playbooks.Done, Output: map[string]any{
		"pull_request": int64(483), "url": "https://github.com/acme/assistants/pull/483", "merged": true, "revision": "feedbeef",
	}, Sentence: "GitHub: the revert #483 of acme/assistants#482 is merged"}
	if diff := cmp.Diff(want, outcome); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{listAll, graphql, mergeIt}, v.asked); diff != "" {
		t.Error(diff)
	}
	body := v.pulls[483].body
	if !strings.HasPrefix(body, "Reverts acme/assistants#482\n") || !strings.Contains(body, "<!-- firebreak:") || !strings.Contains(body, "inc-1") {
		t.Errorf("body: %s", body)
	}
	if got := revertedPull("acme/assistants", body, ""); got != "github:acme/assistants#482" {
		t.Errorf("our own revert is taken for one of %q", got)
	}
}

func TestMergingIsLeftToPeopleWhereItIsNotAllowed(t *testing.T) {
	for name, tt := range map[string]struct {
		allow bool
		with  map[string]any
	}{
		"the configuration does not allow it":               {false, nil},
		"the playbook asks, the configuration says no":      {false, map[string]any{"merge": true}},
		"the configuration allows it, the playbook says no": {true, map[string]any{"merge": false}},
	} {
		v := newVendor(t)
		c := newClient(t, v, func(c *Config, _ *Options) { c.AllowMerge = tt.allow })
		outcome, err := action(c, "github.revert").Act(t.Context(), revertCall(tt.with))
		if err != nil || outcome.Output["merged"] != false || outcome.Output["pull_request"] != int64(483) || outcome.Output["revision"] != "" {
			t.Errorf("%s: %+v, %v", name, outcome, err)
		}
		if v.pulls[483].mergedAt != "" {
			t.Errorf("%s: it was merged", name)
		}
		if got, found, err := action(c, "github.revert").(playbooks.Verifier).Verify(t.Context(), revertCall(tt.with)); !found || err != nil ||
			got.Output["merged"] != false {
			t.Errorf("%s: verified as %+v, %v, %v", name, got, found, err)
		}
	}
}

func TestACrashNeverDoublesARevert(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lost  string
		found bool // by Verify: the whole took effect
	}{
		{"the answer to opening got lost", graphql, false},
		{"the answer to merging got lost", mergeIt, true},
	} {
		for _, how := range []string{"acting again", "verifying first"} {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				v := newVendor(t)
				v.lose[tt.lost] = 1
				h := action(newClient(t, v, nil), "github.revert")
				_, err := h.Act(t.Context(), revertCall(nil))
				if fate, _ := playbooks.FateOf(err); fate != playbooks.Unknown {
					t.Fatalf("fate is %s: %v", fate, err)
				}
				h = action(newClient(t, v, nil), "github.revert") // another process
				if how == "verifying first" {
					outcome, found, err := h.(playbooks.Verifier).Verify(t.Context(), revertCall(nil))
					if found != tt.found || err != nil || (found && outcome.Output["merged"] != true) {
						t.Fatalf("found %v, %+v, %v", found, outcome, err)
					}
					if found {
						return
					}
				}
				outcome, err := h.Act(t.Context(), revertCall(nil))
				if err != nil || outcome.Output["merged"] != true || outcome.Output["pull_request"] != int64(483) {
					t.Errorf("%+v, %v", outcome, err)
				}
				if v.opened() != 1 || len(v.pulls) != 2 {
					t.Errorf("opened %d times", v.opened())
				}
			})
		}
	}
	t.Run("nothing was done", func(t *testing.T) {
		h := action(newClient(t, newVendor(t), nil), "github.revert").(playbooks.Verifier)
		if _, found, err := h.Verify(t.Context(), revertCall(nil)); found || err != nil {
			t.Errorf("found %v, %v", found, err)
		}
	})
}

func TestWhatCannotBeRevertedIsRefusedWithTheReason(t *testing.T) {
	for _, tt := range []struct {
		name  string
		setup func(v *vendor)
		with  map[string]any
		says  string
	}{
		{"a change that is not known", nil, map[string]any{"change": "github:acme/assistants#1"}, "is not known"},
		{"a direct push", nil, map[string]any{"change": "github:acme/assistants@abc"}, "pushed directly"},
		{"a change from elsewhere", nil, map[string]any{"change": "argo:x"}, "did not come from GitHub"},
		{"one that was reverted", func(v *vendor) {
			v.pulls[490] = &pull{number: 490, base: "main", head: "revert-482-stricter", state: "closed", mergedAt: "2026-11-20T14:05:00Z"}
		}, nil, "was already reverted by #490"},
		{"a conflict that GitHub sees at once", func(v *vendor) {
			v.answers[graphql] = []reply{{200, nil, `{"data":{"revertPullRequest":null},"errors":[{"type":"UNPROCESSABLE",` +
				`"path":["revertPullRequest"],"message":"Sorry, this pull request couldn't be reverted automatically."}]}`}}
		}, nil, "couldn't be reverted automatically"},
		{"a conflict that GitHub sees when merging", func(v *vendor) {
			v.answers[mergeIt] = []reply{{405, nil, `{"message":"Pull Request has merge conflicts"}`}}
			v.answers["GET /api/v3/repos/acme/assistants/pulls/483"] = []reply{{200, nil, `{"number":483,"mergeable":false,"mergeable_state":"dirty"}`}}
		}, nil, "conflicts with what was merged since"},
		{"a revert whose branch somebody changed", func(v *vendor) {
			v.answers[mergeIt] = []reply{{409, nil, `{"message":"Head branch was modified"}`}}
		}, nil, "changed by somebody"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVendor(t)
			if tt.setup != nil {
				tt.setup(v)
			}
			_, err := action(newClient(t, v, nil), "github.revert").Act(t.Context(), revertCall(tt.with))
			if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: %v, want permanent with %q", fate, err, tt.says)
			}
		})
	}
	t.Run("ours that somebody closed", func(t *testing.T) {
		v := newVendor(t)
		h := action(newClient(t, v, func(c *Config, _ *Options) { c.AllowMerge = false }), "github.revert")
		if _, err := h.Act(t.Context(), revertCall(nil)); err != nil {
			t.Fatal(err)
		}
		v.pulls[483].state = "closed"
		_, found, err := h.(playbooks.Verifier).Verify(t.Context(), revertCall(nil))
		if fate, _ := playbooks.FateOf(err); found || fate != playbooks.Permanent {
			t.Errorf("%v %s %v", found, fate, err)
		}
	})
}

func TestNobodyElsesPullRequestIsMerged(t *testing.T) {
	leave := func(t *testing.T, v *vendor) { // a run that opened a revert and did not merge it
		t.Helper()
		c := newClient(t, v, func(c *Config, _ *Options) { c.AllowMerge = false })
		if _, err := action(c, "github.revert").Act(t.Context(), revertCall(nil)); err != nil {
			t.Fatal(err)
		}
	}
	other := revertCall(nil)
	other.Key = "run-2/revert"
	for _, tt := range []struct {
		name  string
		setup func(t *testing.T, v *vendor)
		call  playbooks.Call
		want  int64 // the pull request that is merged
	}{
		{"an open revert of somebody's neither stops us nor is it merged", func(_ *testing.T, v *vendor) {
			v.pulls[490] = &pull{number: 490, base: "main", body: "Reverts acme/assistants#482", state: "open", sha: "evil"}
			v.next = 491
		}, revertCall(nil), 491},
		{"one that was closed unmerged does not count", func(_ *testing.T, v *vendor) {
			v.pulls[490] = &pull{number: 490, base: "main", body: "Reverts acme/assistants#482", state: "closed", sha: "old"}
			v.next = 491
		}, revertCall(nil), 491},
		{"an open one that another run of ours left behind is taken up", leave, other, 483},
		{"a copy of our marks is younger than ours", func(t *testing.T, v *vendor) {
			t.Helper()
			leave(t, v)
			v.pulls[490] = &pull{number: 490, base: "main", body: v.pulls[483].body, state: "open", sha: "evil"}
		}, revertCall(nil), 483},
		{"a copy of our marks is no heir to ours", func(t *testing.T, v *vendor) {
			t.Helper()
			leave(t, v)
			v.pulls[490] = &pull{number: 490, base: "main", body: v.pulls[483].body, state: "open", sha: "evil"}
			v.pulls[483].state = "closed"
			v.next = 491
		}, other, 491},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVendor(t)
			tt.setup(t, v)
			outcome, err := action(newClient(t, v, nil), "github.revert").Act(t.Context(), tt.call)
			if err != nil || outcome.Output["pull_request"] != tt.want || outcome.Output["merged"] != true {
				t.Errorf("%+v, %v, want #%d", outcome, err, tt.want)
			}
			if p := v.pulls[490]; p != nil && p.mergedAt != "" {
				t.Error("somebody else's pull request was merged")
			}
		})
	}
}

func TestMergingWaitsForGitHubAndForNobodyElse(t *testing.T) {
	t.Run("while GitHub computes, we look again", func(t *testing.T) {
		v := newVendor(t)
		c := newClient(t, v, func(c *Config, _ *Options) { c.AllowMerge = false })
		if _, err := action(c, "github.revert").Act(t.Context(), revertCall(nil)); err != nil {
			t.Fatal(err)
		}
		v.pulls[483].mergeable, v.pulls[483].mergeableState, v.pulls[483].computing = nil, "unknown", 3
		outcome, err := action(newClient(t, v, nil), "github.revert").Act(t.Context(), revertCall(nil))
		if err != nil || outcome.Output["merged"] != true {
			t.Errorf("%+v, %v", outcome, err)
		}
	})
	t.Run("but not for ever", func(t *testing.T) {
		v := newVendor(t)
		c := newClient(t, v, func(c *Config, _ *Options) { c.AllowMerge = false })
		if _, err := action(c, "github.revert").Act(t.Context(), revertCall(nil)); err != nil {
			t.Fatal(err)
		}
		v.pulls[483].mergeable, v.pulls[483].mergeableState, v.pulls[483].computing = nil, "unknown", 100
		_, err := action(newClient(t, v, nil), "github.revert").Act(t.Context(), revertCall(nil))
		if fate, after := playbooks.FateOf(err); fate != playbooks.Transient || after == 0 {
			t.Errorf("%s after %s: %v", fate, after, err)
		}
	})
	t.Run("rules that ask for a person are told, not fought", func(t *testing.T) {
		v := newVendor(t)
		c := newClient(t, v, func(c *Config, _ *Options) { c.AllowMerge = false })
		if _, err := action(c, "github.revert").Act(t.Context(), revertCall(nil)); err != nil {
			t.Fatal(err)
		}
		v.pulls[483].mergeableState = "blocked"
		outcome, err := action(newClient(t, v, nil), "github.revert").Act(t.Context(), revertCall(nil))
		if err != nil || outcome.Output["merged"] != false || !strings.Contains(outcome.Sentence, "a person has to merge it") {
			t.Errorf("%+v, %v", outcome, err)
		}
	})
	t.Run("a missing permission is told, too", func(t *testing.T) {
		v := newVendor(t)
		v.answers[mergeIt] = []reply{{403, nil, `{"message":"Resource not accessible by integration"}`}}
		outcome, err := action(newClient(t, v, nil), "github.revert").Act(t.Context(), revertCall(nil))
		if err != nil || outcome.Output["merged"] != false || !strings.Contains(outcome.Sentence, "Resource not accessible") {
			t.Errorf("%+v, %v", outcome, err)
		}
	})
}

func TestGitHubsLimitsAreHonoured(t *testing.T) {
	minute := fmt.Sprint(today.Add(90 * time.Second).Unix())
	for _, tt := range []struct {
		name  string
		reply reply
		fate  playbooks.Fate
		after time.Duration
	}{
		{"a 429 is plain to go-github, and a hint to us", reply{429, map[string]string{"Retry-After": "30"}, `{"message":"slow"}`}, playbooks.Transient, 30 * time.Second},
		{"a 429 with the time of the reset", reply{429, map[string]string{"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": minute}, `{}`}, playbooks.Transient, 90 * time.Second},
		{"the primary limit", reply{403, map[string]string{"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": minute}, `{"message":"API rate limit exceeded"}`}, playbooks.Transient, 90 * time.Second},
		{
			"the secondary limit without a hint asks for a minute",
			reply{403, nil, `{"message":"You have exceeded a secondary rate limit","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`},
			playbooks.Transient, time.Minute,
		},
		{"a plain 403", reply{403, nil, `{"message":"Resource not accessible by personal access token"}`}, playbooks.Permanent, 0},
		{"accepted for later", reply{202, nil, `{}`}, playbooks.Unknown, 0},
		{"a GraphQL limit", reply{200, nil, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`}, playbooks.Transient, 0},
		{"a GraphQL stumble may have taken effect", reply{200, nil, `{"errors":[{"message":"Something went wrong while executing your query."}]}`}, playbooks.Unknown, 0},
		{"an answer without a pull request", reply{200, nil, `{"data":{"revertPullRequest":null}}`}, playbooks.Unknown, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVendor(t)
			v.answers[graphql] = []reply{tt.reply}
			_, err := action(newClient(t, v, nil), "github.revert").Act(t.Context(), revertCall(nil))
			if fate, after := playbooks.FateOf(err); fate != tt.fate || after != tt.after {
				t.Errorf("%s after %s, want %s after %s: %v", fate, after, tt.fate, tt.after, err)
			}
		})
	}
}
