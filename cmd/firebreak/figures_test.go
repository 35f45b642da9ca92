package main_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox"
)

var idleFor = flag.Duration("idle", 5*time.Second, "for how long BenchmarkIdle leaves the program alone before it looks at its memory")

// program is the stripped program with a configuration.
type program struct {
	name, binary, dir, address string
	args, env                  []string
}

// programs are what is measured: README's smallest configuration, and the sandbox's with everything in it. Both live by the clock of
// a sandbox whose Prometheus has a history and in which nobody tells a story.
func programs(b *testing.B) []program {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "firebreak")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	sb, err := sandbox.Start(b.Context(), sandbox.Options{Speed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := sb.Close(); err != nil {
			b.Error(err)
		}
	})
	config, clock := sb.Config(), sb.URLs().Clock
	readme := strings.Replace(readmeConfig(b), "http://127.0.0.1:9090", sb.URLs().Prometheus, 1)
	return []program{
		newProgram(b, "readme", binary, readme, clock, nil),
		newProgram(b, "sandbox", binary, config.YAML, clock, config.Environ()),
	}
}

// readmeConfig is the configuration that README shows.
func readmeConfig(b *testing.B) string {
	b.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		b.Fatal(err)
	}
	_, after, found := bytes.Cut(text, []byte("```yaml\n"))
	config, _, closed := bytes.Cut(after, []byte("```"))
	if !found || !closed {
		b.Fatal("README shows no configuration")
	}
	return string(config)
}

// newProgram gives the program a configuration, a port and a fresh folder.
func newProgram(b *testing.B, name, binary, config, clock string, env []string) program {
	b.Helper()
	l, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	dir := b.TempDir()
	config += fmt.Sprintf("\nserver: {listen: %q}\nstore: {url: \"sqlite:%s/firebreak.db\"}\n", address, dir)
	file := filepath.Join(dir, "firebreak.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	return program{
		name: name, binary: binary, dir: dir, address: address,
		args: []string{"run", "-c", file, "--clock", clock}, env: append(os.Environ(), env...),
	}
}

// forget takes the database away.
func (p program) forget(b *testing.B) {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "firebreak.db*"))
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			b.Fatal(err)
		}
	}
}

// start starts the program and tells how long it took until it was ready.
func (p program) start(b *testing.B) (pid int, took time.Duration, stop func()) {
	b.Helper()
	var said bytes.Buffer
	command := exec.Command(p.binary, p.args...)
	command.Env, command.Stdout, command.Stderr = p.env, &said, &said
	began := time.Now()
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !p.ready(b.Context()) {
		select {
		case <-look.C:
		case err := <-ended:
			b.Fatalf("it ended before it was ready: %v\n%s", err, said.String())
		}
	}
	return command.Process.Pid, time.Since(began), func() {
		if err := errors.Join(command.Process.Signal(syscall.SIGTERM), <-ended); err != nil {
			b.Errorf("%v\n%s", err, said.String())
		}
	}
}

func (p program) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// BenchmarkStart measures from the start of the process until it is ready, the first time (the database is made) and again.
func BenchmarkStart(b *testing.B) {
	for _, p := range programs(b) {
		b.Run(p.name, func(b *testing.B) {
			var first, again []time.Duration
			for range b.N {
				p.forget(b)
				for _, took := range []*[]time.Duration{&first, &again} {
					_, t, stop := p.start(b)
					stop()
					*took = append(*took, t)
				}
			}
			b.ReportMetric(float64(slices.Max(first).Milliseconds()), "first-ms")
			b.ReportMetric(float64(slices.Max(again).Milliseconds()), "again-ms")
			b.Logf("figure: start to ready, %s's configuration, worst of %d | at most 500 ms | %d ms the first time, %d ms again",
				p.name, b.N, slices.Max(first).Milliseconds(), slices.Max(again).Milliseconds())
		})
	}
}

// BenchmarkIdle looks at the size of the program and at its memory when nothing happens. Linux only.
func BenchmarkIdle(b *testing.B) {
	for _, p := range programs(b) {
		b.Run(p.name, func(b *testing.B) {
			for range b.N {
				p.forget(b)
				pid, _, stop := p.start(b)
				select {
				case <-time.After(*idleFor):
				case <-b.Context().Done():
				}
				resident, own := memory(b, pid, "VmRSS:"), memory(b, pid, "RssAnon:")
				stop()
				b.ReportMetric(resident, "rss-MB")
				b.ReportMetric(own, "anon-MB")
				b.Logf("figure: memory after %s idle, %s's configuration | at most 80 MB | %.0f MB, of it %.0f MB not the program's file",
					*idleFor, p.name, resident, own)
			}
			if info, err := os.Stat(p.binary); err != nil {
				b.Error(err)
			} else if p.name == "readme" {
				b.Logf("figure: stripped program | at most 60 MB | %.1f MB", float64(info.Size())/1e6)
			}
		})
	}
}

// memory reads a line of a process's status in megabytes.
func memory(b *testing.B, pid int, line string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip(err)
	}
	var kilobytes float64
	_, after, _ := strings.Cut(string(text), line)
	if _, err := fmt.Sscan(after, &kilobytes); err != nil {
		b.Fatal(err)
	}
	return kilobytes * 1024 / 1e6
}
