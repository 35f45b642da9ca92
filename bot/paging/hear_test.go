package paging_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/paging"
)

var begin = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }

func news(minute int, kind bot.PageKind, by string, status bot.PageStatus) bot.PageNews {
	return bot.PageNews{
		ID: string(kind) + at(minute).Format("1504"), Kind: kind, Pager: "PagerDuty", By: by, Incident: "inc-1",
		Page: bot.Page{ID: "P1", Number: 7, Status: status, At: at(minute)},
	}
}

func TestWhatThePagerSays(t *testing.T) {
	opened := news(0, bot.PageOpened, "", bot.PageTriggered)
	taken := news(2, bot.PageTaken, "Mara", bot.PageAcknowledged)
	closed := news(9, bot.PageClosed, "Mara", bot.PageResolved)
	priority := news(3, bot.PageChanged, "Omar", bot.PageTriggered)
	priority.Said, priority.Page.Priority = "priority is now P1", "P1"
	merged := news(4, bot.PageMerged, "Omar", bot.PageResolved)
	merged.Said, merged.Into = "merged into #6", bot.Page{ID: "P0"}
	escalation := news(5, bot.PageTaken, "Jo", bot.PageAcknowledged)
	escalation.Second, escalation.Page.ID = true, "P2"
	local := func(minute int, kind bot.EntryKind, actor string) bot.Entry {
		return bot.Entry{Incident: "inc-1", At: at(minute), Kind: kind, Actor: actor, Key: string(kind) + at(minute).String()}
	}
	for _, tt := range []struct {
		name     string
		before   []bot.Entry
		told     []bot.PageNews
		state    bot.State
		by, says string
		page     bot.PageStatus
		owed     paging.Verb
	}{
		{"who takes it there has it here", nil, []bot.PageNews{opened, taken}, bot.Acknowledged, "Mara", "acknowledged by Mara in PagerDuty (#7)", bot.PageAcknowledged, paging.Nothing},
		{"the same is told once", nil, []bot.PageNews{taken, taken}, bot.Acknowledged, "Mara", "acknowledged by Mara in PagerDuty (#7)", bot.PageAcknowledged, paging.Nothing},
		{
			"dropping it there drops it here", nil,
			[]bot.PageNews{taken, news(4, bot.PageDropped, "", bot.PageTriggered)},
			bot.Open, "", "unacknowledged in PagerDuty (#7)", bot.PageTriggered, paging.Nothing,
		},
		{
			"a late word about dropping it changes nothing", nil,
			[]bot.PageNews{taken, news(1, bot.PageDropped, "", bot.PageTriggered)},
			bot.Acknowledged, "Mara", "unacknowledged in PagerDuty (#7), told late", bot.PageAcknowledged, paging.Nothing,
		},
		{
			"what was taken here since is told there",
			[]bot.Entry{local(6, bot.EntryAcknowledged, "Omar")},
			[]bot.PageNews{news(4, bot.PageDropped, "", bot.PageTriggered)},
			bot.Acknowledged, "Omar", "unacknowledged in PagerDuty (#7)", bot.PageTriggered, paging.Acknowledge,
		},
		{"who resolves it there has resolved it here", nil, []bot.PageNews{taken, closed}, bot.Resolved, "Mara", "resolved by Mara in PagerDuty (#7)", bot.PageResolved, paging.Nothing},
		{
			"opening it again there opens it here", nil,
			[]bot.PageNews{closed, news(12, bot.PageReopened, "Jo", bot.PageTriggered)},
			bot.Open, "", "reopened by Jo in PagerDuty (#7)", bot.PageTriggered, paging.Nothing,
		},
		{
			"what was resolved here since stays so and is told there",
			[]bot.Entry{local(20, bot.EntryResolved, bot.Self)},
			[]bot.PageNews{news(12, bot.PageReopened, "Jo", bot.PageTriggered)},
			bot.Resolved, "", "page opened by Jo in PagerDuty (#7)", bot.PageTriggered, paging.Resolve,
		},
		{
			"that somebody takes what is over here does not open it",
			[]bot.Entry{local(1, bot.EntryResolved, bot.Self)},
			[]bot.PageNews{taken},
			bot.Resolved, "", "acknowledged by Mara in PagerDuty (#7)", bot.PageAcknowledged, paging.Resolve,
		},
		{"a priority is a line and takes nothing from what comes late", nil, []bot.PageNews{opened, priority, taken}, bot.Acknowledged, "Mara", "acknowledged by Mara in PagerDuty (#7)", bot.PageAcknowledged, paging.Nothing},
		{"a merged page is not resolved", nil, []bot.PageNews{opened, merged}, bot.Open, "", "merged into #6 by Omar in PagerDuty (#7)", "", paging.Nothing},
		{"what is told of a page that was merged is a line only", nil, []bot.PageNews{opened, merged, closed}, bot.Open, "", "resolved by Mara in PagerDuty (#7) (of a page that became another one)", "", paging.Nothing},
		{"who takes the escalation is on it", nil, []bot.PageNews{opened, escalation}, bot.Acknowledged, "Jo", "its escalation: acknowledged by Jo in PagerDuty (#7)", bot.PageTriggered, paging.Acknowledge},
		{
			"our own word coming back is no other one's",
			[]bot.Entry{local(1, bot.EntryAcknowledged, "Omar")},
			[]bot.PageNews{news(2, bot.PageTaken, "", bot.PageAcknowledged)},
			bot.Acknowledged, "Omar", "acknowledged in PagerDuty (#7)", bot.PageAcknowledged, paging.Nothing,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &side{}
			s.local(begin, bot.EntryOpened, bot.Self)
			s.add(tt.before...)
			for _, n := range tt.told {
				s.add(paging.Hear(at(30), s.in, n)...)
			}
			got := []any{s.in.State, s.in.AcknowledgedBy, s.entries[len(s.entries)-1].Sentence, s.in.Page.Status, paging.Owed(s.in)}
			if diff := cmp.Diff([]any{tt.state, tt.by, tt.says, tt.page, tt.owed}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNewsOfOthersIsNotHeard(t *testing.T) {
	n := news(1, bot.PageTaken, "Mara", bot.PageAcknowledged)
	if got := paging.Hear(begin, bot.Incident{ID: "inc-2"}, n); got != nil {
		t.Error(got)
	}
}
