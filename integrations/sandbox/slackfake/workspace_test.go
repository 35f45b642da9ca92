package slackfake_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token   = "xoxb-test"
	signing = "8f742231b10e8888abcd99yyyzzz85a5"
)

// desk is a workspace and the real client on it.
type desk struct {
	*slackfake.Workspace
	client *slack.Client
	http   *http.Client
	base   string
	now    time.Time
}

func newDesk(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) *desk {
	t.Helper()
	d := &desk{now: time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)}
	var handler http.Handler
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	d.base = web.URL + "/slack"
	d.Workspace = slackfake.New(slackfake.Config{
		Base: d.base, Token: token, SigningSecret: signing, Channels: []string{"support-ai", "incidents"},
		Users: []slackfake.User{omar}, Now: func() time.Time { return d.now },
	})
	handler = http.StripPrefix("/slack", d.Workspace)
	own := &http.Transport{}
	var transport http.RoundTripper = own
	if wrap != nil {
		transport = wrap(own)
	}
	t.Cleanup(func() {
		own.CloseIdleConnections()
		web.Close()
	})
	d.http = &http.Client{Transport: transport}
	d.client = slack.New(token, slack.OptionAPIURL(d.base+"/api/"), slack.OptionHTTPClient(d.http))
	return d
}

var omar = slackfake.User{ID: "U0OMAR", Name: "omar", RealName: "Omar Azizi", Email: "omar@acme.example"}

func card(title string) []slack.Block {
	return []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, title, false, false)),
		slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, "since 16:52", false, false)),
		slack.NewActionBlock("ask",
			slack.NewButtonBlockElement("approve", "apr-1", slack.NewTextBlockObject(slack.PlainTextType, "Approve", false, false)),
			slack.NewButtonBlockElement("deny", "apr-1", slack.NewTextBlockObject(slack.PlainTextType, "Deny", false, false)),
		),
	}
}

func meta(key string) slack.MsgOption {
	return slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "card", EventPayload: map[string]any{"key": key}})
}

// post posts a card and returns where it stands.
func (d *desk) post(t *testing.T, key string) (channel, ts string) {
	t.Helper()
	channel, ts, err := d.client.PostMessageContext(t.Context(), "#support-ai",
		slack.MsgOptionText("it burns", false), slack.MsgOptionBlocks(card("It burns")...), meta(key))
	if err != nil {
		t.Fatal(err)
	}
	return channel, ts
}

func TestACardIsPostedFoundAndEdited(t *testing.T) {
	d := newDesk(t, nil)
	ctx := t.Context()
	who, err := d.client.AuthTestContext(ctx)
	if err != nil || who.BotID != slackfake.BotID {
		t.Fatalf("%+v %v", who, err)
	}
	channel, ts := d.post(t, "key-1")
	if channel == "#support-ai" || !strings.HasPrefix(channel, "C") {
		t.Errorf("Slack answers with the channel's ID, got %q", channel)
	}
	for _, with := range []bool{true, false} {
		got, err := d.client.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: with})
		if err != nil || len(got.Messages) != 1 {
			t.Fatalf("%+v %v", got, err)
		}
		if found := got.Messages[0].Metadata.EventPayload["key"] == "key-1"; found != with {
			t.Errorf("metadata asked for: %v, given: %v", with, found)
		}
	}
	d.now = d.now.Add(time.Minute)
	if _, _, _, err := d.client.UpdateMessageContext(ctx, channel, ts, slack.MsgOptionBlocks(card("It is over")...)); err != nil {
		t.Fatal(err)
	}
	m, ok := d.Message(channel, ts)
	if !ok || m.Edits != 1 || !m.Edited.Equal(d.now) || !strings.Contains(string(m.Blocks), "It is over") || len(m.Metadata) == 0 {
		t.Errorf("%+v", m)
	}
	if len(d.Messages()) != 1 || len(d.Unexpected()) > 0 {
		t.Errorf("%d messages, unexpected %v", len(d.Messages()), d.Unexpected())
	}
}

func TestThreadsAndEphemeralsAreNotInTheChannelsHistory(t *testing.T) {
	d := newDesk(t, nil)
	ctx := t.Context()
	channel, ts := d.post(t, "key-1")
	if _, _, err := d.client.PostMessageContext(ctx, channel, slack.MsgOptionText("more", false), slack.MsgOptionTS(ts)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.client.PostEphemeralContext(ctx, channel, omar.ID, slack.MsgOptionText("only you", false)); err != nil {
		t.Fatal(err)
	}
	history, err := d.client.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: channel})
	if err != nil || len(history.Messages) != 1 {
		t.Errorf("%+v %v", history, err)
	}
	replies, _, _, err := d.client.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts})
	if err != nil || len(replies) != 2 || replies[1].ThreadTimestamp != ts {
		t.Errorf("%+v %v", replies, err)
	}
}

func TestHistoryIsPagedNewestFirst(t *testing.T) {
	d := newDesk(t, nil)
	var channel string
	var all []string
	for range 7 {
		c, ts := d.post(t, "k")
		channel, all = c, append(all, ts)
	}
	var got []string
	cursor := ""
	for {
		page, err := d.client.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{
			ChannelID: channel, Limit: 3, Cursor: cursor, Oldest: all[0],
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Messages {
			got = append(got, m.Timestamp)
		}
		if cursor = page.ResponseMetaData.NextCursor; !page.HasMore {
			break
		}
	}
	if len(got) != 6 || got[0] != all[6] || got[5] != all[1] {
		t.Errorf("got %v of %v; oldest is exclusive unless said otherwise", got, all)
	}
}

func TestAFileTakesThreeSteps(t *testing.T) {
	d := newDesk(t, nil)
	ctx := t.Context()
	const png = "\x89PNG\r\n"
	file, err := d.client.UploadFileContext(ctx, slack.UploadFileParameters{
		Reader: strings.NewReader(png), FileSize: len(png), Filename: "chart.png", Title: "Chart", AltTxt: "refusals rise",
	})
	if err != nil {
		t.Fatal(err)
	}
	files := d.Files()
	if len(files) != 1 || string(files[0].Bytes) != png || files[0].Alt != "refusals rise" || !files[0].Complete || files[0].ID != file.ID {
		t.Errorf("%+v", files)
	}
	image := slack.NewImageBlockSlackFile(&slack.SlackFileObject{ID: file.ID}, "refusals rise", "", nil)
	if _, _, err := d.client.PostMessageContext(ctx, "#incidents", slack.MsgOptionBlocks(image)); err != nil {
		t.Errorf("an image block with the file is refused: %v", err)
	}
	image.SlackFile.ID = "F0NONE"
	if _, _, err := d.client.PostMessageContext(ctx, "#incidents", slack.MsgOptionBlocks(image)); err == nil || err.Error() != "invalid_blocks" {
		t.Errorf("an image block with a file that is none gives %v", err)
	}
	_, err = d.client.UploadFileContext(ctx, slack.UploadFileParameters{Content: "four", FileSize: 5, Filename: "x.png"})
	if err == nil {
		t.Error("a file of another length than announced was taken")
	}
}

func TestPeopleChannelsAndReactions(t *testing.T) {
	d := newDesk(t, nil)
	ctx := t.Context()
	channel, ts := d.post(t, "k")
	list, _, err := d.client.GetConversationsContext(ctx, &slack.GetConversationsParameters{})
	if err != nil || len(list) != 2 || list[0].ID != channel || !list[0].IsMember {
		t.Errorf("%+v %v", list, err)
	}
	if _, _, _, err := d.client.JoinConversationContext(ctx, channel); err != nil {
		t.Error(err)
	}
	ref := slack.NewRefToMessage(channel, ts)
	if err := d.client.AddReactionContext(ctx, "eyes", ref); err != nil {
		t.Error(err)
	}
	if err := d.client.AddReactionContext(ctx, "eyes", ref); err == nil || err.Error() != "already_reacted" {
		t.Errorf("a second reaction gives %v", err)
	}
	user, err := d.client.GetUserByEmailContext(ctx, "OMAR@acme.example")
	if err != nil || user.ID != omar.ID {
		t.Errorf("%+v %v", user, err)
	}
	if _, err := d.client.GetUserInfoContext(ctx, omar.ID); err != nil {
		t.Error(err)
	}
	link, err := d.client.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: channel, Ts: ts})
	if err != nil || !strings.Contains(link, strings.ReplaceAll(ts, ".", "")) {
		t.Errorf("%q %v", link, err)
	}
}

func TestWhatSlackRefuses(t *testing.T) {
	for _, c := range []struct {
		name, method string
		form         url.Values
		word         string
		unexpected   bool
	}{
		{"no token", "auth.test", url.Values{"token": {""}}, "not_authed", false},
		{"another token", "auth.test", url.Values{"token": {"xoxb-other"}}, "invalid_auth", false},
		{"a method that is none", "chat.shout", nil, "unknown_method", true},
		{"a channel that is none", "chat.postMessage", url.Values{"channel": {"#none"}, "text": {"x"}}, "channel_not_found", false},
		{"nothing to say", "chat.postMessage", url.Values{"channel": {"#incidents"}}, "no_text", true},
		{"too much to say", "chat.postMessage", url.Values{"channel": {"#incidents"}, "text": {strings.Repeat("x", 40_001)}}, "msg_too_long", true},
		{"blocks that are none", "chat.postMessage", url.Values{"channel": {"#incidents"}, "blocks": {"{"}}, "invalid_blocks_format", true},
		{"51 blocks", "chat.postMessage", url.Values{"channel": {"#incidents"}, "blocks": {"[" + strings.Repeat(`{"type":"divider"},`, 50) + `{"type":"divider"}]`}}, "invalid_blocks", true},
		{"too many words for a picture", "files.getUploadURLExternal", url.Values{"filename": {"x.png"}, "length": {"4"}, "alt_txt": {strings.Repeat("x", 1001)}}, "alt_txt_too_large", true},
		{"a thread of nothing", "chat.postMessage", url.Values{"channel": {"#incidents"}, "text": {"x"}, "thread_ts": {"1.0"}}, "thread_not_found", false},
		{"an edit by the channel's name", "chat.update", url.Values{"channel": {"#incidents"}, "ts": {"1.0"}, "text": {"x"}}, "channel_not_found", false},
		{"an edit of nothing", "chat.update", url.Values{"channel": {"C0ACME002"}, "ts": {"1.0"}, "text": {"x"}}, "message_not_found", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t, nil)
			form := url.Values{"token": {token}}
			for k, v := range c.form {
				form[k] = v
			}
			resp, err := d.http.PostForm(d.base+"/api/"+c.method, form)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var answer struct {
				OK    bool
				Error string
			}
			if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.OK || answer.Error != c.word || resp.StatusCode != http.StatusOK {
				t.Errorf("%+v %v, want %q", answer, err, c.word)
			}
			if got := len(d.Unexpected()) > 0; got != c.unexpected {
				t.Errorf("remembered as unexpected: %v, want %v", d.Unexpected(), c.unexpected)
			}
		})
	}
}

func TestAPressIsSignedAndCarriesTheMessage(t *testing.T) {
	d := newDesk(t, nil)
	channel, ts := d.post(t, "k")
	m, _ := d.Message(channel, ts)
	buttons := slackfake.Buttons(m)
	if len(buttons) != 2 || buttons[0].Text != "Approve" || buttons[0].Value != "apr-1" || buttons[0].BlockID != "ask" {
		t.Fatalf("buttons %+v", buttons)
	}
	body, err := d.Press(m, buttons[0], omar)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := slack.NewSecretsVerifier(d.Sign(body, time.Now()), signing)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.Write(body); err != nil || verifier.Ensure() != nil {
		t.Error("the real library does not accept the signature")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	var callback slack.InteractionCallback
	if err := json.Unmarshal([]byte(form.Get("payload")), &callback); err != nil {
		t.Fatal(err)
	}
	action := callback.ActionCallback.BlockActions
	if callback.Type != slack.InteractionTypeBlockActions || callback.User.ID != omar.ID || callback.Container.MessageTs != ts ||
		callback.Message.Timestamp != ts || len(action) != 1 || action[0].ActionID != "approve" || action[0].Value != "apr-1" {
		t.Errorf("%+v", callback)
	}
	fields(t, "app-backend-samples/BlockActionPayload.json", []byte(form.Get("payload")))

	if err := slack.PostWebhookCustomHTTPContext(t.Context(), callback.ResponseURL, d.http, &slack.WebhookMessage{Text: "not you"}); err != nil {
		t.Fatal(err)
	}
	all := d.Messages()
	if last := all[len(all)-1]; last.Ephemeral != omar.ID || last.Text != "not you" {
		t.Errorf("an answer to a press goes to whoever pressed, got %+v", last)
	}
	for range 5 {
		err = slack.PostWebhookCustomHTTPContext(t.Context(), callback.ResponseURL, d.http, &slack.WebhookMessage{Text: "again"})
	}
	if err == nil {
		t.Error("a response_url can be used more than five times")
	}
}

func TestTheSignatureIsThePublishedOne(t *testing.T) {
	var vectors []struct {
		Scheme, Body string
		Headers      map[string]string
	}
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "signatures", "vectors.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, nil)
	found := false
	for _, v := range vectors {
		if v.Scheme == "slack-v0" {
			found = true
			got := d.Sign([]byte(v.Body), time.Unix(1531420618, 0)).Get("X-Slack-Signature")
			if got != v.Headers["X-Slack-Signature"] {
				t.Errorf("got %s, want %s", got, v.Headers["X-Slack-Signature"])
			}
		}
	}
	if !found {
		t.Error("no vector of Slack's")
	}
}

func TestFaultsHaveSlacksFace(t *testing.T) {
	d := newDesk(t, nil)
	d.Set(wire.Fault{Mode: wire.Limited, RetryAfter: 4, Calls: 1})
	_, err := d.client.AuthTestContext(t.Context())
	var limited *slack.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter != 4*time.Second {
		t.Errorf("429 with a hint gives %v", err)
	}
	d.Set(wire.Fault{Mode: wire.Broken, Calls: 1})
	var status slack.StatusCodeError
	if _, err := d.client.AuthTestContext(t.Context()); !errors.As(err, &status) || status.Code != http.StatusInternalServerError {
		t.Errorf("500 gives %v", err)
	}
	d.Set(wire.Fault{Mode: wire.Lost, Calls: 1, Match: "chat.postMessage"})
	if _, _, err := d.client.PostMessageContext(t.Context(), "#incidents", slack.MsgOptionText("x", false)); err == nil {
		t.Error("the answer was not lost")
	}
	if len(d.Messages()) != 1 {
		t.Error("a message whose answer was lost was not posted")
	}
}

// fieldJudge holds what Slack answers to the fields that Slack has been seen to send.
type fieldJudge struct {
	t    *testing.T
	next http.RoundTripper
	seen map[string]bool
}

func (j fieldJudge) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := j.next.RoundTrip(r)
	if err != nil || !strings.Contains(r.URL.Path, "/api/") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	method := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	j.seen[method] = true
	fields(j.t, "api-samples/"+method+".json", body)
	return resp, nil
}

// fields fails when an answer has a field that the sample has not. Branches that the samples cut are not followed.
func fields(t *testing.T, sample string, got []byte) {
	t.Helper()
	var want, have any
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "slack", sample), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &have); err != nil {
		t.Fatal(err)
	}
	compare(t, sample, want, have)
}

func compare(t *testing.T, path string, want, have any) {
	t.Helper()
	switch h := have.(type) {
	case map[string]any:
		w, ok := want.(map[string]any)
		if !ok || len(w) == 0 {
			return
		}
		for key, value := range h {
			sample, known := w[key]
			if !known {
				t.Errorf("%s: Slack has never been seen to send %q", path, key)
				continue
			}
			compare(t, path+"."+key, sample, value)
		}
	case []any:
		w, ok := want.([]any)
		if !ok || len(w) == 0 {
			return
		}
		for _, value := range h {
			compare(t, path+"[]", w[0], value)
		}
	}
}

func TestAnswersInventNoField(t *testing.T) {
	seen := map[string]bool{}
	d := newDesk(t, func(next http.RoundTripper) http.RoundTripper { return fieldJudge{t, next, seen} })
	ctx := t.Context()
	do := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	channel, ts := d.post(t, "k")
	do(d.client.AuthTestContext(ctx))
	do(d.client.PostEphemeralContext(ctx, channel, omar.ID, slack.MsgOptionText("x", false)))
	_, _, _, err := d.client.UpdateMessageContext(ctx, channel, ts, slack.MsgOptionText("y", false))
	do(nil, err)
	do(d.client.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true}))
	_, _, _, err = d.client.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts})
	do(nil, err)
	_, _, err = d.client.GetConversationsContext(ctx, &slack.GetConversationsParameters{})
	do(nil, err)
	do(d.client.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel}))
	_, _, _, err = d.client.JoinConversationContext(ctx, channel)
	do(nil, err)
	do(d.client.UploadFileContext(ctx, slack.UploadFileParameters{Content: "x", FileSize: 1, Filename: "x.png"}))
	do(nil, d.client.AddReactionContext(ctx, "eyes", slack.NewRefToMessage(channel, ts)))
	do(d.client.GetUserInfoContext(ctx, omar.ID))
	do(d.client.GetUserByEmailContext(ctx, omar.Email))
	do(d.client.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: channel, Ts: ts}))
	_, _, err = d.client.DeleteMessageContext(ctx, channel, ts)
	do(nil, err)
	if len(seen) < 14 {
		t.Errorf("only %d methods were held to their samples", len(seen))
	}
}
