package shift_test

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/detectors/shift"
)

func TestScoreCSV(t *testing.T) {
	for _, test := range []struct {
		name, in, want, wrong string
	}{
		{"rows come out as they were", "timestamp,value\n2014-04-01 00:00:00,1.50\n", "timestamp,value,anomaly_score\n2014-04-01 00:00:00,1.50,0.000000\n", ""},
		{"columns are found by name", "id,Value,timestamp\n7,2,2014-04-01T00:00:00Z\n", "timestamp,value,anomaly_score\n2014-04-01T00:00:00Z,2,0.000000\n", ""},
		{
			"bad rows score nothing and break nothing", "timestamp,value\n2014-04-01 00:00:00,NaN\n2014-04-01 00:05:00,Inf\n2014-04-01 00:10:00,\n2014-04-01 00:15:00\nyesterday,3\n",
			"timestamp,value,anomaly_score\n2014-04-01 00:00:00,NaN,0.000000\n2014-04-01 00:05:00,Inf,0.000000\n2014-04-01 00:10:00,,0.000000\n2014-04-01 00:15:00,,0.000000\nyesterday,3,0.000000\n", "",
		},
		{"no rows are no rows", "timestamp,value\n", "timestamp,value,anomaly_score\n", ""},
		{"an empty file", "", "", "there is no first line"},
		{"a file without the columns", "time,v\n1,2\n", "", "must name the columns timestamp and value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			_, err := shift.ScoreCSV(strings.NewReader(test.in), &out)
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Errorf("the error is %v, want %q", err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScoreCSVFindsAStep(t *testing.T) {
	var in, out strings.Builder
	in.WriteString("timestamp,value\n")
	for i, v := range drawn(1500, func(row, noise float64) float64 { return noise + 40*float64(int(row)/1200) }) {
		fmt.Fprintf(&in, "%s,%g\n", t0.Add(time.Duration(i)*5*time.Minute).Format(time.DateTime), v)
	}
	if n, err := shift.ScoreCSV(strings.NewReader(in.String()), &out); n != 1500 || err != nil {
		t.Fatalf("%d rows, %v", n, err)
	}
	records, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for i, r := range records[1:] {
		score, err := strconv.ParseFloat(r[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		found = found || (i >= 1200 && i < 1212 && score > .6)
	}
	if !found {
		t.Error("the step is not among the alarms")
	}
}

func FuzzScoreCSV(f *testing.F) {
	f.Add("timestamp,value\n2014-04-01 00:00:00,1.5\n2014-04-01 00:00:00,1e309\n")
	f.Add("\ufefftimestamp,value\n1.5e9,-0\n\"\"\"\n")
	f.Add("value,timestamp,value\n,,,,\n")
	f.Fuzz(func(t *testing.T, in string) {
		var out strings.Builder
		n, err := shift.ScoreCSV(strings.NewReader(in), &out)
		if err != nil {
			return
		}
		records, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil {
			t.Fatalf("the scores cannot be read: %v", err)
		}
		if len(records) != n+1 {
			t.Fatalf("%d rows in, %d records out", n, len(records))
		}
		for _, r := range records[1:] {
			if score, err := strconv.ParseFloat(r[2], 64); err != nil || !(score >= 0 && score <= 1) {
				t.Fatalf("the score is %q", r[2])
			}
		}
	})
}
