package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// openFront opens a port that is closed at the test's end.
func openFront(t *testing.T) (f *Front, url string) {
	t.Helper()
	f, err := OpenFront(t.Context(), "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := f.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return f, "http://" + f.listener.Addr().String()
}

// post sends a request on a connection of its own unless kept is true.
func post(ctx context.Context, client *http.Client, url string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("body"))
	if err != nil {
		return 0, "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestNoRequestIsLostWhileServersFollowEachOther(t *testing.T) {
	f, url := openFront(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var answered atomic.Int64
	var clients sync.WaitGroup
	for i := range 8 {
		transport := &http.Transport{DisableKeepAlives: i%2 == 0}
		client := &http.Client{Transport: transport}
		clients.Go(func() {
			defer transport.CloseIdleConnections()
			for ctx.Err() == nil {
				status, _, err := post(ctx, client, url)
				if ctx.Err() != nil {
					return
				}
				if err != nil || status != http.StatusAccepted {
					t.Errorf("%d %v", status, err)
					return
				}
				answered.Add(1)
			}
		})
	}
	for range 50 {
		var over atomic.Bool
		b := f.attach(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if over.Load() {
				t.Error("a request reached a server that is gone")
			}
			w.WriteHeader(http.StatusAccepted)
		}))
		for before := answered.Load(); answered.Load() < before+20 && !t.Failed(); {
			if _, _, err := post(ctx, http.DefaultClient, url); err != nil {
				t.Error(err)
			}
		}
		if err := f.detach(ctx, b); err != nil {
			t.Error(err)
		}
		over.Store(true)
	}
	last := f.attach(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	stop()
	clients.Wait()
	http.DefaultClient.CloseIdleConnections()
	if err := f.detach(t.Context(), last); err != nil {
		t.Error(err)
	}
}

func TestARequestThatTakesTooLongIsCutOff(t *testing.T) {
	f, url := openFront(t)
	begun := make(chan struct{})
	cut := make(chan struct{})
	b := f.attach(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(cut)
	}))
	var client sync.WaitGroup
	client.Go(func() {
		if _, _, err := post(t.Context(), &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, url); err != nil {
			t.Error(err)
		}
	})
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := f.detach(ctx, b); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("detach says %v", err)
	}
	<-cut
	client.Wait()
}

func TestWhatWaitsWhenThePortClosesIsToldSo(t *testing.T) {
	f, url := openFront(t)
	if err := f.detach(t.Context(), f.attach(http.NotFoundHandler())); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		status int
		err    error
	}
	got := make(chan answer, 1)
	sent := make(chan struct{})
	go func() {
		close(sent)
		status, _, err := post(t.Context(), &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, url)
		got <- answer{status, err}
	}()
	<-sent
	select {
	case a := <-got:
		t.Fatalf("answered at once: %+v", a)
	case <-time.After(50 * time.Millisecond):
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := f.Close(ctx); err != nil {
		t.Error(err)
	}
	if a := <-got; a.err != nil || a.status != http.StatusServiceUnavailable {
		t.Errorf("%+v", a)
	}
}

func TestAPortThatNobodyStoodBehindClosesToo(t *testing.T) {
	f, _ := openFront(t)
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
}
