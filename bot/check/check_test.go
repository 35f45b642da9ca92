package check_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

func now() time.Time { return time.Date(2026, 11, 20, 15, 50, 0, 0, time.UTC) }

func friday() bot.Reason {
	return bot.Reason{Code: "friday", Sentence: "it is Friday after 12:00", Weight: 15, Lower: "land it on Monday"}
}

// subject is a prompt of high risk on a Friday, under a policy that is required.
func subject(change func(*check.Subject)) check.Subject {
	s := check.Subject{
		Now: now(), Policy: check.Policy{Required: true, Overrides: check.Overrides{By: []string{"ben"}}},
		Assessment: bot.Assessment{Level: bot.High, Score: 55, Reasons: []bot.Reason{friday()}, Unknown: []string{"evaluation results"}},
		Pull: bot.Pull{
			Change: bot.Change{
				ID: "github:acme/assistants#482", Author: "ana", Revision: "a1", Services: []string{"support"}, Rollback: "github.revert",
				Inputs: []bot.Input{{Kind: bot.Model, Name: "chat", Path: "config.yaml", Line: 7, Old: "gpt-4o-2024-05-13", New: "gpt-4o-2024-11-20"}},
			},
			Files: []bot.PullFile{
				{Path: "prompts/system.md", Line: 3}, {Path: "config.yaml", Line: 7}, {Path: "prompts/old.md", Removed: true}, {Path: "main.go", Line: 1},
			},
			Total: 4,
		},
		Kinds: map[string]bot.Kind{"prompts/system.md": bot.Prompt, "prompts/old.md": bot.Prompt, "config.yaml": bot.Model},
		Openings: []bot.Opening{{
			Service: "support", Zone: "Europe/Berlin", Until: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
		}},
	}
	if change != nil {
		change(&s)
	}
	return s
}

func TestJudge(t *testing.T) {
	override := func(s *check.Subject) {
		s.Override = &check.Override{By: "ben", Reason: "the demo", Head: "a1", At: now(), Until: now().Add(2 * time.Hour)}
	}
	for _, test := range []struct {
		name    string
		subject check.Subject
		want    check.Conclusion
		says    []string
		buttons string
	}{
		{"high risk needs somebody", subject(nil), check.ActionRequired, []string{
			"**High risk to land now** (55 points).", "should not land now", "| 15 | it is Friday after 12:00 | land it on Monday |",
			"support takes changes again from Mon 2026-11-23 09:00 CET on", "**Way back:** github.revert", "**Not looked at:** evaluation results",
		}, "Override for 2h"},
		{"an advisory check holds nothing up", subject(func(s *check.Subject) { s.Policy.Required = false }), check.Neutral, []string{"advisory here and holds nothing up"}, ""},
		{"a draft holds nothing up", subject(func(s *check.Subject) { s.Pull.Draft = true }), check.Neutral, []string{"It is a draft"}, ""},
		{"in a merge queue there are no drafts", subject(func(s *check.Subject) { s.Pull.Draft, s.Group = true, true }), check.ActionRequired, nil, ""},
		{"an override lets it land", subject(override), check.Success, []string{"ben lets it land until Fri 2026-11-20 18:50 CET: the demo"}, "End override"},
		{"for other commits it is void", subject(func(s *check.Subject) { override(s); s.Pull.Change.Revision = "a2" }), check.ActionRequired, []string{"held for other commits and is void"}, "Override for 2h"},
		{"it ends", subject(func(s *check.Subject) { override(s); s.Now = now().Add(2 * time.Hour) }), check.ActionRequired, []string{"ended on Fri 2026-11-20 18:50 CET"}, "Override for 2h"},
		{"nobody may override", subject(func(s *check.Subject) { s.Policy.Overrides.By = nil }), check.ActionRequired, nil, ""},
		{"nothing speaks against it", subject(func(s *check.Subject) { s.Assessment = bot.Assessment{Level: bot.Low} }), check.Success, []string{"Nothing that is known speaks against it."}, ""},
		{"critical fails", subject(func(s *check.Subject) { s.Assessment.Level = bot.Critical }), check.Failure, nil, "Override for 2h"},
		{"a policy may be milder", subject(func(s *check.Subject) { s.Policy.Levels.High = check.Neutral }), check.Neutral, nil, ""},
		{"a faulty policy is told", subject(func(s *check.Subject) { s.Faulty = ".github/firebreak.yaml:3:1: unknown key" }), check.ActionRequired, []string{"cannot be used"}, "Override for 2h"},
		{"huge ones are told to be", subject(func(s *check.Subject) { s.Pull.Total = 4001 }), check.ActionRequired, []string{"3997 of 4001 files could not be looked at"}, "Override for 2h"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := check.Judge(test.subject)
			if v.Conclusion != test.want {
				t.Errorf("%s, want %s", v.Conclusion, test.want)
			}
			for _, say := range test.says {
				if !strings.Contains(v.Summary+v.Text, say) {
					t.Errorf("does not say %q:\n%s\n%s", say, v.Summary, v.Text)
				}
			}
			var buttons []string
			for _, b := range v.Buttons {
				buttons = append(buttons, b.Label)
			}
			if got := strings.Join(buttons, ","); got != test.buttons {
				t.Errorf("offers %q, want %q", got, test.buttons)
			}
		})
	}
}

func TestAnnotationsPointAtWhatChangesBehaviour(t *testing.T) {
	var got []string
	for _, a := range check.Judge(subject(nil)).Annotations {
		got = append(got, a.Path+" "+a.Message)
	}
	want := []string{
		"config.yaml gpt-4o-2024-05-13 becomes gpt-4o-2024-11-20",
		"prompts/system.md This changes how support behaves without changing its code (prompt); undone by github.revert.",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTheSameSaysTheSameWhateverTheHour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := subject(func(s *check.Subject) {
			s.Override = &check.Override{By: "ben", Head: "a1", Until: now().Add(time.Hour)}
		})
		later := s
		later.Now = s.Now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)-1).Draw(t, "later")))
		if d := cmp.Diff(check.Judge(s), check.Judge(later)); d != "" {
			t.Fatalf("it says something else although nothing changed: %s", d)
		}
	})
}

func TestHostileTextIsData(t *testing.T) {
	const hostile = "<!channel> ${service.token} {{.}} \"; rm -rf / <script> | `x` [a](http://b) @acme/all\n# head"
	v := check.Judge(subject(func(s *check.Subject) {
		s.Assessment.Reasons = []bot.Reason{{Code: "x", Sentence: hostile, Weight: 1, Lower: hostile}}
		s.Asked = &check.Request{By: hostile, Reason: hostile, Head: "a1"}
		s.Refused, s.Faulty = hostile, hostile
		s.Pull.Change.Inputs[0].Name, s.Pull.Change.Inputs[0].New = hostile, hostile
		s.Pull.Files[0].Path = hostile
		s.Kinds = map[string]bot.Kind{hostile: bot.Prompt}
	}))
	for _, bad := range []string{"<script", "<!channel", "](http", "@acme/all", "\n# head", " `x`"} {
		if text := v.Summary + v.Text; strings.Contains(strings.ReplaceAll(text, "\\"+bad, ""), bad) {
			t.Errorf("%q means something in\n%s", bad, text)
		}
	}
}

func TestDecide(t *testing.T) {
	pull := bot.Pull{Change: bot.Change{Author: "ana", Revision: "a1"}}
	pending := &check.Request{By: "ana", Reason: "the demo", Head: "a1"}
	for _, test := range []struct {
		name    string
		own     bool
		pull    bot.Pull
		asked   *check.Request
		by, why string
		allowed bool
		want    string
	}{
		{"somebody allowed, with a reason", false, pull, nil, "ben", "the demo", true, "granted: the demo"},
		{"somebody allowed, without one", false, pull, nil, "ben", "", true, "refused"},
		{"somebody allowed, with that of who asked", false, pull, pending, "ben", "", true, "granted: the demo (asked for by ana)"},
		{"what was asked for other commits is not pending", false, pull, &check.Request{By: "ana", Reason: "x", Head: "a0"}, "ben", "", true, "refused"},
		{"somebody else asks", false, pull, nil, "eve", "the demo", false, "asked: the demo"},
		{"somebody else must say why", false, pull, nil, "eve", "", false, "refused"},
		{"one's own is asked for", false, pull, nil, "Ana", "the demo", true, "asked: the demo"},
		{"one's own may be granted where the policy says so", true, pull, nil, "ana", "the demo", true, "granted: the demo"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := check.Policy{Overrides: check.Overrides{By: []string{"ben", "ana"}, Own: test.own}}.WithDefaults()
			granted, asked, refused := check.Decide(now(), p, test.pull, test.asked, test.by, test.why, test.allowed)
			got := "refused"
			switch {
			case granted != nil:
				got = "granted: " + granted.Reason
				if granted.Until != now().Add(2*time.Hour) || granted.Head != "a1" {
					t.Errorf("granted %+v", granted)
				}
			case asked != nil:
				got = "asked: " + asked.Reason
			case refused == "":
				t.Error("nothing came of it")
			}
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestPolicyFaultsAreAllTold(t *testing.T) {
	long, negative := 999*time.Hour, -time.Hour
	r := diag.New()
	check.Config{Repositories: []string{"acme", "acme/["}, Policy: check.Policy{
		Levels:    check.Levels{Low: "fine"},
		Overrides: check.Overrides{By: []string{"ana", "@acme/leads", "renovate[bot]", "not a login"}, Longest: time.Second},
		Bake:      check.Bake{Medium: &negative, High: &long},
	}}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+" "+f.Code)
	}
	want := []string{
		"repositories[0] bad-glob", "repositories[1] bad-glob", "policy.levels.low unknown-conclusion", "policy.overrides.by[3] bad-person",
		"policy.overrides.longest bad-duration", "policy.bake.medium bad-duration", "policy.bake.high bad-duration",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAShareIsDeclaredByALabel(t *testing.T) {
	for label, want := range map[string]float64{"exposure/5%": .05, "Exposure/100": 1, "exposure/0": 0, "exposure/101": 0, "exposure/x": 0, "bug": 0} {
		if got := check.Labelled(bot.Pull{Labels: []string{label}}).Change.Exposure; got != want {
			t.Errorf("%s declares %g, want %g", label, got, want)
		}
	}
}

func FuzzReadCommand(f *testing.F) {
	for _, s := range []string{"/firebreak override x", "/firebreak", "/firebreak override end", "/firebreaker x", " /firebreak\toverride \u202e", "/firebreak check\nmore", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		command, reason, ok := check.ReadCommand(s)
		if !ok && (command != check.Unknown || reason != "") {
			t.Error("it is no command, and yet one")
		}
		if !utf8.ValidString(reason) || strings.ContainsAny(reason, "\n\r\u202e") || utf8.RuneCountInString(reason) > 300 {
			t.Errorf("a reason is no line of text: %q", reason)
		}
	})
}

func BenchmarkJudge300Files(b *testing.B) {
	s := subject(nil)
	for i := range 300 {
		path := "prompts/" + strings.Repeat("x", i%40) + ".md"
		s.Pull.Files = append(s.Pull.Files, bot.PullFile{Path: path, Line: 1})
		s.Kinds[path] = bot.Prompt
	}
	b.ReportAllocs()
	for b.Loop() {
		check.Judge(s)
	}
}
