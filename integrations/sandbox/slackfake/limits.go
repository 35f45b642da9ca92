package slackfake

import (
	"net/url"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// The tiers of the Web API, in calls a minute of one method by one app in one workspace.
var (
	tier2 = wire.Limit{Calls: 20, Per: time.Minute}
	tier3 = wire.Limit{Calls: 50, Per: time.Minute}
	tier4 = wire.Limit{Calls: 100, Per: time.Minute}
	// posting is what one channel takes: a message a second, and short bursts; postingAll what the workspace takes.
	posting    = wire.Limit{Calls: 3, Per: 3 * time.Second}
	postingAll = wire.Limit{Calls: 300, Per: time.Minute}
)

// tierOf is the tier of a method; what is not named here is of the fourth.
func tierOf(method string) wire.Limit {
	switch method {
	case "conversations.list", "conversations.create", "conversations.archive", "conversations.rename", "usergroups.users.list", "usergroups.list",
		"bookmarks.add", "bookmarks.list", "pins.add", "users.list":
		return tier2
	case "chat.update", "chat.delete", "conversations.history", "conversations.replies", "conversations.info", "conversations.join",
		"conversations.invite", "reactions.add", "reactions.remove", "reactions.get", "bots.info", "users.lookupByEmail":
		return tier3
	case "chat.postMessage", "chat.getPermalink", "auth.test":
		return postingAll
	default:
		return tier4
	}
}

// tooMany tells in how many seconds Slack would take such a call; zero means now.
func (w *Workspace) tooMany(method string, form url.Values) (retryAfter int) {
	now := time.Now()
	if wait := w.limits.Take(method, tierOf(method), now); wait > 0 {
		return wait
	}
	if method == "chat.postMessage" {
		channel := strings.TrimPrefix(form.Get("channel"), "#")
		if c, known := w.Channel(channel); known {
			channel = c.ID
		}
		return w.limits.Take(method+" in "+channel, posting, now)
	}
	return 0
}

// Refused tells how many calls were one too many, by method and, of posts, by channel.
func (w *Workspace) Refused() map[string]int { return w.limits.Refused() }
