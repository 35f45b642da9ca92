package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// stopsIn is how long the bot may take to end when it is told to: ten seconds, and a little for what a loaded machine does.
const stopsIn = 12 * time.Second

// botProcess is a firebreak that runs in the background.
type botProcess struct {
	command *exec.Cmd
	ended   chan struct{}
	err     error
}

func (p *botProcess) signal(s os.Signal) error { return p.command.Process.Signal(s) }

func (p *botProcess) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// running1 is the bot that was started last, nil when there is none.
func (w *world) running1() *botProcess {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.process
}

// start starts the bot; what it says is added to bot.log.
func (w *world) start(ts *testscript.TestScript, flags []string) (*botProcess, error) {
	if p := w.running1(); p != nil && !p.over() {
		return nil, errors.New("the bot runs already")
	}
	args := append([]string{"run", "-c", "firebreak.yaml"}, flags...)
	if _, told := w.told(); told {
		args = append(args, "--clock", ts.Getenv("CLOCK"))
	}
	log, err := os.OpenFile(logFile(ts), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own
	return w.launch(ts, log, args)
}

func (w *world) launch(ts *testscript.TestScript, log *os.File, args []string) (*botProcess, error) {
	binary, err := lookPath(ts.Getenv("PATH"), "firebreak")
	if err != nil {
		return nil, err
	}
	p := &botProcess{command: exec.Command(binary, args...), ended: make(chan struct{})}
	p.command.Dir = ts.MkAbs(".")
	for _, name := range append(slices.Collect(maps.Keys(w.secrets)), "PATH", "HOME", "TMPDIR", "GOCOVERDIR") {
		if value := ts.Getenv(name); value != "" {
			p.command.Env = append(p.command.Env, name+"="+value)
		}
	}
	p.command.Stdout, p.command.Stderr = log, log
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.process = p
	return p, nil
}

func lookPath(path, name string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", fmt.Errorf("%s is not in PATH", name)
}

// ready waits until the bot can work, or has ended.
func (w *world) ready(ts *testscript.TestScript, p *botProcess) error {
	return await(func() error {
		if p.over() {
			return fatal{fmt.Errorf("it ended: %w", orNil(p.err))}
		}
		status, body, err := w.get(ctxOf(ts), "/readyz", "")
		if err == nil && status != 200 {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
}

func orNil(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// stop sends a signal and waits for the end.
func (w *world) stop(s syscall.Signal) error {
	p := w.running1()
	if p == nil || p.over() {
		return errors.New("the bot does not run")
	}
	if err := p.signal(s); err != nil {
		return err
	}
	timer := time.NewTimer(stopsIn)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		return fmt.Errorf("the bot still runs %s after %s", stopsIn, s)
	}
	if s == syscall.SIGKILL {
		return nil
	}
	return p.err
}

// said is the bot's log so far.
func said(ts *testscript.TestScript) (string, error) {
	text, err := os.ReadFile(logFile(ts))
	return string(text), err
}

func logFile(ts *testscript.TestScript) string { return filepath.Join(ts.Getenv("WORK"), "bot.log") }
