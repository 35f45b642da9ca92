package prometheus

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/firebreak-dev/firebreak/detectors/watch"
)

// decoded reads an answer into one line for each series.
func decoded(body string) (lines []string, e envelope, err error) {
	e, err = decode([]byte(body), func(s *Series) error {
		lines = append(lines, fmt.Sprint(s.Metric, s.Values))
		return nil
	})
	return lines, e, err
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       []string
		samples    int64
		err        string
	}{
		{"a matrix", `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[1.5,"2"],[3,"NaN"]]},{"metric":{},"values":[]}],"stats":{"samples":{"totalQueryableSamples":7}}}}`, []string{"map[a:1] [{1500 2} {3000 NaN}]", "map[] []"}, 7, ""},
		{"white space and what nobody knows", `{"status" : "success", "infos":["x"], "data" : { "resultType":"matrix","result":[ {"metric":{"a":"b\u00e9"} , "values": [ [ 1 , "+Inf" ] ], "histograms":[[1,{}]] } ] } }`, []string{"map[a:bé] [{1000 +Inf}]"}, 0, ""},
		{"the type behind the result", `{"data":{"result":[{"metric":{"a":"1"},"values":[[1,"2"]]}],"resultType":"matrix"},"status":"success"}`, []string{"map[a:1] [{1000 2}]"}, 0, ""},
		{"an error", `{"status":"error","errorType":"timeout","error":"slow","data":null}`, nil, 0, ""},
		{"a vector is left alone", `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}`, nil, 0, ""},
		{"a value that is no text", `{"data":{"resultType":"matrix","result":[{"values":[[1,2]]}]}}`, nil, 0, "no text"},
		{"a value that is no number", `{"data":{"resultType":"matrix","result":[{"values":[[1,"x"]]}]}}`, nil, 0, "invalid syntax"},
		{"a time beyond all", `{"data":{"resultType":"matrix","result":[{"values":[[1e300,"1"]]}]}}`, nil, 0, "a sample at"},
		{"three in a pair", `{"data":{"resultType":"matrix","result":[{"values":[[1,"1","1"]]}]}}`, nil, 0, "more than a pair"},
		{"cut off", `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{`, nil, 0, "EOF"},
		{"two answers", `{"status":"success"} {}`, nil, 0, "something follows"},
		{"no answer", `[]`, nil, 0, "an object was expected"},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines, e, err := decoded(test.body)
			if (err == nil) != (test.err == "") || (err != nil && !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if diff := cmp.Diff(test.want, lines); test.err == "" && diff != "" {
				t.Error(diff)
			}
			if e.samples != test.samples {
				t.Errorf("%d samples", e.samples)
			}
		})
	}
}

// FuzzDecode: whatever comes, what is read agrees with what Prometheus' own client reads of it.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[1.5,"2"],[3,"NaN"]]}]}}`,
		`{"status":"error","error":"x"}`, `{"data":{"resultType":"matrix","result":[{"values":[[-1.001,"-1e3"]]}]}}`, `null`, `{"data":{"result":[]}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var got []Series
		e, err := decode([]byte(body), func(s *Series) error {
			got = append(got, Series{Values: append(samples(nil), s.Values...)})
			return nil
		})
		var theirs struct {
			Data struct {
				ResultType string       `json:"resultType"`
				Result     model.Matrix `json:"result"`
			} `json:"data"`
		}
		if err != nil || e.resultType != "matrix" || json.Unmarshal([]byte(body), &theirs) != nil || len(theirs.Data.Result) != len(got) {
			return // they differ in how strict they are with what no server sends: keys twice, numbers with signs
		}
		for i, series := range theirs.Data.Result {
			if series == nil || len(series.Values) != len(got[i].Values) {
				return
			}
			for j, p := range series.Values {
				one := got[i].Values[j]
				same := float64(p.Value) == one.value || (math.IsNaN(float64(p.Value)) && math.IsNaN(one.value))
				if !same || math.Abs(float64(int64(p.Timestamp)-one.at)) > 1 {
					t.Fatalf("%v is read as %v", p, one)
				}
			}
		}
	})
}

// BenchmarkAsk100kSeries reads an answer of 100,000 series of 10,000 services, one tile each.
func BenchmarkAsk100kSeries(b *testing.B) {
	const services, slices = 10_000, 10
	at := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	var body strings.Builder
	body.WriteString(`{"status":"success","data":{"resultType":"matrix","result":[`)
	var targets []Target
	for i := range services {
		name := fmt.Sprintf("service-%05d", i)
		targets = append(targets, Target{Service: name, Match: map[string]string{"service_name": name}})
		for j := range slices {
			if i+j > 0 {
				body.WriteByte(',')
			}
			fmt.Fprintf(&body, `{"metric":{"service_name":%q,"%s":"p0","kind":"k%d"},"values":[[%d,"%d"]]}`, name, partLabel, j, at.Unix(), i+j)
		}
	}
	body.WriteString(`]}}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body.String())) }))
	b.Cleanup(server.Close)
	c, err := NewClient(Config{URL: server.URL, MaxBytes: 1 << 28}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	source, err := NewSource(c, []SignalConfig{{Name: "requests", Total: "requests_total"}}, targets)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(body.Len())/1e6, "MB/answer")
	b.ReportAllocs()
	for b.Loop() {
		answer, err := source.Ask(b.Context(), watch.Query{Signal: "requests", From: at.Add(-15 * time.Second), To: at, Step: 15 * time.Second})
		if err != nil || len(answer.Readings) != services {
			b.Fatal(len(answer.Readings), err)
		}
	}
}
