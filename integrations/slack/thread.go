package slack

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

const (
	// threadParts is how many messages stand in a card's thread at most: how the suspects were weighed, and the log.
	threadParts = 5
	// threadText is how much one of them holds, in characters.
	threadText = 2800
	// deleted stands for a message that somebody took away: it is not said again.
	deleted = "-"
	// threadAfter is how long a thread waits for more to be said, threadEvery the least time between two rounds of one, and threadGap that
	// between any two: cards come first, and edits are what Slack counts.
	threadAfter = 3 * time.Second
	threadEvery = time.Minute
	threadGap   = 5 * time.Second
)

// threads are those that are out of date. Its zero value has none.
type threads struct {
	mu   sync.Mutex
	due  map[string]time.Time
	last map[string]time.Time
	gate time.Time
}

// owe notes that there may be more to say in an incident's thread.
func (t *threads) owe(incident string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.due == nil {
		t.due, t.last = map[string]time.Time{}, map[string]time.Time{}
	}
	for known, at := range t.last {
		if now.Sub(at) > threadEvery {
			delete(t.last, known)
		}
	}
	if _, waits := t.due[incident]; waits || len(t.due) >= maxPending {
		return
	}
	at := now.Add(threadAfter)
	if again := t.last[incident].Add(threadEvery); again.After(at) {
		at = again
	}
	t.due[incident] = at
}

// next takes the incident out whose thread has waited longest, or says how long there is nothing to do.
func (t *threads) next(now time.Time) (incident string, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var first time.Time
	for id, at := range t.due {
		if incident == "" || at.Before(first) || at.Equal(first) && id < incident {
			incident, first = id, at
		}
	}
	if incident == "" {
		return "", longestWait
	}
	if first.Before(t.gate) {
		first = t.gate
	}
	if wait = first.Sub(now); wait > 0 {
		return "", wait
	}
	delete(t.due, incident)
	t.last[incident], t.gate = now, now.Add(threadGap)
	return incident, 0
}

// reply brings one thread up to date. What could not be said is said with the next round.
func (a *Announcer) reply(ctx context.Context, incident string) {
	err := a.client.thread(ctx, incident)
	if err == nil || ctx.Err() != nil {
		return
	}
	a.client.options.Logger.LogAttrs(ctx, slog.LevelWarn, "slack: the thread of a card could not be brought up to date",
		slog.String("incident", incident), slog.Any("error", err))
	if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent {
		a.threads.owe(incident, time.Now())
	}
}

// thread posts what a card's thread lacks and edits what is out of date.
func (c *Client) thread(ctx context.Context, incident string) error {
	defer c.locks.lock(incident)()
	place, found, err := c.options.Memory.Recall(ctx, incident)
	if err != nil {
		return unread("where the card stands could not be read", err)
	}
	if !found || place.TS == "" {
		return nil
	}
	card, err := c.options.Cards.Card(ctx, incident)
	if err != nil {
		return unread("the incident could not be read", err)
	}
	if place.Replying {
		if err := c.recoverReplies(ctx, incident, &place); err != nil {
			return err
		}
	}
	for i, text := range threadOf(card) {
		if text == "" || place.Thread[i] == deleted {
			continue
		}
		if err := c.replyPart(ctx, incident, &place, i, text); err != nil {
			return err
		}
	}
	return nil
}

// replyPart posts or edits one message of a thread. The incident's lock is held.
func (c *Client) replyPart(ctx context.Context, incident string, place *Place, i int, text string) error {
	m := message{
		text:   escape(text, maxText),
		blocks: []api.Block{api.NewSectionBlock(api.NewTextBlockObject(api.PlainTextType, text, false, false), nil, nil)},
	}
	key := threadKey(incident, i)
	if c.lastShown(key) == digest(m) {
		return nil
	}
	if place.Thread[i] != "" {
		err := c.rewrite(ctx, place.Channel, place.Thread[i], key, incident, m)
		if wordOf(err) == "message_not_found" {
			place.Thread[i] = deleted
			return c.keepThread(ctx, incident, *place)
		}
		if err == nil {
			c.saw(key, digest(m))
		}
		return err
	}
	place.Replying = true
	if err := c.keepThread(ctx, incident, *place); err != nil {
		return err
	}
	posted, err := c.post(ctx, place.Channel, key, incident, m, api.MsgOptionTS(place.TS))
	switch fate, _ := playbooks.FateOf(err); {
	case err == nil:
		place.Thread[i] = posted.TS
		c.saw(key, digest(m))
	case fate == playbooks.Unknown:
		return err // it may stand there: the next round looks
	}
	place.Replying = false
	if kept := c.keepThread(context.WithoutCancel(ctx), incident, *place); err == nil {
		err = kept
	}
	return err
}

func (c *Client) keepThread(ctx context.Context, incident string, place Place) error {
	if err := c.options.Memory.Remember(ctx, incident, place); err != nil {
		return unread("what stands in the card's thread could not be written down", err)
	}
	return nil
}

// recoverReplies finds messages of a thread whose confirmation got lost. The incident's lock is held.
func (c *Client) recoverReplies(ctx context.Context, incident string, place *Place) error {
	p, err := c.read(ctx, "conversations.replies", url.Values{
		"channel": {place.Channel}, "ts": {place.TS}, "limit": {"200"}, "include_all_metadata": {"true"},
	})
	if fate, _ := playbooks.FateOf(err); err != nil && fate != playbooks.Permanent {
		return err
	}
	for _, m := range p.Messages { // where looking is not permitted, something said twice is better than not said
		for i := range place.Thread {
			if m.incident() == incident && m.Metadata.EventPayload.Key == threadKey(incident, i) {
				place.Thread[i] = m.TS
			}
		}
	}
	place.Replying = false
	return nil
}

func threadKey(incident string, part int) string { return fmt.Sprintf("thread/%s/%d", incident, part) }

// threadOf are the messages of a card's thread, each in its own place; those with nothing to say are empty.
func threadOf(card bot.Card) (parts [threadParts]string) {
	parts[0] = passage(card.Weighed.Title, card.Weighed.Lines)
	pages := paginate(card.Log.Lines)
	if most := threadParts - 1; len(pages) > most {
		// The first ones stay as they are; the last one holds what is newest.
		var kept []string
		room := threadText
		for i := len(card.Log.Lines) - 1; i >= 0; i-- {
			line := cut(clean(card.Log.Lines[i]), threadText/2)
			if room -= utf8.RuneCountInString(line) + 1; room < 0 {
				break
			}
			kept = append([]string{line}, kept...)
		}
		shown := len(kept)
		for _, page := range pages[:most-1] {
			shown += len(page)
		}
		if between := len(card.Log.Lines) - shown; between > 0 {
			kept = append([]string{fmt.Sprintf("(%d more lines before these are on the incident's page)", between)}, kept...)
		}
		pages = append(pages[:most-1], kept)
	}
	for i, page := range pages {
		title := card.Log.Title
		if i > 0 {
			title = fmt.Sprintf("%s, continued (%d)", title, i+1)
		}
		parts[i+1] = passage(title, page)
	}
	return parts
}

// paginate lays lines out over messages. What comes after does not move what stands before, so that only the last one is edited.
func paginate(lines []string) [][]string {
	var pages [][]string
	room := 0
	for _, text := range lines {
		text = cut(clean(text), threadText/2)
		need := utf8.RuneCountInString(text) + 1
		if need > room {
			pages, room = append(pages, nil), threadText
		}
		room -= need
		pages[len(pages)-1] = append(pages[len(pages)-1], text)
	}
	return pages
}

// passage is a heading with its lines, cut to what a message holds.
func passage(title string, lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return cut(multiline(title+"\n"+strings.Join(lines, "\n")), maxSection)
}
