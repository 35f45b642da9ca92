package slack

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
	faults "github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire/wiretest"
)

// facing is a client of a workspace with some people; asked counts its requests.
func facing(t *testing.T, now *time.Time, unscoped ...string) (c *Client, workspace *slackfake.Workspace, asked *int) {
	t.Helper()
	workspace, asked = slackfake.New(slackfake.Config{
		Base: "https://slack.example", Token: botToken.Reveal(), Now: func() time.Time { return *now }, Unscoped: unscoped,
		Users: []slackfake.User{
			{ID: "U0MARA", Name: "mara", Email: "Mara@acme.example"},
			{ID: "U0NEW", Name: "new", Email: "new@acme.example", Unconfirmed: true},
			{ID: "U0GUEST", Name: "guest", Email: "mara.lind@acme.example", Team: "T0OTHERS"},
			{ID: "U0BARE", Name: "bare"},
		},
	}), new(int)
	c = New(Config{Token: botToken, APIURL: "https://slack.example/api/"}, Options{
		Now: func() time.Time { return *now },
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			*asked++
			return wiretest.Direct{Handler: workspace}.RoundTrip(r)
		}),
	})
	t.Cleanup(c.Close)
	return c, workspace, asked
}

func TestAnAddressCountsOnlyOfWhoHasConfirmedItHere(t *testing.T) {
	now := signedAt
	c, workspace, _ := facing(t, &now)
	for user, want := range map[string]string{
		"U0MARA":  "Mara@acme.example",
		"U0NEW":   "", // has not confirmed it
		"U0GUEST": "", // another workspace says so
		"U0BARE":  "", // has none
		"U0GONE":  "", // nobody here knows
	} {
		if got, err := c.Address(t.Context(), user); got != want || err != nil {
			t.Errorf("%s: %q, %v", user, got, err)
		}
	}
	for address, want := range map[string]string{
		"mara@ACME.example": "U0MARA", "new@acme.example": "", "mara.lind@acme.example": "", "nobody@acme.example": "", "": "",
	} {
		if got, err := c.UserOf(t.Context(), address); got != want || err != nil {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	if got := workspace.Unexpected(); len(got) > 0 {
		t.Error(got)
	}
}

func TestAnAddressIsAskedForOnceAnHour(t *testing.T) {
	now := signedAt
	c, workspace, _ := facing(t, &now)
	look := func(name string, want string, fails bool) {
		t.Helper()
		if got, err := c.Address(t.Context(), "U0MARA"); got != want || (err != nil) != fails {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	look("at first", "Mara@acme.example", false)
	workspace.Set(faults.Fault{Mode: faults.Broken})
	now = now.Add(faceFor - time.Second)
	look("what was said holds for an hour", "Mara@acme.example", false)
	now = now.Add(time.Minute)
	look("then it is asked anew, and not known", "", true)
	workspace.Set(faults.Fault{})
	look("which is believed for a moment", "", true)
	now = now.Add(noFaceFor)
	look("and then asked again", "Mara@acme.example", false)
}

func TestWithoutTheScopeItIsAskedOnceAndTheRemedyIsTold(t *testing.T) {
	now := signedAt
	c, _, asked := facing(t, &now, "users.info", "users.lookupByEmail")
	_, err := c.Address(t.Context(), "U0MARA")
	if err == nil || !strings.Contains(err.Error(), "users:read.email") {
		t.Errorf("%v", err)
	}
	if _, err = c.UserOf(t.Context(), "mara@acme.example"); err == nil || *asked != 1 {
		t.Errorf("%v, asked %d times", err, *asked)
	}
}
