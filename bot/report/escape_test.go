package report_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/bot/report"
)

// active are the characters that would mean something in Markdown if no backslash stood before them.
const active = "`*_[]<>|~&#${}"

// read is what a reader of the rendered text sees, and false where something unescaped would have been taken for mark-up.
func read(markdown string) (string, bool) {
	var seen strings.Builder
	for i := 0; i < len(markdown); i++ {
		switch c := markdown[i]; {
		case strings.HasPrefix(markdown[i:], "@<!-- -->"):
			seen.WriteByte('@')
			i += len("<!-- -->")
		case c == '\\' && i+1 < len(markdown):
			i++
			seen.WriteByte(markdown[i])
		case c == '\\' || c == '@' || strings.IndexByte(active, c) >= 0:
			return "", false
		case strings.HasPrefix(markdown[i:], "://"):
			return "", false
		default:
			seen.WriteByte(c)
		}
	}
	return seen.String(), true
}

func TestEscapeTable(t *testing.T) {
	for in, want := range map[string]string{
		"plain words, 9.8 % (really)": "plain words, 9.8 % (really)",
		"prompt #482":                 `prompt \#482`,
		"<!channel>":                  `\<!channel\>`,
		"a|b":                         `a\|b`,
		"*a* _b_ `c`":                 "\\*a\\* \\_b\\_ \\`c\\`",
		"[x](y)":                      `\[x\](y)`,
		"@team":                       "@<!-- -->team",
		"https://evil.example":        `https\://evil.example`,
		"www.evil.example":            `www\.evil.example`,
		"1. first":                    `1\. first`,
		"2) second":                   `2\) second`,
		"- item":                      `\- item`,
		"a - b":                       "a - b",
		"two\nlines\r\n":              "two lines",
		"\u202eevil":                  "evil",
		"\xff":                        "�",
		"":                            "",
	} {
		if got := report.Escape(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, seed := range []string{hostile, "", "\\", "\\*", "a\n# b", "1.", "@", "@<!-- -->", "a://b", "\u202e", "www.x", "| a |", "&lt;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Escape(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Fatalf("%q becomes %q: not one clean line", s, got)
		}
		seen, ok := read(got)
		if !ok {
			t.Fatalf("%q becomes %q: something in it is mark-up", s, got)
		}
		if again := report.Escape(seen); again != got {
			t.Fatalf("%q is read as %q, which becomes %q and not %q", s, seen, again, got)
		}
	})
}

// FuzzReport renders a report in which every text from outside is the same hostile one.
func FuzzReport(f *testing.F) {
	f.Add(hostile)
	f.Add("|\n|---|\n# x")
	f.Add("javascript:alert(1)")
	f.Add("https://a.example/(x)|<b>")
	f.Fuzz(func(t *testing.T, s string) {
		v := view(10)
		v.Incident.Service, v.Incident.Environment, v.Incident.AcknowledgedBy = s, s, s
		first := &v.Incident.Ranking.Suspects[0]
		first.Change, first.Title, first.URL, first.Reasons[0].Sentence = s, s, s, s
		v.Incident.Ranking.Excluded[0].Title = s
		v.Incident.Findings[0].Title, v.Incident.Findings[0].Evidence[0].Sentence = s, s
		v.Entries[0].Sentence, v.Entries[0].Actor = s, s
		v.Entries[0].Data = encode(v.Incident.Findings[0])
		r := report.ReportOf(v)
		plain := report.ReportOf(view(10))
		if got, want := structure(report.Markdown(r)), structure(report.Markdown(plain)); got != want {
			t.Fatalf("%q changes the structure of the document from\n%s\nto\n%s", s, want, got)
		}
		page, err := report.HTML(r)
		if err != nil {
			t.Fatal(err)
		}
		if lower := strings.ToLower(string(page)); strings.Contains(lower, "<script") || strings.Contains(lower, `href="javascript:`) {
			t.Fatalf("%q reaches the page as mark-up", s)
		}
	})
}

// structure is the shape of a Markdown document: for each line how it begins, and how many cells it has. Lines that are there only when
// a text is not empty are left out.
func structure(markdown string) string {
	var out strings.Builder
	for line := range strings.Lines(markdown) {
		line = strings.TrimRight(line, "\n")
		var shape string
		switch {
		case strings.HasPrefix(line, "#"):
			shape = strings.SplitN(line, " ", 2)[0]
		case strings.HasPrefix(line, "| Environment"), strings.HasPrefix(line, "| Who"), strings.HasPrefix(line, "| Objective"):
			continue
		case strings.HasPrefix(line, "|"):
			cells := 0
			for i := range line {
				if line[i] == '|' && (i == 0 || line[i-1] != '\\') {
					cells++
				}
			}
			shape = strings.Repeat("|", cells)
		default:
			continue
		}
		out.WriteString(shape + "\n")
	}
	return out.String()
}

func TestOnlyWebAddressesBecomeLinks(t *testing.T) {
	for address, want := range map[string]bool{
		"https://github.example/acme/assistants/pull/482": true,
		"http://127.0.0.1:8080/incidents/inc-1?a=b#c":     true,
		"HTTPS://[::1]/x":                      true,
		"https://a.example/(x)":                true,
		"javascript:alert(1)":                  false,
		"javascript://x/%0aalert(1)":           false,
		"//evil.example":                       false,
		"https://":                             false,
		"https:///path":                        false,
		"https://github.example@evil.example/": false,
		"https://a.example/ x":                 false,
		"https://a.example/<script>":           false,
		"https://a.example/\"onmouseover":      false,
		"https://a.example\\@evil.example":     false,
		"":                                     false,
		"https://bücher.example/":              false,
	} {
		v := view(10)
		v.Incident.Ranking.Suspects[0].URL = address
		r := report.ReportOf(v)
		if got := r.Suspects[0].URL == address && address != ""; got != want {
			t.Errorf("%q: link %v, want %v", address, got, want)
		}
	}
}
