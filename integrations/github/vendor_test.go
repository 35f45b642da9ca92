package github

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	apiToken      = secret.New("github_pat_11AAAAAAA0averysecrettoken")
	webhookSecret = secret.New("It's a Secret to Everybody")
	today         = time.Date(2026, 11, 20, 14, 12, 0, 0, time.UTC)
)

// described is GitHub's own description of its REST API, loaded once since it is large.
var described = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(describedBytes)
	if err != nil {
		return nil, err
	}
	for _, path := range doc.Paths.Keys() {
		open := path
		for _, name := range []string{"path", "ref", "branch"} { // these take slashes
			open = strings.Replace(open, "{"+name+"}", "{"+name+":.+}", 1)
		}
		if open != path {
			item := doc.Paths.Value(path)
			doc.Paths.Delete(path)
			doc.Paths.Set(open, item)
		}
	}
	doc.Servers = openapi3.Servers{{URL: "/api/v3"}}
	return gorillamux.NewRouter(doc)
})

var describedBytes []byte

// vendor is a GitHub in memory. Every REST request must satisfy GitHub's own description.
type vendor struct {
	t      *testing.T
	router routers.Router
	token  string
	// anyToken takes every token: that of an App is made anew each time.
	anyToken bool

	mu         sync.Mutex
	asked      []string
	pulls      map[int]*pull
	next       int
	files      map[int][]string
	reviews    map[int][]map[string]any
	dispatched []map[string]any
	// commits says which pull requests a commit belongs to.
	commits map[string][]int
	// answers are given instead, by "METHOD path", in order; lose makes answers get lost after the request took effect.
	answers map[string][]reply
	lose    map[string]int
}

type pull struct {
	number                int
	body, base, head, sha string
	state                 string
	mergedAt              string
	mergeSHA              string
	mergeable             *bool
	mergeableState        string
	computing             int // looks until it is known whether it is mergeable
}

type reply struct {
	status int
	header map[string]string
	body   string
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	describedBytes = integrationstest.Read(t, "contracts", "github", "rest-openapi.trimmed.json")
	router, err := described()
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{
		t: t, router: router, token: apiToken.Reveal(), pulls: map[int]*pull{}, next: 483, files: map[int][]string{},
		reviews: map[int][]map[string]any{}, commits: map[string][]int{}, answers: map[string][]reply{}, lose: map[string]int{},
	}
	v.pulls[482] = &pull{
		number: 482, base: "main", head: "stricter", sha: "aaa", state: "closed", mergedAt: "2026-11-20T14:00:00Z", mergeSHA: merge482,
	}
	t.Cleanup(func() {
		for what, left := range v.answers {
			if len(left) > 0 {
				t.Errorf("%d answers to %s were not asked for", len(left), what)
			}
		}
	})
	return v
}

const merge482 = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

// RoundTrip answers without a network.
func (v *vendor) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.GetConn("")
		trace.WroteHeaders()
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() { _ = r.Body.Close() }()
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	v.mu.Lock()
	defer v.mu.Unlock()
	if what := r.Method + " " + r.URL.Path; v.lose[what] > 0 {
		v.lose[what]--
		return nil, io.ErrUnexpectedEOF
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	v.asked = append(v.asked, what)
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path != "/api/graphql" {
		v.satisfies(r, body)
	}
	if auth := r.Header.Get("Authorization"); auth != "Bearer "+v.token && !v.anyToken && !strings.HasSuffix(r.URL.Path, "/access_tokens") {
		v.t.Errorf("%s: authorised with %q", what, auth)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if queued := v.answers[what]; len(queued) > 0 {
		v.answers[what] = queued[1:]
		for name, value := range queued[0].header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(queued[0].status)
		_, _ = io.WriteString(w, queued[0].body)
		return
	}
	status, answer := v.route(r, body)
	w.WriteHeader(status)
	if answer != nil {
		_ = json.NewEncoder(w).Encode(answer)
	}
}

// satisfies checks a request against GitHub's description.
func (v *vendor) satisfies(r *http.Request, body []byte) {
	check := r.Clone(context.Background())
	check.URL = &url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	check.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := v.router.FindRoute(check)
	if err != nil {
		v.t.Errorf("GitHub's description has no %s %s: %v", r.Method, r.URL, err)
		return
	}
	err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: check, Route: route, PathParams: params,
		Options: &openapi3filter.Options{MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
	if err != nil {
		v.t.Errorf("GitHub's description refuses %s %s: %v\n%s", r.Method, r.URL, err, body)
	}
}

func (v *vendor) route(r *http.Request, body []byte) (int, any) {
	if r.URL.Path == "/api/graphql" {
		return 200, v.revert(body)
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v3/"), "/")
	if len(parts) < 4 || parts[0] != "repos" {
		v.t.Errorf("unexpected %s %s", r.Method, r.URL.Path)
		return 404, map[string]any{"message": "Not Found"}
	}
	switch kind := strings.Join(parts[3:], "/"); {
	case kind == "pulls":
		return 200, v.list(r.URL.Query())
	case parts[3] == "commits":
		out := []any{}
		for _, n := range v.commits[parts[4]] {
			out = append(out, v.pulls[n].json())
		}
		return 200, out
	case parts[3] == "actions":
		var event map[string]any
		_ = json.Unmarshal(body, &event)
		event["workflow"] = parts[5]
		v.dispatched = append(v.dispatched, event)
		return 204, nil
	case parts[3] == "pulls":
		n, _ := strconv.Atoi(parts[4])
		return v.pull(n, strings.Join(parts[5:], "/"), r.Method, body)
	}
	v.t.Errorf("unexpected %s %s", r.Method, r.URL.Path)
	return 404, map[string]any{"message": "Not Found"}
}

func (v *vendor) list(q url.Values) any {
	out := []any{}
	numbers := []int{}
	for n := range v.pulls {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range slices.Backward(numbers) {
		if p := v.pulls[n]; q.Get("base") == "" || p.base == q.Get("base") {
			out = append(out, p.json())
		}
	}
	return out
}

func (v *vendor) pull(n int, rest, method string, body []byte) (int, any) {
	p := v.pulls[n]
	switch {
	case p == nil:
		return 404, map[string]any{"message": "Not Found"}
	case rest == "":
		if p.computing > 0 {
			if p.computing--; p.computing == 0 {
				yes := true
				p.mergeable, p.mergeableState = &yes, "clean"
			}
		}
		return 200, p.json()
	case rest == "files":
		out := []any{}
		for _, f := range v.files[n] {
			out = append(out, map[string]any{"filename": f, "status": "modified"})
		}
		return 200, out
	case rest == "reviews":
		return 200, v.reviews[n]
	case rest == "merge" && method == http.MethodPut:
		var ask struct{ SHA string }
		_ = json.Unmarshal(body, &ask)
		switch {
		case ask.SHA != p.sha:
			return 409, map[string]any{"message": "Head branch was modified. Review and try the merge again."}
		case p.mergedAt != "" || p.computing > 0 || (p.mergeable != nil && !*p.mergeable) || p.mergeableState == "blocked":
			return 405, map[string]any{"message": "Pull Request is not mergeable"}
		}
		p.state, p.mergedAt, p.mergeSHA = "closed", "2026-11-20T14:13:00Z", "feedbeef"
		return 200, map[string]any{"sha": p.mergeSHA, "merged": true, "message": "Pull Request successfully merged"}
	}
	v.t.Errorf("unexpected %s of pull request %d", rest, n)
	return 404, nil
}

func (p *pull) json() map[string]any {
	out := map[string]any{
		"number": p.number, "node_id": fmt.Sprintf("PR_%d", p.number), "state": p.state, "body": p.body, "title": "a title",
		"html_url": fmt.Sprintf("https://github.com/acme/assistants/pull/%d", p.number), "merged": p.mergedAt != "",
		"head": map[string]any{"ref": p.head, "sha": p.sha}, "base": map[string]any{"ref": p.base},
		"mergeable": p.mergeable, "mergeable_state": p.mergeableState, "merge_commit_sha": p.mergeSHA, "merged_at": nil,
	}
	if p.mergedAt != "" {
		out["merged_at"] = p.mergedAt
	}
	return out
}

// revert is the GraphQL mutation. GitHub publishes its schema apart from the REST description, so its input is checked here.
func (v *vendor) revert(body []byte) any {
	var ask struct {
		Query     string
		Variables struct{ Input map[string]string }
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&ask); err != nil || !strings.Contains(ask.Query, "revertPullRequest(input: $input)") {
		v.t.Errorf("not the mutation: %v %s", err, body)
	}
	in := ask.Variables.Input
	for name := range in {
		if !slices.Contains([]string{"pullRequestId", "title", "body", "draft", "clientMutationId"}, name) {
			v.t.Errorf("RevertPullRequestInput has no field %s", name)
		}
	}
	var n int
	if _, err := fmt.Sscanf(in["pullRequestId"], "PR_%d", &n); err != nil || v.pulls[n] == nil {
		return map[string]any{"data": nil, "errors": []any{map[string]any{"type": "NOT_FOUND", "message": "Could not resolve to a node"}}}
	}
	made := &pull{
		number: v.next, body: in["body"], base: "main", head: fmt.Sprintf("revert-%d-stricter", n), sha: "bbb", state: "open",
		mergeableState: "clean",
	}
	yes := true
	made.mergeable = &yes
	v.pulls[v.next] = made
	v.next++
	return map[string]any{"data": map[string]any{"revertPullRequest": map[string]any{"revertPullRequest": map[string]any{
		"number": made.number, "url": made.json()["html_url"], "headRefOid": made.sha, "state": "OPEN",
	}}}}
}

// opened counts the pull requests that were opened for us.
func (v *vendor) opened() (n int) {
	for _, what := range v.asked {
		if what == "POST /api/graphql" {
			n++
		}
	}
	return n
}
