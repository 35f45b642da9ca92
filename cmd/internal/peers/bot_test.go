package peers_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// firebreak is the whole product, running.
type firebreak struct{ url string }

// runBot runs the bot with a configuration; files are what the configuration names. Secrets are in the environment already.
func runBot(t *testing.T, config string, files map[string]string) firebreak {
	t.Helper()
	dir := t.TempDir()
	config += "\nserver: {listen: \"127.0.0.1:0\"}\nstore: {url: \"sqlite:" + filepath.Join(dir, "firebreak.db") + "\"}\n"
	write(t, filepath.Join(dir, "firebreak.yaml"), config)
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	read, faults := app.LoadConfig(filepath.Join(dir, "firebreak.yaml"))
	if len(faults) > 0 {
		t.Fatalf("the configuration has faults: %+v", faults)
	}
	log := &tail{}
	running, err := app.New(t.Context(), read, app.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- running.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the bot ended with %v", err)
		}
		if t.Failed() {
			t.Logf("the bot's log:\n%s", log)
		}
	})
	return firebreak{"http://" + running.Addr()}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// get reads a page or an answer of the bot.
func (b firebreak) get(t *testing.T, path string) string {
	t.Helper()
	_, text := request(t, http.MethodGet, b.url+path, "", nil)
	return text
}

// shows waits until an answer of the bot holds a text.
func (b firebreak) shows(t *testing.T, path, text string) {
	t.Helper()
	last := ""
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s was last:\n%s", path, last)
		}
	})
	await(t, path+" with "+text, func() bool {
		last = b.get(t, path)
		return strings.Contains(last, text)
	})
}

// request makes one request and returns the status and the body of the answer.
func request(t *testing.T, method, url, body string, header http.Header) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}
