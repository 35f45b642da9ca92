package digest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/digest"
	"github.com/firebreak-dev/firebreak/detectors"
)

var update = flag.Bool("update", false, "write the examples of docs/digests.md")

var berlin = mustZone("Europe/Berlin")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// at is a time of the week of 23 November 2026 in Berlin.
func at(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, berlin) }

func encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// happens is the timeline of an incident.
type happens struct {
	id      string
	entries []bot.Entry
}

func (h *happens) entry(t time.Time, kind bot.EntryKind, actor, sentence string, data any) *happens {
	h.entries = append(h.entries, bot.Entry{ID: fmt.Sprint(h.id, len(h.entries)), Incident: h.id, At: t, Kind: kind, Actor: actor, Sentence: sentence, Data: encode(data)})
	return h
}

func (h *happens) finding(t time.Time, kind bot.EntryKind, detector, service string, v detectors.Verdict, title string) *happens {
	f := detectors.Finding{
		Key: detector + "/" + service, Detector: detector, Service: service, Signal: "refusal_ratio", Verdict: v, Severity: detectors.Page, At: t, Title: title,
		Onset: detectors.Onset{At: t.Add(-6 * time.Minute), Earliest: t.Add(-8 * time.Minute), Latest: t.Add(-4 * time.Minute)},
	}
	return h.entry(t, kind, bot.Self, string(kind)+": "+title, f)
}

func (h *happens) paged(t time.Time, who string) *happens {
	h.entry(t, bot.EntryStep, "playbook generic", "page: paged team-support-ai", map[string]string{"run": "run-1", "step": "page", "action": "pagerduty.page", "kind": "answered", "state": "done"})
	if who == "" {
		return h
	}
	return h.entry(t.Add(20*time.Second), bot.EntryPage, bot.Self, "PagerDuty pages "+who, bot.PageWord{Kind: bot.PageOpened, Page: bot.Page{ID: "P1", At: t.Add(20 * time.Second), Assigned: []string{who}}})
}

func (h *happens) suspects(t time.Time, p float64, title string) *happens {
	return h.entry(t, bot.EntrySuspects, bot.Self, "likely "+title, bot.Ranking{At: t, None: 1 - p, Suspects: []bot.Suspect{
		{Change: "github:acme/assistants#482", Kind: bot.Prompt, Title: title, Probability: p},
	}})
}

func (h *happens) over(t time.Time) *happens {
	f := detectors.Finding{Key: "burn/support-assistant", Detector: "burn", Service: "support-assistant", Signal: "refusal_ratio", Verdict: detectors.Quiet, At: t}
	return h.entry(t, bot.EntryFinding, bot.Self, "quiet", f).entry(t.Add(5*time.Minute), bot.EntryRecovered, bot.Self, "recovered", nil).
		entry(t.Add(30*time.Minute), bot.EntryResolved, bot.Self, "resolved: quiet for 30 min", nil)
}

// week is everything that is known of a week.
func week() digest.Input {
	burn := &happens{id: "inc-burn"}
	burn.finding(at(24, 2, 6), bot.EntryOpened, "burn", "support-assistant", detectors.Firing, "refusals burn the budget 22 times too fast").
		suspects(at(24, 2, 7), .91, "Warmer tone").paged(at(24, 2, 7), "Omar").
		entry(at(24, 2, 12), bot.EntryAcknowledged, "Omar", "acknowledged by Omar", nil).
		entry(at(24, 2, 20), bot.EntryCause, bot.Self, "its revert brought the signals back", map[string]string{"change": "github:acme/assistants#482"}).
		over(at(24, 2, 30))
	shift := &happens{id: "inc-shift"}
	shift.finding(at(25, 23, 40), bot.EntryOpened, "shift", "search", detectors.Firing, "answers are longer than usual").
		suspects(at(25, 23, 41), .6, "Corpus of November").paged(at(25, 23, 41), "Yui").
		entry(at(25, 23, 50), bot.EntryMuted, "Yui", "muted until 09:00 by Yui (slack): known", bot.Mute{Until: at(26, 9, 0), By: "Yui", Reason: "known"}).
		entry(at(26, 9, 5), bot.EntryResolved, "Yui", "resolved by Yui (slack): a longer answer is fine", nil)
	passed := &happens{id: "inc-passed"}
	passed.finding(at(26, 3, 10), bot.EntryOpened, "burn", "support-assistant", detectors.Firing, "refusals burn the budget 7 times too fast").
		paged(at(26, 3, 11), "").over(at(26, 3, 30))
	open := &happens{id: "inc-open"}
	open.finding(at(26, 14, 2), bot.EntryOpened, "canary", "support-assistant", detectors.Firing, "the canary refuses 4 % more").suspects(at(26, 14, 3), .8, "Shorter answers").
		entry(at(26, 14, 10), bot.EntryAcknowledged, "Mara", "acknowledged by Mara", nil).
		entry(at(26, 14, 20), bot.EntryNote, "Mara", "Mara (slack): the canary stays at 5 %", nil)
	in := digest.Input{
		Now: at(26, 15, 0), From: at(23, 9, 0), Zone: berlin, Entries: map[string][]bot.Entry{}, Paging: []string{"pagerduty.page"},
		Changes: []bot.Change{
			{
				ID: "github:acme/assistants#482", Kind: bot.Prompt, Title: "Warmer tone", Services: []string{"support-assistant"}, MergedAt: at(24, 1, 55), URL: "https://github.example/acme/assistants/pull/482",
				Flags: []bot.Reason{{Code: "night", Sentence: "it landed at night"}, {Code: "nobody", Sentence: "nobody reviewed it"}},
			},
			{ID: "x", Kind: bot.Config, Title: "Timeouts", Services: []string{"search"}, MergedAt: at(24, 11, 0)},
		},
		Approvals: []bot.Approval{{ID: "apr-1", Incident: "inc-open", Question: "Take back Shorter answers?", Expires: at(26, 15, 30)}},
		Freezes:   []bot.Freeze{{ID: "frz-1", Services: []string{"search"}, Reason: "the shop earns its year", By: "Mara", From: at(26, 18, 0), To: at(30, 9, 0)}},
		Windows: map[string][]bot.Opening{
			"support-assistant": {
				{Service: "support-assistant", At: at(26, 15, 0), Open: true, Until: at(27, 12, 0)},
				{Service: "support-assistant", At: at(27, 12, 0), Reasons: []bot.Reason{{Sentence: "it is Friday afternoon"}}, Until: at(30, 0, 0)},
			},
			"search": {
				{Service: "search", At: at(26, 15, 0), Open: true, Until: at(26, 18, 0)},
				{Service: "search", At: at(26, 18, 0), Reasons: []bot.Reason{{Sentence: "the shop earns its year (started by Mara)"}}, Until: at(30, 9, 0)},
			},
		},
		Budgets: []bot.Budget{
			{Service: "support-assistant", Objective: "useful-answers", Target: .99, Days: 30, Left: -.04}, {Service: "search", Objective: "found", Target: .95, Days: 30, Left: .7},
		},
		Blind:  []string{"cost of search (no data)"},
		Duties: []bot.Duty{{Service: "support-assistant", Levels: []bot.DutyLevel{{Level: 1, People: []bot.DutyPerson{{Name: "Mara", Until: at(26, 18, 0)}}}, {Level: 2, People: []bot.DutyPerson{{Name: "Omar"}}}}}},
		Pulls: []bot.Waiting{
			{Repository: "acme/assistants", Number: 491, Title: "New model for support", Services: []string{"support-assistant"}, Level: bot.Critical, Approved: true, Reasons: []string{"an incident of support-assistant is open", "the evaluation is missing"}, URL: "https://github.example/acme/assistants/pull/491"},
			{Repository: "acme/assistants", Number: 493, Title: "Fewer words", Services: []string{"support-assistant"}, Level: bot.High, Draft: true, Reasons: []string{"it changes a prompt"}},
			{Repository: "acme/search", Number: 12, Title: "A typo", Services: []string{"search"}, Level: bot.Low, Approved: true},
			{Repository: "acme/assistants", Number: 488, Title: "Shorter answers", Services: []string{"support-assistant"}, Level: bot.Medium, BakesUntil: at(26, 17, 0)},
			{Repository: "acme/search", Number: 14, Title: "Index twice", Services: []string{"search"}, Level: bot.Medium, Override: "Mara: the vendor stops the old one", OverrideUntil: at(26, 18, 0)},
		},
		Homes:        map[string]*time.Location{"yui": mustZone("Asia/Tokyo"), "omar": berlin},
		ServiceZones: map[string]*time.Location{"support-assistant": berlin, "search": mustZone("Asia/Tokyo")},
		URL:          "https://firebreak.example",
	}
	for _, h := range []*happens{open, passed, shift, burn} {
		in.Incidents = append(in.Incidents, bot.FoldIncident(h.entries))
		in.Entries[h.id] = h.entries
	}
	return in
}

func made(t testing.TB, in digest.Input, kind string) bot.Digest {
	t.Helper()
	in.Kind = kind
	d, err := digest.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestTheExamplesOfTheManualAreWhatIsSaid renders each example of docs/digests.md anew.
func TestTheExamplesOfTheManualAreWhatIsSaid(t *testing.T) {
	const file = "../../docs/digests.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)(<!-- example: ([a-z]+) -->\n```text\n)(.*?)(```)")
	found := 0
	fresh := example.ReplaceAllStringFunc(string(page), func(m string) string {
		parts := example.FindStringSubmatch(m)
		found++
		in := week()
		if parts[2] == digest.Handover || parts[2] == digest.Morning {
			in.From = at(26, 6, 0)
			in.Changes = nil
		}
		return parts[1] + digest.Text(made(t, in, parts[2])) + parts[4]
	})
	if found != len(digest.Kinds()) {
		t.Errorf("the manual has %d examples, there are %d kinds", found, len(digest.Kinds()))
	}
	if *update {
		if err := os.WriteFile(file, []byte(fresh), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(page), fresh); diff != "" {
		t.Errorf("run with -update (-manual +said):\n%s", diff)
	}
}

func TestTheNoiseOfADetectorIsCountedByWhatCameOfIt(t *testing.T) {
	d := made(t, week(), digest.Weekly)
	want := []bot.Noise{
		{Detector: "burn", Firings: 2, Pages: 2, Incidents: 2, Confirmed: 1, Passed: 1},
		{Detector: "canary", Firings: 1, Incidents: 1, Open: 1},
		{Detector: "shift", Firings: 1, Pages: 1, Incidents: 1, Muted: 1},
	}
	if diff := cmp.Diff(want, d.Noise); diff != "" {
		t.Error(diff)
	}
}

func TestAnIncidentIsNoiseByWhatPeopleDid(t *testing.T) {
	opened := func() *happens {
		h := &happens{id: "inc-1"}
		return h.finding(at(25, 10, 0), bot.EntryOpened, "burn", "support-assistant", detectors.Firing, "refuses")
	}
	for name, q := range map[string]struct {
		then func(*happens) *happens
		want bot.Noise
	}{
		"it fires":                          {func(h *happens) *happens { return h }, bot.Noise{Open: 1}},
		"a person closes it while it fires": {func(h *happens) *happens { return h.entry(at(25, 11, 0), bot.EntryResolved, "ana", "resolved", nil) }, bot.Noise{Dismissed: 1}},
		"it goes by itself":                 {func(h *happens) *happens { return h.over(at(25, 11, 0)) }, bot.Noise{Passed: 1}},
		"somebody is on it and says no cause": {func(h *happens) *happens {
			return h.entry(at(25, 10, 5), bot.EntryAcknowledged, "ana", "ack", nil).over(at(25, 11, 0))
		}, bot.Noise{Unsaid: 1}},
		"it is muted": {func(h *happens) *happens {
			return h.entry(at(25, 10, 5), bot.EntryMuted, "ana", "muted", bot.Mute{Until: at(25, 12, 0), By: "ana"}).over(at(25, 11, 0))
		}, bot.Noise{Muted: 1}},
		"it is muted and confirmed": {func(h *happens) *happens {
			return h.entry(at(25, 10, 5), bot.EntryMuted, "ana", "muted", bot.Mute{Until: at(25, 12, 0), By: "ana"}).
				entry(at(25, 10, 6), bot.EntryVerdict, "ana", "it was", bot.Verdict{Change: "x", Word: bot.Confirmed, By: "ana", Via: "slack"})
		}, bot.Noise{Confirmed: 1}},
		"a person says that none did it": {func(h *happens) *happens {
			return h.entry(at(25, 10, 6), bot.EntryVerdict, "ana", "none", bot.Verdict{Change: bot.NoneOfThese, Word: bot.Confirmed, By: "ana", Via: "slack"})
		}, bot.Noise{Confirmed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			h := q.then(opened())
			in := digest.Input{Now: at(26, 15, 0), From: at(23, 9, 0), Incidents: []bot.Incident{bot.FoldIncident(h.entries)}, Entries: map[string][]bot.Entry{h.id: h.entries}}
			q.want.Detector, q.want.Incidents, q.want.Firings = "burn", 1, 1
			if diff := cmp.Diff([]bot.Noise{q.want}, made(t, in, digest.Weekly).Noise); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhoWasWokenIsToldByTheirOwnClock(t *testing.T) {
	d := made(t, week(), digest.Weekly)
	// Yui was paged at 23:41 in Berlin, which is 07:41 in Tokyo: that woke nobody.
	want := []bot.Woken{
		{Zone: "Europe/Berlin", Times: []time.Time{at(26, 3, 11).UTC()}, Incidents: []string{"inc-passed"}},
		{Name: "Omar", Zone: "Europe/Berlin", Times: []time.Time{at(24, 2, 7).UTC()}, Incidents: []string{"inc-burn"}},
	}
	if diff := cmp.Diff(want, d.Woken); diff != "" {
		t.Error(diff)
	}
	in := week()
	in.Homes = nil // then the service's clock counts, and it is in Tokyo, too
	if got := made(t, in, digest.Weekly).Woken; len(got) != 2 {
		t.Errorf("by the services' clocks: %+v", got)
	}
	in.ServiceZones = nil // then that of the digest
	if got := made(t, in, digest.Weekly).Woken; len(got) != 3 {
		t.Errorf("by the clock of the digest: %+v", got)
	}
	early, late := calendar.Clock(4*60), calendar.Clock(6*60)
	in.Night = digest.Night{From: &early, To: &late}
	if got := made(t, in, digest.Weekly).Woken; len(got) != 0 {
		t.Errorf("in a short night: %+v", got)
	}
}

func TestTwoPagesOfAnIncidentWithinAnHourAreOneWaking(t *testing.T) {
	h := &happens{id: "inc-1"}
	h.finding(at(25, 2, 0), bot.EntryOpened, "burn", "support-assistant", detectors.Firing, "refuses").
		paged(at(25, 2, 1), "Omar").paged(at(25, 2, 20), "Omar").paged(at(25, 4, 0), "Omar")
	in := digest.Input{
		Now: at(26, 15, 0), From: at(23, 9, 0), Zone: berlin, Paging: []string{"pagerduty.page"},
		Incidents: []bot.Incident{bot.FoldIncident(h.entries)}, Entries: map[string][]bot.Entry{h.id: h.entries},
	}
	d := made(t, in, digest.Weekly)
	if len(d.Woken) != 1 || len(d.Woken[0].Times) != 2 || d.Noise[0].Pages != 3 {
		t.Errorf("%+v, %+v", d.Woken, d.Noise)
	}
}

func TestWhereThereIsNothingToTellNothingIsTold(t *testing.T) {
	quiet := digest.Input{
		Now: at(26, 8, 30), From: at(25, 8, 30), Zone: berlin,
		Windows: map[string][]bot.Opening{"support-assistant": {{Service: "support-assistant", At: at(26, 8, 30), Open: true}}},
		Budgets: []bot.Budget{{Service: "support-assistant", Objective: "useful-answers", Left: .9}},
		Changes: []bot.Change{{ID: "x", Kind: bot.Config, Title: "Timeouts"}},
	}
	for _, kind := range digest.Kinds() {
		in := quiet
		if kind == digest.Weekly {
			in.Changes = nil
		}
		if d := made(t, in, kind); !d.Empty {
			t.Errorf("%s: %+v", kind, d)
		}
	}
	if d := made(t, quiet, digest.Morning); d.Title != "Good morning, Thu 26 Nov: nothing to tell" || len(d.Sections) != 1 {
		t.Errorf("%+v", d)
	}
	unread := quiet
	unread.Unread = []string{"pull requests: GitHub is away"}
	if d := made(t, unread, digest.Morning); d.Empty {
		t.Error("that something could not be looked at is nothing to tell")
	}
	if _, err := digest.Make(digest.Input{Kind: "evening"}); bot.CodeOf(err) != bot.Invalid || !strings.Contains(err.Error(), "morning, forecast, weekly and handover") {
		t.Errorf("an unknown kind: %v", err)
	}
}

func TestADigestOfOneServiceTellsOfNoOther(t *testing.T) {
	for _, kind := range digest.Kinds() {
		in := week()
		in.Services = []string{"search"}
		in.Blind = nil
		text := digest.Text(made(t, in, kind))
		for _, other := range []string{"support-assistant", "inc-burn", "inc-open", "apr-1", "#491"} {
			if strings.Contains(text, other) {
				t.Errorf("%s tells of %s:\n%s", kind, other, text)
			}
		}
	}
}

// TestADigestIsBoundedAndHarmless: whatever comes from outside, a digest stays readable and each row is one line.
func TestADigestIsBoundedAndHarmless(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		words := rapid.OneOf(rapid.String(), rapid.StringN(0, 3000, -1), rapid.SampledFrom([]string{"a\nb", "<!channel>", "\xff"}))
		in := week()
		n := rapid.IntRange(0, 60).Draw(rt, "n")
		for i := range n {
			in.Incidents = append(in.Incidents, bot.Incident{ID: fmt.Sprint("inc-", i), Service: "s", Title: words.Draw(rt, "title"), State: bot.Open, OpenedAt: in.Now, AcknowledgedBy: words.Draw(rt, "by")})
			in.Pulls = append(in.Pulls, bot.Waiting{Repository: "a/b", Number: i, Title: words.Draw(rt, "pull"), Level: bot.High, Reasons: []string{words.Draw(rt, "reason")}})
			in.Changes = append(in.Changes, bot.Change{ID: "c", Title: words.Draw(rt, "change"), MergedAt: in.Now, Flags: []bot.Reason{{Sentence: words.Draw(rt, "flag")}}})
		}
		in.Kind = rapid.SampledFrom(digest.Kinds()).Draw(rt, "kind")
		before := slices.Clone(in.Incidents)
		d, err := digest.Make(in)
		if err != nil {
			rt.Fatal(err)
		}
		for _, s := range d.Sections {
			if len(s.Rows) > 13 || len(s.Rows) == 0 {
				rt.Fatalf("%s has %d rows", s.Title, len(s.Rows))
			}
			for _, r := range s.Rows {
				if text := digest.Line(r); utf8.RuneCountInString(text) > 1500 || strings.ContainsAny(r.Text, "\n\r") || !utf8.ValidString(r.Text) {
					rt.Fatalf("a row of %d letters: %.100q", utf8.RuneCountInString(text), text)
				}
			}
		}
		again, _ := digest.Make(in)
		if diff := cmp.Diff(d, again); diff != "" {
			rt.Fatalf("said twice it is another: %s", diff)
		}
		if !cmp.Equal(before, in.Incidents) {
			rt.Fatal("what was given was changed")
		}
	})
}
