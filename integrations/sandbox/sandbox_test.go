package sandbox_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/integrations/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fast is a speed at which a story of fifty minutes takes some seconds.
const fast = 500

// start starts a sandbox that ends with the test.
func start(t testing.TB, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return sb
}

// perform lets a minibot live through a story.
func perform(t *testing.T, o sandbox.Options, prepare func(*minibot)) (sandbox.Summary, *sandbox.Sandbox, []string) {
	t.Helper()
	var mu sync.Mutex
	var lines []string
	o.Narrate = func(line string) {
		mu.Lock()
		lines = append(lines, line)
		mu.Unlock()
	}
	sb := start(t, o)
	bot := newMinibot(t, sb)
	prepare(bot)
	sb.SetBotURL(bot.web.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	life := make(chan error, 1)
	go func() { life <- bot.run(ctx) }()
	summary, err := sb.Wait(ctx)
	cancel()
	if botErr := <-life; err != nil {
		t.Fatalf("%v; the bot: %v\n%s", err, botErr, strings.Join(lines, "\n"))
	}
	mu.Lock()
	defer mu.Unlock()
	return summary, sb, append([]string(nil), lines...)
}

func TestTheFridayStoryIsToldAndCounted(t *testing.T) {
	got, sb, lines := perform(t, sandbox.Options{Speed: fast}, func(*minibot) {})
	story := strings.Join(lines, "\n")
	t.Log("\n" + story)
	want := sandbox.Summary{
		Scenario: "friday-prompt", Incident: sandbox.Incident{ID: incidentID, State: "mitigated", Severity: "page"},
		Incidents: 1, Truth: "prompt #482", Cause: "github:acme/assistants#482", CauseRank: 2, Pages: 1, Cards: 1, CardEdits: 1, Approvals: 1,
		Rollback: sandbox.RollbackDeployed, Recovered: true,
		Suspects: []sandbox.Suspect{
			{Change: "github:acme/assistants#479", Probability: 0.9}, {Change: "github:acme/assistants#482", Probability: 0.9},
		},
		Last: sandbox.Named{Change: "github:acme/assistants#479", Probability: 0.9, None: 0.1, TruthRank: 2},
	}
	if broken := unkept(&got); len(broken) != 1 || broken[0] != "what did it is named first" {
		t.Errorf("promises that are not kept: %q", broken)
	}
	if got.Seconds <= 0 {
		t.Error("the story took no time")
	}
	got.Seconds = 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s\n%s", diff, story)
	}
	if strange := sb.Unexpected(); len(strange) > 0 {
		t.Errorf("unexpected requests: %v", strange)
	}
	for _, word := range []string{
		"acme/assistants#482 is merged", "without a review", "PagerDuty rings (critical)", "Slack #support-ai", "presses “Approve”",
		"Revert “", "answers as before", "PagerDuty: resolved", "/incidents/" + incidentID,
	} {
		if !strings.Contains(strings.ReplaceAll(story, `Revert "`, "Revert “"), word) {
			t.Errorf("nobody says %q in\n%s", word, story)
		}
	}
	state := sb.State()
	for _, d := range state.Deliveries {
		if d.Status != 202 || d.Attempts != 1 {
			t.Errorf("delivery %+v", d)
		}
	}
	if !state.Over || len(state.Deployments) != 4 {
		t.Errorf("over %v, %d deployments", state.Over, len(state.Deployments))
	}
}

// unkept takes the promises out of a summary and gives those that were not kept.
func unkept(s *sandbox.Summary) (broken []string) {
	for _, p := range s.Promises {
		if !p.Kept {
			broken = append(broken, p.Sentence)
		}
	}
	s.Promises = nil
	return broken
}

func TestABotThatDoesEverythingTwiceIsCaught(t *testing.T) {
	got, _, lines := perform(t, sandbox.Options{Speed: fast}, func(b *minibot) { b.twice = true })
	if got.Cards != 2 || got.Duplicates != 2 || got.Pages != 1 {
		t.Errorf("cards %d, duplicates %d, pages %d; want a second card and a second revert, and one page by its key\n%s",
			got.Cards, got.Duplicates, got.Pages, strings.Join(lines, "\n"))
	}
}

func TestAQuietFridayHurtsNobody(t *testing.T) {
	got, sb, lines := perform(t, sandbox.Options{Scenario: "quiet", Speed: 600}, func(*minibot) {})
	got.Seconds = 0
	if broken := unkept(&got); len(broken) > 0 {
		t.Errorf("promises that are not kept: %q", broken)
	}
	want := sandbox.Summary{Scenario: "quiet", Truth: "nothing happened", Suspects: []sandbox.Suspect{}, Rollback: sandbox.RollbackNone, Recovered: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s\n%s", diff, strings.Join(lines, "\n"))
	}
	if sb.State().Retriggers != 0 {
		t.Error("somebody was paged")
	}
}

func TestWrongOptionsAreRefusedWithWhatWouldBeRight(t *testing.T) {
	for _, c := range []struct {
		name    string
		options sandbox.Options
		word    string
	}{
		{"an unknown story", sandbox.Options{Scenario: "monday"}, "friday-prompt, quiet, vendor-drift"},
		{"an address that others reach", sandbox.Options{Listen: "0.0.0.0:0"}, "loopback only"},
		{"no address", sandbox.Options{Listen: "nowhere"}, "nowhere"},
		{"a speed that no machine follows", sandbox.Options{Speed: 1e6}, "between 0.1 and 600"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := sandbox.Start(t.Context(), c.options)
			if err == nil || !strings.Contains(err.Error(), c.word) {
				t.Errorf("got %v, want a word of %q", err, c.word)
			}
		})
	}
}
