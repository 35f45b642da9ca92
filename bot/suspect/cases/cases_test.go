package cases_test

import (
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/bot/suspect/cases"
)

const one = `{"id":"1","opened_at":"2026-05-07T19:37:10Z","service":"gateway","signal":"refusal_ratio","onset":"2026-05-07T19:33:30Z","depends_on":["index"],"changes":[{"id":"a","kind":"prompt","services":["gateway"],"merged_at":"2026-05-07T19:20:00Z","reviewed":false,"in_window":true}],"truth":"a"}`

func TestRead(t *testing.T) {
	for _, tt := range []struct{ name, text, wrong string }{
		{"two cases and an empty line", one + "\n\n" + one + "\n", ""},
		{"nothing", "", ""},
		{"no JSON", one + "\n{", "line 2: "},
		{"a case without an onset", `{"id":"1"}`, "line 1: a case needs id and onset"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read, err := cases.Read(strings.NewReader(tt.text))
			if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
				t.Fatal(err)
			}
			for _, c := range read {
				changes, services := c.Changes(), c.Services()
				if len(changes) != 1 || changes[0].Flags[0].Code != "unreviewed" || len(changes[0].Flags) != 1 || services["gateway"].DependsOn[0] != "index" {
					t.Errorf("%+v", changes)
				}
				if in := c.Incident(); in.Service != "gateway" || len(in.Verdicts) > 0 || in.Cause != "" {
					t.Errorf("the incident knows the answer: %+v", in)
				}
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(one)
	f.Add(`{"id":"1","onset":"0001-01-01T00:00:00Z"}` + "\n[]")
	f.Fuzz(func(t *testing.T, text string) {
		read, err := cases.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, c := range read {
			c.Incident()
			c.Changes()
			c.Services()
		}
	})
}
