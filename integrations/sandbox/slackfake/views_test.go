package slackfake_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// form is a modal with a field to choose in and one to write into.
func form(title string) slack.ModalViewRequest {
	choice := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, "how", slack.NewOptionBlockObject("a", plain("Ay"), nil), slack.NewOptionBlockObject("b", plain("Bee"), nil))
	written := slack.NewPlainTextInputBlockElement(nil, "why")
	written.MaxLength = 5
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(title), Submit: plain("Go"), CallbackID: "form", PrivateMetadata: "inc-1",
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewInputBlock("how", plain("How?"), nil, choice), slack.NewInputBlock("why", plain("Why?"), nil, written)}},
	}
}

// triggered writes a slash command, and gives the trigger that came with it.
func (d *desk) triggered(t *testing.T) string {
	t.Helper()
	body, err := d.Command("incidents", "mute", omar)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	return sent.Get("trigger_id")
}

func refusal(err error) string {
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) {
		return refused.Err
	}
	return ""
}

func TestATriggerOpensOneModalAndSoon(t *testing.T) {
	d := newDesk(t, nil)
	ctx := t.Context()
	trigger := d.triggered(t)
	shown, err := d.client.OpenViewContext(ctx, trigger, form("Mute"))
	if err != nil || shown.ID == "" || shown.PrivateMetadata != "inc-1" {
		t.Fatalf("%+v, %v", shown, err)
	}
	_, err = d.client.OpenViewContext(ctx, trigger, form("Mute"))
	_, unknown := d.client.OpenViewContext(ctx, "1.2.3", form("Mute"))
	if refusal(err) != "exchanged_trigger_id" || refusal(unknown) != "invalid_trigger_id" {
		t.Errorf("%v, %v", err, unknown)
	}
	late := slackfake.New(slackfake.Config{Base: d.base, Token: token, Channels: []string{"incidents"}, Now: time.Now, TriggerLife: time.Nanosecond})
	old := *d
	old.Workspace = late
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, "/api/views.open", strings.NewReader(url.Values{"token": {token}, "trigger_id": {old.triggered(t)}, "view": {"{}"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := &written{header: http.Header{}}
	late.ServeHTTP(w, r)
	if !strings.Contains(w.body.String(), "expired_trigger_id") {
		t.Errorf("%s", w.body.String())
	}
}

type written struct {
	header http.Header
	body   strings.Builder
}

func (w *written) Header() http.Header         { return w.header }
func (w *written) Write(p []byte) (int, error) { return w.body.Write(p) }
func (w *written) WriteHeader(int)             {}

func TestViewsBeyondSlacksLimitsAreRefused(t *testing.T) {
	d := newDesk(t, nil)
	for name, spoil := range map[string]func(v *slack.ModalViewRequest){
		"a long title":          func(v *slack.ModalViewRequest) { v.Title = plain(strings.Repeat("x", 25)) },
		"fields without submit": func(v *slack.ModalViewRequest) { v.Submit = nil },
		"no blocks":             func(v *slack.ModalViewRequest) { v.Blocks.BlockSet = nil },
		"long private metadata": func(v *slack.ModalViewRequest) { v.PrivateMetadata = strings.Repeat("x", 3001) },
		"an empty text": func(v *slack.ModalViewRequest) {
			v.Blocks.BlockSet = append(v.Blocks.BlockSet, slack.NewSectionBlock(plain(""), nil, nil))
		},
	} {
		v := form("Mute")
		spoil(&v)
		if _, err := d.client.OpenViewContext(t.Context(), d.triggered(t), v); refusal(err) != "invalid_arguments" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(d.Views()) != 0 {
		t.Errorf("%+v", d.Views())
	}
}

func TestAFormIsSentOffAndAnswered(t *testing.T) {
	d := newDesk(t, nil)
	ctx := t.Context()
	if _, err := d.client.OpenViewContext(ctx, d.triggered(t), form("Mute")); err != nil {
		t.Fatal(err)
	}
	v := d.Views()[0]
	for name, values := range map[string]map[string]string{
		"an option that is not there": {"how": "c"}, "more than fits": {"why": "because"}, "a field that is not there": {"who": "me"},
	} {
		if _, err := d.Submit(v, values, omar); err == nil {
			t.Errorf("%s is sent off", name)
		}
	}
	body, err := d.Submit(v, map[string]string{"how": "Bee", "why": "so"}, omar)
	if err != nil {
		t.Fatal(err)
	}
	sent, _ := url.ParseQuery(string(body))
	var callback slack.InteractionCallback
	if err := json.Unmarshal([]byte(sent.Get("payload")), &callback); err != nil {
		t.Fatal(err)
	}
	state := callback.View.State.Values
	if callback.Type != slack.InteractionTypeViewSubmission || callback.View.CallbackID != "form" || state["how"]["how"].SelectedOption.Value != "b" || state["why"]["why"].Value != "so" {
		t.Errorf("%+v", callback)
	}
	fields(t, "app-backend-samples/ViewSubmissionPayload.json", []byte(sent.Get("payload")))

	if err := d.Answered(v, http.StatusOK, []byte(`{"response_action":"errors","errors":{"nowhere":"x"}}`)); err == nil {
		t.Error("an error at no field is understood")
	}
	if err := d.Answered(v, http.StatusOK, []byte(`{"response_action":"errors","errors":{"why":"say more"}}`)); err != nil || !cmp.Equal(d.Views()[0].Errors, map[string]string{"why": "say more"}) {
		t.Errorf("%v, %+v", err, d.Views()[0])
	}
	if _, err := d.client.UpdateViewContext(ctx, form("Anew"), "", "not.the.hash", v.ID); refusal(err) != "hash_conflict" {
		t.Errorf("%v", err)
	}
	if _, err := d.client.UpdateViewContext(ctx, form("Anew"), "", v.Hash, v.ID); err != nil || d.Views()[0].Updates != 1 {
		t.Errorf("%v", err)
	}
	if err := d.Answered(v, http.StatusOK, nil); err != nil || !d.Views()[0].Closed {
		t.Errorf("%v", err)
	}
	if _, err := d.client.UpdateViewContext(ctx, form("Anew"), "", "", v.ID); refusal(err) != "not_found" {
		t.Errorf("a closed one is shown anew: %v", err)
	}
	body, err = d.CloseView(v, omar)
	sent, _ = url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	fields(t, "app-backend-samples/ViewClosedPayload.json", []byte(sent.Get("payload")))
}

func TestWhatPeopleDoBesideCommandsIsAsSlackSendsIt(t *testing.T) {
	d := newDesk(t, nil)
	channel, ts := d.post(t, "k")
	m, err := d.Write("support-ai", "look", ts, omar)
	if err != nil {
		t.Fatal(err)
	}
	got, _, _, err := d.client.GetConversationRepliesContext(t.Context(), &slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: m.TS})
	if err != nil || len(got) != 1 || got[0].User != omar.ID || got[0].ThreadTimestamp != ts {
		t.Errorf("%+v, %v", got, err)
	}
	body, err := d.Shortcut("note", m, omar)
	sent, _ := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	fields(t, "app-backend-samples/MessageShortcutPayload.json", []byte(sent.Get("payload")))
	for sample, made := range map[string]func() ([]byte, error){
		"ReactionAdded": func() ([]byte, error) { return d.React(m, "pushpin", omar) },
		"AppHomeOpened": func() ([]byte, error) { return d.OpenHome(omar) },
	} {
		body, err := made()
		if err != nil {
			t.Fatal(err)
		}
		fields(t, "events-samples/"+sample+".json", body)
		if kind := d.Sign(body, time.Now()).Get("Content-Type"); kind != "application/json" {
			t.Errorf("an event comes as %s", kind)
		}
	}
}

func TestAChannelInTroubleTakesNothing(t *testing.T) {
	d := newDesk(t, nil)
	channel, ts := d.post(t, "k")
	for trouble, edits := range map[slackfake.Trouble]bool{slackfake.Archived: false, slackfake.Hidden: false, slackfake.NotIn: true} {
		d.Upset("support-ai", trouble)
		if _, _, err := d.client.PostMessageContext(t.Context(), channel, slack.MsgOptionText("x", false)); refusal(err) != string(trouble) {
			t.Errorf("%s: %v", trouble, err)
		}
		if _, _, _, err := d.client.UpdateMessageContext(t.Context(), channel, ts, slack.MsgOptionText("x", false)); (err == nil) != edits {
			t.Errorf("%s: an edit: %v", trouble, err)
		}
	}
	d.Upset("support-ai", "")
	d.Rename("support-ai", "support-ml")
	if _, _, err := d.client.PostMessageContext(t.Context(), "#support-ai", slack.MsgOptionText("x", false)); refusal(err) != "channel_not_found" {
		t.Errorf("the old name: %v", err)
	}
	if _, _, err := d.client.PostMessageContext(t.Context(), channel, slack.MsgOptionText("x", false)); err != nil {
		t.Errorf("its ID: %v", err)
	}
}

func TestViewsInventNoField(t *testing.T) {
	seen := map[string]bool{}
	d := newDesk(t, func(next http.RoundTripper) http.RoundTripper { return fieldJudge{t, next, seen} })
	v, err := d.client.OpenViewContext(t.Context(), d.triggered(t), form("Mute"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.client.UpdateViewContext(t.Context(), form("Anew"), "", "", v.ID); err != nil {
		t.Error(err)
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewDividerBlock()}}}
	if _, err := d.client.PublishViewContext(t.Context(), slack.PublishViewContextRequest{UserID: omar.ID, View: home}); err != nil {
		t.Error(err)
	}
	if len(seen) != 3 {
		t.Errorf("%v were held to their samples", seen)
	}
}
