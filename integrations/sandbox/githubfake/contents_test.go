package githubfake_test

import (
	"net/http"
	"testing"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire/wiretest"
)

func TestAFileIsWhatItWasAtARevision(t *testing.T) {
	description := integrationstest.Read(t, "contracts", "github", "rest-openapi.trimmed.json")
	d := newDesk(t, func(next http.RoundTripper) http.RoundTripper {
		return wiretest.NewJudge(t, description, "/github/api/v3", next).Fields()
	})
	const path = "config/support.yaml"
	open := func(number int, before, after string) {
		d.Seed(githubfake.Pull{
			Repository: owner + "/" + name, Number: number, Title: "Another model", Author: "lena", Branch: "model",
			Files: []githubfake.File{{Path: path, Status: "modified", Before: before, After: after}},
		})
	}
	open(600, "model: a\n", "model: b\n")
	open(601, "model: b\n", "model: c\n")
	read := func(ref string) string {
		t.Helper()
		file, _, _, err := d.client.Repositories.GetContents(t.Context(), owner, name, path, &github.RepositoryContentGetOptions{Ref: ref})
		if err != nil {
			return err.Error()
		}
		text, err := file.GetContent()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if got := read("main"); got != "model: a\n" {
		t.Errorf("before any of them landed it is %q", got)
	}
	first, err := d.Land(owner+"/"+name, 600, "ben")
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.Land(owner+"/"+name, 601, "ben")
	if err != nil {
		t.Fatal(err)
	}
	commit, _, err := d.client.Git.GetCommit(t.Context(), owner, name, first.MergeSHA)
	if err != nil || len(commit.Parents) != 1 || commit.GetMessage() != "Another model (#600)" {
		t.Fatalf("%+v, %v", commit, err)
	}
	for ref, want := range map[string]string{
		commit.Parents[0].GetSHA(): "model: a\n", first.MergeSHA: "model: b\n", second.MergeSHA: "model: c\n", "main": "model: c\n", second.HeadSHA: "model: c\n",
	} {
		if got := read(ref); got != want {
			t.Errorf("at %s it is %q, want %q", ref, got, want)
		}
	}
}
