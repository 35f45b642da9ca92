package command_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/command"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestLinesAreRead(t *testing.T) {
	for line, want := range map[string]command.Command{
		"":                                   {Name: command.Help},
		"  HELP me ":                         {Name: command.Help},
		"incidents":                          {Name: command.Incident},
		"incident inc-1m7wv77ch0":            {Name: command.Incident, ID: "inc-1m7wv77ch0"},
		"ack `inc-1m7wv77ch0`":               {Name: command.Ack, ID: "inc-1m7wv77ch0"},
		"acknowledge 95xer":                  {Name: command.Ack, ID: "95xer"},
		"resolve":                            {Name: command.Resolve},
		"resolve it was a drill":             {Name: command.Resolve, Text: "it was a drill"},
		"resolve 95xer a drill":              {Name: command.Resolve, ID: "95xer", Text: "a drill"},
		"resolve later":                      {Name: command.Resolve, ID: "later"},
		"resolve inc-1m7wv77ch0 a drill":     {Name: command.Resolve, ID: "inc-1m7wv77ch0", Text: "a drill"},
		"note 95xer the vendor\nis told":     {Name: command.Note, ID: "95xer", Text: "the vendor is told"},
		"declare support answers in French":  {Name: command.Declare, Service: "support", Text: "answers in French"},
		"declare support ticket slow":        {Name: command.Declare, Service: "support", Severity: detectors.Ticket, Text: "slow"},
		"declare support page":               {Name: command.Declare, Service: "support", Text: "page"},
		"mute 95xer 90m known, mended soon":  {Name: command.Mute, ID: "95xer", Lasts: 90 * time.Minute, Text: "known, mended soon"},
		"mute 95xer off":                     {Name: command.Mute, ID: "95xer", Off: true},
		"changes":                            {Name: command.Changes},
		"changes 2d":                         {Name: command.Changes, Lasts: 48 * time.Hour},
		"changes support 1w":                 {Name: command.Changes, Service: "support", Lasts: 7 * 24 * time.Hour},
		"windows support":                    {Name: command.Windows, Service: "support"},
		"slo":                                {Name: command.SLO},
		"oncall support":                     {Name: command.OnCall, Service: "support"},
		"freeze start 4h the shop":           {Name: command.FreezeStart, Lasts: 4 * time.Hour, Text: "the shop"},
		"freeze start until monday":          {Name: command.FreezeStart, Text: "until monday"},
		"freeze end":                         {Name: command.FreezeEnd},
		"freeze end frz-0123456789 done":     {Name: command.FreezeEnd, ID: "frz-0123456789", Text: "done"},
		"risk https://github.com/a/b/pull/7": {Name: command.Risk, Repository: "a/b", Number: 7},
		"risk <https://github.com/a/b/pull/7/files|a/b#7>": {Name: command.Risk, Repository: "a/b", Number: 7},
		"risk a/b#7":                                {Name: command.Risk, Repository: "a/b", Number: 7},
		"approve apr-0123456789abcdef":              {Name: command.Approve, ID: "apr-0123456789abcdef"},
		"deny apr-0123456789abcdef":                 {Name: command.Deny, ID: "apr-0123456789abcdef"},
		"playbook plan generic":                     {Name: command.PlaybookPlan, Playbook: "generic"},
		"Playbook Run generic 95xer":                {Name: command.PlaybookRun, Playbook: "generic", ID: "95xer"},
		"rollback":                                  {Name: command.Rollback},
		"rollback 95xer":                            {Name: command.Rollback, ID: "95xer"},
		"rollback start 95xer #482":                 {Name: command.RollbackStart, ID: "95xer", Change: "#482"},
		"rollback start github:a/b#7":               {Name: command.RollbackStart, Change: "github:a/b#7"},
		"stop it rolls back in circles":             {Name: command.Stop, Text: "it rolls back in circles"},
		"stop lift mended":                          {Name: command.StopLift, Text: "mended"},
		"link 95xer inc-1m7wv77ch0 same":            {Name: command.Link, ID: "95xer", To: "inc-1m7wv77ch0", Text: "same"},
		"link 95xer https://x.example/?a":           {Name: command.Link, ID: "95xer", To: "https://x.example/?a"},
		"link 95xer <https://x.example/y|the page>": {Name: command.Link, ID: "95xer", To: "https://x.example/y", Text: "the page"},
		"link 95xer <https://x.example/y|https://x.example/y> a note": {Name: command.Link, ID: "95xer", To: "https://x.example/y", Text: "a note"},
		"link 95xer <https://x.example>":                              {Name: command.Link, ID: "95xer", To: "https://x.example"},
		"handover":                                                    {Name: command.Handover},
		"handover support":                                            {Name: command.Handover, Service: "support"},
		"postmortem 95xer":                                            {Name: command.Postmortem, ID: "95xer"},
		"digest Morning support":                                      {Name: command.Digest, Kind: "morning", Service: "support"},
		"note 95xer <!channel> *now* `x`":                             {Name: command.Note, ID: "95xer", Text: "<!channel> *now* `x`"},
		"note 95xer a\u200bb \u202egnp":                               {Name: command.Note, ID: "95xer", Text: "ab gnp"},
	} {
		got, err := command.Parse(line)
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
}

func TestWhatIsNoCommandIsRefusedWithAWayOut(t *testing.T) {
	for line, want := range map[string]string{
		"sttus":                   `there is no command "sttus"; did you mean "status"?`,
		"akc 95xer":               `did you mean "ack"?`,
		"inc":                     `did you mean "incident"?`,
		"rollback a b":            "write it as: rollback [ID]",
		"note":                    "write it as: note ID text",
		"link 95xer":              "write it as: link ID URL|ID [title]",
		"digest":                  "write it as: digest KIND [SERVICE]",
		"approve":                 "write it as: approve ID",
		"freeze":                  "write one of: freeze start 4h why; freeze end [ID] [why]",
		"playbook rnu x":          "write one of: playbook plan NAME [ID]; playbook run NAME ID",
		"playbook run generic":    "write it as: playbook run NAME ID",
		"freeze start 4h":         "write it as: freeze start 4h why",
		"mute 95xer 1h":           "write it as: mute ID 1h why",
		"mute 95xer soon why":     "write it as: mute ID 1h why",
		"stop":                    "write it as: stop why",
		"risk 482":                "write it as: risk PR",
		"changes a b c":           "write it as: changes [SERVICE] [24h]",
		strings.Repeat("x", 4001): "at most 4000",
		strings.Repeat("y", 3000): "yyy…\"; help lists them all",
	} {
		_, err := command.Parse(line)
		if bot.CodeOf(err) != bot.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", line, err, want)
		}
	}
}

func TestHelpFitsAPhone(t *testing.T) {
	for _, f := range command.Forms() {
		if n := utf8.RuneCountInString(f.Usage); n > 26 {
			t.Errorf("%q has %d characters", f.Usage, n)
		}
		if n := utf8.RuneCountInString(f.What); n > 32 {
			t.Errorf("%q has %d characters", f.What, n)
		}
		if f.Role.Rank() == 0 {
			t.Errorf("%s needs no role", f.Name)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, form := range command.Forms() {
		f.Add(form.Usage)
	}
	f.Add("note inc-1 \xff\u202e<!here>")
	f.Add("risk <https://github.com/a/b/pull/99999999999|x>")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := command.Parse(line)
		if err != nil {
			if bot.CodeOf(err) != bot.Invalid || len(err.Error()) > 500 {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if command.FormOf(c.Name).Usage == "" {
			t.Fatalf("an unknown command %q", c.Name)
		}
		for _, text := range []string{c.ID, c.Service, c.Playbook, c.Change, c.Text} {
			if !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\x00\u202e\u200b") {
				t.Fatalf("%q is not harmless", text)
			}
		}
	})
}
