package prometheus

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
)

// wire is a server that plays back answers in order and fails the test on a question too many or an answer left over.
func wire(t *testing.T, answers ...http.HandlerFunc) string {
	t.Helper()
	var asked int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked >= len(answers) {
			t.Errorf("an unexpected request to %s", r.URL)
			http.Error(w, "unexpected", http.StatusTeapot)
			return
		}
		asked++
		answers[asked-1](w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		if asked < len(answers) {
			t.Errorf("%d of %d answers were not asked for", len(answers)-asked, len(answers))
		}
	})
	return server.URL
}

func says(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// hangs reads the question and never answers. Without reading the server would not see that the client went away.
func hangs(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

const nothing = `{"status":"success","data":{"resultType":"matrix","result":[],"stats":{"samples":{"totalQueryableSamples":42}}}}`

var at = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

// ignore takes series and does nothing with them.
func ignore(*Series) error { return nil }

func client(t *testing.T, c Config) *Client {
	t.Helper()
	out, err := NewClient(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return out
}

func TestWhatBadAnswersBecome(t *testing.T) {
	mimir := `{"status":"error","errorType":"execution","error":"the query exceeded the maximum number of chunks (limit: 2000000 chunks) (err-mimir-max-chunks-per-query)"}`
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   detectors.Blindness
	}{
		{"too many samples", says(422, `{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}`), detectors.TooExpensive},
		{"a limit of Mimir", says(422, mimir), detectors.TooExpensive},
		{"too many points", says(400, `{"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11,000 points per timeseries"}`), detectors.TooExpensive},
		{"too many questions", says(429, `too many outstanding requests`), detectors.TooExpensive},
		{"a timeout of the server", says(503, `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`), detectors.Timeout},
		{"a gateway that gave up", says(504, `<html>`), detectors.Timeout},
		{"unavailable", says(503, `starting up`), detectors.Unreachable},
		{"not let in", says(401, `who are you`), detectors.Unreachable},
		{"a page of something else", says(404, `not found`), detectors.Unreachable},
		{"a login page", says(302, `moved`), detectors.Unreachable},
		{"not JSON", says(200, `<html>hello</html>`), detectors.Garbage},
		{"JSON of something else", says(200, `{"hello":"world"}`), detectors.Garbage},
		{"a vector instead of a matrix", says(200, `{"status":"success","data":{"resultType":"vector","result":[]}}`), detectors.Garbage},
		{"half of it", says(200, nothing[:60]), detectors.Garbage},
		{"a question that it does not understand", says(400, `{"status":"error","errorType":"bad_data","error":"parse error"}`), detectors.Garbage},
		{"a warning of Thanos", says(200, `{"status":"success","warnings":["No StoreAPIs matched for this query"],"data":{"resultType":"matrix","result":[]}}`), detectors.Partial},
		{"an answer without an end", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"matrix","result":[`))
			_, _ = w.Write([]byte(strings.Repeat(" ", 1<<17)))
		}, detectors.TooExpensive},
		{"a connection that breaks", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"status":`))
		}, detectors.Garbage},
		{"silence", hangs, detectors.Timeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := client(t, Config{URL: wire(t, test.answer), Timeout: 200 * time.Millisecond, MaxBytes: 1 << 16})
			_, err := c.Range(t.Context(), "up", at, at, time.Minute, ignore)
			var sightless *watch.Sightless
			if !errors.As(err, &sightless) || sightless.Reason != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
			if len(fmt.Sprint(err)) > 600 {
				t.Errorf("the error is %d bytes long", len(fmt.Sprint(err)))
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		_, err := client(t, Config{URL: server.URL}).Range(t.Context(), "up", at, at, time.Minute, ignore)
		if watch.ReasonOf(err) != detectors.Unreachable {
			t.Error(err)
		}
	})
}

func TestARemarkOfTheEngineLeavesTheAnswerWhole(t *testing.T) {
	url := wire(t, says(200, `{"status":"success","warnings":["PromQL warning: bucket label missing"],"infos":["PromQL info: x"],"data":{"resultType":"matrix","result":[]}}`))
	if _, err := client(t, Config{URL: url}).Range(t.Context(), "up", at, at, time.Minute, ignore); err != nil {
		t.Error(err)
	}
}

func TestTheRequest(t *testing.T) {
	url := wire(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		got := map[string]string{
			"method": r.Method, "path": r.URL.Path, "raw": r.URL.RawQuery, "user": user + ":" + password, "tenant": r.Header.Get("X-Scope-OrgID"),
			"key": r.Header.Get("X-Api-Key"), "query": r.PostForm.Get("query"), "start": r.PostForm.Get("start"), "end": r.PostForm.Get("end"),
			"step": r.PostForm.Get("step"), "stats": r.PostForm.Get("stats"),
		}
		want := map[string]string{
			"method": "POST", "path": "/prom/api/v1/query_range", "raw": "", "user": "bot:hush-hush", "tenant": "team-a", "key": "key-key-key", "query": "up",
			"start": "1795183200.000", "end": "1795183260.000", "step": "15", "stats": "true",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if d, err := time.ParseDuration(r.PostForm.Get("timeout")); err != nil || d > 10*time.Second || d < 5*time.Second {
			t.Errorf("the timeout is %q", r.PostForm.Get("timeout"))
		}
		_, _ = w.Write([]byte(nothing))
	})
	c := client(t, Config{
		URL: url + "/prom/", BasicAuth: &BasicAuth{Username: "bot", Password: secret.New("hush-hush")}, Tenant: "team-a",
		Headers: map[string]secret.Value{"X-Api-Key": secret.New("key-key-key")},
	})
	samples, err := c.Range(t.Context(), "up", at, at.Add(time.Minute), 15*time.Second, ignore)
	if err != nil || samples != 42 {
		t.Errorf("%d samples, %v", samples, err)
	}
}

func TestABearerIsSentAndNotFollowedElsewhere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	url := wire(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0k3n-t0k3n" {
			t.Errorf("it sends %q", r.Header.Get("Authorization"))
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	_, err := client(t, Config{URL: url, Bearer: secret.New("t0k3n-t0k3n")}).Range(t.Context(), "up", at, at, time.Minute, ignore)
	if watch.ReasonOf(err) != detectors.Unreachable {
		t.Error(err)
	}
}

func TestSecretsNeverLeakIntoErrors(t *testing.T) {
	const token = "s3cr3t-s3cr3t"
	url := wire(t, says(400, `{"status":"error","errorType":"bad_data","error":"bad token `+token+`"}`))
	c := Config{URL: url, Bearer: secret.New(token), Headers: map[string]secret.Value{"X-Key": secret.New(token + "2")}}
	_, err := client(t, c).Range(t.Context(), "up", at, at, time.Minute, ignore)
	for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", errors.Unwrap(err)), fmt.Sprintf("%+v %#v", c, c)} {
		if strings.Contains(text, token) {
			t.Errorf("it leaks in %q", text)
		}
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(says(200, nothing))
	defer server.Close()
	server.Config.ErrorLog = nil
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		tls  TLS
		want detectors.Blindness
	}{
		{"an unknown authority is refused", TLS{}, detectors.Unreachable},
		{"its authority is known", TLS{CA: ca, ServerName: "example.com"}, ""},
		{"another name is refused", TLS{CA: ca, ServerName: "example.net"}, detectors.Unreachable},
		{"unless nobody looks", TLS{InsecureSkipVerify: true}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := client(t, Config{URL: server.URL, TLS: test.tls}).Range(t.Context(), "up", at, at, time.Minute, ignore)
			if watch.ReasonOf(err) != test.want {
				t.Errorf("%v", err)
			}
		})
	}
	for _, bad := range []TLS{{CA: "/nowhere"}, {Cert: "/nowhere", Key: "/nowhere"}, {CA: os.Args[0]}} {
		if _, err := NewClient(Config{URL: server.URL, TLS: bad}, nil); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestTheCallersDeadlineCounts(t *testing.T) {
	c := client(t, Config{URL: wire(t, hangs)})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Range(ctx, "up", at, at, time.Minute, ignore); watch.ReasonOf(err) != detectors.Timeout {
		t.Error(err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		want   []string
	}{
		{"a good one", Config{URL: "https://prom.example.org/x"}, nil},
		{"nothing", Config{}, []string{"url missing"}},
		{"no scheme", Config{URL: "prom:9090"}, []string{"url bad-url"}},
		{"a password in the address", Config{URL: "http://a:b@prom"}, []string{"url secret-in-url"}},
		{"a query in the address", Config{URL: "http://prom?x=y"}, []string{"url bad-url"}},
		{"everything wrong at once", Config{
			URL: "http://prom", BasicAuth: &BasicAuth{}, Bearer: secret.New("x"), TLS: TLS{Cert: "a"}, Tenant: "a\nb", Timeout: time.Hour, MaxBytes: 1,
			EnvironmentLabel: "a-b", Headers: map[string]secret.Value{"authorization": secret.New("x")},
		}, []string{
			"bearer two-identities", "basic_auth.username missing", "basic_auth.password missing", "tls half-a-key", "headers.authorization reserved-header",
			"tenant bad-tenant", "timeout out-of-range", "max_bytes out-of-range", "environment_label bad-label",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := diag.New()
			test.config.Check(r)
			var got []string
			for _, f := range r.Faults() {
				got = append(got, f.Path+" "+f.Code)
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
