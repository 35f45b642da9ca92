package sandbox

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// parcel is something that a vendor sends to the bot.
type parcel struct {
	path  string
	about string
	body  []byte
	// headers are made anew for every attempt: a signature carries the time.
	headers func() http.Header
	// done is told how the bot answered at last: a status, or 0 when it could not be reached.
	done func(status int)
}

// Post is what became of a parcel.
type Post struct {
	About    string `json:"about"`
	Status   int    `json:"status"`
	Attempts int    `json:"attempts"`
}

// Bounds of a courier.
const (
	maxParcels = 1_000
	patience   = time.Minute            // how long a bot that is down is tried again
	retryEvery = 250 * time.Millisecond // how often
	answerIn   = 10 * time.Second       // how long GitHub waits for an answer
	maxPosts   = 1_000
)

// courier brings parcels to the bot one after another, in the order in which they were given. A bot that refuses the connection,
// breaks it or answers 5xx is tried again for a minute; any other answer is final.
type courier struct {
	client *http.Client
	wake   chan struct{}

	mu    sync.Mutex
	bot   string
	queue []parcel
	posts []Post
}

func newCourier() *courier {
	return &courier{
		client: &http.Client{Timeout: answerIn, Transport: &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: 5 * time.Second}},
		wake:   make(chan struct{}, 1),
	}
}

// address sets where the bot is.
func (c *courier) address(url string) {
	c.mu.Lock()
	c.bot = strings.TrimSuffix(url, "/")
	c.mu.Unlock()
	c.nudge()
}

// Bot is where the bot is; empty while nobody said.
func (c *courier) where() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bot
}

func (c *courier) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// send queues a parcel. Beyond the bound it is dropped and told so, as a vendor would.
func (c *courier) send(p parcel) {
	c.mu.Lock()
	full := len(c.queue) >= maxParcels
	if !full {
		c.queue = append(c.queue, p)
	}
	c.mu.Unlock()
	if full {
		c.finish(p, 0, 0)
	}
	c.nudge()
}

func (c *courier) take() (parcel, string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bot == "" || len(c.queue) == 0 {
		return parcel{}, "", false
	}
	p := c.queue[0]
	c.queue = c.queue[1:]
	return p, c.bot, true
}

// run delivers until the context ends.
func (c *courier) run(ctx context.Context) {
	defer c.client.CloseIdleConnections()
	for ctx.Err() == nil {
		p, _, ok := c.take()
		if !ok {
			select {
			case <-ctx.Done():
			case <-c.wake:
			}
			continue
		}
		c.deliver(ctx, p)
	}
}

func (c *courier) deliver(ctx context.Context, p parcel) {
	deadline := time.Now().Add(patience)
	for attempt := 1; ; attempt++ {
		status := c.post(ctx, p)
		if (status > 0 && status < 500) || time.Now().After(deadline) || pause(ctx, retryEvery) != nil {
			c.finish(p, status, attempt)
			return
		}
	}
}

// post makes one attempt and returns the status, 0 when there was no answer.
func (c *courier) post(ctx context.Context, p parcel) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.where()+p.path, bytes.NewReader(p.body))
	if err != nil {
		return http.StatusBadRequest
	}
	for name, values := range p.headers() {
		req.Header[name] = values
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode
}

func (c *courier) finish(p parcel, status, attempts int) {
	c.mu.Lock()
	if len(c.posts) < maxPosts {
		c.posts = append(c.posts, Post{About: p.about, Status: status, Attempts: attempts})
	}
	c.mu.Unlock()
	if p.done != nil {
		p.done(status)
	}
}

func (c *courier) delivered() []Post {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Post(nil), c.posts...)
}
