package landing_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
	"github.com/firebreak-dev/firebreak/bot/landing"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestAPullRequestIsReadOnceAndSaidOnce(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.settle(time.Minute)
	w.wantConclusion("a1", check.Success)
	if reads, writes := w.asked(); reads != 2 || writes != 1 {
		t.Errorf("%d reads and %d writes, want the pull request, its policy, and one check", reads, writes)
	}
	for range 100 {
		w.now = w.now.Add(time.Minute)
		w.settle(time.Minute)
	}
	w.hear(bot.PullNews{Event: bot.PullLabelled, Number: 1, Labels: []string{"bug"}})
	w.settle(time.Minute)
	if reads, writes := w.asked(); reads+writes != 0 {
		t.Errorf("nothing changed, and GitHub was asked %d times", reads+writes)
	}
}

func TestWhatAJudgementDependsOnChangesTheCheck(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.settle(time.Minute)
	w.asked()
	w.rules.level, w.rules.reasons = bot.High, []bot.Reason{{Code: "freeze", Sentence: "a freeze", Weight: 60, Lower: "wait"}}
	w.settle(time.Minute)
	w.wantConclusion("a1", check.ActionRequired)
	w.rules.level, w.rules.reasons = bot.Low, nil
	w.now = w.now.Add(time.Second)
	w.settle(time.Minute)
	w.wantConclusion("a1", check.Success)
	if reads, writes := w.asked(); reads != 0 || writes != 2 {
		t.Errorf("%d reads and %d writes, want none and two", reads, writes)
	}
}

func TestAPushWhileACheckIsMadeIsNotLost(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.forge.during = func() { w.open(1, "a2") }
	w.settle(time.Minute)
	w.wantConclusion("a2", check.Success)
}

func TestAfterACrashACheckIsFoundNotMadeTwice(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.forge.lost = true
	w.Step(t.Context())
	w.Step(t.Context())
	w.restart()
	w.now = w.now.Add(time.Minute)
	w.settle(time.Minute)
	if len(w.forge.checks) != 1 {
		t.Errorf("%d checks were made: %v", len(w.forge.checks), w.forge.writes)
	}
	w.wantConclusion("a1", check.Success)
}

func TestTwoServersMakeOneCheck(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.Step(t.Context()) // it is read
	other := w.another()
	w.forge.during = func() {
		for range 3 {
			other.Step(t.Context())
		}
	}
	w.settle(time.Minute)
	for range 20 {
		w.now = w.now.Add(10 * time.Second)
		other.Step(t.Context())
		w.Step(t.Context())
	}
	if len(w.forge.checks) != 1 {
		t.Errorf("%d checks were made: %v", len(w.forge.checks), w.forge.writes)
	}
}

func TestACheckThatSomebodyRemovedIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.settle(time.Minute)
	w.forge.checks = nil
	w.rules.level = bot.High
	w.settle(time.Minute)
	w.wantConclusion("a1", check.ActionRequired)
}

func TestOverrides(t *testing.T) {
	command := func(by, text string) bot.PullNews {
		return bot.PullNews{Event: bot.PullCommanded, Number: 1, By: by, Text: text}
	}
	press := func(by, button string) bot.PullNews {
		return bot.PullNews{Event: bot.PullPressed, Number: 1, By: by, Text: button}
	}
	for _, test := range []struct {
		name string
		does []bot.PullNews
		want check.Conclusion
		says string
	}{
		{"a lead lets it land by a comment", []bot.PullNews{command("ben", "/firebreak override the demo is at five")}, check.Success, "ben lets it land until Fri 2026-11-20"},
		{"a lead must say why", []bot.PullNews{command("ben", "/firebreak override")}, check.ActionRequired, "say why"},
		{"its author may not, but may ask", []bot.PullNews{command("ana", "/firebreak override the demo is at five")}, check.ActionRequired, "Override asked for** by ana: the demo is at five"},
		{"a lead grants what was asked by the button", []bot.PullNews{command("ana", "/firebreak override the demo"), press("ben", "override")}, check.Success, "the demo (asked for by ana)"},
		{"the button of somebody else is no grant", []bot.PullNews{command("ana", "/firebreak override the demo"), press("eve", "override")}, check.ActionRequired, "say why"},
		{"a member of a team may", []bot.PullNews{command("cleo", "/firebreak override the demo")}, check.Success, "cleo lets it land"},
		{"what is not a command is none", []bot.PullNews{command("ben", "please /firebreak override it")}, check.ActionRequired, "should not land now"},
		{"an unknown command is told", []bot.PullNews{command("ben", "/firebreak overide it")}, check.ActionRequired, "no such command"},
		{"a lead ends it", []bot.PullNews{command("ben", "/firebreak override x"), press("cleo", "override-end")}, check.ActionRequired, "should not land now"},
		{"nobody else ends it", []bot.PullNews{command("ben", "/firebreak override x"), command("eve", "/firebreak override end")}, check.Success, "eve may not end an override"},
		{"an author cannot hide mark-up in a reason", []bot.PullNews{command("ben", "/firebreak override <img src=x> @acme/all | a")}, check.Success, `\<img src=x\> @<!-- -->acme/all \| a`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.forge.members["acme/leads/cleo"] = true
			w.rules.level, w.rules.reasons = bot.High, []bot.Reason{{Code: "friday", Sentence: "it is Friday", Weight: 40, Lower: "wait"}}
			w.open(1, "a1")
			w.settle(time.Minute)
			for _, n := range test.does {
				w.now = w.now.Add(time.Minute)
				w.hear(n)
				w.hear(n) // GitHub tells some things twice
				w.settle(time.Minute)
			}
			w.wantConclusion("a1", test.want)
			if c := w.forge.on("a1"); !strings.Contains(c.Summary, test.says) {
				t.Errorf("does not say %q:\n%s", test.says, c.Summary)
			}
		})
	}
}

func TestAnOverrideEndsAndIsVoidForOtherCommits(t *testing.T) {
	w := newWorld(t)
	w.rules.level = bot.High
	w.open(1, "a1")
	w.settle(time.Minute)
	w.hear(bot.PullNews{Event: bot.PullCommanded, Number: 1, By: "ben", Text: "/firebreak override the demo"})
	w.settle(time.Minute)
	w.wantConclusion("a1", check.Success)
	w.open(1, "a2")
	w.settle(time.Minute)
	w.wantConclusion("a2", check.ActionRequired)
	w.hear(bot.PullNews{Event: bot.PullCommanded, Number: 1, By: "ben", Text: "/firebreak override the demo"})
	w.settle(time.Minute)
	w.wantConclusion("a2", check.Success)
	w.now = w.now.Add(2*time.Hour + time.Minute)
	w.settle(time.Minute)
	w.wantConclusion("a2", check.ActionRequired)
	if len(w.audit.lines) != 2 || !strings.HasPrefix(w.audit.lines[0], "ben override.grant acme/assistants#1 a1 until 2026-11-20T17:5") {
		t.Errorf("the audit has %q", w.audit.lines)
	}
}

func TestAMergeQueueIsAnsweredOnItsOwnCommit(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.settle(time.Minute)
	w.hear(bot.PullNews{Event: bot.PullQueued, Number: 1, Head: "q1"})
	w.settle(time.Minute)
	w.wantConclusion("q1", check.Success)
	w.hear(bot.PullNews{Event: bot.PullUnqueued, Number: 1, Head: "q1"})
	w.rules.level = bot.High
	w.settle(time.Minute)
	w.wantConclusion("q1", check.Success)
	w.wantConclusion("a1", check.ActionRequired)
}

func TestAMergeQueueIsNeverHeldUpByWhatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	w.forge.pulls[1] = pull(1, "a1")
	w.hear(bot.PullNews{Event: bot.PullQueued, Number: 1, Head: "q1"})
	reads := errors.New("nobody may read this")
	for range 200 {
		w.forge.down = reads
		w.Step(t.Context()) // reading fails
		w.forge.down = nil
		w.forge.pulls = map[int]bot.Pull{}
		w.forge.pulls[1] = pull(1, "a1")
		if len(w.forge.checks) > 0 {
			break
		}
		w.now = w.now.Add(time.Second)
		w.forge.down = reads
		w.Step(t.Context())
		w.forge.down = nil
	}
	w.now = w.now.Add(10 * time.Minute)
	w.settle(time.Minute)
	if c := w.forge.on("q1"); c.Conclusion != "success" && c.Conclusion != "neutral" {
		t.Errorf("the queue is held up by %s: %s", c.Conclusion, c.Title)
	}
}

func TestGitHubDownForAnHour(t *testing.T) {
	w := newWorld(t)
	w.forge.down = &landing.Trouble{Err: errors.New("bad gateway"), Down: true}
	for n := 1; n <= 20; n++ {
		w.open(n, fmt.Sprintf("a%d", n))
		for range 36 {
			w.Step(t.Context())
			w.now = w.now.Add(5 * time.Second)
		}
	}
	if reads := len(w.forge.reads); reads > 60 {
		t.Errorf("%d questions to a forge that is down for an hour", reads)
	}
	w.rules.level = bot.High
	w.forge.down, w.forge.writes = nil, nil
	w.now = w.now.Add(5 * time.Minute)
	w.settle(10 * time.Minute)
	want := make([]string, 0, 20)
	for n := 1; n <= 20; n++ {
		w.wantConclusion(fmt.Sprintf("a%d", n), check.ActionRequired)
		want = append(want, fmt.Sprintf("create a%d", n))
	}
	if !slices.Equal(w.forge.writes, want) {
		t.Errorf("who has waited longest does not go first: %v", w.forge.writes)
	}
}

func TestOnePullRequestThatCannotBeReadIsInNobodysWay(t *testing.T) {
	w := newWorld(t)
	w.forge.odd, w.forge.down = true, &landing.Trouble{Err: errors.New("internal server error"), Down: true}
	w.open(1, "a1")
	w.Step(t.Context())
	w.forge.down = nil
	w.open(2, "a2")
	w.settle(time.Second)
	w.wantConclusion("a2", check.Success)
}

func TestAfterARestartNobodyIsAskedForWhatIsKnown(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.settle(time.Minute)
	w.asked()
	w.restart()
	w.settle(time.Minute)
	if reads, writes := w.asked(); reads+writes != 0 {
		t.Errorf("%d reads and %d writes after a restart", reads, writes)
	}
}

func TestMereWordsAreSaidAnewOnceAnHourAtMost(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	for merges := range 180 {
		w.rules.reasons = []bot.Reason{{Code: "repository_failures", Sentence: fmt.Sprintf("3 of %d changes failed", 40+merges), Weight: 4, Lower: "wait"}}
		w.settle(time.Second)
		w.now = w.now.Add(time.Minute)
	}
	if _, writes := w.asked(); writes > 4 {
		t.Errorf("%d writes within three hours for a count that goes up", writes)
	}
	w.rules.reasons[0].Weight = 8
	w.settle(time.Second)
	if _, writes := w.asked(); writes != 1 {
		t.Errorf("%d writes when a reason weighs more", writes)
	}
}

func TestAtAnEdgeTheUrgentGoesFirstAndNobodyIsAskedTooFast(t *testing.T) {
	w := newWorld(t)
	w.rules.of = map[int]bot.Level{}
	for n := 1; n <= 500; n++ {
		w.forge.pulls[n] = pull(n, fmt.Sprintf("a%d", n))
		w.hear(bot.PullNews{Event: bot.PullChanged, Number: n})
		if n%2 == 0 {
			w.rules.of[n] = bot.High
		}
	}
	w.settle(3 * time.Hour)
	for w.now = w.now.Add(2 * time.Hour); len(w.forge.checks) < 500; {
		w.settle(time.Hour)
		w.now = w.now.Add(time.Minute)
	}
	w.now = w.now.Add(2 * time.Hour)
	w.asked()
	// The edge: what was free is kept from landing, what was kept from it is free.
	for n := 1; n <= 500; n++ {
		if n%2 == 0 {
			w.rules.of[n] = bot.Low
		} else {
			w.rules.of[n] = bot.High
		}
	}
	began := w.now
	for range 250 {
		w.Step(t.Context())
		w.now = w.now.Add(time.Second)
	}
	if got := len(w.forge.writes); got != 250 {
		t.Fatalf("%d writes within 250 s", got)
	}
	for _, what := range w.forge.writes {
		var n int
		if _, err := fmt.Sscanf(what, "update a%d", &n); err != nil || n%2 == 0 {
			t.Fatalf("%s went before what must be kept from landing", what)
		}
	}
	w.open(501, "a501") // somebody waits
	for range 3 {
		w.Step(t.Context())
	}
	if !slices.Contains(w.forge.writes[250:], "create a501") {
		t.Errorf("who pushed waits behind the edge: %v", w.forge.writes[250:])
	}
	w.settle(time.Hour)
	if reads := len(w.forge.reads); reads != 1 { // the policy of the branch is known
		t.Errorf("%d reads, want the one of the new pull request: %v", reads, w.forge.reads)
	}
	took := w.now.Sub(began)
	if len(w.forge.writes) > 500 && took < time.Hour {
		t.Errorf("%d writes within %s", len(w.forge.writes), took)
	}
}

func TestALimitIsObeyed(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.open(2, "a2")
	w.Step(t.Context())
	w.Step(t.Context())
	w.forge.writes = nil
	w.forge.down = &landing.Trouble{Err: errors.New("secondary rate limit"), Limited: true, After: 90 * time.Second}
	w.now = w.now.Add(time.Second)
	w.Step(t.Context())
	w.forge.down = nil
	for range 89 {
		w.Step(t.Context())
		w.now = w.now.Add(time.Second)
	}
	if got := len(w.forge.writes); got != 1 {
		t.Errorf("%d writes although 90 s of silence were asked for", got)
	}
	w.settle(time.Minute)
	w.wantConclusion("a1", check.Success)
	w.wantConclusion("a2", check.Success)
}

func TestAnnotationsGoOutFiftyAtATimeAndOnce(t *testing.T) {
	w := newWorld(t)
	p := pull(1, "a1")
	p.Files = nil
	for i := range 120 {
		p.Files = append(p.Files, bot.PullFile{Path: fmt.Sprintf("prompts/%d.md", i), Line: i + 1})
	}
	w.forge.pulls[1] = p
	w.hear(bot.PullNews{Event: bot.PullChanged, Number: 1})
	w.settle(time.Minute)
	w.rules.level = bot.High
	w.settle(time.Minute)
	c := w.forge.on("a1")
	if len(c.all) != 120 || len(w.forge.checks) != 1 {
		t.Errorf("%d annotations, want 120 once each", len(c.all))
	}
	if !slices.IsSortedFunc(c.all, func(a, b bot.Annotation) int { return a.Line - b.Line }) {
		t.Error("out of order")
	}
}

func TestTheRepositorysOwnPolicyCounts(t *testing.T) {
	w := newWorld(t)
	w.policy.Required = false
	w.restart()
	w.rules.level = bot.High
	w.open(1, "a1")
	w.settle(time.Minute)
	w.wantConclusion("a1", check.Neutral)
	w.forge.policies[repository] = "required"
	w.hear(bot.PullNews{Event: bot.PolicyChanged})
	w.settle(time.Minute)
	w.wantConclusion("a1", check.ActionRequired)
	w.forge.policies[repository] = "rubbish"
	w.hear(bot.PullNews{Event: bot.PolicyChanged})
	w.settle(time.Minute)
	w.wantConclusion("a1", check.Neutral)
	if text := w.forge.on("a1").Text; !strings.Contains(text, "not what it should be") {
		t.Errorf("does not say that the policy is faulty:\n%s", text)
	}
}

func TestAClosedPullRequestIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.settle(time.Minute)
	w.hear(bot.PullNews{Event: bot.PullClosed, Number: 1})
	w.rules.level = bot.High
	w.settle(time.Minute)
	w.wantConclusion("a1", check.Success)
	if kept := w.kept(); len(kept) != 0 {
		t.Errorf("something is kept: %s", kept)
	}
	w.open(1, "a1") // reopened
	w.settle(time.Minute)
	w.wantConclusion("a1", check.ActionRequired)
}

func TestWhatHappenedWhileNobodyListenedIsFound(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.open(2, "a2")
	w.open(3, "a3")
	w.settle(time.Minute)
	w.restart()
	w.asked()
	w.forge.pulls[2] = pull(2, "b2") // pushed
	closed := pull(3, "a3")
	closed.Closed = true
	w.forge.pulls[3] = closed
	w.forge.pulls[4] = pull(4, "a4") // opened
	for _, want := range []int{3, 0} {
		differ, err := w.Present(t.Context(), repository, map[int]string{1: "a1", 2: "b2", 4: "a4"})
		if err != nil || differ != want {
			t.Errorf("%d differ, %v, want %d", differ, err, want)
		}
		w.settle(time.Minute)
	}
	w.wantConclusion("b2", check.Success)
	w.wantConclusion("a4", check.Success)
	if reads, writes := w.asked(); reads != 3 || writes != 2 { // three pull requests; two checks
		t.Errorf("%d reads, %d writes", reads, writes)
	}
}

func TestARiskyChangeIsWatchedAfterItHasLanded(t *testing.T) {
	w := newWorld(t)
	w.rules.level, w.rules.reasons = bot.High, []bot.Reason{{Code: "friday", Sentence: "it is Friday", Weight: 40, Lower: "wait"}}
	w.open(1, "a1")
	w.settle(time.Minute)
	w.hear(bot.PullNews{Event: bot.PullCommanded, Number: 1, By: "ben", Text: "/firebreak override the demo"})
	w.settle(time.Minute)
	w.hear(bot.PullNews{Event: bot.PullMerged, Number: 1})
	said := func() string {
		t.Helper()
		w.settle(time.Minute)
		if len(w.forge.comments) != 1 {
			t.Fatalf("%d comments, want one that is edited", len(w.forge.comments))
		}
		for _, body := range w.forge.comments {
			return body
		}
		return ""
	}
	if body := said(); !strings.Contains(body, "**Quiet so far.**") || !strings.Contains(body, "it is Friday") || !strings.Contains(body, "ben let it land") {
		t.Errorf("says\n%s", body)
	}
	w.rules.watched.Incidents = []check.WatchedIncident{{ID: "inc-1", Title: "refusals", Service: "support", Probability: .71}}
	if body := said(); !strings.Contains(body, "**Not quiet.**") || !strings.Contains(body, "suspected at 70 %") {
		t.Errorf("says\n%s", body)
	}
	w.asked()
	w.rules.watched.Incidents[0].Probability = .72
	said()
	if reads, writes := w.asked(); reads+writes != 0 {
		t.Error("the comment is edited for nothing")
	}
	w.rules.watched = check.Watched{}
	w.now = w.now.Add(25 * time.Hour)
	if body := said(); !strings.Contains(body, "**Baked.** support stayed quiet until Sat 2026-11-21 15:5") {
		t.Errorf("says\n%s", body)
	}
	if kept := w.kept(); len(kept) != 0 {
		t.Errorf("something is kept: %s", kept)
	}
}

// TestAMergeThatOvertakesItsNewsIsWatched has the forge show the pull request as merged when it is read for something that was told before: the
// news of the merge comes later, or never.
func TestAMergeThatOvertakesItsNewsIsWatched(t *testing.T) {
	for name, c := range map[string]struct {
		merged  time.Duration // before it is read
		told    bool
		watched int
	}{
		"and is told of later":             {time.Second, true, 1},
		"and is never told of":             {time.Second, false, 1},
		"so long ago that the watch ended": {3 * 24 * time.Hour, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules.level, w.rules.reasons = bot.High, []bot.Reason{{Code: "friday", Sentence: "it is Friday", Weight: 40, Lower: "wait"}}
			w.open(1, "a1")
			w.settle(time.Minute)
			merged := w.forge.pulls[1]
			merged.Closed, merged.Merged, merged.Change.MergedAt = true, true, w.now.Add(-c.merged)
			w.forge.pulls[1] = merged
			w.hear(bot.PullNews{Event: bot.PullChanged, Number: 1}) // a review, say
			w.settle(time.Minute)
			if c.told {
				w.hear(bot.PullNews{Event: bot.PullMerged, Number: 1})
				w.settle(time.Minute)
			}
			if len(w.forge.comments) != c.watched || len(w.Watched()) != c.watched {
				t.Errorf("%d comments, %d watched", len(w.forge.comments), len(w.Watched()))
			}
			for _, body := range w.forge.comments {
				if !strings.Contains(body, "**Quiet so far.**") || !strings.Contains(body, "it is Friday") {
					t.Errorf("says\n%s", body)
				}
			}
		})
	}
}

func TestAChangeOfLowRiskIsNotWatched(t *testing.T) {
	w := newWorld(t)
	w.open(1, "a1")
	w.settle(time.Minute)
	w.hear(bot.PullNews{Event: bot.PullMerged, Number: 1})
	w.settle(time.Minute)
	if len(w.forge.comments) != 0 || len(w.kept()) != 0 {
		t.Errorf("it is watched: %v", w.forge.comments)
	}
}

func TestADeploymentThatWaits(t *testing.T) {
	w := newWorld(t)
	d := bot.Protected{Repository: repository, Environment: "production", Callback: "https://api.github.com/x", At: w.now}
	w.rules.promotion = bot.Promotion{Answer: bot.Hold, Sentence: "support has an open incident"}
	if err := w.Protect(t.Context(), []bot.Protected{d, d}); err != nil {
		t.Fatal(err)
	}
	w.settle(time.Minute)
	w.restart()
	w.settle(time.Minute)
	w.rules.promotion = bot.Promotion{Answer: bot.Go, Sentence: "nothing speaks against it"}
	w.now = w.now.Add(time.Hour)
	w.settle(time.Minute)
	w.settle(time.Minute)
	want := []string{": Firebreak: support has an open incident", "approved: Firebreak: nothing speaks against it"}
	if !slices.Equal(w.forge.answers, want) || len(w.kept()) != 0 {
		t.Errorf("answered %q, kept %s", w.forge.answers, w.kept())
	}
}

func TestAGatesVerdictStandsOnItsCommitAndCounts(t *testing.T) {
	w := newWorld(t)
	e := bot.Evaluated{Repository: repository, Revision: "a1", Policy: "support", At: w.now, Answer: bot.Back, Sentence: "accuracy fell"}
	for range 2 {
		if err := w.Evaluated(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	w.settle(time.Minute)
	if c := w.forge.on("a1"); c.Name != check.GateName || c.Conclusion != "failure" || c.edits != 0 {
		t.Errorf("stands %+v", c)
	}
	e.At, e.Answer, e.Sentence = w.now.Add(time.Minute), bot.Go, "all is well"
	if err := w.Evaluated(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	w.settle(time.Minute)
	if c := w.forge.on("a1"); c.Conclusion != "success" || c.edits != 1 {
		t.Errorf("stands %+v", c)
	}
}

func TestRepositoriesThatAreNotNamedAreLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.hear(bot.PullNews{Event: bot.PullChanged, Repository: "other/thing", Number: 1})
	w.settle(time.Minute)
	if reads, writes := w.asked(); reads+writes+len(w.kept()) != 0 {
		t.Error("somebody else's repository was looked at")
	}
}

func TestWhatCannotBeKeptIsAnErrorOfTheDelivery(t *testing.T) {
	w := newWorld(t)
	w.memory.fail = errors.New("disk full")
	if err := w.Heard(t.Context(), []bot.PullNews{{Event: bot.PullChanged, Repository: repository, Number: 1, At: w.now}}); err == nil {
		t.Error("it was said to be heard")
	}
}
