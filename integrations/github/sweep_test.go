package github

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// inbox keeps deliveries in memory.
type inbox struct {
	known map[string]bool
	got   []bot.Delivery
}

func (i *inbox) Accept(_ context.Context, d bot.Delivery) (bool, error) {
	fresh := !i.known[d.ID]
	if fresh {
		i.known[d.ID] = true
		i.got = append(i.got, d)
	}
	return fresh, nil
}

func (i *inbox) KnownDeliveries(_ context.Context, source string, ids []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = source == "github" && i.known[id]
	}
	return out, nil
}

// listed is a line of GitHub's list of deliveries.
func listed(id int, guid, event, action string, at time.Time) map[string]any {
	return map[string]any{
		"id": id, "guid": guid, "delivered_at": at.Format(time.RFC3339), "redelivery": false, "duration": 0.1, "status": "Timed out",
		"status_code": 504, "event": event, "action": action, "installation_id": 7, "repository_id": 1,
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// appVendor is a vendor that takes an App's own token, whatever it is.
func appVendor(t *testing.T) (*vendor, *Client) {
	t.Helper()
	v := newVendor(t)
	v.anyToken = true
	private := key(t)
	return v, newClient(t, v, func(c *Config, _ *Options) {
		c.Token, c.App = secret.Value{}, App{ID: 5, Installation: 7, PrivateKey: private}
	})
}

func TestALostDeliveryIsFetchedUnderItsOwnGUID(t *testing.T) {
	v, c := appVendor(t)
	const list = "GET /api/v3/app/hook/deliveries"
	v.answers[list] = []reply{
		{200, map[string]string{"Link": `<https://ghe.example/api/v3/app/hook/deliveries?per_page=100&cursor=v1_x>; rel="next"`}, asJSON(t, []any{
			listed(9, "arrived", "push", "", today.Add(-time.Minute)),
			listed(8, "lost-2", "pull_request", "closed", today.Add(-2*time.Minute)),
			listed(7, "opened", "pull_request", "opened", today.Add(-2*time.Minute)),
			listed(6, "starred", "star", "created", today.Add(-2*time.Minute)),
		})},
		{200, nil, asJSON(t, []any{
			listed(5, "lost-2", "pull_request", "closed", today.Add(-3*time.Minute)), // a redelivery is listed under the same GUID
			listed(4, "lost-1", "deployment_status", "created", today.Add(-4*time.Minute)),
			listed(3, "forgotten", "push", "", today.Add(-5*time.Minute)),
			listed(2, "too old", "push", "", today.Add(-2*time.Hour)),
		})},
	}
	detail := func(id int, guid, event, payload string) {
		v.answers[fmt.Sprintf("GET /api/v3/app/hook/deliveries/%d", id)] = []reply{{200, nil, fmt.Sprintf(
			`{"id": %d, "guid": %q, "event": %q, "request": {"headers": {"X-GitHub-Event": %q}, "payload": %s}}`, id, guid, event, event, payload)}}
	}
	detail(8, "lost-2", "pull_request", `{"action": "closed", "n": 2}`)
	detail(4, "lost-1", "deployment_status", `{"n": 1}`)
	v.answers["GET /api/v3/app/hook/deliveries/3"] = []reply{{404, nil, `{"message": "Not Found"}`}}
	in := &inbox{known: map[string]bool{"arrived": true}}

	recovered, err := c.Sweep(t.Context(), in, today.Add(-time.Hour))
	if err != nil || recovered != 2 {
		t.Fatalf("%d were recovered, %v", recovered, err)
	}
	if in.got[0].ID != "lost-1" || in.got[1].ID != "lost-2" || in.got[1].Event != "pull_request" || string(in.got[1].Body) != `{"action": "closed", "n": 2}` {
		t.Errorf("handed in: %+v", in.got)
	}

	// The next sweep asks for the list only.
	v.answers[list] = []reply{{200, nil, asJSON(t, []any{listed(8, "lost-2", "pull_request", "closed", today.Add(-2*time.Minute))})}}
	before := len(v.asked)
	if recovered, err = c.Sweep(t.Context(), in, today.Add(-time.Hour)); err != nil || recovered != 0 || len(v.asked) != before+1 {
		t.Errorf("again: %d, %v, %d requests", recovered, err, len(v.asked)-before)
	}
}

func TestASweepThatFailsIsToldAndLosesNothing(t *testing.T) {
	v, c := appVendor(t)
	v.answers["GET /api/v3/app/hook/deliveries"] = []reply{
		{200, nil, asJSON(t, []any{listed(8, "b", "push", "", today), listed(7, "a", "push", "", today)})},
		{502, nil, `{}`},
	}
	v.answers["GET /api/v3/app/hook/deliveries/7"] = []reply{{200, nil, `{"id": 7, "guid": "a", "event": "push", "request": {"payload": {}}}`}}
	v.answers["GET /api/v3/app/hook/deliveries/8"] = []reply{{500, nil, `{}`}}
	in := &inbox{known: map[string]bool{}}
	if recovered, err := c.Sweep(t.Context(), in, today.Add(-time.Hour)); err == nil || recovered != 1 {
		t.Errorf("%d, %v", recovered, err)
	}
	if _, err := c.Sweep(t.Context(), in, today.Add(-time.Hour)); err == nil {
		t.Error("a list that cannot be read is no error")
	}
}

func TestWithoutAnAppNothingIsSwept(t *testing.T) {
	v := newVendor(t)
	if n, err := newClient(t, v, nil).Sweep(t.Context(), &inbox{}, today); n != 0 || err != nil || len(v.asked) > 0 {
		t.Error(n, err, v.asked)
	}
}

func TestBackfillHandsInWhatNobodyToldOf(t *testing.T) {
	v := newVendor(t)
	c := newClient(t, v, nil)
	pull := func(n int, merged, updated string) map[string]any {
		out := map[string]any{
			"number": n, "node_id": "PR_x", "state": "closed", "title": "Be kinder", "html_url": "https://github.com/acme/assistants/pull/1",
			"merge_commit_sha": "feed", "updated_at": updated, "user": map[string]any{"login": "lena"},
			"base": map[string]any{"ref": "main", "repo": map[string]any{"default_branch": "main"}}, "head": map[string]any{"ref": "kinder"},
		}
		if merged != "" {
			out["merged_at"] = merged
		}
		return out
	}
	v.answers["GET /api/v3/repos/acme/assistants/pulls"] = []reply{{200, nil, asJSON(t, []any{
		pull(485, "", "2026-11-20T13:00:00Z"), // closed unmerged
		pull(484, "2026-11-20T12:00:00Z", "2026-11-20T12:00:01Z"),
		pull(482, "2026-11-20T11:00:00Z", "2026-11-20T11:00:01Z"), // the ledger knows it
		pull(470, "2026-11-01T11:00:00Z", "2026-11-20T10:00:00Z"), // merged long ago, commented of late
		pull(460, "2026-11-01T11:00:00Z", "2026-11-01T11:00:00Z"),
		pull(459, "2026-11-20T11:00:00Z", "2026-11-20T11:00:00Z"), // never reached
	})}}
	v.answers["GET /api/v3/repos/acme/assistants/deployments"] = []reply{{200, nil, asJSON(t, []any{
		map[string]any{"id": 12, "sha": "feed", "environment": "production", "created_at": "2026-11-20T12:01:00Z"},
		map[string]any{"id": 11, "sha": "beef", "environment": "production", "created_at": "2026-11-20T11:01:00Z"},
		map[string]any{"id": 10, "sha": "dead", "environment": "production", "created_at": "2026-11-01T11:01:00Z"},
	})}}
	v.answers["GET /api/v3/repos/acme/assistants/deployments/12/statuses"] = []reply{{200, nil, asJSON(t, []any{
		map[string]any{"id": 3, "state": "inactive", "created_at": "2026-11-20T12:30:00Z"},
		map[string]any{"id": 2, "state": "success", "created_at": "2026-11-20T12:03:00Z", "environment": "production"},
		map[string]any{"id": 1, "state": "in_progress", "created_at": "2026-11-20T12:02:00Z"},
	})}}
	v.answers["GET /api/v3/repos/acme/assistants/deployments/11/statuses"] = []reply{{200, nil, asJSON(t, []any{
		map[string]any{"id": 4, "state": "failure", "created_at": "2026-11-20T11:03:00Z"},
	})}}
	in := &inbox{known: map[string]bool{}}
	found, err := c.Backfill(t.Context(), in, []string{"acme/assistants", "acme/*"}, today.Add(-7*24*time.Hour))
	if err != nil || found != 2 {
		t.Fatalf("%d were found, %v: %+v", found, err, in.got)
	}

	// What was handed in takes the way of webhooks.
	v.files[484], v.pulls[484] = []string{"prompts/support.md"}, v.pulls[482]
	told, err := c.Changes(t.Context(), in.got[0])
	if err != nil || len(told.Changes) != 1 || told.Changes[0].ID != "github:acme/assistants#484" || told.Changes[0].Author != "lena" ||
		!slices.Equal(told.Changes[0].Paths, []string{"prompts/support.md"}) || told.Changes[0].MergedAt.Format(time.TimeOnly) != "12:00:00" {
		t.Errorf("the merge told %+v, %v", told, err)
	}
	told, err = c.Changes(t.Context(), in.got[1])
	if err != nil || len(told.Deployments) != 1 || !told.Deployments[0].Succeeded || told.Deployments[0].Revision != "feed" ||
		told.Deployments[0].At.Format(time.TimeOnly) != "12:03:00" {
		t.Errorf("the deployment told %+v, %v", told, err)
	}
}

func TestARepositoryThatCannotBeReadIsInNobodysWay(t *testing.T) {
	v := newVendor(t)
	c := newClient(t, v, nil)
	v.answers["GET /api/v3/repos/acme/gone/pulls"] = []reply{{404, nil, `{"message": "Not Found"}`}}
	v.answers["GET /api/v3/repos/acme/search/pulls"] = []reply{{200, nil, `[]`}}
	v.answers["GET /api/v3/repos/acme/search/deployments"] = []reply{{200, nil, `[]`}}
	_, err := c.Backfill(t.Context(), &inbox{known: map[string]bool{}}, []string{"acme/gone", "acme/search"}, today.Add(-time.Hour))
	if err == nil || !strings.Contains(err.Error(), "acme/gone") {
		t.Error(err)
	}
}
