package slackfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// The identities of the workspace.
const (
	TeamID   = "T0ACME001"
	AppID    = "A0FIREBRK"
	BotID    = "B0FIREBRK"
	BotUser  = "U0FIREBRK"
	teamName = "acme"
)

// Config is how a workspace begins.
type Config struct {
	// Base is the address under which the workspace is served, without a slash at the end; Web API methods stand below /api/.
	Base string
	// Token is the only one that is accepted.
	Token string
	// AppToken opens sockets; empty means that Socket Mode is off.
	AppToken string
	// SigningSecret signs what the workspace sends.
	SigningSecret string
	// Channels are names without "#", in the order of their IDs.
	Channels []string
	Users    []User
	// Groups are user groups, by ID, with the IDs of their members.
	Groups map[string][]string
	// Now gives the times of messages.
	Now func() time.Time
	// TriggerLife is how long a trigger is good; zero means three seconds, as at Slack.
	TriggerLife time.Duration
	// Unscoped are methods for which the token has no scope.
	Unscoped []string
	// Limited has Slack's rate limits enforced, by the wall clock.
	Limited bool
}

// User is a member, who has confirmed the address unless Unconfirmed. Team is another workspace's that shares a channel; empty means this one.
type User struct {
	ID, Name, RealName, Email string
	Unconfirmed               bool
	Team                      string
}

// Channel is a public channel that the bot is in.
type Channel struct{ ID, Name string }

// Message is what stands in a channel now, with what happened to it.
type Message struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	// User is the member who wrote it, empty where the bot did.
	User     string          `json:"user,omitempty"`
	Thread   string          `json:"thread_ts,omitempty"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Files    []string        `json:"files,omitempty"`
	// At is when it was posted, Edited when it was last changed.
	At     time.Time `json:"at"`
	Edited time.Time `json:"edited,omitzero"`
	Edits  int       `json:"edits"`
	// Ephemeral names the only user who sees it.
	Ephemeral string   `json:"ephemeral,omitempty"`
	Reactions []string `json:"reactions,omitempty"`
}

// File is an uploaded file.
type File struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title,omitempty"`
	Alt      string `json:"alt_txt,omitempty"`
	Size     int    `json:"size"`
	Bytes    []byte `json:"-"`
	Complete bool   `json:"complete"`
	// Length is what was announced.
	Length int `json:"length"`
}

// Bounds of what is kept.
const (
	maxMessages  = 5_000
	maxFiles     = 500
	maxFileBytes = 4 << 20
)

// Workspace is the stand-in.
type Workspace struct {
	*wire.Gate
	cfg Config

	mu        sync.Mutex
	channels  []Channel
	messages  []*Message
	files     map[string]*File
	fileOrder []string
	replies   map[string]*reply
	lastTS    int64
	serial    int
	socket    socket
	limits    wire.Limits
	triggers  map[string]*trigger
	views     []*View
	troubles  map[string]Trouble
	rooms     map[string]*Room
}

// New makes a workspace; it is an http.Handler for everything below Config.Base.
func New(c Config) *Workspace {
	w := &Workspace{cfg: c, files: map[string]*File{}, replies: map[string]*reply{}}
	for i, name := range c.Channels {
		w.channels = append(w.channels, Channel{ID: fmt.Sprintf("C0ACME%03d", i+1), Name: name})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{method}", w.serveMethod)
	mux.HandleFunc("GET /api/{method}", w.serveMethod)
	mux.HandleFunc("POST /upload/v1/{file}", w.serveUpload)
	mux.HandleFunc("POST /actions/{id}", w.serveResponseURL)
	mux.HandleFunc("POST /commands/{id}", w.serveResponseURL)
	mux.HandleFunc("GET /socket/{ticket}", w.serveSocket)
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		w.Strange(r, "no such path")
		http.NotFound(rw, r)
	})
	w.Gate = wire.NewGate("slack", mux, refuse)
	return w
}

// refuse is how Slack says that it will not: 429 carries the hint in a header.
func refuse(w http.ResponseWriter, status, retryAfter int) {
	word := "internal_error"
	if status == http.StatusTooManyRequests {
		word = "ratelimited"
		if retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"ok":false,"error":%q}`, word)
}

// Messages returns all messages that the bot posted, oldest first, as they stand now.
func (w *Workspace) Messages() []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]Message, len(w.messages))
	for i, m := range w.messages {
		out[i] = *m
	}
	return out
}

// Message returns one message as it stands now.
func (w *Workspace) Message(channel, ts string) (Message, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m := w.find(channel, ts); m != nil {
		return *m, true
	}
	return Message{}, false
}

// Files returns the uploaded files, oldest first.
func (w *Workspace) Files() []File {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]File, 0, len(w.fileOrder))
	for _, id := range w.fileOrder {
		out = append(out, *w.files[id])
	}
	return out
}

// Channel finds a channel by ID, name or "#name".
func (w *Workspace) Channel(word string) (Channel, bool) {
	i := slices.IndexFunc(w.channels, func(c Channel) bool { return c.ID == word || c.Name == word || "#"+c.Name == word })
	if i < 0 {
		return Channel{}, false
	}
	return w.channels[i], true
}

func (w *Workspace) find(channel, ts string) *Message {
	for _, m := range w.messages {
		if m.Channel == channel && m.TS == ts {
			return m
		}
	}
	return nil
}

// stamp makes the next message time: the clock's, but never the same twice.
func (w *Workspace) stamp() (string, time.Time) {
	now := w.cfg.Now()
	w.lastTS = max(w.lastTS+1, now.UnixMicro())
	return fmt.Sprintf("%d.%06d", w.lastTS/1e6, w.lastTS%1e6), now
}

func (w *Workspace) add(m *Message) {
	if len(w.messages) >= maxMessages {
		w.messages = slices.Clone(w.messages[maxMessages/2:])
	}
	w.messages = append(w.messages, m)
}
