package slack

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestUserGroupsAreReadSeldomAndBelievedForAWhile(t *testing.T) {
	now := signedAt
	asked, away := 0, false
	c := New(Config{Token: botToken}, Options{
		Now: func() time.Time { return now },
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			asked++
			body, _ := io.ReadAll(r.Body)
			if !strings.HasSuffix(r.URL.Path, "/usergroups.users.list") || !strings.Contains(string(body), "usergroup=S0ONCALL") {
				t.Errorf("asked for %s %s", r.URL, body)
			}
			w := httptest.NewRecorder()
			if away {
				w.WriteHeader(http.StatusInternalServerError)
			} else {
				_, _ = io.WriteString(w, `{"ok":true,"users":["U1","U2"]}`)
			}
			return w.Result(), nil
		}),
	})
	look := func(name, user string, wantIn, wantUnread, wantAsked int) {
		t.Helper()
		in, unread := c.Within(t.Context(), user, []string{"S0ONCALL"})
		if len(in) != wantIn || len(unread) != wantUnread || asked != wantAsked {
			t.Errorf("%s: in %q, unread %q, asked %d times", name, in, unread, asked)
		}
	}
	look("a member", "U1", 1, 0, 1)
	look("nobody of it, a moment later", "U3", 0, 0, 1)
	now = now.Add(groupFresh)
	away = true
	look("Slack is away: what was read holds", "U2", 1, 0, 2)
	look("and is not asked at once again", "U2", 1, 0, 2)
	now = now.Add(groupPause)
	look("but after a while", "U2", 1, 0, 3)
	now = now.Add(groupStale)
	look("a day later nothing is believed", "U2", 0, 1, 4)
	away = false
	now = now.Add(groupPause)
	look("until Slack is back", "U2", 1, 0, 5)
}
