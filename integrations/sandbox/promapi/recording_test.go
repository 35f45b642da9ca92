package promapi_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/promapi"
)

// samplesOf reads the series of a metric.
func samplesOf(t *testing.T, r *promapi.Recording, metric string, mint, maxt int64) map[string][]float64 {
	t.Helper()
	q, err := r.Querier(mint, maxt)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	set := q.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", metric))
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			_, v := it.At()
			out[set.At().Labels().String()] = append(out[set.At().Labels().String()], v)
		}
	}
	return out
}

func TestARecordingIsReadAsItWasWritten(t *testing.T) {
	r := promapi.NewRecording()
	for _, text := range []string{
		"# HELP x of all\n# TYPE x counter\nx{b=\"2\",a=\"q\\\"}\\\\\\n\"} 1 1000\nx 5 1000\nx{a=\"q\\\"}\\\\\\n\", b=\"2\"} 2 2000\n\nx NaN 2000\nx +Inf 3000\r\n",
		"# TYPE x counter\n# UNIT x seconds\nx 7 4.000 # {trace_id=\"1\"} 0.5 3.9\nx{c=\"d\"} 1e3 4.5\n# EOF\n",
	} {
		if err := r.Read([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	got := samplesOf(t, r, "x", 0, 10_000)
	if len(got) != 3 || r.Samples() != 7 {
		t.Fatalf("%d samples of %v", r.Samples(), got)
	}
	bare := got[`{__name__="x"}`]
	if len(bare) != 4 || bare[0] != 5 || !math.IsNaN(bare[1]) || !math.IsInf(bare[2], 1) || bare[3] != 7 {
		t.Errorf("x is %v", bare)
	}
	if both := got[`{__name__="x", a="q\"}\\\n", b="2"}`]; len(both) != 2 || both[1] != 2 {
		t.Errorf("labels in another order are another series: %v", got)
	}
	if part := samplesOf(t, r, "x", 2000, 3000)[`{__name__="x"}`]; len(part) != 2 {
		t.Errorf("from 2 s to 3 s there are %v", part)
	}
	if first, last := r.Extent(); !first.Equal(time.UnixMilli(1000)) || !last.Equal(time.UnixMilli(4500)) {
		t.Errorf("it is of %s to %s", first, last)
	}
}

func TestWhatIsNoRecordingIsRefusedWithItsLine(t *testing.T) {
	for _, test := range []struct{ name, text, says string }{
		{"no time", "x 1 1000\nx{a=\"b\"} 2\n", `line 2: x{a="b"} has no time`},
		{"a value that is none", "x one 1000\n", `line 1: the value "one" of x is no number`},
		{"a time that is none", "x 1 now\n", `line 1: the time "now" of x is none; write milliseconds since 1970`},
		{"a time of OpenMetrics that is none", "x 1 now\n# EOF\n", `write seconds since 1970`},
		{"labels that are not closed", "x{a=\"b\" 1 1000\n", "line 1: "},
		{"labels without quotes", "x{a=b} 1 1000\n", "line 1: the labels of x{a=b} cannot be read"},
		{"no name", "{a=\"b\"} 1 1000\n", `line 1: "{a=\"b\"}" is not name{labels}`},
		{"a page", "<html><body>\n", "line 1: "},
		{"the same time twice", "x 1 1000\nx 2 1000\n", "line 2: {__name__=\"x\"} has two samples at 1970-01-01T00:00:01Z"},
		{"time that goes back", "x 1 2000\nx 2 1000\n", "line 2: {__name__=\"x\"} goes back in time, from 1970-01-01T00:00:02Z to 1970-01-01T00:00:01Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := promapi.NewRecording().Read([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v, want %s", err, test.says)
			}
		})
	}
}

// FuzzRecording holds that no text makes the reader panic.
func FuzzRecording(f *testing.F) {
	f.Add("x{a=\"b\"} 1 1000\n")
	f.Add("{\"x\",a=\"b\"} 1 1000 # {\n# EOF")
	f.Add("} { = \" 1")
	f.Fuzz(func(_ *testing.T, text string) {
		_ = promapi.NewRecording().Read([]byte(text)) // an error is an answer
	})
}
