package slack

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
)

// Bounds of Homes.
const (
	maxHomes   = 100
	homeLife   = 12 * time.Hour   // after that, whoever opened the page is not expected to look at it
	homeEvery  = 15 * time.Second // between two publications for one person
	homeLook   = 2 * time.Minute  // what changes without a word: budgets, windows
	homeTime   = 15 * time.Second
	homePause  = 30 * time.Second // after one that failed
	shownHome  = 12               // rows of a section
	homeBudget = 11_000           // characters
)

// Homes keeps the app's page true for those who opened it lately, and for nobody else: published when they open it, and when what it says
// has changed, at most every few seconds.
type Homes struct {
	client *Client
	forms  Forms

	mu     sync.Mutex
	opened map[string]*opened
	wake   chan struct{}
}

// opened is a page that somebody has before them.
type opened struct {
	at, due time.Time
	shown   [sha256.Size]byte
	// last is when it was published or looked at.
	last time.Time
}

// Homes makes the keeper of pages. Run does the work.
func (c *Client) Homes(f Forms) *Homes {
	return &Homes{client: c, forms: f, opened: map[string]*opened{}, wake: make(chan struct{}, 1)}
}

// Opened says that somebody opened the page.
func (h *Homes) Opened(user string) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	o := h.opened[user]
	if o == nil {
		h.forget(now)
		o = &opened{}
		h.opened[user] = o
	}
	o.at = now
	o.due = soonest(now, o.last.Add(time.Second))
	h.stir()
}

// Update says that something changed that the pages may show. It returns at once.
func (h *Homes) Update() {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range h.opened {
		if next := soonest(now, o.last.Add(homeEvery)); o.due.After(next) {
			o.due = next
		}
	}
	h.stir()
}

// soonest is now, or a time that is later.
func soonest(now, earliest time.Time) time.Time {
	if earliest.After(now) {
		return earliest
	}
	return now
}

func (h *Homes) stir() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// forget makes room: those whose page is old, and else the one that was opened longest ago.
func (h *Homes) forget(now time.Time) {
	oldest := ""
	for user, o := range h.opened {
		if now.Sub(o.at) > homeLife {
			delete(h.opened, user)
		} else if oldest == "" || o.at.Before(h.opened[oldest].at) {
			oldest = user
		}
	}
	if len(h.opened) >= maxHomes {
		delete(h.opened, oldest)
	}
}

// Run publishes until ctx ends. Call it once.
func (h *Homes) Run(ctx context.Context) error {
	for {
		user, pause := h.next(time.Now())
		if user != "" {
			h.publish(ctx, user)
			if ctx.Err() == nil {
				continue
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-h.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// next is whose page is due, or how long none is.
func (h *Homes) next(now time.Time) (user string, pause time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	pause = homeLook
	for name, o := range h.opened {
		switch left := o.due.Sub(now); {
		case now.Sub(o.at) > homeLife:
			delete(h.opened, name)
		case left > 0:
			pause = min(pause, left)
		case user == "" || o.due.Before(h.opened[user].due):
			user = name
		}
	}
	return user, pause
}

// publish shows somebody their page, where it says something else than it did.
func (h *Homes) publish(ctx context.Context, user string) {
	ctx, cancel := context.WithTimeout(ctx, homeTime)
	defer cancel()
	h.mu.Lock()
	o := h.opened[user]
	if o == nil {
		h.mu.Unlock()
		return
	}
	before := o.shown
	o.last = time.Now()
	o.due = o.last.Add(homeLook)
	h.mu.Unlock()
	sum, err := h.show(ctx, user, before)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		if wait := time.Now().Add(homePause); o.due.After(wait) {
			o.due = wait
		}
		if ctx.Err() == nil {
			h.client.options.Logger.WarnContext(ctx, "slack: a page could not be shown", "user", user, "error", err)
		}
		return
	}
	o.shown = sum
}

func (h *Homes) show(ctx context.Context, user string, before [sha256.Size]byte) ([sha256.Size]byte, error) {
	home, err := h.forms.Home(ctx, user)
	if err != nil {
		return before, err
	}
	blocks := homeBlocks(home, h.client.config.Hears())
	if faults := faultsOf(blocks, maxViewBlocks); len(faults) > 0 {
		h.client.misfit("home", faults)
		blocks = sayBlocks("This does not fit on a page of Slack's; use the command, or Firebreak's own page.")
	}
	raw, err := json.Marshal(blocks)
	if err != nil {
		return before, err
	}
	sum := sha256.Sum256(raw)
	if sum == before {
		return sum, nil
	}
	call := h.client.rest.Repeatable()
	_, err = h.client.api(call).PublishViewContext(ctx, api.PublishViewContextRequest{
		UserID: user, View: api.HomeTabViewRequest{Type: api.VTHomeTab, CallbackID: callback, Blocks: api.Blocks{BlockSet: blocks}},
	})
	if err != nil {
		return before, failure(call, err)
	}
	return sum, nil
}

// homeBlocks are the page.
func homeBlocks(home bot.Home, buttons bool) []api.Block {
	var blocks []api.Block
	if first := homeButtons(home, buttons); first != nil {
		blocks = append(blocks, first)
	}
	if len(home.Approvals) > 0 {
		blocks = append(blocks, api.NewHeaderBlock(plain("Waits for your answer", maxHeader)))
		blocks = append(blocks, approvals(home.Approvals, buttons)...)
	}
	used := 0
	for _, s := range home.Sections {
		blocks = append(blocks, api.NewHeaderBlock(plain(s.Title, maxHeader)))
		var rows []api.RichTextElement
		for i, r := range s.Rows {
			label, text := line(r.Label, 100), line(r.Text, 300)
			used += len([]rune(label)) + len([]rune(text))
			if i == shownHome || used > homeBudget {
				rows = append(rows, api.NewRichTextSection(said("…"+morePage[len(" …"):])))
				break
			}
			if e := row(label, text, r.Link); e != nil {
				rows = append(rows, e)
			}
		}
		if len(rows) == 0 {
			blocks = append(blocks, api.NewSectionBlock(plain(s.Empty, 600), nil, nil))
			continue
		}
		blocks = append(blocks, api.NewRichTextBlock("", api.NewRichTextList(api.RTEListBullet, 0, rows...)))
	}
	return blocks
}

func homeButtons(home bot.Home, buttons bool) api.Block {
	var elements []api.BlockElement
	for _, f := range home.Forms {
		switch {
		case !buttons:
		case f == bot.DeclareForm:
			elements = append(elements, button(actionDeclare, "home", "Declare an incident"))
		case f == bot.NoteForm:
			elements = append(elements, button(actionNote, "home", "Add a note"))
		}
	}
	if link(home.Link) {
		open := button(actionOpen, "home", "Open Firebreak's page")
		open.URL = home.Link
		elements = append(elements, open)
	}
	if len(elements) == 0 {
		return nil
	}
	return api.NewActionBlock("home", elements...)
}
