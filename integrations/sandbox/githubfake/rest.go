package githubfake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one REST request on a repository, under the lock.
type call struct {
	*http.Request
	hub  *Hub
	repo *repository
	// later is done after the lock was given back: deliveries and the story's ears.
	later []func()
}

// result is an answer.
type result struct {
	status int
	body   any
}

func ok(body any) result      { return result{http.StatusOK, body} }
func created(body any) result { return result{http.StatusCreated, body} }
func refused(status int, format string, args ...any) result {
	return result{status, object{"message": fmt.Sprintf(format, args...), "documentation_url": "https://docs.github.com/rest"}}
}

var missing = result{http.StatusNotFound, object{"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}}

func (h *Hub) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(*call) result{
		"GET ":                                                getRepository,
		"GET /pulls":                                          listPulls,
		"GET /pulls/{number}":                                 getPull,
		"GET /pulls/{number}/files":                           listFiles,
		"GET /pulls/{number}/reviews":                         listReviews,
		"GET /pulls/{number}/commits":                         listPullCommits,
		"GET /pulls/{number}/merge":                           isMerged,
		"PUT /pulls/{number}/merge":                           mergePull,
		"PATCH /pulls/{number}":                               editPull,
		"GET /commits/{sha}":                                  getCommit,
		"GET /git/commits/{sha}":                              getGitCommit,
		"GET /contents/{path...}":                             getContents,
		"GET /compare/{basehead...}":                          compare,
		"GET /commits/{sha}/pulls":                            commitPulls,
		"GET /commits/{sha}/check-runs":                       commitChecks,
		"POST /check-runs":                                    createCheck,
		"PATCH /check-runs/{id}":                              updateCheck,
		"POST /statuses/{sha}":                                createStatus,
		"GET /deployments":                                    listDeployments,
		"POST /deployments":                                   createDeployment,
		"GET /deployments/{id}/statuses":                      listStatuses,
		"POST /deployments/{id}/statuses":                     createDeploymentStatus,
		"POST /dispatches":                                    repositoryDispatch,
		"POST /actions/workflows/{file}/dispatches":           workflowDispatch,
		"POST /actions/runs/{run}/deployment_protection_rule": answerDeployment,
		"PATCH /issues/comments/{id}":                         editComment,
		"GET /issues/{number}/comments":                       listComments,
		"POST /issues/{number}/comments":                      createComment,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v3/repos/{owner}/{repo}"+path, h.on(do))
	}
	mux.HandleFunc("GET /api/v3/user", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, h.person(BotLogin))
	})
	mux.HandleFunc("GET /api/v3/app", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, object{"id": AppID, "slug": "firebreak", "name": "firebreak", "owner": h.person("acme")})
	})
	mux.HandleFunc("POST /api/v3/app/installations/{id}/access_tokens", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusCreated, object{"token": h.cfg.Token, "expires_at": stamp(time.Now().Add(time.Hour))})
	})
	mux.HandleFunc("GET /api/v3/app/hook/deliveries", h.listDeliveries)
	mux.HandleFunc("GET /api/v3/app/hook/deliveries/{id}", h.getDelivery)
	mux.HandleFunc("GET /api/v3/rate_limit", h.rateLimit)
	mux.HandleFunc("POST /api/graphql", h.serveGraphQL)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		h.Strange(r, "no such path")
		write(w, missing.status, missing.body)
	})
	return mux
}

// on runs a repository's endpoint under the lock and remembers a request that GitHub would have called wrong.
func (h *Hub) on(do func(*call) result) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: r, hub: h}
		h.mu.Lock()
		out := missing
		if c.repo = h.repo(r.PathValue("owner") + "/" + r.PathValue("repo")); c.repo != nil {
			out = do(c)
		}
		h.mu.Unlock()
		for _, f := range c.later {
			f()
		}
		if out.status == http.StatusUnprocessableEntity || out.status == http.StatusBadRequest {
			h.Strange(r, "refused with %d: %v", out.status, out.body)
		}
		if out.status == http.StatusNoContent {
			w.WriteHeader(out.status)
			return
		}
		write(w, out.status, out.body)
	}
}

// decode reads the body; nothing at all is an empty object.
func (c *call) decode(into any) error {
	body, err := io.ReadAll(c.Body)
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return err
	}
	return json.Unmarshal(body, into)
}

var errInvalid = errors.New("invalid request")

// problem is GitHub's answer to a body that it cannot use.
func problem(err error, fields ...string) result {
	if err != nil && !errors.Is(err, errInvalid) {
		return refused(http.StatusBadRequest, "Problems parsing JSON")
	}
	return refused(http.StatusUnprocessableEntity, "Invalid request. %s wasn't supplied.", strings.Join(fields, ", "))
}

func (c *call) number(name string) int64 {
	n, err := strconv.ParseInt(c.PathValue(name), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (c *call) pull() *Pull { return c.repo.pull(int(c.number("number"))) }

// page cuts a list as the parameters per_page and page say.
func page[T any](c *call, list []T) []T {
	size, err := strconv.Atoi(c.FormValue("per_page"))
	if err != nil || size <= 0 || size > 100 {
		size = 30
	}
	at, err := strconv.Atoi(c.FormValue("page"))
	if err != nil || at < 1 {
		at = 1
	}
	from := min(len(list), (at-1)*size)
	return list[from:min(len(list), from+size)]
}

// inform delivers events once the lock was given back.
func (c *call) inform(ds ...Delivery) {
	c.later = append(c.later, func() {
		for _, d := range ds {
			c.hub.cfg.Deliver(d)
		}
	})
}

func (h *Hub) rateLimit(w http.ResponseWriter, _ *http.Request) {
	rate := object{"limit": 5000, "remaining": 4990, "used": 10, "reset": time.Now().Add(time.Hour).Unix()}
	write(w, http.StatusOK, object{"resources": object{"core": rate, "graphql": rate, "search": rate}, "rate": rate})
}

func getRepository(c *call) result { return ok(c.hub.repository(c.repo)) }
