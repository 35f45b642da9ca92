package peers_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var run = flag.Bool("peers", false, "run against software of others: needs Node.js, and `npm ci` in testdata")

func TestMain(m *testing.M) {
	flag.Parse()
	if !*run {
		fmt.Println("the peers are left out: `make test-peers` runs them")
		return
	}
	os.Exit(m.Run())
}

// patience is how long a test waits for what has to come; it only ends tests that fail.
const patience = time.Minute

// peer is a script of testdata that runs on Node.js.
type peer struct {
	command *exec.Cmd
	in      io.WriteCloser
	lines   chan line
	log     *tail
}

// line is what a script told: an event by itself, or the answer to a call.
type line struct {
	Event, Answer, Error, Code string
	Result                     json.RawMessage
	RetryAfter                 int `json:"retry_after"`
	// All is the line as it came.
	All json.RawMessage
}

// start runs a script with what it is given. The environment adds to ours.
func start(t *testing.T, script string, given map[string]any, environment ...string) *peer {
	t.Helper()
	if _, err := os.Stat(filepath.Join("testdata", "node_modules")); err != nil {
		t.Fatal("what the peers need is not installed: run `make test-peers`, or `npm ci` in cmd/internal/peers/testdata")
	}
	text, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{command: exec.Command("node", script), lines: make(chan line, 1000), log: &tail{}}
	p.command.Dir, p.command.Stderr = "testdata", p.log
	p.command.Env = append(append(os.Environ(), "PEER_GIVEN="+string(text), "NO_UPDATE_NOTIFIER=1"), environment...)
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = p.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatalf("node could not be started: %v", err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(out)
	}()
	t.Cleanup(func() { p.end(t, read) })
	return p
}

// read hands on what the script tells until it ends.
func (p *peer) read(out io.Reader) {
	defer close(p.lines)
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			fmt.Fprintf(p.log, "no line of JSON: %s\n", scanner.Bytes())
			continue
		}
		l.All = bytes.Clone(scanner.Bytes())
		p.lines <- l
	}
}

// end closes the script's standard input, on which it ends by itself.
func (p *peer) end(t *testing.T, read <-chan struct{}) {
	_ = p.in.Close() // it may have ended
	timer := time.AfterFunc(patience, func() { _ = p.command.Process.Kill() })
	defer timer.Stop()
	for range p.lines { // what nobody waited for
	}
	<-read
	err := p.command.Wait()
	if err != nil {
		t.Errorf("%v ended with %v", p.command.Args, err)
	}
	if t.Failed() {
		t.Logf("%v said:\n%s", p.command.Args, p.log)
	}
}

// next waits for the next line.
func (p *peer) next(t *testing.T) line {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case l, open := <-p.lines:
		if !open {
			t.Fatalf("%v ended:\n%s", p.command.Args, p.log)
		}
		return l
	case <-timer.C:
		t.Fatalf("%v told nothing within %s:\n%s", p.command.Args, patience, p.log)
		return line{}
	}
}

// event waits for an event and reads it; other events before it are let go.
func (p *peer) event(t *testing.T, name string, into any) {
	t.Helper()
	for {
		l := p.next(t)
		if l.Event == "error" && name != "error" {
			t.Fatalf("%v: %s", p.command.Args, l.All)
		}
		if l.Event == name {
			read(t, l.All, into)
			return
		}
	}
}

// ask has the script make a call and reads its result; events before the answer are let go.
func (p *peer) ask(t *testing.T, call string, args, into any) {
	t.Helper()
	if l := p.try(t, call, args); l.Error != "" {
		t.Fatalf("%s: %s", call, l.All)
	} else {
		read(t, l.Result, into)
	}
}

// refused has the script make a call and returns the error that it met.
func (p *peer) refused(t *testing.T, call string, args any) string {
	t.Helper()
	l := p.try(t, call, args)
	if l.Error == "" {
		t.Fatalf("%s was not refused: %s", call, l.All)
	}
	return l.Error
}

func (p *peer) try(t *testing.T, call string, args any) line {
	t.Helper()
	p.send(t, call, args)
	return p.answer(t, call)
}

// send asks for a call without waiting for what comes of it.
func (p *peer) send(t *testing.T, call string, args any) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"call": call, "args": args})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.in.Write(append(text, '\n')); err != nil {
		t.Fatalf("%v: %v\n%s", p.command.Args, err, p.log)
	}
}

// answer waits for what came of a call; events before it are let go.
func (p *peer) answer(t *testing.T, call string) line {
	t.Helper()
	for {
		if l := p.next(t); l.Answer == call {
			return l
		}
	}
}

func read(t *testing.T, text []byte, into any) {
	t.Helper()
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// await looks until something is so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (b *tail) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	const most = 32 << 10
	b.text = b.text[max(0, len(b.text)-most):]
	return len(p), nil
}

func (b *tail) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}
