package pagerduty_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

func known() bot.Brief {
	at := time.Date(2026, 11, 20, 13, 0, 0, 0, time.UTC)
	return bot.Brief{
		Service: "support-assistant", At: heardAt, URL: "https://firebreak.example/",
		Ranking: bot.Ranking{At: heardAt, None: .1, Suspects: refusals().Suspects},
		Risky: []bot.Change{{
			ID: "github:acme/assistants#482", Kind: bot.Prompt, Title: "Stricter refusals\n<script>", MergedAt: at,
			Flags: []bot.Reason{{Code: "friday", Sentence: "it landed on a Friday afternoon"}},
		}},
		Objectives: []bot.Standing{{Objective: "useful-answers", State: "quiet", Sentence: "holds; 61 % of the budget is left"}},
		Playbooks:  []string{"prompt-regression"},
	}
}

// briefer writes what the function says now.
func (o *office) briefer(brief *bot.Brief) *pagerduty.Briefer {
	return o.client.Briefer(pagerduty.BrieferOptions{
		Brief: func(context.Context, string, time.Time) (bot.Brief, error) { return *brief, nil }, Hear: o.lines.hear,
	})
}

func raised(in pagerdutyfake.Incident) bot.PageNews {
	return bot.PageNews{
		Kind: bot.PageOpened, Pager: "PagerDuty", Service: "support-assistant",
		Page: bot.Page{ID: in.ID, Status: bot.PageTriggered, At: in.Created},
	}
}

func (o *office) notes(t *testing.T, id string) []string {
	t.Helper()
	var out []string
	for _, in := range o.Incidents() {
		if in.ID == id {
			for _, n := range in.Notes {
				out = append(out, n.Content)
			}
		}
	}
	return out
}

func TestAnIncidentThatOthersRaisedIsBriefed(t *testing.T) {
	o := newOffice(t, "custom_fields", "status_updates", "past_incidents", "related_incidents")
	brief := known()
	b := o.briefer(&brief)
	in := o.Raise(officeKey, "latency is bad", "datadog/1")
	write := func() {
		t.Helper()
		if err := b.Brief(t.Context(), in.ID); err != nil {
			t.Fatal(err)
		}
	}
	b.Paged(t.Context(), raised(in))
	write()
	write()
	first := `Firebreak (note 1) on support-assistant, 2026-11-20T14:10:00Z
• Prime suspect: 82 % Stricter refusals <script> by alice (it took effect 4 minutes before; it is this service's own)
• Risky change of the last day: prompt Stricter refusals <script> at Fri 13:00 UTC (it landed on a Friday afternoon)
• Objective useful-answers: holds; 61 % of the budget is left
• Playbook: prompt-regression
Chart and arithmetic: https://firebreak.example/`
	if diff := cmp.Diff([]string{first}, o.notes(t, in.ID)); diff != "" {
		t.Fatal(diff)
	}

	// Other numbers are nothing new. That an incident was opened and the objective burns is, and only that is said.
	brief.Ranking.Suspects = append([]bot.Suspect(nil), brief.Ranking.Suspects...)
	brief.Ranking.Suspects[0].Probability = .9
	write()
	brief.Incident, brief.Headline, brief.URL = "inc-1", "refusals burn the budget", "https://firebreak.example/incidents/inc-1"
	brief.Objectives[0] = bot.Standing{Objective: "useful-answers", State: "firing", Sentence: "burns 22 times too fast"}
	write()
	second := `Firebreak (note 2) on support-assistant, 2026-11-20T14:10:00Z
• Firebreak's incident inc-1: refusals burn the budget
• Objective useful-answers: burns 22 times too fast
Chart and arithmetic: https://firebreak.example/incidents/inc-1`
	if diff := cmp.Diff([]string{first, second}, o.notes(t, in.ID)); diff != "" {
		t.Error(diff)
	}

	// However often the suspects change, there are five notes.
	for i := range 10 {
		brief.Ranking.Suspects = []bot.Suspect{{Change: fmt.Sprint("c", i), Title: "another", Probability: .7}}
		write()
	}
	if n := len(o.notes(t, in.ID)); n != 5 {
		t.Errorf("%d notes", n)
	}

	// Resolved, it is left alone.
	done := raised(in)
	done.Kind, done.Page.Status = bot.PageClosed, bot.PageResolved
	b.Paged(t.Context(), done)
	before := total(o)
	write()
	if total(o) != before {
		t.Error("a resolved incident is written to")
	}
}

func TestANoteWhoseAnswerIsLostIsNotWrittenTwice(t *testing.T) {
	for _, mode := range []wire.Mode{wire.Lost, wire.Down, wire.Broken, wire.Limited} {
		t.Run(string(mode), func(t *testing.T) {
			o := newOffice(t)
			brief := known()
			b := o.briefer(&brief)
			in := o.Raise(officeKey, "latency is bad", "datadog/1")
			b.Paged(t.Context(), raised(in))
			o.Set(wire.Fault{Mode: mode, Calls: 1, Match: "/notes"})
			if err := b.Brief(t.Context(), in.ID); err == nil {
				t.Error("the fault was not met")
			}
			if err := b.Brief(t.Context(), in.ID); err != nil {
				t.Fatal(err)
			}
			if notes := o.notes(t, in.ID); len(notes) != 1 || !strings.Contains(notes[0], "Prime suspect") {
				t.Errorf("%d notes: %v", len(notes), notes)
			}
		})
	}
}

func TestWhatTheAccountHasIsFilled(t *testing.T) {
	for _, lacks := range [][]string{nil, {"custom_fields", "status_updates", "past_incidents", "related_incidents"}} {
		o := newOffice(t, lacks...)
		o.configure(t, func(c *pagerduty.Config) {
			c.CustomFields, c.StatusUpdates = map[string]string{"suspect": "prime_suspect", "page": "firebreak"}, true
		})
		brief := known()
		brief.Incident, brief.Headline = "inc-1", "refusals burn the budget"
		b := o.briefer(&brief)
		o.Raise(officeKey, "latency is bad", "datadog/0")
		var after []int
		for i := range 3 {
			in := o.Raise(officeKey, "latency is bad", fmt.Sprint("datadog/", i+1))
			b.Paged(t.Context(), raised(in))
			before := total(o)
			if err := b.Brief(t.Context(), in.ID); err != nil {
				t.Fatal(err)
			}
			after = append(after, total(o)-before)
		}
		last := o.Incidents()[3]
		if lacks == nil {
			if last.Fields["prime_suspect"] == "" || last.Fields["firebreak"] != brief.URL || len(last.Updates) != 1 {
				t.Errorf("%+v %v", last.Fields, last.Updates)
			}
			if note := o.notes(t, last.ID)[0]; !strings.Contains(note, "PagerDuty knows of incidents like it; the first: latency is bad of 2026-11-20") {
				t.Error(note)
			}
			continue
		}
		// A note and a look at the alerts remain; what was refused is not asked for again.
		if diff := cmp.Diff([]int{6, 2, 2}, after); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAPageThatHoldsOneOfOurAlertsIsOurs(t *testing.T) {
	o := newOffice(t)
	o.Raise(officeKey, "all is down", "other")
	o.now = o.now.Add(2 * time.Second)
	o.page(t)
	if err := o.Do("firebreak/inc-1", "merge", "Jo", "other"); err != nil {
		t.Fatal(err)
	}
	o.read(t, true)
	o.memory.facts = nil // all that was known of it is lost
	brief := known()
	b := o.briefer(&brief)
	other := o.Incidents()[0]
	b.Paged(t.Context(), raised(other))
	if err := b.Brief(t.Context(), other.ID); err != nil {
		t.Fatal(err)
	}
	if ours, _ := o.standing(t); ours.Page.ID != other.ID {
		t.Errorf("its page is %q", ours.Page.ID)
	}
}

func TestAnyBriefMakesANoteThatFits(t *testing.T) {
	o := newOffice(t)
	rapid.Check(t, func(rt *rapid.T) {
		brief := known()
		brief.Headline = rapid.StringN(0, 3000, -1).Draw(rt, "headline")
		brief.Incident = rapid.SampledFrom([]string{"", "inc-1"}).Draw(rt, "incident")
		brief.Risky[0].Title = rapid.String().Draw(rt, "title")
		brief.Objectives[0].Sentence = rapid.StringN(0, 3000, -1).Draw(rt, "standing")
		brief.Ranking.None = rapid.Float64Range(0, 1).Draw(rt, "none")
		o.configure(t, func(*pagerduty.Config) {}) // a new one each time, or its rate limit would make the test slow
		b := o.briefer(&brief)
		in := o.Raise(officeKey, "x", rapid.StringMatching(`[a-z]{12}`).Draw(rt, "key"))
		b.Paged(context.Background(), raised(in))
		if err := b.Brief(context.Background(), in.ID); err != nil {
			rt.Fatal(err)
		}
		all := o.Incidents()
		note := all[len(all)-1].Notes[0].Content
		if len(note) > 4000 || strings.Count(note, "\n") > 15 || strings.ContainsAny(note, "\r\x00") {
			rt.Fatalf("%d bytes: %q", len(note), note)
		}
	})
}

func TestNotesNeedATokenAndAName(t *testing.T) {
	r := diag.New()
	pagerduty.Config{From: "nobody", CustomFields: map[string]string{"mood": "x"}, WebhookSecrets: []secret.Value{{}}}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+": "+f.Code)
	}
	want := []string{"from: bad-address", "custom_fields.mood: unknown-field", "from: missing", "webhook_secrets[0]: missing-secret"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
