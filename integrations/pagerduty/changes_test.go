package pagerduty_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

func stricter() bot.Change {
	return bot.Change{
		ID: "github:acme/assistants#482", Kind: bot.Prompt, Source: "github", Repository: "acme/assistants", Title: "Stricter\nrefusals", Author: "alice",
		URL: "https://github.com/acme/assistants/pull/482", Services: []string{"support-assistant", "search"}, MergedAt: heardAt,
		Flags: []bot.Reason{{Code: "friday", Sentence: "it landed on a Friday afternoon"}}, Rollback: "github.revert",
	}
}

func (o *office) herald(all ...bot.Change) *pagerduty.Herald {
	return o.client.Herald(pagerduty.HeraldOptions{
		Changes: func(context.Context, bot.ChangeQuery) ([]bot.Change, error) { return all, nil },
	})
}

func TestAChangeIsToldOnceForEachKey(t *testing.T) {
	o := newOffice(t)
	h := o.herald()
	for range 3 { // two services share a key, and the ledger is looked at again and again
		if _, err := h.Tell(t.Context(), stricter()); err != nil {
			t.Fatal(err)
		}
	}
	told := o.Changes()
	if len(told) != 1 {
		t.Fatalf("%d change events", len(told))
	}
	var details map[string]string
	if err := json.Unmarshal(told[0].Details, &details); err != nil {
		t.Fatal(err)
	}
	got := []any{told[0].Summary, told[0].Source, told[0].Timestamp, told[0].Links[0].Href, details}
	want := []any{"prompt: Stricter refusals", "acme/assistants", "2026-11-20T14:10:00Z", "https://github.com/acme/assistants/pull/482", map[string]string{
		"Services": "support-assistant, search", "Change": "github:acme/assistants#482", "Author": "alice", "Way back": "github.revert",
		"Risky because": "it landed on a Friday afternoon",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatPagerDutySaysOfAChangeIsKept(t *testing.T) {
	o := newOffice(t)
	h := o.herald()
	o.Set(wire.Fault{Mode: wire.Limited, Calls: 1, RetryAfter: 21})
	after, err := h.Tell(t.Context(), stricter())
	if err == nil || after != 21*time.Second || !strings.Contains(err.Error(), "Requests for this service are arriving too quickly") {
		t.Errorf("%v, again after %s", err, after)
	}
	if _, err := h.Tell(t.Context(), stricter()); err != nil || len(o.Changes()) != 1 {
		t.Errorf("%v, %d told", err, len(o.Changes()))
	}
}

func TestWhatWasNotToldBeforeACrashIsFoundInTheLedger(t *testing.T) {
	o := newOffice(t)
	second := stricter()
	second.ID, second.Title = "github:acme/assistants#483", "Warmer tone"
	if _, err := o.herald().Tell(t.Context(), stricter()); err != nil {
		t.Fatal(err)
	}
	h := o.herald(second, stricter())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.Run(ctx) }()
	for len(o.Changes()) < 2 {
		select {
		case <-t.Context().Done():
			t.Fatal("the second change was not told")
		case <-time.After(time.Millisecond):
		}
	}
	stop()
	<-ended
	if told := o.Changes(); len(told) != 2 || told[1].Summary != "prompt: Warmer tone" {
		t.Errorf("%+v", told)
	}
}
