package githubfake

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// BotLogin is who acts with the API token, AppID the App that it belongs to.
const (
	BotLogin = "firebreak[bot]"
	AppID    = 4815
)

// Config is how a server begins.
type Config struct {
	// Base is the address under which it is served, without a slash at the end.
	Base string
	// Token is the only one that is accepted.
	Token string
	// WebhookSecret signs deliveries.
	WebhookSecret string
	// Repositories are "owner/name".
	Repositories []string
	// Now gives the times of what happens.
	Now func() time.Time
	// Deliver takes webhook deliveries, in the order in which things happened. It must not block.
	Deliver func(Delivery)
	// Merged is told of every merge, Dispatched of every workflow or repository dispatch. They must not block.
	Merged     func(Pull)
	Dispatched func(Dispatch)
}

// maxKept bounds every list of a repository.
const maxKept = 2_000

// Hub is the stand-in.
type Hub struct {
	*wire.Gate
	cfg Config

	mu         sync.Mutex
	repos      []*repository
	serial     int64
	dispatches []Dispatch
	answers    []Answer
	sent       []sent
	// secondReverts counts reverts of a pull request that had one already.
	secondReverts int
}

// New makes a server; it is an http.Handler for everything below Config.Base.
func New(c Config) *Hub {
	if c.Deliver == nil {
		c.Deliver = func(Delivery) {}
	}
	if c.Merged == nil {
		c.Merged = func(Pull) {}
	}
	if c.Dispatched == nil {
		c.Dispatched = func(Dispatch) {}
	}
	h := &Hub{cfg: c, serial: 48_000}
	h.cfg.Deliver = h.remembering(c.Deliver)
	for i, name := range c.Repositories {
		h.repos = append(h.repos, &repository{id: int64(700_100 + i), name: name, head: commit(name, "start"), history: []string{commit(name, "start")}})
	}
	h.Gate = wire.NewGate("github", h.authenticated(h.routes()), refuse)
	return h
}

// refuse is how GitHub limits and fails; the hint is Retry-After, as for its secondary limits.
func refuse(w http.ResponseWriter, status, retryAfter int) {
	message := "Server Error"
	if status == http.StatusTooManyRequests {
		message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
		if retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
	}
	write(w, status, object{"message": message, "documentation_url": "https://docs.github.com/rest"})
}

// authenticated lets only the token through, and puts the headers of a primary limit on every answer.
func (h *Hub) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-RateLimit-Limit", "5000")
		header.Set("X-RateLimit-Remaining", "4990")
		header.Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10))
		kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		known := token == h.cfg.Token && (strings.EqualFold(kind, "bearer") || strings.EqualFold(kind, "token"))
		if !known && !strings.HasPrefix(r.URL.Path, "/api/v3/app") {
			write(w, http.StatusUnauthorized, object{"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Pull returns a pull request.
func (h *Hub) Pull(repo string, number int) (Pull, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.repo(repo); r != nil {
		if p := r.pull(number); p != nil {
			return *p, true
		}
	}
	return Pull{}, false
}

// Pulls returns all pull requests, repository by repository.
func (h *Hub) Pulls() []Pull { return all(h, func(r *repository) []*Pull { return r.pulls }) }

// Deployments returns all deployments, repository by repository.
func (h *Hub) Deployments() []Deployment {
	return all(h, func(r *repository) []*Deployment { return r.deployments })
}

// Checks returns all check runs; Dispatches what was started.
func (h *Hub) Checks() []Check { return all(h, func(r *repository) []*Check { return r.checks }) }

func all[T any](h *Hub, of func(*repository) []*T) []T {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []T
	for _, r := range h.repos {
		for _, v := range of(r) {
			out = append(out, *v)
		}
	}
	return out
}

// Dispatches returns the workflow and repository dispatches, oldest first.
func (h *Hub) Dispatches() []Dispatch {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.dispatches)
}

// SecondReverts counts reverts of a pull request that had a revert already.
func (h *Hub) SecondReverts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.secondReverts
}

// Open makes a pull request. Zero number, head and time are filled in.
func (h *Hub) Open(p Pull) (Pull, error) {
	h.mu.Lock()
	r := h.repo(p.Repository)
	if r == nil {
		h.mu.Unlock()
		return Pull{}, fmt.Errorf("no repository %q", p.Repository)
	}
	opened := h.open(r, p)
	d := h.pullEvent(r, opened, "opened", opened.Author)
	h.mu.Unlock()
	h.cfg.Deliver(d)
	return *opened, nil
}

// Seed makes a pull request that was there before anybody listened: nothing is delivered. An unknown repository is ignored.
func (h *Hub) Seed(p Pull) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.repo(p.Repository); r != nil {
		h.open(r, p)
	}
}

func (h *Hub) open(r *repository, p Pull) *Pull {
	if p.Number == 0 {
		p.Number = r.nextNumber()
	}
	if p.CreatedAt.IsZero() {
		p.CreatedAt = h.cfg.Now()
	}
	if p.HeadSHA == "" {
		p.HeadSHA = commit(p.Repository, p.Number, p.Branch, p.Title)
	}
	p.State = "open"
	r.pulls = append(r.pulls, &p)
	return &p
}

// Land merges a pull request as a person.
func (h *Hub) Land(repo string, number int, by string) (Pull, error) {
	h.mu.Lock()
	r := h.repo(repo)
	var p *Pull
	if r != nil {
		p = r.pull(number)
	}
	if p == nil || p.State != "open" {
		h.mu.Unlock()
		return Pull{}, fmt.Errorf("no open pull request %s#%d", repo, number)
	}
	told := h.merge(r, p, by)
	merged := *p
	h.mu.Unlock()
	h.tell(told, merged)
	return merged, nil
}

// merge moves the branch and returns what there is to tell.
func (h *Hub) merge(r *repository, p *Pull, by string) []Delivery {
	before := r.head
	p.State, p.MergedBy, p.MergedAt = "closed", by, h.cfg.Now()
	p.MergeSHA = commit(p.Repository, p.Number, "merge", p.HeadSHA)
	r.head = p.MergeSHA
	r.history = bounded(append(r.history, p.MergeSHA))
	return []Delivery{h.pullEvent(r, p, "closed", by), h.pushEvent(r, p, before, by)}
}

// tell hands on deliveries and the merge itself, outside the lock.
func (h *Hub) tell(deliveries []Delivery, merged Pull) {
	for _, d := range deliveries {
		h.cfg.Deliver(d)
	}
	h.cfg.Merged(merged)
}

// Deploy makes a deployment of a revision; its first status is "in_progress".
func (h *Hub) Deploy(repo, sha, environment, description, by string) (Deployment, error) {
	h.mu.Lock()
	r := h.repo(repo)
	if r == nil {
		h.mu.Unlock()
		return Deployment{}, fmt.Errorf("no repository %q", repo)
	}
	d := h.deploy(r, Deployment{SHA: sha, Ref: DefaultBranch, Environment: environment, Description: description, Creator: by})
	told := []Delivery{h.deploymentEvent(r, d), h.status(r, d, Status{State: "in_progress"})}
	out := *d
	h.mu.Unlock()
	for _, one := range told {
		h.cfg.Deliver(one)
	}
	return out, nil
}

func (h *Hub) deploy(r *repository, d Deployment) *Deployment {
	h.serial++
	d.ID, d.Repository, d.CreatedAt = h.serial, r.name, h.cfg.Now()
	r.deployments = bounded(append(r.deployments, &d))
	return &d
}

// Report gives a deployment its next status, as "success" or "failure".
func (h *Hub) Report(repo string, deployment int64, state string) error {
	h.mu.Lock()
	r := h.repo(repo)
	d := r.deployment(deployment)
	if d == nil {
		h.mu.Unlock()
		return fmt.Errorf("no deployment %d in %q", deployment, repo)
	}
	told := h.status(r, d, Status{State: state})
	h.mu.Unlock()
	h.cfg.Deliver(told)
	return nil
}

func (h *Hub) status(r *repository, d *Deployment, s Status) Delivery {
	h.serial++
	s.ID, s.At = h.serial, h.cfg.Now()
	d.Statuses = append(slices.Clone(d.Statuses), s)
	return h.statusEvent(r, d, s)
}

func (r *repository) deployment(id int64) *Deployment {
	if r == nil {
		return nil
	}
	i := slices.IndexFunc(r.deployments, func(d *Deployment) bool { return d.ID == id })
	if i < 0 {
		return nil
	}
	return r.deployments[i]
}

func (h *Hub) repo(name string) *repository {
	i := slices.IndexFunc(h.repos, func(r *repository) bool { return strings.EqualFold(r.name, name) })
	if i < 0 {
		return nil
	}
	return h.repos[i]
}

// bounded forgets the older half of a list that has grown too long.
func bounded[T any](list []T) []T {
	if len(list) <= maxKept {
		return list
	}
	return slices.Clone(list[maxKept/2:])
}
