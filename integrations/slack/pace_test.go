package slack

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs/secret"
)

func TestEachMethodKeepsWithinItsTier(t *testing.T) {
	for method, aMinute := range map[string]int{
		"conversations.list": 20, "usergroups.users.list": 20, "chat.update": 50, "conversations.history": 50, "files.getUploadURLExternal": 100,
		"views.open": 100, "chat.postMessage": 300,
	} {
		p := paceOf(method)
		if most := p.AtOnce + int(time.Minute/p.Every); most > aMinute {
			t.Errorf("%s: %d calls within a minute, %d are allowed", method, most, aMinute)
		}
	}
}

func TestPostsAreCountedByTheChannel(t *testing.T) {
	c := New(Config{Token: secret.New("xoxb-1")}, Options{})
	defer c.Close()
	keys := func(address, body string) (out []string) {
		req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range c.paces(req) {
			out = append(out, p.Key)
		}
		return out
	}
	c.learn("#incidents", "C0123456")
	for _, channel := range []string{"%23incidents", "incidents", "C0123456"} {
		want := []string{"posts in incidents", "chat.postMessage"}
		if diff := cmp.Diff(want, keys("https://slack.com/api/chat.postMessage", "channel="+channel)); diff != "" {
			t.Errorf("%s: %s", channel, diff)
		}
	}
	if got := keys("https://slack.com/api/chat.update?x=1", "channel=C0123456"); len(got) != 1 || got[0] != "chat.update" {
		t.Error(got)
	}
	if got := keys("https://files.slack.com/upload/v1/x", ""); got != nil {
		t.Error(got)
	}
}
