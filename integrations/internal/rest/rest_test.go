package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Header: header, Proto: "HTTP/1.1",
		ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(strings.NewReader(body)),
	}
}

var token = secret.New("sk-very-secret-token")

func client(t *testing.T, o rest.Options) *rest.Client {
	t.Helper()
	o.Integration = "vendor"
	o.Secrets = []secret.Value{token}
	c := rest.New(o)
	t.Cleanup(c.Close)
	return c
}

// do sends one request through a call and returns the failure as the runner would see it.
func do(ctx context.Context, t *testing.T, k *rest.Call, method, address string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := k.HTTP(nil).Do(req)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err == nil && resp.StatusCode >= 300 {
			err = errors.New("refused")
		}
	}
	return k.Failure(err, "")
}

func TestTheRetryClassOfAnAnswer(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name       string
		status     int
		header     map[string]string
		fate, safe playbooks.Fate // safe: for repeatable actions
		after      time.Duration
	}{
		{"a bad request is refused for good", 400, nil, playbooks.Permanent, playbooks.Permanent, 0},
		{"a missing credential is refused for good", 401, nil, playbooks.Permanent, playbooks.Permanent, 0},
		{"a forbidden one is refused for good", 403, nil, playbooks.Permanent, playbooks.Permanent, 0},
		{"forbidden with a hint is a rate limit", 403, map[string]string{"Retry-After": "7"}, playbooks.Transient, playbooks.Transient, 7 * time.Second},
		{
			"forbidden with nothing remaining is a rate limit", 403,
			map[string]string{"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": fmt.Sprint(now.Unix() + 90)},
			playbooks.Transient, playbooks.Transient, 90 * time.Second,
		},
		{
			"a reset beside remaining requests is no hint", 429,
			map[string]string{"X-Ratelimit-Remaining": "12", "X-Ratelimit-Reset": fmt.Sprint(now.Unix() + 90)},
			playbooks.Transient, playbooks.Transient, 0,
		},
		{"a server's timeout did not take effect", 408, nil, playbooks.Transient, playbooks.Transient, 0},
		{"too many requests without a hint", 429, nil, playbooks.Transient, playbooks.Transient, 0},
		{"too many requests with seconds", 429, map[string]string{"Retry-After": "3"}, playbooks.Transient, playbooks.Transient, 3 * time.Second},
		{
			"too many requests with a date", 429,
			map[string]string{"Retry-After": now.Add(30 * time.Second).Format(http.TimeFormat)},
			playbooks.Transient, playbooks.Transient, 30 * time.Second,
		},
		{"PagerDuty's hint", 429, map[string]string{"ratelimit-reset": "22"}, playbooks.Transient, playbooks.Transient, 22 * time.Second},
		{"a hint of years is bounded", 429, map[string]string{"Retry-After": "99999999"}, playbooks.Transient, playbooks.Transient, rest.MaxHint},
		{"a hint that is no number is none", 429, map[string]string{"Retry-After": "soon"}, playbooks.Transient, playbooks.Transient, 0},
		{"a hint in the past is none", 429, map[string]string{"Retry-After": "-3"}, playbooks.Transient, playbooks.Transient, 0},
		{"a server error may have taken effect", 500, nil, playbooks.Unknown, playbooks.Transient, 0},
		{"a bad gateway may have taken effect", 502, nil, playbooks.Unknown, playbooks.Transient, 0},
		{"unavailable did not take effect", 503, map[string]string{"Retry-After": "5"}, playbooks.Transient, playbooks.Transient, 5 * time.Second},
		{"a gateway's timeout may have taken effect", 504, nil, playbooks.Unknown, playbooks.Transient, 0},
		{"what is not implemented never will be", 501, nil, playbooks.Permanent, playbooks.Permanent, 0},
		{"a redirect to nowhere is refused for good", 304, nil, playbooks.Permanent, playbooks.Permanent, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, rest.Options{
				Now: func() time.Time { return now },
				Base: roundTrip(func(*http.Request) (*http.Response, error) {
					h := http.Header{}
					for k, v := range tt.header {
						h.Set(k, v)
					}
					return answer(tt.status, h, "no"), nil
				}),
			})
			for call, want := range map[*rest.Call]playbooks.Fate{c.Call(): tt.fate, c.Repeatable(): tt.safe} {
				fate, after := playbooks.FateOf(do(t.Context(), t, call, http.MethodPost, "http://vendor.example/do"))
				if fate != want || after != tt.after {
					t.Errorf("got %s after %s, want %s after %s", fate, after, want, tt.after)
				}
			}
		})
	}
}

func TestSilenceIsJudgedByWhetherAnythingWasSent(t *testing.T) {
	hang, arrived := make(chan struct{}), make(chan struct{}, 8)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/cancel" {
			arrived <- struct{}{}
		}
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(hang)

	t.Run("a refused connection sent nothing", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := "http://" + listener.Addr().String()
		_ = listener.Close()
		c := client(t, rest.Options{})
		if fate, _ := playbooks.FateOf(do(t.Context(), t, c.Call(), http.MethodPost, address)); fate != playbooks.Transient {
			t.Errorf("fate is %s, want transient", fate)
		}
	})
	t.Run("a timeout after sending is unknown, and harmless where it may be repeated", func(t *testing.T) {
		c := client(t, rest.Options{Timeout: 50 * time.Millisecond})
		err := do(t.Context(), t, c.Call(), http.MethodPost, server.URL+"/slow")
		if fate, _ := playbooks.FateOf(err); fate != playbooks.Unknown {
			t.Errorf("fate is %s, want unknown: %v", fate, err)
		}
		if fate, _ := playbooks.FateOf(do(t.Context(), t, c.Repeatable(), http.MethodPost, server.URL+"/slow")); fate != playbooks.Transient {
			t.Errorf("repeatable: fate is %s, want transient", fate)
		}
	})
	t.Run("what the caller broke off says so", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := client(t, rest.Options{})
		go func() {
			<-arrived
			cancel()
		}()
		err := do(ctx, t, c.Call(), http.MethodPost, server.URL+"/cancel")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("not a cancellation: %v", err)
		}
		if fate, _ := playbooks.FateOf(err); fate != playbooks.Unknown {
			t.Errorf("fate is %s, want unknown", fate)
		}
	})
	t.Run("a request that never was one is refused for good", func(t *testing.T) {
		c := client(t, rest.Options{})
		if fate, _ := playbooks.FateOf(c.Call().Failure(errors.New("no such field"), "")); fate != playbooks.Permanent {
			t.Errorf("fate is %s, want permanent", fate)
		}
	})
	t.Run("an unreadable answer may have taken effect", func(t *testing.T) {
		c := client(t, rest.Options{Base: roundTrip(func(*http.Request) (*http.Response, error) { return answer(200, nil, "<html>"), nil })})
		call := c.Call()
		if err := do(t.Context(), t, call, http.MethodPost, "http://vendor.example"); err != nil {
			t.Fatal(err)
		}
		if fate, _ := playbooks.FateOf(call.Failure(errors.New("invalid character"), "")); fate != playbooks.Unknown {
			t.Errorf("fate is %s, want unknown", fate)
		}
	})
}

func TestErrorsTellTheVendorsWordsAndNoSecrets(t *testing.T) {
	said := "bad token " + token.Reveal() + " and Bearer abcdefghijklmnopqrstuvwxyz and ghs_12_eyJhbGciOi and xoxb-1-2-abc"
	c := client(t, rest.Options{Base: roundTrip(func(*http.Request) (*http.Response, error) { return answer(400, nil, said), nil })})
	call := c.Call()
	_ = do(t.Context(), t, call, http.MethodPost, "http://vendor.example/x?key="+token.Reveal())
	err := call.Failure(fmt.Errorf("lib: %w", errors.New(said)), string(call.Answer().Body))
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", errors.Unwrap(err))} {
		for _, bad := range []string{token.Reveal(), "abcdefghijklm", "eyJhbGciOi", "1-2-abc"} {
			if strings.Contains(text, bad) {
				t.Errorf("%q tells %q", text, bad)
			}
		}
		if !strings.Contains(text, "bad token") {
			t.Errorf("%q does not tell the vendor's words", text)
		}
	}
	failing := client(t, rest.Options{
		Base: roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("dial %s: %s", r.URL, token.Reveal())
		}),
		Private: func(u *url.URL) bool { return strings.HasPrefix(u.Path, "/hidden") },
	})
	err = do(t.Context(), t, failing.Call(), http.MethodPost, "http://vendor.example/hidden/capability")
	if strings.Contains(err.Error(), token.Reveal()) || strings.Contains(fmt.Sprintf("%#v", err), token.Reveal()) {
		t.Errorf("a transport's error tells the secret: %v", err)
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	size := 0
	c := client(t, rest.Options{
		MaxBody: 100,
		Base:    roundTrip(func(*http.Request) (*http.Response, error) { return answer(200, nil, strings.Repeat("x", size)), nil }),
	})
	size = 100
	if err := do(t.Context(), t, c.Call(), http.MethodGet, "http://vendor.example"); err != nil {
		t.Errorf("an answer of the largest size: %v", err)
	}
	size = 101
	if err := do(t.Context(), t, c.Call(), http.MethodGet, "http://vendor.example"); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("an answer beyond the largest size: %v", err)
	}
}

func TestARedirectToAnotherHostIsNotFollowed(t *testing.T) {
	var asked []string
	c := client(t, rest.Options{Base: roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.Host+r.URL.Path)
		switch r.URL.Path {
		case "/renamed":
			return answer(307, http.Header{"Location": {"http://vendor.example/now"}}, ""), nil
		case "/away":
			return answer(307, http.Header{"Location": {"http://evil.example/"}}, ""), nil
		}
		return answer(200, nil, "ok"), nil
	})})
	if err := do(t.Context(), t, c.Call(), http.MethodPost, "http://vendor.example/renamed"); err != nil {
		t.Errorf("a redirect at home: %v", err)
	}
	err := do(t.Context(), t, c.Call(), http.MethodPost, "http://vendor.example/away")
	if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent {
		t.Errorf("a redirect away has fate %s: %v", fate, err)
	}
	want := []string{"vendor.example/renamed", "vendor.example/now", "vendor.example/away"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
}

func TestHintsAreNeverNegativeNorEndless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := http.Header{}
		for _, name := range []string{"Retry-After", "Ratelimit-Reset", "X-Ratelimit-Reset", "X-Ratelimit-Remaining"} {
			if rapid.Bool().Draw(t, name) {
				h.Set(name, rapid.OneOf(rapid.String(), rapid.Map(rapid.Float64(), func(f float64) string { return fmt.Sprint(f) }),
					rapid.Map(rapid.Int64(), func(i int64) string { return fmt.Sprint(i) })).Draw(t, "value"))
			}
		}
		if d := rest.Hint(h, time.Unix(1_700_000_000, 0)); d < 0 || d > rest.MaxHint {
			t.Fatalf("%v gives %s", h, d)
		}
	})
}
