package app_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// journal is a log that a test waits on.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newJournal() *journal { return &journal{more: make(chan struct{}, 1)} }

// Write keeps what is logged.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.more <- struct{}{}:
	default:
	}
	return j.text.Write(b)
}

// await waits until a text was logged n times.
func (j *journal) await(t *testing.T, text string, n int) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	for {
		j.mu.Lock()
		said := j.text.String()
		j.mu.Unlock()
		if strings.Count(said, text) >= n {
			return
		}
		select {
		case <-j.more:
		case <-deadline.C:
			t.Fatalf("%q was not logged %d times:\n%s", text, n, said)
		}
	}
}

// load reads a configuration whose store lies at a path.
func load(t *testing.T, store string) app.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "firebreak.yaml")
	text := fmt.Sprintf(`services: [{name: support, owner: team-support, match: {service_name: support}}]
server: {listen: "127.0.0.1:0"}
store: {url: %q}
`, "sqlite:"+store)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, faults := app.LoadConfig(file)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return config
}

func TestAReloadThatCannotBeUsedLeavesTheBotAsItWas(t *testing.T) {
	dir := t.TempDir()
	good := load(t, filepath.Join(dir, "firebreak.db"))
	next := load(t, filepath.Join(dir, "next.db"))
	inTheWay := filepath.Join(dir, "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cannotStart := load(t, filepath.Join(inTheWay, "firebreak.db"))
	log := newJournal()
	reload := make(chan struct{})
	var answers []func() (app.Config, []app.Fault)
	answer := func(c app.Config, faults ...app.Fault) {
		answers = append(answers, func() (app.Config, []app.Fault) { return c, faults })
	}
	answer(app.Config{}, app.Fault{File: "firebreak.yaml", Line: 3, Col: 1, Message: "unknown key"})
	answer(cannotStart)
	answer(next)

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- app.Supervise(ctx, good, app.Options{Logger: slog.New(slog.NewTextHandler(log, nil))}, reload, func() (app.Config, []app.Fault) {
			first := answers[0]
			answers = answers[1:]
			return first()
		})
	}()
	log.await(t, "msg=executing", 1)
	reload <- struct{}{}
	log.await(t, "the new configuration is refused; the old one stays", 1)
	reload <- struct{}{}
	log.await(t, "the new configuration cannot be started; the old one goes on", 1)
	log.await(t, "msg=executing", 2)
	reload <- struct{}{}
	log.await(t, "msg=executing", 3)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "next.db")); err != nil {
		t.Errorf("the good one was not taken: %v", err)
	}
}
