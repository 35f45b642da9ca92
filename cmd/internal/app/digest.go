package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// digestSpan is how far a digest looks back.
const digestSpan = 24 * time.Hour

// digest tells Slack of the risky changes of the last day. Its slot is remembered before it is sent: a digest that is lost in a
// crash is better than one that is told twice.
func (a *App) digest(ctx context.Context) error {
	if a.vendors.slack == nil {
		return nil
	}
	now := a.options.Clock.Now()
	key := "digest/" + now.UTC().Format("2006-01-02T15:04")
	fresh, err := a.db.RememberOnce(ctx, "digest", key, nil)
	if err != nil || !fresh {
		return err
	}
	changes, err := a.db.Changes(ctx, bot.ChangeQuery{From: now.Add(-digestSpan), To: now, Limit: 1000})
	if err != nil {
		return err
	}
	_, err = a.vendors.slack.Say(ctx, a.config.Digest.Channel, key, digestText(changes))
	return err
}

// mostDigested bounds the lines of a digest.
const mostDigested = 15

// digestText words the risky changes among those of a day, the riskiest first as they come: newest first.
func digestText(changes []bot.Change) string {
	var risky []bot.Change
	for _, c := range changes {
		if len(c.Flags) > 0 {
			risky = append(risky, c)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The last 24 hours: %d changes, %d of them risky.\n", len(changes), len(risky))
	for i, c := range risky {
		if i == mostDigested {
			fmt.Fprintf(&b, "… and %d more\n", len(risky)-i)
			break
		}
		var why []string
		for _, flag := range c.Flags {
			why = append(why, flag.Sentence)
		}
		fmt.Fprintf(&b, "• %s %s (%s): %s\n", c.Kind, c.Title, strings.Join(c.Services, ", "), strings.Join(why, "; "))
	}
	return b.String()
}
