package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// maxRefusal bounds how much of a refusal's body is kept.
const maxRefusal = 64 << 10

// Answer is what came of the newest request of a Call.
type Answer struct {
	// Method is the request's.
	Method string
	// Status is zero where no answer came.
	Status int
	Header http.Header
	// Body is the text of a refusal (status 400 and up), cut at 64 KiB.
	Body []byte
	// Err is why no answer came.
	Err error
}

// Call watches the requests of one action, made through a vendor's own client library. Libraries lose what matters here
// (hints, error texts, whether anything was sent); a Call sees it on the wire. One Call serves one action.
type Call struct {
	client *Client
	repeat bool

	mu     sync.Mutex
	answer Answer
}

// Call begins to watch an action that must not be sent twice.
func (c *Client) Call() *Call { return &Call{client: c} }

// Repeatable begins to watch an action that may be sent again whatever became of it: a read, an edit that sets a whole
// value, or one that the vendor deduplicates by a key. Its failures are never Unknown.
func (c *Client) Repeatable() *Call { return &Call{client: c, repeat: true} }

// HTTP returns a client whose requests this call watches. Wrap puts a layer around its transport, for credentials that must
// be fetched; nil means none.
func (k *Call) HTTP(wrap func(http.RoundTripper) http.RoundTripper) *http.Client {
	watched := *k.client.http
	watched.Transport = &watcher{call: k, next: k.client.http.Transport}
	if wrap != nil {
		watched.Transport = wrap(watched.Transport)
	}
	return &watched
}

// Answer returns what came of the newest request.
func (k *Call) Answer() Answer {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.answer
}

type watcher struct {
	call *Call
	next http.RoundTripper
}

var _ http.RoundTripper = (*watcher)(nil)

// RoundTrip hands on and remembers.
func (w *watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	a := Answer{Method: req.Method, Err: err}
	if err == nil {
		a.Status, a.Header = resp.StatusCode, resp.Header
		if resp.StatusCode >= http.StatusBadRequest {
			a.Body = keepBody(resp)
		}
	}
	w.call.mu.Lock()
	w.call.answer = a
	w.call.mu.Unlock()
	return resp, err
}

// keepBody reads a refusal and lets go of its connection; who reads on gets what was kept. Not all libraries close a
// refusal's body (go-github v62 does not).
func keepBody(resp *http.Response) []byte {
	head, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(head))
	return head
}

// Failure makes a playbooks.Failure of the error that the vendor's library returned; nil stays nil. An error that already
// says its fate keeps it. Detail is the vendor's own sentence, where the caller found one.
func (k *Call) Failure(err error, detail string) error {
	if err == nil {
		return nil
	}
	var known *playbooks.Failure
	if errors.As(err, &known) && known.Fate != "" {
		return known
	}
	a := k.Answer()
	fate, after := k.judge(a, err)
	return &playbooks.Failure{Fate: fate, After: after, Err: k.tell(a, err, detail)}
}

// Refused makes a failure of a fate that the caller read from the answer itself.
func (k *Call) Refused(fate playbooks.Fate, after time.Duration, format string, args ...any) error {
	text := k.client.Redact(fmt.Sprintf(format, args...))
	return &playbooks.Failure{Fate: fate, After: after, Err: errors.New(k.client.options.Integration + ": " + text)}
}

// judge is the retry class of an answer.
func (k *Call) judge(a Answer, err error) (playbooks.Fate, time.Duration) {
	unsure := playbooks.Unknown
	if k.repeat {
		unsure = playbooks.Transient
	}
	switch {
	case a.Status == 0:
		return judgeSilence(a.Err, err, unsure)
	case a.Status < 300:
		return unsure, 0 // it was taken, and what came back could not be read
	default:
		return FateOfStatus(a.Status, a.Header, k.repeat, k.client.options.Now())
	}
}

// judgeSilence judges requests that got no answer.
func judgeSilence(wire, err error, unsure playbooks.Fate) (playbooks.Fate, time.Duration) {
	var e *Error
	switch {
	case errors.As(wire, &e) && !e.Sent:
		return playbooks.Transient, e.After
	case wire == nil && !isTimeout(err) && !errors.Is(err, context.Canceled):
		return playbooks.Permanent, 0 // the library refused to make a request of it
	case wire == nil:
		return playbooks.Transient, 0 // stopped before anything was sent
	default:
		return unsure, 0
	}
}

// FateOfStatus is the retry class of an HTTP status outside 2xx. Repeatable says that sending again does no harm.
func FateOfStatus(status int, header http.Header, repeatable bool, now time.Time) (playbooks.Fate, time.Duration) {
	unsure := playbooks.Unknown
	if repeatable {
		unsure = playbooks.Transient
	}
	after := Hint(header, now)
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusRequestTimeout, http.StatusTooEarly:
		return playbooks.Transient, after
	case http.StatusForbidden:
		if limited(header) {
			return playbooks.Transient, after
		}
		return playbooks.Permanent, 0
	}
	if status >= http.StatusInternalServerError {
		if status == http.StatusNotImplemented || status == http.StatusHTTPVersionNotSupported {
			return playbooks.Permanent, 0
		}
		return unsure, after
	}
	return playbooks.Permanent, 0
}

// tell writes the sentence of a failure: the vendor's own words first, without secrets, still answering errors.Is.
func (k *Call) tell(a Answer, err error, detail string) error {
	var e *Error
	text := k.client.options.Integration + ": "
	switch {
	case a.Status == 0 && errors.As(a.Err, &e):
		return e
	case a.Status == 0:
		text += rootText(err)
	case detail != "":
		text += fmt.Sprintf("answered %d: %s", a.Status, detail)
	case a.Status < 300:
		text += "unreadable answer: " + rootText(err)
	default:
		text += fmt.Sprintf("answered %d %s", a.Status, http.StatusText(a.Status))
	}
	return &told{text: clip(k.client.Redact(text)), err: err}
}

// told is an error whose text is safe to show, and that still answers errors.Is for what is inside.
type told struct {
	text string
	err  error
}

func (t *told) Error() string        { return t.text }
func (t *told) GoString() string     { return "rest.told(" + t.text + ")" }
func (t *told) Is(target error) bool { return errors.Is(t.err, target) }

// maxTold bounds the sentence of an error, in bytes; vendors have been seen to answer with whole HTML pages.
const maxTold = 600

func clip(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "�")
	if len(text) <= maxTold {
		return text
	}
	cut := maxTold
	for cut > 0 && text[cut]&0xC0 == 0x80 {
		cut--
	}
	return text[:cut] + "…"
}

// Now is the time by the client's clock, for hints that are dates.
func (k *Call) Now() time.Time { return k.client.options.Now() }

// CanRepeat tells whether the action may be sent again whatever became of it.
func (k *Call) CanRepeat() bool { return k.repeat }
