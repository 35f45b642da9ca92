package github

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

const repo = "/api/v3/repos/acme/assistants"

func aRun() bot.CheckRun {
	return bot.CheckRun{
		Repository: "acme/assistants", Head: "6dcb09b", Name: "firebreak/risk", Key: "acme/assistants#482", Conclusion: "action_required",
		Title: strings.Repeat("t", 300), Summary: strings.Repeat("ß", 70_000), Text: "text", URL: "https://firebreak.example", At: today,
		Annotations: []bot.Annotation{{Path: "prompts/system.md", Line: 3, Warning: true, Title: "prompt", Message: "m"}, {Path: "a", Line: 1, Message: "n"}},
		Buttons:     []bot.Button{{ID: "override", Label: "Override for 2h", Description: "Let it land; for people allowed only"}},
	}
}

func TestChecksAreWrittenAsGitHubDescribes(t *testing.T) {
	v := newVendor(t)
	v.answers["POST "+repo+"/check-runs"] = []reply{{status: 201, body: `{"id": 77}`}}
	v.answers["PATCH "+repo+"/check-runs/77"] = []reply{{status: 200, body: `{}`}, {status: 404, body: `{"message": "Not Found"}`}}
	v.answers["GET "+repo+"/commits/6dcb09b/check-runs"] = []reply{{status: 200, body: `{"total_count": 2, "check_runs": [
		{"id": 76, "name": "firebreak/risk", "external_id": "acme/assistants#481"}, {"id": 77, "name": "firebreak/risk", "external_id": "acme/assistants#482"}]}`}}
	c := newClient(t, v, nil)
	id, err := c.CreateCheck(t.Context(), aRun())
	if err != nil || id != 77 {
		t.Fatalf("made %d, %v", id, err)
	}
	plain := aRun()
	plain.URL, plain.Buttons, plain.Annotations = "", nil, nil
	if err := c.UpdateCheck(t.Context(), id, plain); err != nil {
		t.Fatal(err)
	}
	if err := c.UpdateCheck(t.Context(), id, plain); StatusOf(err) != 404 {
		t.Errorf("a check that is gone: %v", err)
	}
	if id, err := c.FindCheck(t.Context(), "acme/assistants", "6dcb09b", "firebreak/risk", "acme/assistants#482"); err != nil || id != 77 {
		t.Errorf("found %d, %v", id, err)
	}
}

func TestCommentsAndMembers(t *testing.T) {
	v := newVendor(t)
	v.answers["POST "+repo+"/issues/482/comments"] = []reply{{status: 201, body: `{"id": 5}`}}
	v.answers["PATCH "+repo+"/issues/comments/5"] = []reply{{status: 200, body: `{}`}}
	v.answers["GET "+repo+"/issues/482/comments"] = []reply{{status: 200, body: `[
		{"id": 3, "body": "<!-- mark --> by eve", "user": {"login": "eve", "type": "User"}}, {"id": 5, "body": "<!-- mark -->\nx", "user": {"login": "firebreak[bot]", "type": "Bot"}}]`}}
	v.answers["GET /api/v3/orgs/acme/teams/leads/members"] = []reply{{status: 200, body: `[{"login": "Cleo"}]`}, {status: 404, body: `{}`}}
	c := newClient(t, v, nil)
	id, err := c.Comment(t.Context(), "acme/assistants", 482, "hello")
	if err != nil || id != 5 {
		t.Fatalf("made %d, %v", id, err)
	}
	if err := c.EditComment(t.Context(), "acme/assistants", id, "hello again"); err != nil {
		t.Error(err)
	}
	if id, err := c.FindComment(t.Context(), "acme/assistants", 482, "<!-- mark -->"); err != nil || id != 5 {
		t.Errorf("found %d, %v: somebody else's comment is not ours", id, err)
	}
	for _, want := range []bool{true, false} {
		if is, err := c.Member(t.Context(), "acme/leads", "cleo"); err != nil || is != want {
			t.Errorf("member: %v, %v, want %v", is, err, want)
		}
	}
}

func TestADeploymentIsAnsweredAtOurGitHubOnly(t *testing.T) {
	v := newVendor(t)
	v.answers["POST "+repo+"/actions/runs/99/deployment_protection_rule"] = []reply{{status: 204}, {status: 204}}
	c := newClient(t, v, nil)
	d := bot.Protected{
		Repository: "acme/assistants", Environment: "production",
		Callback: "https://ghe.example/api/v3/repos/acme/assistants/actions/runs/99/deployment_protection_rule",
	}
	for _, state := range []string{"approved", ""} {
		if err := c.Answer(t.Context(), d, state, "why"); err != nil {
			t.Error(err)
		}
	}
	for _, callback := range []string{
		"https://evil.example/api/v3/repos/acme/assistants/actions/runs/99/deployment_protection_rule",
		"http://ghe.example/api/v3/repos/acme/assistants/actions/runs/99/deployment_protection_rule",
		"https://ghe.example/api/v3/repos/acme/other/actions/runs/99/deployment_protection_rule",
		"https://ghe.example/api/v3/repos/acme/assistants/actions/runs/../secrets/deployment_protection_rule",
		"https://ghe.example/api/v3/repos/acme/assistants/actions/runs/99/cancel", "", "::",
	} {
		d.Callback = callback
		if err := c.Answer(t.Context(), d, "approved", "why"); bot.CodeOf(err) != bot.Invalid {
			t.Errorf("%q is answered: %v", callback, err)
		}
	}
}

func TestSecondaryLimitsAreToldApart(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer reply
	}{
		{"403 with a hint", reply{status: 403, header: map[string]string{"Retry-After": "30"}, body: `{"message": "You have exceeded a secondary rate limit.", "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`}},
		{"403 without", reply{status: 403, body: `{"message": "You have exceeded a secondary rate limit.", "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`}},
		{"429 with a hint", reply{status: 429, header: map[string]string{"Retry-After": "30"}, body: `{"message": "Too many requests"}`}},
		{"429 without", reply{status: 429, body: `{"message": "Too many requests"}`}},
		{"the primary limit", reply{status: 403, header: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": fmt.Sprint(today.Add(time.Minute).Unix())}, body: `{"message": "API rate limit exceeded"}`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := newVendor(t)
			v.answers["POST "+repo+"/check-runs"] = []reply{test.answer}
			_, err := newClient(t, v, nil).CreateCheck(t.Context(), aRun())
			if s := StatusOf(err); s != test.answer.status {
				t.Errorf("status %d, want %d: %v", s, test.answer.status, err)
			}
		})
	}
}

func TestOpenPullReadsAllThatAJudgementNeeds(t *testing.T) {
	v := newVendor(t)
	v.answers["GET "+repo+"/pulls/482"] = []reply{{status: 200, body: `{
		"number": 482, "node_id": "PR_482", "state": "open", "draft": true, "title": "Be\u202e stricter\nnow", "html_url": "https://github.com/acme/assistants/pull/482",
		"user": {"login": "ana"}, "head": {"ref": "x", "sha": "6dcb09b", "repo": {"full_name": "eve/assistants"}}, "base": {"ref": "main"},
		"labels": [{"name": "exposure/5%"}], "changed_files": 2, "additions": 3, "deletions": 1, "requested_teams": [{"slug": "prompts"}]}`}}
	v.answers["GET "+repo+"/pulls/482/files"] = []reply{{status: 200, body: `[
		{"filename": "prompts/system.md", "status": "modified", "patch": "@@ -10,4 +10,5 @@ head\n a\n b\n-c\n+d\n+e\n f"},
		{"filename": "new.md", "previous_filename": "old.md", "status": "renamed"},
		{"filename": "gone.md", "status": "removed", "patch": "@@ -1,2 +0,0 @@\n-a\n-b"}]`}}
	v.answers["GET "+repo+"/pulls/482/reviews"] = []reply{{status: 200, body: `[
		{"user": {"login": "ben"}, "state": "APPROVED", "submitted_at": "2026-11-20T12:00:00Z"}, {"user": {"login": "cleo"}, "state": "COMMENTED", "submitted_at": "2026-11-20T13:00:00Z"}]`}}
	v.answers["GET "+repo+"/git/commits/6dcb09b"] = []reply{{status: 200, body: `{"sha": "6dcb09b", "committer": {"date": "2026-11-20T12:30:00Z"}}`}}
	got, err := newClient(t, v, nil).OpenPull(t.Context(), "acme/assistants", 482)
	if err != nil {
		t.Fatal(err)
	}
	want := bot.Pull{
		Change: bot.Change{
			ID: "github:acme/assistants#482", Source: "github", Repository: "acme/assistants", Number: 482, Revision: "6dcb09b", Branch: "main",
			Title: "Be stricter", Author: "ana", Reviewers: []string{"ben"}, URL: "https://github.com/acme/assistants/pull/482",
			Paths: []string{"gone.md", "new.md", "old.md", "prompts/system.md"}, Handle: "PR_482",
		},
		Files: []bot.PullFile{
			{Path: "prompts/system.md", Line: 12}, {Path: "new.md", Previous: "old.md"}, {Path: "gone.md", Removed: true},
		},
		Total: 2, Lines: 4, Draft: true, Fork: true, Labels: []string{"exposure/5%"}, Asked: []string{"acme/prompts", "ben", "cleo"},
		Committed: time.Date(2026, 11, 20, 12, 30, 0, 0, time.UTC), Reviewed: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestEveryPayloadOfGitHubIsUnderstoodOrPassedOver takes each of GitHub's own payloads through signature and handlers.
func TestEveryPayloadOfGitHubIsUnderstoodOrPassedOver(t *testing.T) {
	tells := map[string]string{
		"check_run.rerequested.1":           "",
		"merge_group.checks_requested.1":    "queued 104",
		"pull_request.opened.1":             "changed 2",
		"pull_request.labeled.2":            "labelled 2",
		"pull_request.closed.1":             "closed 2",
		"pull_request.review_requested.1":   "changed 2",
		"pull_request.synchronize.1":        "changed 2",
		"pull_request_review.submitted.1":   "changed 2",
		"pull_request.ready_for_review.1":   "labelled 2",
		"issue_comment.created.1":           "",
		"check_run.requested_action.1":      "",
		"pull_request.assigned.1":           "",
		"pull_request_review.dismissed.1":   "changed 2",
		"pull_request.converted_to_draft.2": "labelled 2",
	}
	seen := 0
	v := newVendor(t)
	c := newClient(t, v, noCredentials)
	for file, body := range samples(t) {
		name := strings.TrimSuffix(file, ".json")
		header := sign(body)
		header.Set("X-Github-Event", eventOf(file))
		delivery, err := c.Receive(header, body)
		if err != nil {
			t.Errorf("%s is refused: %v", name, err)
			continue
		}
		delivery.ReceivedAt = today
		if _, err := c.Changes(t.Context(), delivery); err != nil {
			t.Errorf("%s cannot be read: %v", name, err)
		}
		news, protected := c.News(delivery)
		var got []string
		for _, n := range news {
			got = append(got, fmt.Sprintf("%s %d", n.Event, n.Number))
			if n.Repository == "" || n.At.IsZero() || (n.Event == bot.PullQueued && n.Head == "") {
				t.Errorf("%s tells half: %+v", name, n)
			}
		}
		if want, known := tells[name]; known {
			seen++
			if s := strings.Join(got, ", "); s != want || len(protected) > 0 {
				t.Errorf("%s tells %q, want %q", name, s, want)
			}
		}
		header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		if _, err := c.Receive(header, body); bot.CodeOf(err) != bot.Unauthorized {
			t.Errorf("%s is taken although it is forged: %v", name, err)
		}
	}
	if seen != len(tells) {
		t.Errorf("%d of %d payloads were there", seen, len(tells))
	}
}

func TestWhatPeoplePressAndSay(t *testing.T) {
	const about = `"repository": {"full_name": "acme/assistants", "default_branch": "main"}, "sender": {"login": "ben"}`
	pem := key(t)
	for _, test := range []struct{ name, event, body, want string }{
		{"a button of ours", "check_run", `{"action": "requested_action", "requested_action": {"identifier": "override"}, "check_run": {"head_sha": "a1", "external_id": "acme/assistants#482", "app": {"id": 7}}, ` + about + `}`, "pressed 482 ben override"},
		{"a button of another app", "check_run", `{"action": "requested_action", "requested_action": {"identifier": "override"}, "check_run": {"external_id": "acme/assistants#482", "app": {"id": 8}}, ` + about + `}`, ""},
		{"a key of another repository", "check_run", `{"action": "requested_action", "requested_action": {"identifier": "override"}, "check_run": {"external_id": "acme/other#482", "app": {"id": 7}}, ` + about + `}`, ""},
		{"run it again", "check_run", `{"action": "rerequested", "check_run": {"external_id": "acme/assistants#482", "app": {"id": 7}}, ` + about + `}`, "again 482 ben "},
		{"run all again", "check_suite", `{"action": "rerequested", "check_suite": {"app": {"id": 7}, "pull_requests": [{"number": 1}, {"number": 2}]}, ` + about + `}`, "again 1 ben , again 2 ben "},
		{"a command", "issue_comment", `{"action": "created", "issue": {"number": 482, "pull_request": {}}, "comment": {"body": " /firebreak override x", "user": {"login": "ana", "type": "User"}}, ` + about + `}`, "commanded 482 ana /firebreak override x"},
		{"a bot commands nothing", "issue_comment", `{"action": "created", "issue": {"number": 482, "pull_request": {}}, "comment": {"body": "/firebreak override x", "user": {"login": "x[bot]", "type": "Bot"}}, ` + about + `}`, ""},
		{"an edited comment commands nothing", "issue_comment", `{"action": "edited", "issue": {"number": 482, "pull_request": {}}, "comment": {"body": "/firebreak override x", "user": {"login": "ana"}}, ` + about + `}`, ""},
		{"an issue is no pull request", "issue_comment", `{"action": "created", "issue": {"number": 482}, "comment": {"body": "/firebreak override x", "user": {"login": "ana"}}, ` + about + `}`, ""},
		{"a push of the policy", "push", `{"ref": "refs/heads/main", "after": "a1", "head_commit": {"id": "a1"}, "commits": [{"modified": [".github/firebreak.yaml"]}], ` + about + `}`, "policy 0 ben "},
		{"a push of something else", "push", `{"ref": "refs/heads/main", "after": "a1", "head_commit": {"id": "a1"}, "commits": [{"modified": ["x"]}], ` + about + `}`, ""},
		{"a queue lets go", "merge_group", `{"action": "destroyed", "reason": "dequeued", "merge_group": {"head_sha": "a1", "head_ref": "refs/heads/gh-readonly-queue/release/1/pr-482-0123456789abcdef"}, ` + about + `}`, "unqueued 482 ben "},
		{"a queue's branch that names nothing", "merge_group", `{"action": "checks_requested", "merge_group": {"head_sha": "a1", "head_ref": "refs/heads/x"}, ` + about + `}`, ""},
		{"a merge", "pull_request", `{"action": "closed", "pull_request": {"number": 482, "merged": true}, ` + about + `}`, "merged 482 ben "},
		{"of an organisation", "pull_request", `{"action": "opened", "pull_request": {"number": 482}}`, ""},
		{"no JSON", "pull_request", `x`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, newVendor(t), func(c *Config, _ *Options) {
				c.Token = secret.Value{}
				c.App = App{ID: 7, Installation: 1, PrivateKey: pem}
			})
			news, _ := c.News(bot.Delivery{Event: test.event, Body: []byte(test.body), ReceivedAt: today})
			var got []string
			for _, n := range news {
				got = append(got, fmt.Sprintf("%s %d %s %s", n.Event, n.Number, n.By, n.Text))
			}
			if s := strings.Join(got, ", "); s != test.want {
				t.Errorf("tells %q, want %q", s, test.want)
			}
		})
	}
	c := newClient(t, newVendor(t), nil)
	_, protected := c.News(bot.Delivery{Event: "deployment_protection_rule", ReceivedAt: today, Body: []byte(`{"action": "requested", "environment": "production",
		"deployment_callback_url": "https://ghe.example/x", "deployment": {"sha": "a1"}, ` + about + `}`)})
	want := []bot.Protected{{Repository: "acme/assistants", Environment: "production", Revision: "a1", Callback: "https://ghe.example/x", At: today}}
	if d := cmp.Diff(want, protected); d != "" {
		t.Error(d)
	}
}

func TestPing(t *testing.T) {
	v := newVendor(t)
	v.answers["GET /api/v3/rate_limit"] = []reply{{status: 200, body: `{"resources": {}}`}, {status: 502, body: ``}}
	c := newClient(t, v, nil)
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Ping(t.Context()); StatusOf(err) != 502 {
		t.Errorf("a bad gateway is %v", err)
	}
}

func TestWithoutCredentialsNothingIsAskedAndNothingBreaks(t *testing.T) {
	c := newClient(t, newVendor(t), noCredentials)
	_, protected := c.News(bot.Delivery{Event: "deployment_protection_rule", ReceivedAt: today, Body: []byte(`{"action": "requested", "environment": "production",
		"deployment_callback_url": "https://ghe.example/x", "deployment": {"sha": "a1"}, "repository": {"full_name": "acme/assistants"}}`)})
	if len(protected) > 0 {
		t.Error("a deployment is taken on that nobody can answer")
	}
	if _, err := c.OpenPull(t.Context(), "acme/assistants", 482); err == nil {
		t.Error("somebody was asked")
	}
	if _, err := c.CreateCheck(t.Context(), aRun()); err == nil {
		t.Error("somebody was told")
	}
}

func FuzzNews(f *testing.F) {
	for _, event := range []string{"pull_request", "check_run", "merge_group", "issue_comment", "push", "deployment_protection_rule"} {
		f.Add(event, []byte(`{"action": "opened", "repository": {"full_name": "acme/assistants"}, "pull_request": {"number": 1}}`))
	}
	client, err := New(Config{WebhookSecret: webhookSecret}, Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		news, _ := client.News(bot.Delivery{Event: event, Body: body, ReceivedAt: today})
		for _, n := range news {
			if n.Repository == "" || (n.Number <= 0 && n.Event != bot.PolicyChanged) || len(n.Text) > maxCommand {
				t.Errorf("tells half: %+v", n)
			}
		}
	})
}
