package drift

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
)

var t0 = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

const step = 5 * time.Minute

func detector(tb testing.TB) *Detector {
	tb.Helper()
	d, err := New(Config{Service: "assistant", Requests: "requests"}, step)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// write lets a model answer from some time ago until another, with so many requests in each step.
func write(w *detectorstest.Windows, answered string, from, to time.Duration, n float64) {
	id := detectors.SeriesID{
		Signal: "requests", Service: "assistant", Environment: "production",
		Slice: `gen_ai_request_model="large",gen_ai_response_model="` + answered + `"`,
	}
	for ago := from - step; ago >= to; ago -= step {
		w.Add(id, t0.Add(-ago), 0, n)
	}
}

func TestJudge(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		name string
		draw func(w *detectorstest.Windows)
		want detectors.Verdict
	}{
		{"the same model answers all the week", func(w *detectorstest.Windows) { write(w, "large-0901", 8*day, 0, 10) }, detectors.Quiet},
		{"another one takes over", func(w *detectorstest.Windows) {
			write(w, "large-0901", 8*day, 2*time.Hour, 10)
			write(w, "large-1119", 2*time.Hour, 0, 10)
		}, detectors.Firing},
		{"another one answers a tenth", func(w *detectorstest.Windows) {
			write(w, "large-0901", 8*day, 0, 90)
			write(w, "large-1119", 2*time.Hour, 0, 10)
		}, detectors.Firing},
		{"another one answers a few", func(w *detectorstest.Windows) {
			write(w, "large-0901", 8*day, 0, 5000)
			write(w, "large-1119", 2*time.Hour, 0, 1)
		}, detectors.Quiet},
		{"another one took over two days ago", func(w *detectorstest.Windows) {
			write(w, "large-0901", 8*day, 2*day, 10)
			write(w, "large-1119", 2*day, 0, 10)
		}, detectors.Quiet},
		{"the old one comes back", func(w *detectorstest.Windows) {
			write(w, "large-0901", 6*day, 5*day, 10)
			write(w, "large-1119", 5*day, 2*time.Hour, 10)
			write(w, "large-0901", 2*time.Hour, 0, 10)
		}, detectors.Quiet},
		{"it has been watched for half a day", func(w *detectorstest.Windows) { write(w, "large-0901", day/2, 0, 10) }, detectors.Blind},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &detectorstest.Windows{}
			test.draw(w)
			found := detector(t).Judge(t0, w)
			if len(found) != 1 || found[0].Verdict != test.want {
				t.Errorf("%+v, want %s", found, test.want)
			}
		})
	}
}

func TestOfSeveralNewModelsTheNewestIsTold(t *testing.T) {
	w := &detectorstest.Windows{}
	write(w, "large-0901", 8*24*time.Hour, 0, 10)
	write(w, "large-1119", 12*time.Hour, 0, 10)
	write(w, "large-1120", time.Hour, 0, 10)
	f := detector(t).Judge(t0, w)[0]
	if f.Title != "large is answered by another model: large-1120" || f.Onset.Latest.Before(t0.Add(-time.Hour)) {
		t.Errorf("%s, since %s", f.Title, f.Onset.At)
	}
}

func TestOnset(t *testing.T) {
	w := &detectorstest.Windows{}
	began := t0.Add(-95 * time.Minute)
	write(w, "large-0901", 200*time.Hour, 95*time.Minute, 10)
	write(w, "large-1119", 95*time.Minute, 0, 10)
	f := detector(t).Judge(t0, w)[0]
	if f.Onset.Earliest.After(began) || f.Onset.Latest.Before(began) || f.Onset.Latest.Sub(f.Onset.Earliest) > step {
		t.Errorf("it began at %s, found %+v", began, f.Onset)
	}
	if !strings.Contains(f.Title, "large-1119") {
		t.Errorf("the title does not name the new model: %s", f.Title)
	}
}

func TestExam(t *testing.T) {
	detectorstest.Exam(t, func(t *testing.T) detectorstest.Subject {
		t.Helper()
		w := &detectorstest.Windows{}
		write(w, "large-0901", 200*time.Hour, 0, 10)
		write(w, "large-1119", 2*time.Hour, 0, 10)
		return detectorstest.Subject{Detector: detector(t), Now: t0, Firing: w}
	})
}

// TestProperties: a model that is new is found from its second hour to its last minute as news, whenever it came.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ago := time.Duration(rapid.IntRange(1, 23*12).Draw(rt, "steps")) * step
		n := float64(rapid.IntRange(10, 1000).Draw(rt, "requests"))
		w := &detectorstest.Windows{}
		write(w, "large-0901", 60*time.Hour, 0, n)
		write(w, "large-1119", ago, 0, n)
		f := detector(t).Judge(t0, w)[0]
		if f.Verdict != detectors.Firing || f.Onset.Latest.Sub(t0.Add(-ago)).Abs() > step {
			rt.Fatalf("new for %s, it is %s, since %+v", ago, f.Verdict, f.Onset)
		}
	})
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		want   string
	}{
		{"nothing is given", Config{}, "missing missing"},
		{"one label for both", Config{Service: "a", Requests: "r", Requested: "model", Answered: "model"}, "same"},
		{"the severity is unknown", Config{Service: "a", Requests: "r", Severity: "loud"}, "bad-severity"},
		{"all is well", Config{Service: "a", Requests: "r"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := diag.New()
			test.config.Check(r)
			var codes []string
			for _, f := range r.Faults() {
				codes = append(codes, f.Code)
			}
			if got := strings.Join(codes, " "); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	w := &detectorstest.Windows{}
	write(w, "large-0901", 200*time.Hour, 0, 10)
	write(w, "large-1119", 2*time.Hour, 0, 10)
	d := detector(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Judge(t0, w)
	}
}
