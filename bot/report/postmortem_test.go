package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestAPostmortemTellsDurationsImpactAndWhatIsOpen(t *testing.T) {
	v := view(63)
	v.Incident.References = []bot.Reference{{URL: "https://status.example/1", Title: "the vendor's page", By: "ada"}}
	p := report.PostmortemOf(v)
	want := map[string]float64{"detected": 480, "acknowledged": 720, "signals_back": 1620, "mitigated": 1920, "resolved": 3720}
	if diff := cmp.Diff(want, p.Seconds); diff != "" {
		t.Error(diff)
	}
	if p.Cause != "github:acme/assistants#482" || len(p.Unknown) != 0 {
		t.Errorf("cause %q, unknown %q", p.Cause, p.Unknown)
	}
	if want := []string{
		"support-assistant was in trouble for 27 min.", "At its worst: 810 of 8,265 events bad (9.8 %) over 5m, limit 1.44 %.",
		"Then 61 % of the budget of 30d for 99 % is left.",
	}; !cmp.Equal(want, p.Impact) {
		t.Errorf("impact %q", p.Impact)
	}
	if want := []string{"What would have kept #482 from landing, or from reaching everybody at once?"}; !cmp.Equal(want, p.Questions) {
		t.Errorf("questions %q", p.Questions)
	}
	if !strings.Contains(p.Markdown, "- [the vendor's page](https://status.example/1), by ada") && !strings.Contains(p.Markdown, "status.example") {
		t.Errorf("the address is missing: %s", p.Markdown)
	}
}

func TestWhatIsNotKnownIsSaid(t *testing.T) {
	for name, q := range map[string]struct {
		alter     func(*report.View)
		unknown   string
		questions string
	}{
		"no onset":     {func(v *report.View) { v.Incident.Onset = detectors.Onset{} }, "When it began", ""},
		"a wide onset": {func(v *report.View) { v.Incident.Onset.Earliest = minute(-30) }, "When exactly it began: between 2026-11-21 01:22:00 and 2026-11-21 01:54:00", ""},
		"nobody confirmed anything": {
			func(v *report.View) { v.Incident.Cause, v.Incident.Verdicts = "", nil },
			"nobody confirmed a suspect", "Was it prompt #482 (0.91)?",
		},
		"somebody says that none did it": {func(v *report.View) {
			v.Incident.Cause, v.Incident.Verdicts = "", []bot.Verdict{{Change: bot.NoneOfThese, Word: bot.Confirmed, By: "ada", Via: "slack"}}
		}, "none of the known changes, as ada said", ""},
		"it cannot be seen": {func(v *report.View) { v.Incident.Blind = detectors.Unreachable }, "it cannot be seen (unreachable)", ""},
		"it could not be seen for a while": {func(v *report.View) {
			v.Entries = append(v.Entries, bot.Entry{Kind: bot.EntryBlind})
		}, "while a part of it could not be seen", ""},
		"it was seen late": {func(v *report.View) { v.Incident.OpenedAt = minute(40) }, "", "only 40 min after it began"},
		"nobody was on it": {func(v *report.View) { v.Incident.AcknowledgedAt = time.Time{} }, "", "nobody say that they are on it"},
		"nobody answered":  {func(v *report.View) { v.Approvals[0].Decision = bot.Expired }, "", "could not: Revert prompt #482?"},
		"a step failed for good": {func(v *report.View) {
			v.Entries = append(v.Entries, step("erred", "revert failed (permanent): conflict"))
		}, "", "Why did this not work: revert failed"},
		"resolved by a person while loud": {func(v *report.View) { v.Incident.ResolvedBy, v.Incident.QuietSince = "ada", time.Time{} }, "Whether its signals came back", ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := view(63)
			q.alter(&v)
			p := report.PostmortemOf(v)
			if unknown := strings.Join(p.Unknown, "\n"); !strings.Contains(unknown, q.unknown) {
				t.Errorf("not known: %q, want %q", unknown, q.unknown)
			}
			if questions := strings.Join(p.Questions, "\n"); !strings.Contains(questions, q.questions) {
				t.Errorf("questions: %q, want %q", questions, q.questions)
			}
		})
	}
}

func TestAStepThatWorkedInTheEndIsNoQuestion(t *testing.T) {
	v := view(63)
	v.Entries = append(v.Entries, step("erred", "revert failed (transient): 502; it is tried again"), step("answered", "revert: merged"))
	for _, q := range report.PostmortemOf(v).Questions {
		if strings.Contains(q, "did this not work") {
			t.Error(q)
		}
	}
}

func step(kind, sentence string) bot.Entry {
	return bot.Entry{Kind: bot.EntryStep, At: minute(20), Sentence: sentence, Data: encode(map[string]string{"run": "run-1", "step": "revert", "kind": kind})}
}
