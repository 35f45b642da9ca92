package bot_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
)

func TestWhatIsHeldOfChanges(t *testing.T) {
	at := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	says := func(who string, word bot.Word, change string) bot.Verdict {
		return bot.Verdict{Change: change, Word: word, By: who, Via: "api", At: at}
	}
	evidence := func(word bot.Word, change string) bot.Verdict {
		return bot.Verdict{Change: change, Word: word, By: bot.Self, Via: bot.ByRollback, At: at}
	}
	for _, tt := range []struct {
		name     string
		verdicts []bot.Verdict
		reopened bool
		want     map[string]bot.Word
		cause    string
	}{
		{"a person confirms one", []bot.Verdict{says("ana", bot.Confirmed, "a")}, false, map[string]bot.Word{"a": bot.Confirmed}, "a"},
		{"a person clears one", []bot.Verdict{says("ana", bot.Cleared, "a")}, false, map[string]bot.Word{"a": bot.Cleared}, ""},
		{"the newest word of people counts", []bot.Verdict{says("ana", bot.Confirmed, "a"), says("ben", bot.Cleared, "a")}, false, map[string]bot.Word{"a": bot.Cleared}, ""},
		{"one cause is enough", []bot.Verdict{says("ana", bot.Confirmed, "a"), says("ana", bot.Confirmed, "b")}, false, map[string]bot.Word{"b": bot.Confirmed}, "b"},
		{"none of them names no cause", []bot.Verdict{says("ana", bot.Confirmed, "a"), says("ana", bot.Confirmed, bot.NoneOfThese)}, false, map[string]bot.Word{"none": bot.Confirmed}, ""},
		{"evidence confirms one", []bot.Verdict{evidence(bot.Confirmed, "a")}, false, map[string]bot.Word{"a": bot.Confirmed}, "a"},
		{"evidence does not overrule a person", []bot.Verdict{says("ana", bot.Cleared, "a"), evidence(bot.Confirmed, "a")}, false, map[string]bot.Word{"a": bot.Cleared}, ""},
		{"nor names another cause than a person does", []bot.Verdict{says("ana", bot.Confirmed, "b"), evidence(bot.Confirmed, "a")}, false, map[string]bot.Word{"b": bot.Confirmed}, "b"},
		{"a person overrules evidence", []bot.Verdict{evidence(bot.Cleared, "a"), says("ana", bot.Confirmed, "a")}, false, map[string]bot.Word{"a": bot.Confirmed}, "a"},
		{"what came back and went bad again confirms nothing", []bot.Verdict{evidence(bot.Confirmed, "a")}, true, map[string]bot.Word{}, ""},
		{"a person's word holds when it is opened again", []bot.Verdict{says("ana", bot.Confirmed, "a")}, true, map[string]bot.Word{"a": bot.Confirmed}, "a"},
		{"a word that is none is no verdict", []bot.Verdict{says("ana", "perhaps", "a"), says("ana", bot.Cleared, "")}, false, map[string]bot.Word{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entries := []bot.Entry{{Incident: "inc-1", At: at, Kind: bot.EntryOpened}}
			for _, v := range tt.verdicts {
				data, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				entries = append(entries, bot.Entry{Incident: "inc-1", At: at, Kind: bot.EntryVerdict, Data: data})
			}
			if tt.reopened {
				entries = append(entries, bot.Entry{Incident: "inc-1", At: at, Kind: bot.EntryReopened})
			}
			in := bot.FoldIncident(entries)
			got := map[string]bot.Word{}
			for _, v := range in.Verdicts {
				got[v.Change] = v.Word
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || in.Cause != tt.cause {
				t.Errorf("the cause is %q, want %q (-want +got):\n%s", in.Cause, tt.cause, diff)
			}
		})
	}
}
