package assistant_test

import (
	"fmt"
	"hash/maphash"
	"math"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
)

var friday = time.Date(2026, 11, 20, 15, 40, 0, 0, time.UTC)

// notebook is a store that keeps every value it is given.
type notebook struct {
	names []string
	refs  map[string]int
	times []time.Time
	rows  []map[int]float64
}

func newNotebook() *notebook { return &notebook{refs: map[string]int{}} }

func (n *notebook) Declare(name string, labels []assistant.Label) int {
	parts := make([]string, 0, len(labels))
	for _, l := range labels {
		parts = append(parts, l.Name+"="+l.Value)
	}
	sort.Strings(parts)
	key := name + "{" + strings.Join(parts, ",") + "}"
	if ref, ok := n.refs[key]; ok {
		return ref
	}
	n.refs[key] = len(n.names)
	n.names = append(n.names, key)
	return len(n.names) - 1
}

func (n *notebook) Record(at time.Time, values []assistant.Value) {
	row := map[int]float64{}
	for _, v := range values {
		row[v.Ref] = v.Value
	}
	n.times, n.rows = append(n.times, at), append(n.rows, row)
}

func (n *notebook) has(part ...string) int {
	found := 0
	for _, name := range n.names {
		all := true
		for _, p := range part {
			all = all && strings.Contains(name, p)
		}
		if all {
			found++
		}
	}
	return found
}

func overcautious() assistant.Behaviour {
	b := assistant.Services()[0].Normal
	b.Refused = 0.0865
	return b
}

func TestAGoodDayRefusesOneAndAHalfPercent(t *testing.T) {
	w := assistant.New(assistant.Config{Seed: 1, Origin: friday, History: 6 * time.Hour, Store: newNotebook()})
	truth := w.Truth("support-assistant", friday.Add(-6*time.Hour), friday)
	if r := truth.RefusalRatio(); r < 0.012 || r > 0.016 {
		t.Errorf("refusal ratio on a good day is %.4f, want about 0.014", r)
	}
	if r := truth.Refused / truth.Requests; r > 0.001 {
		t.Errorf("the model's own refusals are %.5f of all, more than an objective of 99.9 %% allows", r)
	}
	if rate := truth.Requests / (6 * time.Hour).Seconds(); rate < 20 || rate > 40 {
		t.Errorf("%.1f operations a second", rate)
	}
}

func TestABadPromptRaisesRefusalsAndItsRevertBringsThemBack(t *testing.T) {
	w := assistant.New(assistant.Config{Seed: 1, Origin: friday, History: time.Hour, Store: newNotebook()})
	at := friday.Add
	w.Deploy("support-assistant", "0bad0ba", overcautious(), at(10*time.Minute), 2*time.Minute)
	w.Deploy("support-assistant", "9000d00", assistant.Services()[0].Normal, at(40*time.Minute), 2*time.Minute)
	w.Advance(at(time.Hour))
	ratio := func(from, to time.Duration) float64 {
		return w.Truth("support-assistant", at(from), at(to)).RefusalRatio()
	}
	before, during, after := ratio(0, 10*time.Minute), ratio(13*time.Minute, 40*time.Minute), ratio(43*time.Minute, time.Hour)
	if before > 0.018 || during < 0.09 || during > 0.11 || after > 0.018 {
		t.Errorf("refusals before %.4f, during %.4f, after %.4f", before, during, after)
	}
	ramp := ratio(11*time.Minute, 12*time.Minute)
	if ramp < before*1.5 || ramp > during*0.9 {
		t.Errorf("during the rollout %.4f, want something between %.4f and %.4f", ramp, before, during)
	}
	if neighbour := w.Truth("search-copilot", at(13*time.Minute), at(40*time.Minute)).RefusalRatio(); neighbour > 0.01 {
		t.Errorf("the neighbour refuses %.4f though nothing happened to it", neighbour)
	}
	if got := w.Versions("support-assistant"); !cmp.Equal(got, []string{"9000d00", "9000d00", "9000d00", "9000d00"}) {
		t.Errorf("pods serve %v", got)
	}
}

// digest is a store that keeps only a fingerprint of everything that it was given.
type digest struct {
	notebook
	hash maphash.Hash
}

func (d *digest) Record(at time.Time, values []assistant.Value) {
	fmt.Fprint(&d.hash, at.Unix())
	for _, v := range values {
		maphash.WriteComparable(&d.hash, v)
	}
}

func TestOneSeedIsOneWorldHoweverItIsAdvanced(t *testing.T) {
	maphashSeed := maphash.MakeSeed()
	run := func(seed uint64, steps []int) uint64 {
		book := &digest{notebook: *newNotebook()}
		book.hash.SetSeed(maphashSeed)
		w := assistant.New(assistant.Config{Seed: seed, Origin: friday, History: 5 * time.Minute, Store: book})
		w.Deploy("support-assistant", "0bad0ba", overcautious(), friday.Add(2*time.Minute), time.Minute)
		w.Restart("billing-assistant", 0, friday.Add(3*time.Minute))
		now := friday
		for _, s := range steps {
			now = now.Add(time.Duration(s) * time.Second)
			w.Advance(now)
		}
		w.Advance(friday.Add(10 * time.Minute))
		return book.hash.Sum64()
	}
	want := run(7, nil)
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 90), 0, 6).Draw(rt, "seconds")
		if got := run(7, steps); got != want {
			rt.Fatal("steps give another world")
		}
	})
	if run(8, nil) == want {
		t.Error("another seed gives the same world")
	}
}

func TestCountersRiseAndBucketsAreCumulative(t *testing.T) {
	book := newNotebook()
	w := assistant.New(assistant.Config{Seed: 3, Origin: friday, History: time.Hour, Store: book})
	w.Advance(friday.Add(20 * time.Minute))
	last := map[int]float64{}
	for i, row := range book.rows {
		for ref, v := range row {
			if math.IsNaN(v) || v < last[ref] {
				t.Fatalf("%s falls from %g to %g at %s", book.names[ref], last[ref], v, book.times[i])
			}
			last[ref] = v
		}
	}
	for key, ref := range book.refs {
		if !strings.Contains(key, "_bucket") || !strings.Contains(key, "le=+Inf") {
			continue
		}
		count := strings.Replace(strings.Replace(key, "_bucket", "_count", 1), ",le=+Inf", "", 1)
		other, ok := book.refs[count]
		if !ok {
			t.Fatalf("no count beside %s", key)
		}
		if last[ref] != last[other] {
			t.Errorf("%s is %g, its count %g", key, last[ref], last[other])
		}
	}
}

func TestARestartResetsAndARenameBeginsAnew(t *testing.T) {
	book := newNotebook()
	w := assistant.New(assistant.Config{Seed: 3, Origin: friday, History: time.Hour, Store: book})
	w.Restart("billing-assistant", 0, friday.Add(5*time.Minute))
	w.Rename("search-copilot", 0, "search-copilot-new:9464", friday.Add(5*time.Minute))
	w.Advance(friday.Add(10 * time.Minute))
	find := func(parts ...string) int {
		for key, ref := range book.refs {
			all := true
			for _, p := range parts {
				all = all && strings.Contains(key, p)
			}
			if all {
				return ref
			}
		}
		t.Fatalf("no series with %v", parts)
		return 0
	}
	pod := assistant.Services()[2].Pods[0]
	ref := find("_count{", "token_usage", "instance="+pod, "gen_ai_token_type=input")
	fell := false
	for i := 1; i < len(book.rows); i++ {
		fell = fell || book.rows[i][ref] < book.rows[i-1][ref]
	}
	if !fell {
		t.Error("a restarted pod's counter did not fall")
	}
	end := book.rows[len(book.rows)-1]
	if _, exposed := end[find("up{", "instance="+assistant.Services()[1].Pods[0])]; exposed {
		t.Error("a renamed pod is still exposed under its old name")
	}
	if _, exposed := end[find("up{", "instance=search-copilot-new")]; !exposed {
		t.Error("a renamed pod is not exposed under its new name")
	}
}

func TestTheMetricsAreThoseOfOpenTelemetry(t *testing.T) {
	book := newNotebook()
	assistant.New(assistant.Config{Seed: 1, Origin: friday, History: 6 * time.Hour, Store: book})
	for _, parts := range [][]string{
		{"gen_ai_client_operation_duration_seconds_count{", "gen_ai_response_finish_reasons=stop", "prompt_version="},
		{"gen_ai_client_operation_duration_seconds_count{", "gen_ai_response_finish_reasons=content_filter"},
		{"gen_ai_client_operation_duration_seconds_count{", "gen_ai_response_finish_reasons=length"},
		{"gen_ai_client_operation_duration_seconds_count{", "error_type=timeout"},
		{"gen_ai_client_operation_duration_seconds_sum{", "gen_ai_response_model="},
		{"gen_ai_client_operation_duration_seconds_bucket{", "le=+Inf"},
		{"gen_ai_client_token_usage_sum{", "gen_ai_token_type=output"},
		{"gen_ai_server_time_to_first_token_seconds_bucket{", "le=0.5"},
	} {
		if n := book.has(parts...); n == 0 || n > 60 {
			t.Errorf("%d series with %v, want 1 to 60", n, parts)
		}
	}
}

func TestTheHistoryGrowsCoarserWithAge(t *testing.T) {
	book := newNotebook()
	assistant.New(assistant.Config{Seed: 1, Origin: friday, Store: book})
	if first := friday.Sub(book.times[0]); first < 77*time.Hour {
		t.Errorf("the history is %s long", first)
	}
	for i := 1; i < len(book.times); i++ {
		if gap := book.times[i].Sub(book.times[i-1]); gap > 5*time.Minute {
			t.Fatalf("a gap of %s at %s: Prometheus would call the series stale", gap, book.times[i])
		}
	}
	if n := len(book.times); n > 4000 {
		t.Errorf("%d scrapes of history", n)
	}
}

func TestWhatStoriesDoToAService(t *testing.T) {
	book := newNotebook()
	seldom := assistant.Service{Name: "seldom", Pods: []string{"seldom-0:9464"}, Rate: 37 / (24 * time.Hour).Seconds() / 0.8, Normal: overcautious()}
	seldom.Normal.Failed = 0.9
	reader := assistant.Services()[0]
	reader.Normal.Hits, reader.Normal.Blocked = 0.8, 0.05
	w := assistant.New(assistant.Config{Seed: 2, Origin: friday, History: 48 * time.Hour, Services: []assistant.Service{reader, seldom}, Store: book})
	at := friday.Add
	before := w.Truth(reader.Name, at(-time.Hour), friday)
	if hits, blocked := before.Hits/before.Requests, before.Blocked/before.Requests; math.Abs(hits-0.8) > 0.01 || math.Abs(blocked-0.05) > 0.01 {
		t.Errorf("%.3f of the look-ups find something, %.3f of the questions are blocked", hits, blocked)
	}
	if book.has("gen_ai_retrieval_calls_total", "gen_ai_retrieval_outcome=miss") != len(reader.Pods) {
		t.Error("no pod counts look-ups")
	}
	day := w.Truth(seldom.Name, at(-48*time.Hour), at(-24*time.Hour))
	if day.Requests < 15 || day.Requests > 65 || day.Requests != math.Trunc(day.Requests) || day.Failed < day.Requests*0.7 {
		t.Errorf("%g requests in a day, %g of them failed", day.Requests, day.Failed)
	}
	w.Surge(reader.Name, 3, friday)
	w.DeployTo(reader.Name, 1, "canary", reader.Normal, friday, 0)
	w.Advance(at(time.Hour))
	if after := w.Truth(reader.Name, friday, at(time.Hour)); after.Requests < 2.5*before.Requests || after.Requests > 3.2*before.Requests {
		t.Errorf("%g requests in an hour before, %g with three times the traffic", before.Requests, after.Requests)
	}
	if got := w.Versions(reader.Name); got[0] != "canary" || got[1] != reader.Version {
		t.Errorf("pods serve %v", got)
	}
}

func BenchmarkScrape(b *testing.B) {
	w := assistant.New(assistant.Config{Seed: 1, Origin: friday, History: time.Hour, Store: newSink()})
	b.ReportAllocs()
	now := friday
	for b.Loop() {
		now = now.Add(assistant.Scrape)
		w.Advance(now)
	}
}

type sink struct{ refs int }

func newSink() *sink { return &sink{} }

func (s *sink) Declare(string, []assistant.Label) int { s.refs++; return s.refs }
func (*sink) Record(time.Time, []assistant.Value)     {}

func ExampleWorld_Truth() {
	w := assistant.New(assistant.Config{Seed: 1, Origin: friday, History: time.Hour, Store: newSink()})
	w.Deploy("support-assistant", "0bad0ba", overcautious(), friday, 0)
	w.Advance(friday.Add(10 * time.Minute))
	truth := w.Truth("support-assistant", friday, friday.Add(10*time.Minute))
	fmt.Printf("more than 9 %% refused: %v\n", truth.RefusalRatio() > 0.09)
	// Output: more than 9 % refused: true
}
