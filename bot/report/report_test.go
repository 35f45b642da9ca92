package report_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
	"github.com/firebreak-dev/firebreak/detectors"
)

var update = flag.Bool("update", false, "write the golden files")

// hostile is a title as an attacker would write it.
const hostile = "<!channel> ${service.token} {{.}} \"; rm -rf / <script>alert(1)</script> [x](javascript:1) @team https://evil.example | `a`"

var onset = time.Date(2026, 11, 21, 1, 52, 0, 0, time.UTC)

func minute(m float64) time.Time { return onset.Add(time.Duration(m * float64(time.Minute))) }

func encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func finding(v detectors.Verdict, at float64) detectors.Finding {
	f := detectors.Finding{
		Key: "burn/support-assistant/production/refusal_ratio/useful-answers-1h", Detector: "burn", Rule: "1h", Service: "support-assistant",
		Environment: "production", Signal: "refusal_ratio", Objective: "useful-answers", Verdict: v, Severity: detectors.Page,
		At: minute(at), Title: "refusals burn the budget of useful-answers 22 times too fast",
		Onset: detectors.Onset{At: onset, Earliest: minute(-2), Latest: minute(2)},
		Evidence: []detectors.Evidence{
			{Name: "ratio_1h", Sentence: "2,204 of 99,180 events bad (2.22 %) over 1h, limit 1.44 %", Value: 0.0222, Unit: "ratio", Window: time.Hour},
			{Name: "ratio_5m", Sentence: "810 of 8,265 events bad (9.8 %) over 5m, limit 1.44 %", Value: 0.098, Unit: "ratio", Window: 5 * time.Minute},
			{Name: "usual", Sentence: "usually 1.4 %", Value: 0.014, Unit: "ratio", Window: 24 * time.Hour},
			{Name: "budget_left", Sentence: "61 % of the budget of 30d for 99 % is left", Value: 0.61, Unit: "ratio"},
			{Name: "exhaustion", Sentence: "at this rate the budget is gone in 20h", Value: 72000, Unit: "seconds"},
		},
	}
	if v == detectors.Quiet {
		f.Title, f.Evidence = "", []detectors.Evidence{{Name: "ratio_5m", Sentence: "90 of 8,265 events bad (1.1 %) over 5m", Value: 0.011, Unit: "ratio"}}
	}
	if v == detectors.Blind {
		f.Blind = detectors.Unreachable
	}
	return f
}

func ranking() bot.Ranking {
	return bot.Ranking{
		At: minute(9), None: 0.05, Rest: 0.01, RestCount: 12,
		Suspects: []bot.Suspect{
			{
				Change: "github:acme/assistants#482", Kind: bot.Prompt, Title: hostile, URL: "https://github.example/acme/assistants/pull/482",
				Author: "mia", Service: "support-assistant", At: minute(-6), Probability: 0.91, Reasons: []bot.Reason{
					{Code: "prior", Sentence: "one of 14 changes that came before it", Weight: -1.54},
					{Code: "lag", Sentence: "took effect 6 min before it began", Weight: 2.74},
					{Code: "scope", Sentence: "changes support-assistant itself", Weight: 0.7},
					{Code: "kind", Sentence: "prompt changes readily move refusals", Weight: 1},
				},
			},
			{
				Change: "github:acme/assistants@0123456789abcdef", Kind: bot.Config, Title: "raise timeouts", At: minute(-50), Probability: 0.02,
				URL: "javascript:alert(1)", Reasons: []bot.Reason{{Code: "lag", Sentence: "took effect 50 min before it began", Weight: -0.92}},
			},
			{Change: "x", Kind: bot.Code, Probability: 0.01},
		},
		NoneReasons: []bot.Reason{{Code: "prior", Sentence: "25 % of incidents have no known change behind them"}},
		Excluded: []bot.Exclusion{{
			Change: "github:acme/assistants#484", Title: "late one",
			Why: bot.Reason{Code: "after_onset", Sentence: "took effect 7 min after it had begun at the latest"},
		}},
	}
}

// night is the timeline of one evening of somebody's life.
func night() []bot.Entry {
	entry := func(at float64, kind bot.EntryKind, actor, sentence string, data any) bot.Entry {
		return bot.Entry{ID: fmt.Sprintf("ent-%g", at), Incident: "inc-1", At: minute(at), Kind: kind, Actor: actor, Sentence: sentence, Data: encode(data)}
	}
	return []bot.Entry{
		entry(8, bot.EntryOpened, "firebreak", "opened: refusals burn the budget of useful-answers 22 times too fast", finding(detectors.Firing, 8)),
		entry(9, bot.EntrySuspects, "firebreak", "likely prompt #482 (0.91)", ranking()),
		entry(9.1, bot.EntryRun, "firebreak", "playbook prompt-regression begins (opened)", nil),
		entry(9.2, bot.EntryStep, "playbook prompt-regression", "page: paged team-support-ai", nil),
		entry(9.3, bot.EntryApproval, "playbook prompt-regression", "ask: revert "+hostile+"?", nil),
		entry(12, bot.EntryAcknowledged, "ada", "acknowledged by ada", nil),
		entry(18, bot.EntryApproval, "ada", "approved by ada in Slack", nil),
		entry(19, bot.EntryStep, "playbook prompt-regression", "revert: merged the revert #485", nil),
		entry(27, bot.EntryFinding, "firebreak", "quiet: refusals", finding(detectors.Quiet, 27)),
		entry(32, bot.EntryRecovered, "firebreak", "recovered: everything quiet since 02:19 UTC", nil),
		entry(33, bot.EntryCause, "firebreak", "its revert brought the signals back", map[string]string{"change": "github:acme/assistants#482"}),
		entry(62, bot.EntryResolved, "firebreak", "resolved: quiet since 02:19 UTC", nil),
	}
}

func approval() bot.Approval {
	return bot.Approval{ID: "a1", Incident: "inc-1", Question: "Revert prompt #482?", Of: []string{"ada", "ben"}, AskedAt: minute(9), Expires: minute(19)}
}

// view is the incident as it was at a minute after the onset.
func view(at float64) report.View {
	var entries []bot.Entry
	for _, e := range night() {
		if !e.At.After(minute(at)) {
			entries = append(entries, e)
		}
	}
	return report.View{
		Incident: bot.FoldIncident(entries), Entries: entries, Now: minute(at), BaseURL: "https://firebreak.example/",
		Services:  map[string]bot.Service{"support-assistant": {Name: "support-assistant", Owner: "team-support-ai"}},
		Approvals: []bot.Approval{approval()},
	}
}

func TestHeadlineAtThreeInTheMorning(t *testing.T) {
	blind := view(10)
	blind.Incident.Findings[0] = finding(detectors.Blind, 10)
	blind.Incident.Blind = detectors.Unreachable
	none := view(10)
	none.Incident.Ranking.None, none.Incident.Ranking.Suspects[0].Probability = 0.84, 0.11
	perhaps := view(10)
	perhaps.Incident.Ranking.Suspects[0].Probability = 0.4
	nobody := view(10)
	nobody.Incident.Ranking.Suspects = nil
	latency := view(10)
	latency.Incident.Findings[0].Signal, latency.Incident.Findings[0].Detector = "latency_p95", "shift"
	latency.Incident.Findings[0].Evidence = []detectors.Evidence{{Name: "level", Value: 4.2, Unit: "seconds"}}
	custom := view(10)
	custom.Incident.Findings[0].Signal, custom.Incident.Findings[0].Evidence = "grounded", custom.Incident.Findings[0].Evidence[:2]
	sight := view(10)
	sight.Incident.Service, sight.Incident.Detector = "firebreak", "absent"
	sight.Incident.Findings[0] = detectors.Finding{Signal: "sight", Verdict: detectors.Firing, Severity: detectors.Page, Title: "Prometheus does not answer"}
	berlin := view(10)
	berlin.Zone = time.FixedZone("CET", 3600)

	cases := []struct {
		name string
		view report.View
		want string
	}{
		{"firing", view(10), "support-assistant refuses 9.8 % (usually 1.4 %) since 01:52 UTC ±2 min. Likely prompt #482 (0.91)."},
		{"before the ranking", view(8), "support-assistant refuses 9.8 % (usually 1.4 %) since 01:52 UTC ±2 min. Suspects are being ranked."},
		{"blind", blind, "support-assistant cannot be seen (unreachable); last known: refuses 9.8 % (usually 1.4 %) since 01:52 UTC ±2 min. " +
			"Likely prompt #482 (0.91)."},
		{"recovered", view(32.5), "support-assistant recovered: quiet since 02:19 UTC, 27 min after it began. Likely prompt #482 (0.91)."},
		{
			"resolved, with a known cause", view(62),
			"support-assistant is well again: resolved at 02:54 UTC, 27 min of trouble since 01:52 UTC ±2 min. Caused by prompt #482.",
		},
		{"none of these", none, "support-assistant refuses 9.8 % (usually 1.4 %) since 01:52 UTC ±2 min. Probably none of the known changes (0.84)."},
		{"not sure", perhaps, "support-assistant refuses 9.8 % (usually 1.4 %) since 01:52 UTC ±2 min. Perhaps prompt #482 (0.40)."},
		{"no change known", nobody, "support-assistant refuses 9.8 % (usually 1.4 %) since 01:52 UTC ±2 min. No known change came before it."},
		{"another signal", latency, "support-assistant has latency p95 at 4.2 s since 01:52 UTC ±2 min. Likely prompt #482 (0.91)."},
		{"an objective of its own", custom, "support-assistant misses useful-answers for 9.8 % since 01:52 UTC ±2 min. Likely prompt #482 (0.91)."},
		{"our own blindness has no suspects", sight, "Prometheus does not answer, since 01:52 UTC ±2 min."},
		{"another zone", berlin, "support-assistant refuses 9.8 % (usually 1.4 %) since 02:52 CET ±2 min. Likely prompt #482 (0.91)."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := report.Headline(c.view); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCardStory(t *testing.T) {
	for _, at := range []float64{10, 20, 63} {
		card := report.CardOf(view(at))
		card.Suspects = nil // as in the ranking; their words are in the report
		data, err := json.MarshalIndent(card, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("card-%02.0f.json", at), string(data)+"\n")
	}
}

func TestCardKeepsToItsBounds(t *testing.T) {
	v := view(10)
	for range 50 {
		v.Incident.Ranking.Suspects = append(v.Incident.Ranking.Suspects, bot.Suspect{Change: "y", Probability: 0.03})
		v.Entries = append(v.Entries, bot.Entry{At: minute(10), Kind: bot.EntryNote, Sentence: strings.Repeat("word ", 500)})
	}
	card := report.CardOf(v)
	if len(card.Suspects) != 5 || len(card.Doing) != 7 {
		t.Errorf("%d suspects, %d lines", len(card.Suspects), len(card.Doing))
	}
	for _, line := range card.Doing {
		if len([]rune(line)) > 400 {
			t.Errorf("a line of %d characters", len([]rune(line)))
		}
	}
}

func TestACardDoesNotTellOfStepsThatWereNotNeeded(t *testing.T) {
	v := view(10)
	v.Entries = append(v.Entries,
		bot.Entry{At: minute(10), Kind: bot.EntryStep, Sentence: "shout skipped: its condition is false", Data: encode(map[string]string{"kind": "skipped"})},
		bot.Entry{At: minute(10), Kind: bot.EntryStep, Sentence: "revert: done", Data: encode(map[string]string{"kind": "answered"})})
	doing := strings.Join(report.CardOf(v).Doing, "\n")
	if strings.Contains(doing, "skipped") || !strings.Contains(doing, "revert: done") {
		t.Errorf("it tells:\n%s", doing)
	}
}

func TestAnAnsweredOrExpiredQuestionIsNotOpen(t *testing.T) {
	if got := report.CardOf(view(10)).Approvals; len(got) != 1 {
		t.Errorf("%d open questions, want one", len(got))
	}
	if got := report.CardOf(view(19)).Approvals; len(got) != 0 {
		t.Errorf("an expired question is open: %v", got)
	}
	v := view(10)
	v.Approvals[0].Decision = bot.Denied
	if got := report.CardOf(v).Approvals; len(got) != 0 {
		t.Errorf("an answered question is open: %v", got)
	}
}

func TestReportStory(t *testing.T) {
	r := report.ReportOf(view(63))
	golden(t, "report.md", report.Markdown(r))
	page, err := report.HTML(r)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.html", string(page))
	for _, bad := range []string{"<script", "javascript:alert", "style=", "onerror"} {
		if strings.Contains(string(page), bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestAnEmptyIncidentHasACardAndAReport(t *testing.T) {
	v := report.View{Now: onset}
	if report.CardOf(v).Headline == "" {
		t.Error("no headline")
	}
	if md := report.Markdown(report.ReportOf(v)); !strings.Contains(md, "Nothing is on record") {
		t.Errorf("the report of nothing: %s", md)
	}
	if _, err := report.HTML(report.ReportOf(v)); err != nil {
		t.Error(err)
	}
}

func TestSuspectsAddUp(t *testing.T) {
	r := report.ReportOf(view(10))
	if got := fmt.Sprintf("%.2f", r.Suspects[0].Total); got != "2.90" {
		t.Errorf("the sum is %s", got)
	}
	if r.Suspects[0].Terms[0].Code != "lag" {
		t.Errorf("the weightiest term is %s", r.Suspects[0].Terms[0].Code)
	}
	if r.Rest != "13 more changes, together 0.02" {
		t.Errorf("rest: %q", r.Rest)
	}
}

func TestWhatFiresSpeaksForTheIncident(t *testing.T) {
	v := view(10)
	v.Incident.Findings[0].Verdict = detectors.Quiet
	v.Incident.Findings = append(v.Incident.Findings, detectors.Finding{
		Key: "z", Signal: "error_ratio", Detector: "shift", Verdict: detectors.Firing, Severity: detectors.Ticket,
		Evidence: []detectors.Evidence{{Name: "level", Value: 0.031, Unit: "ratio"}},
	})
	if got := report.Headline(v); !strings.HasPrefix(got, "support-assistant fails 3.1 % since") {
		t.Error(got)
	}
}

func TestTheReportTellsTheWorstOfEachFinding(t *testing.T) {
	v := view(63)
	worse, milder := v.Entries[0], v.Entries[0]
	f := finding(detectors.Firing, 15)
	f.Title, f.Evidence[0].Value = "refusals at their worst", 0.07
	worse.Kind, worse.Data = bot.EntryFinding, encode(f)
	f.Title, f.Evidence[0].Value = "refusals on their way back", 0.03
	milder.Kind, milder.Data = bot.EntryFinding, encode(f)
	v.Entries = append(v.Entries, worse, milder)
	if got := report.ReportOf(v).Findings[0].Title; got != "refusals at their worst" {
		t.Error(got)
	}
}

func TestShortName(t *testing.T) {
	for _, c := range [][3]string{
		{"github:acme/assistants#482", "t", "#482"},
		{"github:acme/assistants@0123456789", "t", "0123456"},
		{"vendor:x", "a new\nmodel", "a new model"},
		{"vendor:x", "", "vendor:x"},
		{"a#", "", "a#"},
		{"a@b", "", "b"},
	} {
		if got := report.ShortName(c[0], c[1]); got != c[2] {
			t.Errorf("%q is called %q, want %q", c[0], got, c[2])
		}
	}
}

func TestNumberAndSpan(t *testing.T) {
	for want, got := range map[string]string{
		"9.8 %": report.Number(0.098, "ratio"), "100 %": report.Number(1, "ratio"), "0.014 %": report.Number(0.00014, "ratio"),
		"420 ms": report.Number(0.42, "seconds"), "4.2 s": report.Number(4.2, "seconds"), "$0.123": report.Number(0.1234, "usd"),
		"-$3": report.Number(-3, "usd"), "1234": report.Number(1234.4, ""), "0": report.Number(0, ""), "0 s": report.Number(0, "seconds"),
		"40 s": report.Span(40 * time.Second), "12 min": report.Span(12 * time.Minute), "3.5 h": report.Span(210 * time.Minute),
		"4 h": report.Span(4 * time.Hour), "3 days": report.Span(70 * time.Hour), "-40 s": report.Span(-40 * time.Second),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFileName(t *testing.T) {
	if got := report.FileName("inc-1/../../etc", "md"); got != "inc-1-------etc.md" {
		t.Error(got)
	}
	if got := report.FileName("", "md"); got != "incident.md" {
		t.Error(got)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); -update writes it:\n%s", path, diff)
	}
}

func BenchmarkCardOf(b *testing.B) {
	v := view(63)
	b.ReportAllocs()
	for b.Loop() {
		report.CardOf(v)
	}
}

func BenchmarkMarkdown(b *testing.B) {
	r := report.ReportOf(view(63))
	b.ReportAllocs()
	for b.Loop() {
		report.Markdown(r)
	}
}
