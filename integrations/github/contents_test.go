package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
)

// lines pins the first line of every YAML file.
type lines struct{}

func (lines) Wanted(_ string, paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !strings.HasSuffix(p, ".yaml") })
}

func (lines) Compare(_, path string, base, head []byte) []bot.Input {
	first := func(text []byte) string { line, _, _ := strings.Cut(string(text), "\n"); return line }
	return []bot.Input{{Kind: bot.Model, Name: "first", Path: path, Old: first(base), New: first(head)}}
}

func withPins(_ *Config, o *Options) { o.Pins = lines{} }

const (
	repoAPI     = "GET /api/v3/repos/acme/assistants/"
	contentsAPI = repoAPI + "contents/"
	commitAPI   = repoAPI + "git/commits/" + merge482
)

func raw(text string) reply { return reply{status: 200, body: text} }

func TestAMergeTellsWhichPinsItMoved(t *testing.T) {
	gone := reply{status: 404, body: `{"message":"Not Found"}`}
	parents := func(message string, shas ...string) reply {
		list := []string{}
		for _, sha := range shas {
			list = append(list, fmt.Sprintf(`{"sha":%q}`, sha))
		}
		return reply{status: 200, body: fmt.Sprintf(`{"sha":%q,"message":%q,"parents":[%s]}`, merge482, message, strings.Join(list, ","))}
	}
	changed := []bot.Input{{Kind: bot.Model, Name: "first", Path: "a b.yaml", Old: "old", New: "new"}}
	for name, tt := range map[string]struct {
		commits    int
		files      []string
		answers    map[string][]reply
		want       []bot.Input
		incomplete string
	}{
		"from the parent of a squashed one": {3, []string{"a b.yaml", "main.go"}, map[string][]reply{
			commitAPI: {parents("Be stricter (#482)", "parent")}, contentsAPI + "a b.yaml": {raw("old\n"), raw("new\n")},
		}, changed, ""},
		"from the first parent of a merge commit": {3, []string{"a b.yaml"}, map[string][]reply{
			commitAPI: {parents("Merge", "parent", "head")}, contentsAPI + "a b.yaml": {raw("old\n"), raw("new\n")},
		}, changed, ""},
		"from below all commits of a rebased one": {2, []string{"a b.yaml"}, map[string][]reply{
			commitAPI:           {parents("Second", "first")},
			repoAPI + "commits": {{status: 200, body: `[{"sha":"` + merge482 + `"},{"sha":"first"},{"sha":"base"}]`}}, contentsAPI + "a b.yaml": {raw("old\n"), raw("new\n")},
		}, changed, ""},
		"a new file has no old version": {1, []string{"a b.yaml"}, map[string][]reply{
			commitAPI: {parents("x", "parent")}, contentsAPI + "a b.yaml": {gone, raw("new\n")},
		}, []bot.Input{{Kind: bot.Model, Name: "first", Path: "a b.yaml", New: "new"}}, ""},
		"a file that is too large says nothing": {1, []string{"a b.yaml"}, map[string][]reply{
			commitAPI: {parents("x", "parent")}, contentsAPI + "a b.yaml": {raw("old\n"), raw(strings.Repeat("x", maxContent+1))},
		}, nil, ""},
		"code is not read":                    {1, []string{"main.go"}, nil, nil, ""},
		"a path that goes elsewhere is not":   {1, []string{"../../user.yaml", "a//b.yaml", "./c.yaml"}, nil, nil, ""},
		"an API that is away costs the pins":  {1, []string{"a b.yaml"}, map[string][]reply{commitAPI: {{502, nil, ""}}}, nil, "inputs of github:acme/assistants#482 could not be asked"},
		"and so does one that goes away":      {1, []string{"a b.yaml"}, map[string][]reply{commitAPI: {parents("x", "parent")}, contentsAPI + "a b.yaml": {raw("old\n"), {502, nil, ""}}}, nil, "inputs of github:acme/assistants#482 could not be asked"},
		"one that forbids it is not asked on": {1, []string{"a b.yaml"}, map[string][]reply{commitAPI: {parents("x", "parent")}, contentsAPI + "a b.yaml": {{403, nil, `{"message":"Resource not accessible by integration"}`}}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			v.files[482] = tt.files
			for what, answers := range tt.answers {
				v.answers[what] = answers
			}
			told, err := newClient(t, v, withPins).Changes(t.Context(), merged(t, func(pr, _ map[string]any) { pr["commits"] = tt.commits }))
			if err != nil || len(told.Changes) != 1 {
				t.Fatal(told, err)
			}
			if d := cmp.Diff(tt.want, told.Changes[0].Inputs); d != "" || told.Incomplete != tt.incomplete {
				t.Errorf("incomplete %q, want %q; inputs (-want +got):\n%s", told.Incomplete, tt.incomplete, d)
			}
		})
	}
}

func TestOfManyFilesTheFirstTwentyAreRead(t *testing.T) {
	v := newVendor(t)
	v.answers[commitAPI] = []reply{{status: 200, body: `{"parents":[{"sha":"parent"}]}`}}
	for i := range 30 {
		path := fmt.Sprintf("config/%02d.yaml", i)
		v.files[482] = append(v.files[482], path)
		if i < maxContents {
			v.answers[contentsAPI+path] = []reply{raw("a"), raw("b")}
		}
	}
	told, err := newClient(t, v, withPins).Changes(t.Context(), merged(t, nil))
	if err != nil || len(told.Changes[0].Inputs) != maxContents || told.Incomplete != "" {
		t.Errorf("%d inputs, %q, %v", len(told.Changes[0].Inputs), told.Incomplete, err)
	}
}

func TestAPushTellsWhichPinsItMoved(t *testing.T) {
	for name, before := range map[string]string{"onto a branch": "aaa", "of a new branch": strings.Repeat("0", 40)} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			answers, want := []reply{raw("old\n"), raw("new\n")}, "old"
			if strings.Trim(before, "0") == "" {
				answers, want = answers[1:], ""
			}
			v.answers[contentsAPI+"a.yaml"] = answers
			body := fmt.Sprintf(`{"ref":"refs/heads/main","before":%q,"after":%q,"repository":{"full_name":"acme/assistants","default_branch":"main"},
				"head_commit":{"id":%[2]q,"message":"Switch","modified":["a.yaml"]},"commits":[]}`, before, merge482)
			told, err := newClient(t, v, withPins).Changes(t.Context(), bot.Delivery{ID: "1", Source: "github", Event: "push", Body: []byte(body), ReceivedAt: today})
			if err != nil || len(told.Changes) != 1 || len(told.Changes[0].Inputs) != 1 || told.Changes[0].Inputs[0].Old != want || told.Incomplete != "" {
				t.Errorf("%+v, %v", told, err)
			}
		})
	}
}

func TestAPullRequestTellsWhatItWouldMove(t *testing.T) {
	v := newVendor(t)
	v.answers[repoAPI+"compare/main..."+merge482] = []reply{{status: 200, body: `{"merge_base_commit":{"sha":"fork"}}`}}
	v.answers[contentsAPI+"a.yaml"] = []reply{raw("old"), raw("new")}
	change := bot.Change{Repository: "acme/assistants", Revision: merge482, Branch: "main", Paths: []string{"a.yaml", "b.go"}}
	got, err := newClient(t, v, withPins).PullInputs(t.Context(), change)
	if d := cmp.Diff([]bot.Input{{Kind: bot.Model, Name: "first", Path: "a.yaml", Old: "old", New: "new"}}, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
	change.Paths = []string{"b.go"}
	var none http.RoundTripper // nothing is asked where nothing is wanted
	if got, err := newClient(t, none, withPins).PullInputs(t.Context(), change); len(got) > 0 || err != nil {
		t.Error(got, err)
	}
}

func TestADeploymentMayDeclareVersions(t *testing.T) {
	want := []bot.Input{{Kind: bot.Model, Name: "first", New: "gpt-5"}}
	for name, tt := range map[string]struct {
		payload string
		want    []bot.Input
	}{
		"as an object": {`{"model":"gpt-5"}`, []bot.Input{{Kind: bot.Model, Name: "first", New: `{"model":"gpt-5"}`}}},
		"as a text":    {`"gpt-5"`, want},
		"by labels": {`{"inputs":{"model:chat":"gpt-5"}}`, []bot.Input{
			{Kind: bot.Model, Name: "first", New: `{"inputs":{"model:chat":"gpt-5"}}`}, {Kind: bot.Model, Name: "chat", New: "gpt-5"},
		}},
		"not at all": {`null`, []bot.Input{{Kind: bot.Model, Name: "first"}}},
		"at length":  {`"` + strings.Repeat("x", maxDeclared) + `"`, nil},
	} {
		body := `{"action":"created","deployment":{"sha":"aaa","environment":"production","payload":` + tt.payload +
			`},"deployment_status":{"state":"success"},"repository":{"full_name":"acme/assistants"}}`
		told, err := newClient(t, nil, withPins).Changes(t.Context(), bot.Delivery{Event: "deployment_status", Body: []byte(body), ReceivedAt: today})
		if err != nil || len(told.Deployments) != 1 {
			t.Fatal(told, err)
		}
		if d := cmp.Diff(tt.want, told.Deployments[0].Inputs); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
