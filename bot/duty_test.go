package bot_test

import (
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

func TestWhoIsOnCallInASentence(t *testing.T) {
	clock := func(at time.Time) string { return at.Format("Mon 15:04") }
	monday := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		duty bot.Duty
		want string
	}{
		"nobody":           {bot.Duty{}, "nobody"},
		"nothing is known": {bot.Duty{Unknown: "no token"}, "not known: no token"},
		"until when and who comes next": {bot.Duty{Levels: []bot.DutyLevel{
			{Level: 1, People: []bot.DutyPerson{{Name: "Omar", Until: monday}}, Next: []bot.DutyPerson{{Name: "Mara", From: monday}}}, {Level: 2, People: []bot.DutyPerson{{Name: "Jo"}}},
		}}, "1. Omar until Mon 09:00, then Mara from Mon 09:00; 2. Jo"},
		"nobody is asked at a level":        {bot.Duty{Levels: []bot.DutyLevel{{Level: 1}}}, "1. nobody"},
		"maintenance, urgency, and its age": {bot.Duty{Maintenance: true, Urgency: "always low", Of: monday, Stale: "away"}, "nobody; urgency always low; under maintenance: nobody is paged (as of Mon 09:00: away)"},
	} {
		if got := c.duty.Sentence(clock); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
