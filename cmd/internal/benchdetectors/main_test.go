package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// put writes a made-up file into a folder.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// recordings are made up, of the layouts of the data sets and under names of their own.
func recordings(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	at := func(i int) string { return start.Add(time.Duration(i) * 5 * time.Minute).Format(time.DateTime) }
	for i := range 2000 {
		v := 10 + math.Sin(float64(i)/46) + float64(i*7919%100)/500
		if i >= 1500 && i < 1540 {
			v += 30
		}
		fmt.Fprintf(&b, "%s,%g\n", at(i), v)
	}
	put(t, dir, "anomalies/data/kind/one.csv", b.String())
	put(t, dir, "anomalies/labels/combined_windows.json",
		fmt.Sprintf(`{"kind/one.csv": [[%q, %q]]}`, at(1480), at(1580)))
	raw := make([]string, 60)
	for i := range raw {
		raw[i] = fmt.Sprint(i % 3)
		if i >= 30 {
			raw[i] = fmt.Sprint(20 + i%3)
		}
	}
	put(t, dir, "changes/series/two.json", fmt.Sprintf(`{"name": "two", "n_obs": 60, "series": [{"raw": [%s]}]}`, strings.Join(raw, ", ")))
	put(t, dir, "changes/annotations.json", `{"two": {"a": [30], "b": []}}`)
	put(t, dir, "changes/index.json", `{"two": {"n_obs": 60}}`)
	b.Reset()
	b.WriteString("Time,TimeStamp,PodName,CpuUsageRate(%)\n")
	for i := range 300 {
		cpu := 5 + float64(i*7919%100)/100
		if i >= 240 && i < 245 {
			cpu = 90
		}
		fmt.Fprintf(&b, "%s m=+1.5,0,shop-1,%g\n", start.Add(time.Duration(i)*time.Minute+7*time.Second).Format("2006-01-02 15:04:05.999999999 -0700 MST"), cpu)
	}
	put(t, dir, "shop/metric/shop-1_metric.csv", b.String())
	put(t, dir, "shop/onsets.json", fmt.Sprintf(`[{"id": "x", "time": %d, "service": "shop"}]`, start.Add(240*time.Minute).Unix()))
	header := "microservice,Front\nmetric,latency\nstatistic,Average\nunix_timestamp,\n"
	b.Reset()
	b.WriteString(header)
	for i := range 200 {
		fmt.Fprintf(&b, "%d,%g\n", start.Unix()+int64(300*i), .2+float64(i*7919%100)/2000)
	}
	put(t, dir, "pets/calm/noissue/metrics.csv", b.String())
	b.Reset()
	b.WriteString(header)
	for i := range 8 {
		fmt.Fprintf(&b, "%d,%g\n", start.Unix()+int64(300*i), 2+float64(i)/10)
	}
	put(t, dir, "pets/calm/held/issue_7/metrics.csv", b.String())
	put(t, dir, "pets/calm/held/issue_7/target.json", `{"target": {"node": "Front", "metric": "latency", "agg": "Average", "timestamp": 1}}`)
	return dir
}

// TestFoldersAreMeasuredByTheirLayout: no name of a file, folder or count of the known splits is needed.
func TestFoldersAreMeasuredByTheirLayout(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"-data", recordings(t), "-o", "json", "-only", "nab,tcpd,nezha,petshop"}, &out, &errs); code != 0 {
		t.Fatalf("code %d: %s", code, errs.String())
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("standard output is not JSON alone: %v\n%s", err, out.String())
	}
	for _, key := range []string{"data", "began", "seconds", "figures", "missing"} {
		if _, there := got[key]; !there {
			t.Errorf("the key %s is missing", key)
		}
	}
	if missing := got["missing"].([]any); len(missing) > 0 {
		t.Errorf("not measured: %v", missing)
	}
	var suites []string
	for _, f := range got["figures"].([]any) {
		figure := f.(map[string]any)
		for _, key := range []string{"suite", "what", "got", "met", "better_met"} {
			if _, there := figure[key]; !there {
				t.Errorf("%v lacks the key %s", figure, key)
			}
		}
		suites = append(suites, figure["suite"].(string)+" of "+figure["data"].(string))
		switch figure["what"] {
		case "F1, margin 5", "recall", "issues told apart from normal operation":
			if figure["got"].(float64) <= .5 {
				t.Errorf("what is plain to see is not found: %v", figure)
			}
		}
	}
	if got := slices.Compact(suites); !slices.Equal(got, []string{"nab of anomalies", "nezha of shop", "tcpd of changes", "petshop of pets"}) {
		t.Errorf("%v", got)
	}
	if !strings.Contains(errs.String(), "nab: measuring anomalies") {
		t.Errorf("progress is not told: %s", errs.String())
	}
}

// TestTheTable holds what is seeded in its short form.
func TestTheTable(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"-only", "canary,cost", "-short"}, &out, &errs); code != 0 {
		t.Fatalf("code %d: %s", code, errs.String())
	}
	for _, want := range []string{"SUITE", "known bad canaries that pass", "Kayenta* 3", "µs a point", "≤ 20", "better"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
}

func TestWhatIsWrongIsTold(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"another format", []string{"-o", "xml"}, 2, "text and json are the formats"},
		{"another suite", []string{"-only", "nob"}, 2, "nab, nezha"},
		{"an argument", []string{"now"}, 2, "no arguments"},
		{"a folder that is not there", []string{"-data", "/nowhere", "-only", "nab"}, 1, "no such file"},
		{"a folder that holds nothing", []string{"-data", t.TempDir(), "-only", "nab"}, 0, "nab was not measured"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(test.args, &out, &errs); code != test.code || !strings.Contains(errs.String(), test.want) {
				t.Errorf("code %d, %s", code, errs.String())
			}
		})
	}
}
