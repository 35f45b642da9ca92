package slack

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
	faults "github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire/wiretest"
)

// cellar keeps rooms; a crash is a write that fails.
type cellar struct {
	rooms map[string]Room
	// crash is how many writes from now on the next one fails, negative for never.
	crash int
}

var errCrash = errors.New("the process ended here")

func (c *cellar) RememberRoom(_ context.Context, incident string, room Room) error {
	if c.crash == 0 {
		c.crash = -1
		return errCrash
	}
	c.crash--
	room.Invited = append([]string(nil), room.Invited...)
	c.rooms[incident] = room
	return nil
}

func (c *cellar) RecallRoom(_ context.Context, incident string) (Room, bool, error) {
	room, found := c.rooms[incident]
	return room, found, nil
}

// hotel is a workspace with the memory of a bot.
type hotel struct {
	slack  *slackfake.Workspace
	cellar *cellar
	now    time.Time
}

func newHotel(unscoped ...string) *hotel {
	h := &hotel{cellar: &cellar{rooms: map[string]Room{}, crash: -1}, now: time.Date(2026, 11, 28, 3, 7, 0, 0, time.UTC)}
	h.slack = slackfake.New(slackfake.Config{
		Base: "https://slack.example", Token: botToken.Reveal(), Channels: []string{"incidents"}, Now: func() time.Time { return h.now }, Unscoped: unscoped,
		Users:  []slackfake.User{{ID: "U0OMAR", Name: "omar"}, {ID: "U0MARA", Name: "mara"}, {ID: "U0YUI00", Name: "yui"}},
		Groups: map[string][]string{"S0OWNERS": {"U0MARA", "U0YUI00"}},
	})
	return h
}

func (h *hotel) rooms(t *testing.T) *Rooms {
	t.Helper()
	c := New(Config{
		Token: botToken, SigningSecret: signingSecret, Channel: "#incidents", APIURL: "https://slack.example/api/", IncidentChannels: ChannelsConfig{From: detectors.Page},
	}, Options{
		Cards: &deck{cards: map[string]bot.Card{}}, Memory: &memory{places: map[string]Place{}}, Transport: wiretest.Direct{Handler: h.slack},
		Now: func() time.Time { return h.now },
	})
	t.Cleanup(c.Close)
	return c.Rooms(h.cellar)
}

// calls is how often Slack was asked.
func (h *hotel) calls() int {
	all, _ := h.slack.Calls()
	return all
}

func meeting() Meeting {
	return Meeting{
		Incident: "inc-1m7wv77ch0ky95xer", Service: "support-assistant", Topic: "PAGE support-assistant: refuses <!channel> 9.8 %",
		URL: "https://firebreak.example/incidents/inc-1m7wv77ch0ky95xer", OpenedAt: time.Date(2026, 11, 28, 3, 6, 0, 0, time.UTC),
		Invite: []string{"U0OMAR", "S0OWNERS", "U0NOBODY"},
	}
}

// furnished is what a channel has to be in the end, whatever came between.
func furnished(t *testing.T, h *hotel) {
	t.Helper()
	rooms := h.slack.Rooms()
	if len(rooms) != 1 {
		t.Fatalf("%d channels: %+v", len(rooms), rooms)
	}
	want := slackfake.Room{
		Name: "inc-20261128-support-assistant-y95xer", Topic: "inc-1m7wv77ch0ky95xer · PAGE support-assistant: refuses &lt;!channel&gt; 9.8 %",
		Members: []string{slackfake.BotUser, "U0OMAR", "U0MARA", "U0YUI00"}, Bookmarks: []slackfake.Bookmark{{ID: "Bk00000001", Title: "Incident page", Link: meeting().URL}},
	}
	for id, room := range rooms {
		if diff := cmp.Diff(want, room); diff != "" {
			t.Errorf("the channel (-want +is):\n%s", diff)
		}
		told := 0
		for _, m := range h.slack.Messages() {
			if m.Channel == id {
				told++
			}
		}
		if told != 1 {
			t.Errorf("the channel was told %d times what it is for", told)
		}
	}
}

func TestAnIncidentHasAChannelOfItsOwn(t *testing.T) {
	h := newHotel()
	r := h.rooms(t)
	room, created, err := r.Keep(t.Context(), meeting())
	if err != nil || !created || room.AppLink() != "https://slack.com/app_redirect?channel=C0ROOM0001" {
		t.Fatalf("%+v, %t, %v", room, created, err)
	}
	furnished(t, h)
	before := h.calls()
	if _, created, err := r.Keep(t.Context(), meeting()); created || err != nil || h.calls() != before {
		t.Errorf("it is furnished again: %t, %v", created, err)
	}
	for range 2 {
		if err := r.Archive(t.Context(), meeting().Incident); err != nil {
			t.Fatal(err)
		}
	}
	if !h.slack.Rooms()["C0ROOM0001"].Archived {
		t.Error("it is not archived")
	}
	if err := r.Archive(t.Context(), "inc-other"); err != nil {
		t.Errorf("of an incident without one: %v", err)
	}
	if strange := h.slack.Unexpected(); len(strange) > 1 { // U0NOBODY is unknown there
		t.Errorf("Slack wondered: %v", strange)
	}
}

// TestACrashNeverDoublesAChannel ends the process at each write, and after each request.
func TestACrashNeverDoublesAChannel(t *testing.T) {
	for at := range 10 {
		h := newHotel()
		h.cellar.crash = at
		for range 3 {
			_, _, _ = h.rooms(t).Keep(t.Context(), meeting()) // a fresh process each time
		}
		if _, _, err := h.rooms(t).Keep(t.Context(), meeting()); err != nil {
			t.Fatalf("crash at write %d: %v", at, err)
		}
		furnished(t, h)
	}
}

func TestAnswersThatGetLostNeverDoubleAChannel(t *testing.T) {
	for _, method := range []string{"conversations.create", "conversations.setTopic", "bookmarks.add", "chat.postMessage", "conversations.invite"} {
		h := newHotel()
		r := h.rooms(t)
		h.slack.Set(faults.Fault{Mode: faults.Lost, Match: method})
		_, _, _ = r.Keep(t.Context(), meeting())
		h.slack.Set(faults.Fault{})
		for range 3 {
			h.now = h.now.Add(time.Minute)
			_, _, _ = h.rooms(t).Keep(t.Context(), meeting())
		}
		furnished(t, h)
	}
}

func TestANameThatOthersHaveIsLeftToThem(t *testing.T) {
	h := newHotel()
	h.slack.AddRoom("inc-20261128-support-assistant-y95xer", "ours since always")
	room, created, err := h.rooms(t).Keep(t.Context(), meeting())
	if err != nil || !created || room.Name != "inc-20261128-support-assistant-y95xer-2" {
		t.Errorf("%+v, %t, %v", room, created, err)
	}
	if theirs := h.slack.Rooms()["C0ROOM0001"]; theirs.Topic != "ours since always" || len(theirs.Members) != 0 {
		t.Errorf("theirs was touched: %+v", theirs)
	}
}

func TestWithoutTheScopeThereIsNoChannelAndNobodyIsAskedAllTheTime(t *testing.T) {
	h := newHotel("conversations.create")
	r := h.rooms(t)
	for range 5 {
		if room, created, err := r.Keep(t.Context(), meeting()); err != nil || created || room.Refused == "" {
			t.Fatalf("%+v, %t, %v", room, created, err)
		}
	}
	if n := h.calls(); n != 1 {
		t.Errorf("Slack was asked %d times", n)
	}
	h.now = h.now.Add(2 * time.Hour) // somebody may have given the scope
	if _, _, err := r.Keep(t.Context(), meeting()); err != nil || h.calls() != 2 {
		t.Errorf("later it is not tried again: %v", err)
	}
}

func TestWithoutBookmarksAChannelIsOfUseAllTheSame(t *testing.T) {
	h := newHotel("bookmarks.list", "bookmarks.add")
	if _, created, err := h.rooms(t).Keep(t.Context(), meeting()); !created || err != nil {
		t.Fatal(created, err)
	}
	if room := h.slack.Rooms()["C0ROOM0001"]; len(room.Members) != 4 || room.Topic == "" {
		t.Errorf("%+v", room)
	}
}

func TestWhoComesLaterIsInvitedAndWhoLeftIsNotFetchedBack(t *testing.T) {
	h := newHotel()
	r := h.rooms(t)
	m := meeting()
	m.Invite = []string{"U0OMAR"}
	if _, _, err := r.Keep(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	m.Invite = []string{"U0OMAR", "U0YUI00"}
	if _, _, err := r.Keep(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := h.slack.Rooms()["C0ROOM0001"].Members; !cmp.Equal(got, []string{slackfake.BotUser, "U0OMAR", "U0YUI00"}) {
		t.Errorf("%q", got)
	}
}

func TestAnyChannelHasANameThatSlackTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := meeting()
		m.Service, m.Incident = rapid.StringN(0, 200, -1).Draw(t, "service"), rapid.String().Draw(t, "incident")
		n := rapid.IntRange(0, 3).Draw(t, "n")
		name := roomName(m, n)
		if len(name) > 80 || len(name) == 0 || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }) {
			t.Errorf("%q", name)
		}
		if n > 0 && name == roomName(m, 0) {
			t.Errorf("another try has the same name %q", name)
		}
	})
}

func TestConfigOfChannelsTellsAllItsFaults(t *testing.T) {
	r := diag.New()
	ChannelsConfig{Private: true, ArchiveAfter: 100 * 24 * time.Hour, Invite: []string{"omar", "U0OMAR"}}.Check(r)
	ChannelsConfig{From: "info"}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Code)
	}
	if want := []string{"missing", "bad-duration", "bad-id", "unknown-severity"}; !cmp.Equal(want, got) {
		t.Errorf("faults %q", got)
	}
	r = diag.New()
	ChannelsConfig{From: detectors.Ticket, Invite: []string{"S0OWNERS"}}.Check(r)
	if r.Len() != 0 {
		t.Errorf("%v", r.Faults())
	}
}
