package peers_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// messages is a page of a conversation.
type messages struct {
	Messages []struct {
		Text, TS string
		ThreadTS string `json:"thread_ts"`
		Metadata *struct {
			Payload map[string]any `json:"event_payload"`
		}
		Edited *struct{ TS string }
		Blocks json.RawMessage
	}
	HasMore bool `json:"has_more"`
}

func (m messages) texts() []string {
	var out []string
	for _, one := range m.Messages {
		out = append(out, one.Text)
	}
	return out
}

// TestWebAPIClientUsesOurWorkspace has Slack's own Web API client do with our stand-in what the bot does with Slack.
func TestWebAPIClientUsesOurWorkspace(t *testing.T) {
	w := newWorkspace(t)
	slack := start(t, "web_api.mjs", w.given())
	var at posted
	say := func(t *testing.T, args map[string]any) (p posted) {
		t.Helper()
		slack.ask(t, "chat.postMessage", args, &p)
		return p
	}
	t.Run("who it is", func(t *testing.T) {
		var who struct {
			UserID string `json:"user_id"`
			BotID  string `json:"bot_id"`
			TeamID string `json:"team_id"`
		}
		slack.ask(t, "auth.test", nil, &who)
		if who.UserID == "" || who.BotID == "" || who.TeamID == "" {
			t.Errorf("%+v", who)
		}
	})
	t.Run("a card is posted by the channel's name, found with its metadata, and edited in place", func(t *testing.T) {
		at = say(t, card("#incidents"))
		if !at.OK || at.TS == "" || !strings.HasPrefix(at.Channel, "C") {
			t.Fatalf("%+v", at)
		}
		slack.ask(t, "chat.update", map[string]any{"channel": at.Channel, "ts": at.TS, "text": "it is over"}, nil)
		var all messages
		slack.ask(t, "conversations.history", map[string]any{"channel": at.Channel, "include_all_metadata": true}, &all)
		if len(all.Messages) != 1 || all.Messages[0].Text != "it is over" || all.Messages[0].Edited == nil ||
			all.Messages[0].Metadata == nil || all.Messages[0].Metadata.Payload["key"] != "card/inc-1" {
			t.Errorf("%+v", all)
		}
	})
	t.Run("a thread holds what is said in it, and the channel's history does not", func(t *testing.T) {
		reply := say(t, map[string]any{"channel": at.Channel, "thread_ts": at.TS, "text": "paged the owner"})
		if reply.Message.ThreadTS != at.TS {
			t.Errorf("%+v", reply)
		}
		var thread, all messages
		slack.ask(t, "conversations.replies", map[string]any{"channel": at.Channel, "ts": at.TS}, &thread)
		slack.ask(t, "conversations.history", map[string]any{"channel": at.Channel}, &all)
		if !slices.Equal(thread.texts(), []string{"it is over", "paged the owner"}) || len(all.Messages) != 1 {
			t.Errorf("the thread is %q, the channel %q", thread.texts(), all.texts())
		}
	})
	t.Run("a word for one person, a permalink, reactions, and a message taken back", func(t *testing.T) {
		slack.ask(t, "chat.postEphemeral", map[string]any{"channel": at.Channel, "user": omar.ID, "text": "only you"}, nil)
		var link struct{ Permalink string }
		slack.ask(t, "chat.getPermalink", map[string]any{"channel": at.Channel, "message_ts": at.TS}, &link)
		if !strings.Contains(link.Permalink, strings.ReplaceAll(at.TS, ".", "")) {
			t.Errorf("%+v", link)
		}
		eyes := map[string]any{"channel": at.Channel, "timestamp": at.TS, "name": "eyes"}
		slack.ask(t, "reactions.add", eyes, nil)
		if word := slack.refused(t, "reactions.add", eyes); word != "already_reacted" {
			t.Error(word)
		}
		slack.ask(t, "reactions.remove", eyes, nil)
		gone := say(t, map[string]any{"channel": "#support-ai", "text": "a mistake"})
		slack.ask(t, "chat.delete", map[string]any{"channel": gone.Channel, "ts": gone.TS}, nil)
		if _, there := w.Message(gone.Channel, gone.TS); there {
			t.Error("the message still stands")
		}
	})
	t.Run("channels and people", func(t *testing.T) {
		var list struct {
			Channels []struct{ ID, Name string }
		}
		slack.ask(t, "conversations.list", map[string]any{"limit": 200}, &list)
		if len(list.Channels) != 2 || list.Channels[0].ID != at.Channel || list.Channels[0].Name != "incidents" {
			t.Errorf("%+v", list)
		}
		slack.ask(t, "conversations.info", map[string]any{"channel": at.Channel}, nil)
		slack.ask(t, "conversations.join", map[string]any{"channel": at.Channel}, nil)
		var who struct{ User struct{ ID string } }
		slack.ask(t, "users.lookupByEmail", map[string]any{"email": omar.Email}, &who)
		slack.ask(t, "users.info", map[string]any{"user": who.User.ID}, &who)
		if who.User.ID != omar.ID {
			t.Errorf("%+v", who)
		}
		var group struct{ Users []string }
		slack.ask(t, "usergroups.users.list", map[string]any{"usergroup": "S0ONCALL"}, &group)
		if !slices.Equal(group.Users, []string{omar.ID}) {
			t.Errorf("%+v", group)
		}
	})
	t.Run("history is walked page by page", func(t *testing.T) {
		first := say(t, map[string]any{"channel": "#support-ai", "text": "1"})
		for _, text := range []string{"2", "3", "4", "5"} {
			say(t, map[string]any{"channel": "#support-ai", "text": text})
		}
		var pages []messages
		slack.ask(t, "pages", map[string]any{"method": "conversations.history", "of": map[string]any{"channel": first.Channel, "limit": 2}}, &pages)
		var texts []string
		for _, p := range pages {
			texts = append(texts, p.texts()...)
		}
		if len(pages) != 3 || !slices.Equal(texts, []string{"5", "4", "3", "2", "1"}) {
			t.Errorf("%d pages: %q", len(pages), texts)
		}
	})
	w.sound(t)
}

// TestWebAPIClientUploadsToOurWorkspace walks the three steps of an upload as Slack's client does.
func TestWebAPIClientUploadsToOurWorkspace(t *testing.T) {
	w := newWorkspace(t)
	slack := start(t, "web_api.mjs", w.given())
	const png = "\x89PNG\r\n\x1a\n and then pixels"
	data := base64.StdEncoding.EncodeToString([]byte(png))
	root := posted{}
	slack.ask(t, "chat.postMessage", card("#incidents"), &root)

	t.Run("one file into a thread, with words", func(t *testing.T) {
		var done struct {
			OK    bool
			Files []struct {
				OK    bool
				Files []struct{ ID, Title string }
			}
		}
		slack.ask(t, "upload", map[string]any{
			"channel_id": root.Channel, "thread_ts": root.TS, "initial_comment": "the chart", "filename": "chart.png", "title": "Chart",
			"file": data,
		}, &done)
		files := w.Files()
		if !done.OK || len(files) != 1 || string(files[0].Bytes) != png || !files[0].Complete || files[0].Title != "Chart" {
			t.Fatalf("%+v, and the workspace has %+v", done, files)
		}
		m := w.newest(t)
		if m.Thread != root.TS || m.Text != "the chart" || !slices.Equal(m.Files, []string{files[0].ID}) {
			t.Errorf("%+v", m)
		}
		var info struct {
			File struct {
				ID, Name, Title string
				Size            int
			}
		}
		slack.ask(t, "files.info", map[string]any{"file": files[0].ID}, &info)
		if info.File.ID != files[0].ID || info.File.Name != "chart.png" || info.File.Size != len(png) {
			t.Errorf("%+v", info)
		}
	})
	t.Run("several files at once, in one message", func(t *testing.T) {
		slack.ask(t, "uploads", map[string]any{
			"channel_id": root.Channel, "file_uploads": []any{
				map[string]any{"filename": "a.png", "file": data}, map[string]any{"filename": "b.png", "file": data},
			},
		}, nil)
		if m := w.newest(t); len(m.Files) != 2 {
			t.Errorf("%+v", m)
		}
	})
	t.Run("the words for those who do not see the picture", func(t *testing.T) {
		// Slack's documentation calls the argument alt_txt, and so do we; filesUploadV2 of its client for Node.js sends alt_text.
		slack.ask(t, "files.getUploadURLExternal", map[string]any{"filename": "c.png", "length": len(png), "alt_txt": "refusals rise"}, nil)
		if files := w.Files(); files[len(files)-1].Alt != "refusals rise" {
			t.Errorf("%+v", files[len(files)-1])
		}
	})
	t.Run("an image block shows an uploaded file", func(t *testing.T) {
		block := func(file string) map[string]any {
			return map[string]any{"channel": root.Channel, "text": "chart", "blocks": []any{
				map[string]any{"type": "image", "alt_text": "refusals rise", "slack_file": map[string]any{"id": file}},
			}}
		}
		slack.ask(t, "chat.postMessage", block(w.Files()[0].ID), nil)
		w.sound(t)
		if word := slack.refused(t, "chat.postMessage", block("F0NONE")); word != "invalid_blocks" {
			t.Errorf("a file that is none: %s", word)
		}
	})
}

// TestWebAPIClientUnderstandsRefusals holds Slack's client to what our stand-in says where something is wrong.
func TestWebAPIClientUnderstandsRefusals(t *testing.T) {
	t.Run("words", func(t *testing.T) {
		w := newWorkspace(t)
		slack := start(t, "web_api.mjs", w.given())
		for _, c := range []struct {
			call string
			args map[string]any
			word string
		}{
			{"chat.postMessage", map[string]any{"channel": "#none", "text": "x"}, "channel_not_found"},
			{"chat.postMessage", map[string]any{"channel": "#incidents"}, "no_text"},
			{"chat.postMessage", map[string]any{"channel": "#incidents", "text": strings.Repeat("x", 40_001)}, "msg_too_long"},
			{"chat.update", map[string]any{"channel": "C0ACME001", "ts": "1.0", "text": "x"}, "message_not_found"},
			{"conversations.replies", map[string]any{"channel": "C0ACME001", "ts": "1.0"}, "thread_not_found"},
			{"users.lookupByEmail", map[string]any{"email": "nobody@acme.example"}, "users_not_found"},
			{"users.info", map[string]any{"user": "U0NONE"}, "user_not_found"},
			{"files.info", map[string]any{"file": "F0NONE"}, "file_not_found"},
		} {
			if word := slack.refused(t, c.call, c.args); word != c.word {
				t.Errorf("%s with %.80v: %s, want %s", c.call, c.args, word, c.word)
			}
		}
	})
	t.Run("another token", func(t *testing.T) {
		w := newWorkspace(t)
		given := w.given()
		given["token"] = "xoxb-other"
		slack := start(t, "web_api.mjs", given)
		if word := slack.refused(t, "auth.test", nil); word != "invalid_auth" {
			t.Error(word)
		}
	})
	t.Run("a limit is waited out for as long as Retry-After says, and the call made again", func(t *testing.T) {
		w := newWorkspace(t)
		slack := start(t, "web_api.mjs", w.given())
		w.Set(wire.Fault{Mode: wire.Limited, RetryAfter: 1, Calls: 1, Match: "chat.postMessage"})
		var limited struct{ Seconds int }
		slack.send(t, "chat.postMessage", card("#incidents"))
		slack.event(t, "limited", &limited)
		if l := slack.answer(t, "chat.postMessage"); l.Error != "" || limited.Seconds != 1 || len(w.Messages()) != 1 {
			t.Errorf("limited for %d s, then %s; there are %d messages", limited.Seconds, l.All, len(w.Messages()))
		}
	})
	t.Run("Slack's own pace for one channel is kept, and nothing is lost", func(t *testing.T) {
		w := newWorkspace(t, func(c *slackfake.Config) { c.Limited = true })
		slack := start(t, "web_api.mjs", w.given())
		const posts = 5
		for range posts {
			slack.send(t, "chat.postMessage", card("#incidents"))
		}
		slack.event(t, "limited", nil)
		await(t, "every message", func() bool { return len(w.Messages()) == posts })
	})
	t.Run("a limit that the client shall not wait for is told with its hint", func(t *testing.T) {
		w := newWorkspace(t)
		given := w.given()
		given["reject"] = true
		slack := start(t, "web_api.mjs", given)
		w.Set(wire.Fault{Mode: wire.Limited, RetryAfter: 30, Calls: 1})
		if l := slack.try(t, "auth.test", nil); l.Code != "slack_webapi_rate_limited_error" || l.RetryAfter != 30 {
			t.Errorf("%s", l.All)
		}
	})
	t.Run("an outage that ends is survived", func(t *testing.T) {
		w := newWorkspace(t)
		slack := start(t, "web_api.mjs", w.given())
		for _, mode := range []wire.Mode{wire.Broken, wire.Down} {
			w.Set(wire.Fault{Mode: mode, Calls: 1})
			slack.ask(t, "auth.test", nil, nil)
		}
		if _, faulty := w.Calls(); faulty != 2 {
			t.Errorf("%d faults were met", faulty)
		}
	})
}
