package group_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/group"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

var start = time.Date(2026, 11, 20, 15, 50, 0, 0, time.UTC)

func at(minutes float64) time.Time { return start.Add(time.Duration(minutes * float64(time.Minute))) }

// world is what an engine would keep: timelines by incident, with keys that add only once.
type world struct {
	cfg       group.Config
	order     []string
	timelines map[string][]bot.Entry
	told      []string
}

func newWorld() *world { return &world{timelines: map[string][]bot.Entry{}} }

func (w *world) incidents() []bot.Incident {
	out := make([]bot.Incident, 0, len(w.order))
	for _, id := range w.order {
		out = append(out, bot.FoldIncident(w.timelines[id]))
	}
	return out
}

func (w *world) add(entries []bot.Entry) {
	for _, e := range entries {
		if slices.ContainsFunc(w.timelines[e.Incident], func(have bot.Entry) bool { return have.Key == e.Key }) {
			continue
		}
		if len(w.timelines[e.Incident]) == 0 {
			w.order = append(w.order, e.Incident)
		}
		w.timelines[e.Incident] = append(w.timelines[e.Incident], e)
		w.told = append(w.told, fmt.Sprintf("%s %s: %s", e.At.Format("15:04"), e.Kind, e.Sentence))
	}
}

func (w *world) place(f detectors.Finding) group.Decision {
	d := group.Place(f.At, f, w.incidents(), w.cfg)
	w.add(d.Entries)
	return d
}

func (w *world) tick(now time.Time) {
	for _, in := range w.incidents() {
		w.add(group.Tick(now, time.Time{}, in, w.cfg))
	}
}

func finding(rule string, v detectors.Verdict, minute float64) detectors.Finding {
	f := detectors.Finding{
		Key: "burn/support-assistant/production/refusal_ratio/" + rule, Detector: "burn", Rule: rule,
		Service: "support-assistant", Environment: "production", Signal: "refusal_ratio",
		Verdict: v, Severity: detectors.Page, At: at(minute), Title: "refusals at 9.8 %",
	}
	switch v {
	case detectors.Firing:
		f.Onset = detectors.Onset{At: at(2), Earliest: at(0), Latest: at(4)}
	case detectors.Blind:
		f.Blind, f.Severity, f.Title = detectors.Unreachable, detectors.None, ""
	case detectors.Quiet:
		f.Severity = detectors.None
	}
	return f
}

// with changes one thing of a finding.
func with(f detectors.Finding, change func(*detectors.Finding)) detectors.Finding {
	change(&f)
	return f
}

func TestPlaceTellsTheLifeOfAnIncident(t *testing.T) {
	slow := func(v detectors.Verdict, s detectors.Severity, minute float64) detectors.Finding {
		return with(finding("slow", v, minute), func(f *detectors.Finding) { f.Severity, f.Title = s, "slow burn" })
	}
	cases := []struct {
		name  string
		steps []any // a finding, or minutes for a tick
		want  []string
	}{
		{"a quiet finding with no incident makes nothing", []any{finding("fast", detectors.Quiet, 5)}, nil},
		{"a blind finding with no incident makes nothing", []any{finding("fast", detectors.Blind, 5)}, nil},
		{"an info finding never opens and never joins", []any{
			slow(detectors.Firing, detectors.Info, 5), finding("fast", detectors.Firing, 6), slow(detectors.Firing, detectors.Info, 7),
		}, []string{"15:56 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min"}},
		{"the way from opened to resolved", []any{
			finding("fast", detectors.Firing, 5), finding("fast", detectors.Quiet, 20), 24.0, 25.0, 40.0, 54.0, 55.0, 90.0,
		}, []string{
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
			"16:10 finding: quiet: refusals at 9.8 %",
			"16:15 recovered: recovered: everything quiet since 16:10 UTC, 18 min after it began",
			"16:45 resolved: resolved: quiet since 16:10 UTC",
		}},
		{"a worse finding worsens, a milder one joins", []any{
			slow(detectors.Firing, detectors.Ticket, 5), finding("fast", detectors.Firing, 6),
			with(finding("third", detectors.Firing, 7), func(f *detectors.Finding) { f.Severity, f.Onset = detectors.Ticket, detectors.Onset{} }),
		}, []string{
			"15:55 opened: opened: slow burn, since 15:52 UTC ±2 min",
			"15:56 worsened: worse, now page: refusals at 9.8 %",
			"15:57 finding: also: refusals at 9.8 %",
		}},
		{"blindness is told at once, once, and nothing recovers meanwhile", []any{
			finding("fast", detectors.Firing, 5), finding("fast", detectors.Quiet, 10), finding("fast", detectors.Blind, 11),
			finding("fast", detectors.Blind, 12), 30.0, finding("fast", detectors.Quiet, 31), 35.0, 36.0,
		}, []string{
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
			"16:00 finding: quiet: refusals at 9.8 %",
			"16:01 blind: blind (unreachable): refusal ratio cannot be judged",
			"16:21 finding: quiet: refusals at 9.8 %",
			"16:26 recovered: recovered: everything quiet since 16:21 UTC, 29 min after it began",
		}},
		{"blind with another reason is told again, but not every tick", []any{
			finding("fast", detectors.Firing, 5), finding("fast", detectors.Blind, 6),
			with(finding("fast", detectors.Blind, 7), func(f *detectors.Finding) { f.Blind = detectors.Timeout }),
			with(finding("fast", detectors.Blind, 11), func(f *detectors.Finding) { f.Blind = detectors.Timeout }),
		}, []string{
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
			"15:56 blind: blind (unreachable): refusal ratio cannot be judged",
			"16:01 blind: blind (timeout): refusal ratio cannot be judged",
		}},
		{"firing again during the hold-down returns, after recovery reopens, after resolution opens a new one", []any{
			finding("fast", detectors.Firing, 5), finding("fast", detectors.Quiet, 10), finding("fast", detectors.Firing, 12),
			finding("fast", detectors.Quiet, 20), 25.0, finding("fast", detectors.Firing, 30), finding("fast", detectors.Quiet, 31),
			36.0, 66.0, with(finding("fast", detectors.Firing, 70), func(f *detectors.Finding) { f.Onset = detectors.Onset{} }),
		}, []string{
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
			"16:00 finding: quiet: refusals at 9.8 %",
			"16:02 finding: fires again: refusals at 9.8 %",
			"16:10 finding: quiet: refusals at 9.8 %",
			"16:15 recovered: recovered: everything quiet since 16:10 UTC, 18 min after it began",
			"16:20 reopened: reopened: refusals at 9.8 %",
			"16:21 finding: quiet: refusals at 9.8 %",
			"16:26 recovered: recovered: everything quiet since 16:21 UTC, 29 min after it began",
			"16:56 resolved: resolved: quiet since 16:21 UTC",
			"17:00 opened: opened: refusals at 9.8 %",
		}},
		{"newer numbers are told at most every five minutes, the same numbers never", []any{
			finding("fast", detectors.Firing, 5),
			with(finding("fast", detectors.Firing, 6), func(f *detectors.Finding) { f.Title = "refusals at 11 %" }),
			finding("fast", detectors.Firing, 9),
			with(finding("fast", detectors.Firing, 10), func(f *detectors.Finding) { f.Title = "refusals at 12 %" }),
			with(finding("fast", detectors.Firing, 11), func(f *detectors.Finding) { f.Title = "refusals at 13 %" }),
		}, []string{
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
			"16:00 finding: now: refusals at 12 %",
		}},
		{"a number that moves by less than a tenth is not told", []any{
			with(finding("fast", detectors.Firing, 5), func(f *detectors.Finding) { f.Evidence = []detectors.Evidence{{Name: "r", Value: 0.098}} }),
			with(finding("fast", detectors.Firing, 15), func(f *detectors.Finding) { f.Evidence = []detectors.Evidence{{Name: "r", Value: 0.104}} }),
			with(finding("fast", detectors.Firing, 16), func(f *detectors.Finding) { f.Evidence = []detectors.Evidence{{Name: "r", Value: 0.112}} }),
		}, []string{
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
			"16:06 finding: now: refusals at 9.8 %",
		}},
		{"a severity that wavers is told when it rises, and only now and then when it falls", []any{
			finding("fast", detectors.Firing, 5), slow(detectors.Firing, detectors.Page, 5),
			slow(detectors.Firing, detectors.Ticket, 6), slow(detectors.Firing, detectors.Ticket, 10), slow(detectors.Firing, detectors.Page, 11),
		}, []string{
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
			"15:55 finding: also: slow burn, since 15:52 UTC ±2 min",
			"16:00 finding: now ticket: slow burn",
			"16:01 finding: now page: slow burn",
		}},
		{"another environment is another incident", []any{
			finding("fast", detectors.Firing, 5),
			with(finding("fast", detectors.Firing, 5), func(f *detectors.Finding) { f.Environment, f.Key = "staging", "k2" }),
		}, []string{
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
		}},
		{"an older judgement changes nothing", []any{
			finding("fast", detectors.Firing, 5), finding("fast", detectors.Quiet, 8), finding("fast", detectors.Firing, 7),
		}, []string{
			"15:55 opened: opened: refusals at 9.8 %, since 15:52 UTC ±2 min",
			"15:58 finding: quiet: refusals at 9.8 %",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			for _, step := range c.steps {
				switch s := step.(type) {
				case detectors.Finding:
					w.place(s)
				case float64:
					w.tick(at(s))
				}
			}
			if diff := cmp.Diff(c.want, w.told); diff != "" {
				t.Errorf("the timeline differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlaceAlwaysSaysWhy(t *testing.T) {
	w := newWorld()
	for _, f := range []detectors.Finding{
		finding("fast", detectors.Quiet, 1), finding("fast", detectors.Firing, 2), finding("fast", detectors.Firing, 3),
		finding("fast", detectors.Verdict("?"), 4), finding("other", detectors.Quiet, 5), finding("other", detectors.Blind, 6),
	} {
		d := w.place(f)
		if d.Why == "" {
			t.Errorf("%s at %s: no reason given", f.Verdict, f.At)
		}
		if (d.Transition == group.Nothing) != (len(d.Entries) == 0) {
			t.Errorf("%s: transition %q with %d entries", f.Verdict, d.Transition, len(d.Entries))
		}
	}
}

func TestANumberThatJSONCannotCarryStillOpens(t *testing.T) {
	w := newWorld()
	f := finding("fast", detectors.Firing, 5)
	f.Evidence = []detectors.Evidence{{Name: "burn_1h", Sentence: "no events", Value: math.NaN(), Limit: math.Inf(1)}}
	if d := w.place(f); d.Transition != group.Opened {
		t.Fatalf("got %q (%s), want opened", d.Transition, d.Why)
	}
	if !math.IsNaN(f.Evidence[0].Value) {
		t.Error("the caller's finding was changed")
	}
}

func TestTickCountsQuietTimeOnlyUpToTheLastJudgement(t *testing.T) {
	w := newWorld()
	w.place(finding("fast", detectors.Firing, 5))
	w.place(finding("fast", detectors.Quiet, 10))
	in := w.incidents()[0]
	if got := group.Tick(at(60), at(11), in, group.Config{}); got != nil {
		t.Errorf("an hour without looking was taken for an hour of health: %v", got)
	}
	if got := group.Tick(at(60), at(59), in, group.Config{}); len(got) != 1 || got[0].Kind != bot.EntryRecovered {
		t.Errorf("got %v, want recovered", got)
	}
}

func TestAFindingJudgedBeforeTheResolutionOpensNoSecondIncident(t *testing.T) {
	w := newWorld()
	w.place(finding("fast", detectors.Firing, 5))
	w.place(finding("fast", detectors.Quiet, 10))
	w.tick(at(15))
	w.tick(at(45))
	if d := w.place(finding("fast", detectors.Firing, 9)); d.Transition != group.Nothing {
		t.Errorf("got %q, want nothing", d.Transition)
	}
	if d := w.place(finding("fast", detectors.Firing, 46)); d.Transition != group.Opened {
		t.Errorf("got %q (%s), want opened", d.Transition, d.Why)
	}
}

func TestASlowWindowThatRemembersWhatEndedHoldsNothing(t *testing.T) {
	w := newWorld()
	slow := func(minute float64) detectors.Finding {
		return with(finding("slow", detectors.Firing, minute), func(f *detectors.Finding) { f.Severity = detectors.Ticket })
	}
	w.place(with(finding("fast", detectors.Firing, 0), func(f *detectors.Finding) { f.Severity = detectors.Page }))
	w.place(slow(1))
	w.place(finding("fast", detectors.Quiet, 10))
	w.place(slow(12))
	w.tick(at(16))
	if in := w.incidents()[0]; in.State != bot.Mitigated {
		t.Fatalf("%s: the slow window kept it open", in.State)
	}
	if d := w.place(slow(20)); d.Transition != group.Nothing {
		t.Errorf("the slow window %s it", d.Transition)
	}
	w.tick(at(60))
	if in := w.incidents()[0]; in.State != bot.Resolved {
		t.Fatalf("%s: the slow window kept it from being resolved", in.State)
	}
	if d := w.place(slow(70)); d.Transition != group.Nothing || len(w.incidents()) != 1 {
		t.Errorf("the slow window alone %s a second incident", d.Transition)
	}
	if d := w.place(with(finding("fast", detectors.Firing, 80), func(f *detectors.Finding) {
		f.Severity, f.Onset.At = detectors.Page, at(79)
	})); d.Transition != group.Opened {
		t.Errorf("a new fault: %q (%s)", d.Transition, d.Why)
	}
}

func TestAnEchoStaysOneWhileSomethingIsBlind(t *testing.T) {
	slow := func(v detectors.Verdict, minute float64) detectors.Finding {
		return with(finding("slow", v, minute), func(f *detectors.Finding) { f.Severity = detectors.Ticket })
	}
	recovered := func(t *testing.T) *world {
		t.Helper()
		w := newWorld()
		w.place(finding("fast", detectors.Firing, 0))
		w.place(slow(detectors.Firing, 1))
		w.place(finding("fast", detectors.Quiet, 10))
		w.tick(at(16))
		if in := w.incidents()[0]; in.State != bot.Mitigated {
			t.Fatalf("it is %s", in.State)
		}
		return w
	}
	t.Run("when what went quiet cannot be seen", func(t *testing.T) {
		w := recovered(t)
		w.place(finding("fast", detectors.Blind, 17))
		w.place(with(slow(detectors.Firing, 17), func(f *detectors.Finding) { f.Title = "refusals at 2 %" }))
		if in := w.incidents()[0]; in.State != bot.Mitigated {
			t.Errorf("it is %s: %s", in.State, strings.Join(w.told, "\n"))
		}
		w.tick(at(60))
		if in := w.incidents()[0]; in.State != bot.Mitigated {
			t.Errorf("it is %s although a finding is blind", in.State)
		}
	})
	t.Run("when it could not be seen itself", func(t *testing.T) {
		w := recovered(t)
		w.place(slow(detectors.Blind, 17))
		if d := w.place(slow(detectors.Firing, 20)); d.Transition != group.Returned {
			t.Errorf("%q: %s", d.Transition, d.Why)
		}
		w.tick(at(60))
		if in := w.incidents()[0]; in.State != bot.Resolved {
			t.Errorf("it is %s: %s", in.State, strings.Join(w.told, "\n"))
		}
	})
}

func TestWhatBeginsAgainAsTheOtherEndsIsNoEcho(t *testing.T) {
	slow := func(v detectors.Verdict, minute float64) detectors.Finding {
		return with(finding("slow", v, minute), func(f *detectors.Finding) { f.Severity = detectors.Ticket })
	}
	for _, last := range [][]detectors.Finding{
		{slow(detectors.Firing, 20), finding("fast", detectors.Quiet, 20)},
		{finding("fast", detectors.Quiet, 20), slow(detectors.Firing, 20)},
	} {
		w := newWorld()
		w.place(finding("fast", detectors.Firing, 0))
		w.place(slow(detectors.Firing, 1))
		w.place(slow(detectors.Quiet, 10))
		for _, f := range last {
			w.place(f)
		}
		w.tick(at(40))
		if in := w.incidents()[0]; in.State != bot.Open || !in.QuietSince.IsZero() {
			t.Errorf("it is %s, quiet since %s: %s", in.State, in.QuietSince, strings.Join(w.told, "\n"))
		}
	}
}

func TestTheOnsetIsKeptWhenTheWindowSlides(t *testing.T) {
	w := newWorld()
	w.place(finding("fast", detectors.Firing, 5))
	w.place(with(finding("fast", detectors.Firing, 15), func(f *detectors.Finding) {
		f.Title, f.Onset = "refusals at 12 %", detectors.Onset{At: at(9), Earliest: at(4), Latest: at(14)}
	}))
	in := w.incidents()[0]
	if !in.Onset.At.Equal(at(2)) || !in.Findings[0].Onset.At.Equal(at(2)) {
		t.Errorf("onset %s, of the finding %s, want %s", in.Onset.At, in.Findings[0].Onset.At, at(2))
	}
	w.place(with(finding("fast", detectors.Firing, 25), func(f *detectors.Finding) {
		f.Title, f.Onset = "refusals at 14 %", detectors.Onset{At: at(1), Earliest: at(0.5), Latest: at(1.5)}
	}))
	if in = w.incidents()[0]; !in.Onset.At.Equal(at(1)) {
		t.Errorf("a closer estimate was not taken: %s", in.Onset.At)
	}
}

func TestAFindingGoesToTheIncidentThatHoldsItElseToTheOldest(t *testing.T) {
	older, newer := newWorld(), newWorld()
	older.place(finding("slow", detectors.Firing, 5))
	newer.place(finding("fast", detectors.Firing, 6))
	a, b := older.incidents()[0], newer.incidents()[0]
	for _, open := range [][]bot.Incident{{a, b}, {b, a}} {
		if d := group.Place(at(7), finding("fast", detectors.Quiet, 7), open, group.Config{}); d.Incident != b.ID {
			t.Errorf("what is known went to %s and not to the incident that holds it", d.Incident)
		}
		if d := group.Place(at(7), finding("third", detectors.Firing, 7), open, group.Config{}); d.Incident != a.ID {
			t.Errorf("what is new went to %s and not to the oldest incident", d.Incident)
		}
	}
}

func TestConfigCheckTellsEveryFault(t *testing.T) {
	r := diag.New()
	group.Config{RecoveredAfter: -time.Second, ResolvedAfter: 30 * 24 * time.Hour, RefreshEvery: time.Millisecond}.Check(r)
	var paths []string
	for _, f := range r.Faults() {
		paths = append(paths, f.Path)
	}
	if diff := cmp.Diff([]string{"recovered_after", "resolved_after", "refresh_every"}, paths); diff != "" {
		t.Error(diff)
	}
	r = diag.New()
	group.Config{}.Check(r)
	group.Config{}.WithDefaults().Check(r)
	if r.Len() != 0 {
		t.Errorf("defaults have faults: %v", r.Faults())
	}
}

// rounds draws judgement rounds: in each, some rules of some services are judged, each once, all at the same time.
func rounds(t *rapid.T) [][]detectors.Finding {
	verdicts := []detectors.Verdict{detectors.Quiet, detectors.Firing, detectors.Firing, detectors.Blind}
	severities := []detectors.Severity{detectors.Info, detectors.Ticket, detectors.Page}
	n := rapid.IntRange(1, 12).Draw(t, "rounds")
	out := make([][]detectors.Finding, 0, n)
	for i := range n {
		var round []detectors.Finding
		for _, service := range []string{"a", "b"} {
			for _, rule := range []string{"fast", "slow", "tiny"} {
				if !rapid.Bool().Draw(t, "judged") {
					continue
				}
				f := finding(rule, rapid.SampledFrom(verdicts).Draw(t, "verdict"), float64(3*i))
				f.Key, f.Service = service+"/"+rule, service
				if f.Verdict == detectors.Firing {
					f.Severity = rapid.SampledFrom(severities).Draw(t, "severity")
				}
				round = append(round, f)
			}
		}
		out = append(out, round)
	}
	return out
}

// gist is what must not depend on the order of findings.
func gist(t *rapid.T, in bot.Incident) string {
	type short struct {
		Key      string
		Verdict  detectors.Verdict
		Severity detectors.Severity
	}
	var fs []short
	for _, f := range in.Findings {
		fs = append(fs, short{f.Key, f.Verdict, f.Severity})
	}
	data, err := json.Marshal([]any{in.Service, in.Severity, in.State, in.Onset, in.QuietSince, in.Blind, fs})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAnyOrderAndAnyDuplicationGiveTheSameIncidents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, shuffled := newWorld(), newWorld()
		for i, round := range rounds(t) {
			for _, f := range round {
				plain.place(f)
			}
			for _, f := range rapid.Permutation(append(slices.Clone(round), round...)).Draw(t, "order") {
				shuffled.place(f)
			}
			plain.tick(at(float64(3*i) + 1))
			shuffled.tick(at(float64(3*i) + 1))
			var want, got []string
			for _, in := range plain.incidents() {
				want = append(want, gist(t, in))
			}
			for _, in := range shuffled.incidents() {
				got = append(got, gist(t, in))
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("after round %d the incidents differ:\n%s", i, diff)
			}
		}
	})
}

func TestNothingRecoversWhileAnythingIsBlindOrFires(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		for i, round := range rounds(t) {
			for _, f := range round {
				w.place(f)
			}
			for _, in := range w.incidents() {
				loud := slices.ContainsFunc(in.Findings, func(f detectors.Finding) bool {
					return f.Verdict != detectors.Quiet && !in.Echo(f)
				})
				entries := group.Tick(at(float64(3*i)+100), time.Time{}, in, group.Config{})
				if loud && len(entries) > 0 && in.State != bot.Resolved {
					t.Fatalf("%q although a finding is not quiet: %+v", entries[0].Sentence, in.Findings)
				}
			}
			w.tick(at(float64(3*i) + 1))
		}
	})
}

func TestAtMostOneIncidentIsOpenForAService(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		for _, round := range rounds(t) {
			for _, f := range round {
				w.place(f)
			}
			open := map[string]int{}
			for _, in := range w.incidents() {
				if in.State != bot.Resolved {
					open[in.Service]++
				}
			}
			for service, n := range open {
				if n > 1 {
					t.Fatalf("%d open incidents of %s", n, service)
				}
			}
		}
	})
}

func TestEntriesAreStable(t *testing.T) {
	f := finding("fast", detectors.Firing, 5)
	a, b := group.Place(at(5), f, nil, group.Config{}), group.Place(at(5), f, nil, group.Config{})
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("placing the same finding twice differs:\n%s", diff)
	}
	if !strings.HasPrefix(a.Incident, "inc-") || len(a.Incident) != len(bot.NewID("inc", start)) {
		t.Errorf("the ID %q does not look like the others", a.Incident)
	}
	if a.Incident[:13] != bot.NewID("inc", at(5))[:13] {
		t.Errorf("the ID %q does not sort by time", a.Incident)
	}
}

func BenchmarkPlace(b *testing.B) {
	w := newWorld()
	w.place(finding("fast", detectors.Firing, 5))
	open := w.incidents()
	f := finding("fast", detectors.Firing, 6)
	b.ReportAllocs()
	for b.Loop() {
		group.Place(f.At, f, open, group.Config{})
	}
}
