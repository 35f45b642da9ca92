package slack

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

func (l *lobby) tell(t testing.TB) error {
	t.Helper()
	_, err := l.client.Actions()[0].Handler.Act(t.Context(), cardCall())
	return err
}

// in are the messages that stand in a channel now.
func (l *lobby) in(name string) (out []string) {
	for _, m := range l.slack.Messages() {
		if c, _ := l.slack.Channel(name); m.Channel == c.ID {
			out = append(out, m.Text)
		}
	}
	return out
}

func TestACardThatItsChannelRefusesStandsInTheOneForAll(t *testing.T) {
	for trouble, says := range map[slackfake.Trouble]string{
		slackfake.Archived: "cannot be shown in #support-ai (archived) and stand here until then: unarchive it",
		slackfake.NotIn:    "(not in channel) and stand here until then: invite the app there",
		slackfake.Hidden:   "(not found) and stand here until then: it was renamed or deleted, or it is private",
	} {
		l := newLobby(t, time.Minute)
		l.slack.Upset("support-ai", trouble)
		if err := l.tell(t); err != nil {
			t.Fatal(trouble, err)
		}
		got := strings.Join(l.in("incidents"), "\n")
		if !strings.Contains(got, "burn the budget 22 times") || !strings.Contains(got, says) || len(l.in("support-ai")) != 0 {
			t.Errorf("%s:\n%s", trouble, got)
		}
		if err := l.tell(t); err != nil || len(l.in("incidents")) != 2 {
			t.Errorf("%s: once more: %v, %q", trouble, err, l.in("incidents"))
		}
	}
}

func TestACardWhoseChannelIsArchivedMeanwhileGoesOnElsewhere(t *testing.T) {
	l := newLobby(t, time.Minute)
	l.card(t)
	l.slack.Upset("support-ai", slackfake.Archived)
	worse := refusals()
	worse.Headline = "refusals burn the budget 40 times too fast"
	l.client.options.Cards.(*deck).set(worse)
	a := l.client.Announcer()
	if channel, result, err := a.attempt(t.Context(), "inc-1"); result != resultPosted || err != nil {
		t.Fatalf("%s %s %v", channel, result, err)
	}
	if got := l.in("incidents"); len(got) != 2 || !strings.Contains(got[0], "40 times") {
		t.Errorf("%q", got)
	}
	worse.Headline = "refusals burn the budget 50 times too fast"
	l.client.options.Cards.(*deck).set(worse)
	if _, result, err := a.attempt(t.Context(), "inc-1"); result != resultEdited || err != nil {
		t.Errorf("the card that stands there is not edited: %s %v", result, err)
	}
	if n := testutil.ToFloat64(l.client.channels.WithLabelValues("archived")); n != 1 {
		t.Errorf("%v counted", n)
	}
}

func TestACardThatIsOverIsLeftInItsArchivedChannel(t *testing.T) {
	l := newLobby(t, time.Minute)
	l.card(t)
	l.slack.Upset("support-ai", slackfake.Archived)
	over := refusals()
	over.State = bot.Resolved
	l.client.options.Cards.(*deck).set(over)
	if _, result, _ := l.client.Announcer().attempt(t.Context(), "inc-1"); result != resultFailed || len(l.in("incidents")) != 0 {
		t.Errorf("%s, %q", result, l.in("incidents"))
	}
}

func TestARenamedChannelIsFoundByItsID(t *testing.T) {
	l := newLobby(t, time.Minute)
	if _, err := l.client.Say(t.Context(), "#support-ai", "k1", "before"); err != nil {
		t.Fatal(err)
	}
	l.slack.Rename("support-ai", "support-ml")
	if _, err := l.client.Say(t.Context(), "#support-ai", "k2", "after"); err != nil {
		t.Fatal(err)
	}
	if got := l.in("support-ml"); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

func TestWhereNoChannelIsLeftTheRefusalStands(t *testing.T) {
	l := newLobby(t, time.Minute)
	l.slack.Upset("support-ai", slackfake.Archived)
	l.slack.Upset("incidents", slackfake.NotIn)
	if err := l.tell(t); err == nil || !strings.Contains(err.Error(), "is_archived") {
		t.Errorf("%v", err)
	}
}
