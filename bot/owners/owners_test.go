package owners_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot/owners"
)

// documented is the example of GitHub's documentation, shortened in its comments.
const documented = `# This is a comment.
*       @global-owner1 @global-owner2

*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
`

func TestGitHubsExamples(t *testing.T) {
	for _, test := range []struct {
		name, file, path, want string
	}{
		{"the default owners", documented, "README.md", "@global-owner1 @global-owner2"},
		{"the last match wins", documented, "web/app.js", "@js-owner"},
		{"an e-mail address", documented, "cmd/main.go", "docs@example.com"},
		{"a team", documented, "a/b/c.txt", "@octo-org/octocats"},
		{"logs at any depth", documented, "deeply/nested/logs/today", "@octocat"},
		{"logs below build too, since that line comes later", documented, "build/logs/today", "@octocat"},
		{"a folder anywhere", documented, "pkg/apps/x.c", "@octocat"},
		{"the folder at the root", documented, "docs/build-app/troubleshooting.md", "@doctocat"},
		{"one of two", documented, "scripts/x.sh", "@doctocat @octocat"},
		{"nobody, since its line names nobody", documented, "apps/github/x.c", ""},
		{"beside what nobody owns", documented, "apps/gitlab/x.c", "@octocat"},

		{"docs/* is its files", "docs/* @d", "docs/getting-started.md", "@d"},
		{"docs/* is not what lies deeper", "docs/* @d", "docs/build-app/troubleshooting.md", ""},
		{"docs/* is bound to the root", "docs/* @d", "x/docs/a.md", ""},
		{"* is everything", "* @d", "a/b/c", "@d"},
		{"** is everything", "** @d", "a/b/c", "@d"},
		{"/* is the files of the root", "/* @d", "Makefile", "@d"},
		{"/* is not what lies below", "/* @d", "a/Makefile", ""},
		{"a name is a folder with all below it", "/apps/github @d", "apps/github/a/b.c", "@d"},
		{"a name is a file", "/apps/github @d", "apps/github", "@d"},
		{"a trailing slash is no file", "/apps/ @d", "apps", ""},
		{"a bare name lies anywhere", "Makefile @d", "a/b/Makefile", "@d"},
		{"a name with a slash in it is bound to the root", "a/b @d", "x/a/b", ""},
		{"** in between is none or many", "/a/**/z @d", "a/z", "@d"},
		{"** in between is many", "/a/**/z @d", "a/b/c/z", "@d"},
		{"** in between is whole names", "/a/**/z @d", "a/bz", ""},
		{"several **", "**/a/**/b/**/c @d", "x/a/b/a/y/b/z/c", "@d"},
		{"a ** at the end is what lies below", "/a/** @d", "a/b/c", "@d"},
		{"a ** at the end is not the folder itself", "/a/** @d", "a", ""},
		{"* keeps within a name", "/a*z @d", "abc/z", ""},
		{"* inside a name", "/pre*mid*post @d", "pre-x-mid-y-post", "@d"},
		{"? is one character", "/v? @d", "v2", "@d"},
		{"? is not none", "/v? @d", "v", ""},
		{"case counts", "/Docs/ @d", "docs/a", ""},
		{"an escaped blank", `/my\ docs/ @d`, "my docs/a", "@d"},
		{"an escaped star", `/a\*b @d`, "a*b", "@d"},
		{"an escaped star is no wildcard", `/a\*b @d`, "axb", ""},
		{"braces are letters", "*.{js,ts} @d", "a.js", ""},
		{"tabs, a mark at the beginning, line ends of another world", "\ufeff*\t@d\t@e\r\n", "a", "@d @e"},
		{"an umlaut", "/prüfung/* @d", "prüfung/ä.md", "@d"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rule, _ := owners.Parse([]byte(test.file)).Of(test.path)
			if got := strings.Join(rule.Owners, " "); got != test.want {
				t.Errorf("%s belongs to %q, want %q", test.path, got, test.want)
			}
		})
	}
}

func TestWhatIsNotUnderstoodIsSkippedAndTold(t *testing.T) {
	f := owners.Parse([]byte(strings.Join([]string{
		"* @all", "!secret @x", `\#file @x`, "[abc].go @x", "***/x @x", "/ @x", "a//b @x", "x.md ana", "y.md @ana, @ben", "z.md @a/b/c",
	}, "\n")))
	var got []string
	for _, fault := range f.Faults {
		got = append(got, fault.String())
	}
	want := []string{
		"line 2: ! does not negate here: name the exception with its own owners below",
		`line 3: a pattern cannot begin with \#`,
		"line 4: [ ] is no range here: write one line for each",
		"line 5: *** means nothing: write ** for any number of folders",
		"line 6: an empty name between slashes matches nothing",
		"line 7: an empty name between slashes matches nothing",
		`line 8: "ana" is no owner: write @user, @org/team or an e-mail address`,
		`line 9: "@ana," is no owner: write @user, @org/team or an e-mail address`,
		`line 10: "@a/b/c" is no owner: write @user, @org/team or an e-mail address`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if rule, _ := f.Of("x.md"); rule.Line != 1 {
		t.Errorf("a line that is skipped decides nothing, but line %d did", rule.Line)
	}
}

func TestWhatGitHubDoesNotLoadOwnsNothing(t *testing.T) {
	for name, data := range map[string][]byte{
		"larger than 3 MB": []byte("* @all\n" + strings.Repeat("# comment\n", 320_000)),
		"no text":          []byte("* @all\xff\n"),
		"a zero":           []byte("* @all\x00\n"),
		"too many rules":   []byte(strings.Repeat("* @all\n", 10_001)),
	} {
		f := owners.Parse(data)
		if _, found := f.Of("a"); found || len(f.Faults) != 1 || f.Faults[0].Line != 0 {
			t.Errorf("%s: %v", name, f.Faults)
		}
	}
	if f := owners.Parse([]byte(strings.Repeat("* nobody\n", 9_000))); len(f.Faults) != 100 {
		t.Errorf("%d faults", len(f.Faults))
	}
}

func TestPathsAreGroupedByTheirOwners(t *testing.T) {
	f := owners.Parse([]byte("*.md @docs\n/prompts/ @acme/prompts @ana\n/prompts/free/\n"))
	got := f.Groups([]string{"prompts/b.txt", "a.md", "prompts/free/x", "prompts/a.txt", "main.go"})
	want := []owners.Group{
		{Owners: []string{"@acme/prompts", "@ana"}, Paths: []string{"prompts/b.txt", "prompts/a.txt"}},
		{Owners: []string{"@docs"}, Paths: []string{"a.md"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !owners.IsTeam("@acme/prompts") || owners.IsTeam("@ana") || !owners.IsAddress("a@b.c") || !owners.Same("@Ana", "ana") {
		t.Error("people, teams and addresses are confused")
	}
}

// A hostile file must not cost more than the product of its length and that of the paths.
func TestAHostilePatternIsNoTrap(t *testing.T) {
	f := owners.Parse([]byte("/" + strings.Repeat("a*", 2000) + "b @x\n/" + strings.Repeat("**/a/", 2000) + "b @x\n"))
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Of(strings.Repeat("a", 4000))
		f.Of(strings.Repeat("a/", 4000) + "c")
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(documented), "docs/a.md")
	f.Add([]byte(`/a\ b/**/c? @x`), "a b/c1")
	f.Add([]byte("**/ @x\n/**/** @y"), "a/b")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		file := owners.Parse(data)
		rule, found := file.Of(path)
		if found && (rule.Line < 1 || rule.Pattern == "") {
			t.Fatalf("%q is decided by no line: %+v", path, rule)
		}
		for _, owner := range rule.Owners {
			if strings.ContainsAny(owner, " \t\n") {
				t.Fatalf("%q is an owner", owner)
			}
		}
		// A later line for everything decides everything.
		all := owners.Parse(append(append([]byte{}, data...), "\n* @last\n"...))
		if rule, found := all.Of("x/" + path); len(all.Faults) == 0 && (!found || len(rule.Owners) != 1 || rule.Owners[0] != "@last") {
			t.Fatalf("the last line does not decide %q: %+v", path, rule)
		}
	})
}

func BenchmarkGroups(b *testing.B) {
	var file strings.Builder
	for i := range 500 {
		fmt.Fprintf(&file, "/services/s%d/**/*.md @acme/team-%d\n", i, i%20)
	}
	f := owners.Parse([]byte(file.String()))
	paths := make([]string, 300)
	for i := range paths {
		paths[i] = fmt.Sprintf("services/s%d/prompts/p%d.md", i, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Groups(paths)
	}
}
