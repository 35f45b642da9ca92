package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Front is an open port that may outlive the server behind it. A request that comes while there is none waits for the next one,
// so that a reload refuses nobody: http.Server on its own drops what it reads while it shuts down.
type Front struct {
	listener net.Listener
	http     *http.Server
	logger   *slog.Logger

	mu      sync.Mutex
	serving bool
	behind  *behind
	// changed is closed when another server stands behind the port, or none will any more.
	changed chan struct{}
	closed  bool
	// ended is closed when the port is; err says why.
	ended chan struct{}
	err   error
}

// behind is one server's time behind the port.
type behind struct {
	handler  http.Handler
	requests sync.WaitGroup
	// cut ends the contexts of requests that take too long when the time is over.
	cut    context.Context
	cutOff context.CancelFunc
}

// longestWait is how long a request waits for a server; http.Server's own limits are longer.
const longestWait = 20 * time.Second

// OpenFront opens a port. It answers from the first server on.
func OpenFront(ctx context.Context, listen string, logger *slog.Logger) (*Front, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, err
	}
	f := &Front{listener: listener, logger: logger, changed: make(chan struct{}), ended: make(chan struct{})}
	f.http = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	return f, nil
}

// Close lets running requests end, refuses those that wait, and closes the port; at the context's end it cuts them off. Closing it
// again does nothing.
func (f *Front) Close(ctx context.Context) error {
	f.mu.Lock()
	closed, serving := f.closed, f.serving
	if !closed {
		f.closed = true
		close(f.changed)
	}
	f.mu.Unlock()
	if closed {
		return nil
	}
	if !serving {
		return f.listener.Close()
	}
	err := f.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, f.http.Close())
	}
	<-f.ended
	return err
}

// attach puts a server behind the port.
func (f *Front) attach(h http.Handler) *behind {
	b := &behind{handler: h}
	b.cut, b.cutOff = context.WithCancel(context.Background())
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind = b
	if !f.closed {
		close(f.changed)
		f.changed = make(chan struct{})
	}
	if !f.serving {
		f.serving = true
		go func() {
			if err := f.http.Serve(f.listener); !errors.Is(err, http.ErrServerClosed) {
				f.err = err
			}
			close(f.ended)
		}()
	}
	return b
}

// detach takes a server away and waits until its requests have ended, or the context does; then theirs end, too.
func (f *Front) detach(ctx context.Context, b *behind) error {
	f.mu.Lock()
	if f.behind == b {
		f.behind = nil
	}
	f.mu.Unlock()
	defer b.cutOff()
	over := make(chan struct{})
	go func() {
		b.requests.Wait()
		close(over)
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServeHTTP hands a request to the server behind the port, and waits for one.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b := f.enter(r.Context())
	if b == nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "Firebreak is stopping or starting; try again.", http.StatusServiceUnavailable)
		return
	}
	defer b.requests.Done()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(b.cut, cancel)()
	b.handler.ServeHTTP(w, r.WithContext(ctx))
}

// enter finds the server behind the port and counts the request as its own; nil when there is none in time.
func (f *Front) enter(ctx context.Context) *behind {
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	for {
		f.mu.Lock()
		b, changed, closed := f.behind, f.changed, f.closed
		if b != nil {
			b.requests.Add(1)
		}
		f.mu.Unlock()
		if b != nil || closed {
			return b
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}
