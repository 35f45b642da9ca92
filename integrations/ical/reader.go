package ical

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
)

// How far around now appointments are looked at: back for what lasts and for changes of the last weeks, ahead as far as a verdict looks.
const (
	behind = 60 * 24 * time.Hour
	ahead  = 401 * 24 * time.Hour
)

// toldProblems is how many appointments that were not understood are told one by one.
const toldProblems = 3

// Memory keeps the last copies.
type Memory interface {
	Remember(ctx context.Context, space, key string, value []byte) error
	Recall(ctx context.Context, space, key string) (value []byte, found bool, err error)
}

// Options are what a Reader stands on. Without Memory copies last as long as the Reader.
type Options struct {
	Memory     Memory
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Tracer     trace.TracerProvider
}

// Reader reads calendars when they are due and keeps their last copies. It is safe for concurrent use.
type Reader struct {
	options Options
	client  *rest.Client

	mu    sync.Mutex
	feeds []*kept
}

// kept is a calendar with its last copy.
type kept struct {
	Calendar
	copy    copied
	tried   time.Time
	problem string
}

// copied is the last text of a calendar that could be read.
type copied struct {
	At   time.Time `json:"at"`
	Text []byte    `json:"text"`
}

// NewReader makes a reader; it contacts nobody.
func NewReader(config Config, o Options) *Reader {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Reader{options: o}
	secrets := make([]secret.Value, 0, len(config))
	for _, c := range config {
		r.feeds = append(r.feeds, &kept{Calendar: c.withDefaults(), problem: "it was not read yet"})
		secrets = append(secrets, c.URL)
	}
	r.client = rest.New(rest.Options{
		Integration: "calendars", MaxBody: maxSize, Secrets: secrets, Registerer: o.Registerer, Tracer: o.Tracer, Now: o.Now,
		Private: func(*url.URL) bool { return true }, // an address is its own key
	})
	return r
}

// Close lets go of connections.
func (r *Reader) Close() { r.client.Close() }

// Load takes the copies that were kept, so that a start opens nothing that was closed before.
func (r *Reader) Load(ctx context.Context) error {
	if r.options.Memory == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, k := range r.feeds {
		value, found, err := r.options.Memory.Recall(ctx, space, k.key())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if found && json.Unmarshal(value, &k.copy) == nil {
			k.problem = ""
		}
	}
	return errors.Join(errs...)
}

const space = "calendar"

// key names the copy. Under another address it is another calendar.
func (k *kept) key() string { return k.Name + "@" + fingerprint(k.URL.Reveal()+"\x00"+k.File) }

// Refresh reads the calendars that are due and tells whether any was. One that cannot be read keeps its last copy, and is tried
// again after a minute, or after its own time where that is shorter.
func (r *Reader) Refresh(ctx context.Context) (read bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.feeds {
		now := r.options.Now()
		wait := k.Every
		if k.problem != "" {
			wait = min(wait, time.Minute)
		}
		if ctx.Err() != nil || (!k.tried.IsZero() && now.Before(k.tried.Add(wait))) {
			continue
		}
		read, k.tried = true, now
		r.refresh(ctx, k, now)
	}
	return read
}

func (r *Reader) refresh(ctx context.Context, k *kept, now time.Time) {
	text, err := r.text(ctx, k.Calendar)
	if err == nil {
		_, _, err = Read(text, now.Add(-behind), now.Add(ahead))
	}
	if err != nil {
		problem := r.client.Redact(err.Error())
		if problem != k.problem {
			r.options.Logger.WarnContext(ctx, "a calendar could not be read", "calendar", k.Name, "error", problem, "copy", k.copy.At)
		}
		k.problem = problem
		return
	}
	if k.problem != "" && !k.copy.At.IsZero() {
		r.options.Logger.InfoContext(ctx, "a calendar can be read again", "calendar", k.Name)
	}
	k.problem, k.copy = "", copied{now, text}
	if r.options.Memory == nil {
		return
	}
	value, err := json.Marshal(k.copy)
	if err == nil {
		err = r.options.Memory.Remember(ctx, space, k.key(), value)
	}
	if err != nil {
		r.options.Logger.WarnContext(ctx, "the copy of a calendar was not kept", "calendar", k.Name, "error", err)
	}
}

func (r *Reader) text(ctx context.Context, c Calendar) ([]byte, error) {
	if c.File != "" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, maxSize+1))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address(c.URL), nil)
	if err != nil {
		return nil, errors.New("the address is not one")
	}
	req.Header.Set("Accept", "text/calendar")
	resp, err := r.client.HTTP().Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the address
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return io.ReadAll(resp.Body)
}

// Feeds are the calendars as they were last read, and what is wrong with them.
func (r *Reader) Feeds() []calendar.Feed {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.options.Now()
	out := make([]calendar.Feed, 0, len(r.feeds))
	for _, k := range r.feeds {
		f := calendar.Feed{Name: k.Name, Means: k.Means, Services: k.Services, Problem: k.problem}
		if k.copy.Text != nil {
			busy, problems, err := Read(k.copy.Text, now.Add(-behind), now.Add(ahead))
			f.Busy = busy
			switch {
			case err != nil:
				f.Problem = err.Error()
			case f.Problem != "":
				f.Problem += "; the copy of " + k.copy.At.UTC().Format("2006-01-02 15:04 MST") + " is used"
			case len(problems) > 0:
				f.Problem = told(problems)
			}
		} else if f.Problem != "" {
			f.Problem += "; there is no copy of it"
		}
		out = append(out, f)
	}
	return out
}

func told(problems []string) string {
	out := ""
	for i, p := range problems {
		if i == toldProblems {
			return fmt.Sprintf("%s; and %d more", out, len(problems)-i)
		}
		if i > 0 {
			out += "; "
		}
		out += p
	}
	return out
}
