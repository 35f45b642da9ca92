package github

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
)

func TestOwnersAreReadFromTheFirstPlaceThatHasThem(t *testing.T) {
	const api = "GET /api/v3/repos/acme/assistants/contents/"
	notFound := reply{status: 404, body: `{"message":"Not Found"}`}
	for _, test := range []struct {
		name    string
		answers map[string][]reply
		want    string
		code    bool
	}{
		{"below .github", map[string][]reply{api + ".github/CODEOWNERS": {{status: 200, body: "* @ana\n"}}}, "* @ana\n", false},
		{"below docs, since it is nowhere else", map[string][]reply{
			api + ".github/CODEOWNERS": {notFound}, api + "CODEOWNERS": {notFound}, api + "docs/CODEOWNERS": {{status: 200, body: "* @ben\n"}},
		}, "* @ben\n", false},
		{"nowhere", map[string][]reply{
			api + ".github/CODEOWNERS": {notFound}, api + "CODEOWNERS": {notFound}, api + "docs/CODEOWNERS": {notFound},
		}, "", false},
		{"a refusal is no absence", map[string][]reply{api + ".github/CODEOWNERS": {{status: 403, body: `{"message":"Forbidden"}`}}}, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := newVendor(t)
			v.answers = test.answers
			got, err := newClient(t, v, nil).Owners(t.Context(), "acme/assistants", "release/2026 & on")
			if string(got) != test.want || (err != nil) != test.code {
				t.Errorf("got %q and %v, want %q", got, err, test.want)
			}
		})
	}
	if _, err := newClient(t, newVendor(t), nil).Owners(t.Context(), "acme", "main"); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("got %v", err)
	}
}

func TestAPullRequestTellsWhoWasAskedAndWhoAnswered(t *testing.T) {
	v := newVendor(t)
	v.files[482] = []string{"prompts/system.md"}
	v.reviews[482] = []map[string]any{
		{"user": map[string]any{"login": "ben"}, "state": "COMMENTED"},
		{"user": map[string]any{"login": "cleo"}, "state": "APPROVED", "submitted_at": "2026-11-20T13:00:00Z"},
	}
	const pull = "GET /api/v3/repos/acme/assistants/pulls/482"
	v.answers[pull] = []reply{{status: 200, body: `{
		"number": 482, "title": "Be stricter", "user": {"login": "ana"}, "head": {"sha": "` + merge482 + `"}, "base": {"ref": "main"},
		"requested_reviewers": [{"login": "dan"}], "requested_teams": [{"slug": "prompts", "name": "Prompts"}]
	}`}}
	v.answers["GET /api/v3/repos/acme/assistants/git/commits/"+merge482] = []reply{{status: 200, body: `{"committer": {"date": "2026-11-20T12:00:00Z"}}`}}
	got, err := newClient(t, v, nil).Pull(t.Context(), "acme/assistants", 482)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"acme/prompts", "dan", "ben", "cleo"}, got.Asked); d != "" {
		t.Error(d)
	}
	if strings.Join(got.Change.Reviewers, " ") != "cleo" || got.Reviewed.IsZero() || got.Committed.IsZero() {
		t.Errorf("%+v", got)
	}
}
