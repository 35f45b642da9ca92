package bot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
)

func TestIncidentsForWhichAnotherSpeaksAreFolded(t *testing.T) {
	lead := bot.Incident{ID: "lead", Followers: []bot.Link{{Incident: "a", Service: "search"}, {Incident: "b", Service: "mail"}}}
	all := []bot.Incident{
		{ID: "a", Lead: bot.Link{Incident: "lead"}}, lead, {ID: "alone"}, {ID: "b", Lead: bot.Link{Incident: "lead"}}, {ID: "orphan", Lead: bot.Link{Incident: "gone"}},
	}
	var got []string
	for _, in := range bot.Folded(all) {
		got = append(got, in.ID+in.WithIt())
	}
	if diff := cmp.Diff([]string{"lead, and 2 other services with it", "alone", "orphan"}, got); diff != "" {
		t.Error(diff)
	}
	lead.Followers = lead.Followers[:1]
	if said := lead.WithIt(); said != ", and search with it" {
		t.Error(said)
	}
}
