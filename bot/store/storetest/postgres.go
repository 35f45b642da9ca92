// Package storetest gives tests a store to work on: SQLite in a temporary folder, and a real PostgreSQL.
//
// It answers: does this hold on both? Each runs a test on a fresh store of each kind. Postgres starts the server that is
// installed on this machine (Debian's, below /usr/lib/postgresql) in a temporary folder, once per test binary, reachable by a
// socket in that folder and by nothing else. Where no server is installed the test skips and says so; with CI=true it fails.
//
// It is for tests only and never touches a server that it did not start.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the server's superuser. The server trusts whoever can reach its socket, which lies in a private folder.
const superuser = "firebreak"

var errNotInstalled = errors.New("no PostgreSQL server below /usr/lib/postgresql (apt-get install postgresql)")

// server is the one PostgreSQL of this test binary.
type server struct {
	folder string
	// leash is the end of a pipe: the server stops when it is closed, which happens at the latest when this process ends,
	// however it ends.
	leash *os.File
	count atomic.Int64
}

// started is made once, by the first test that needs it.
var started = sync.OnceValues(start)

// Postgres returns the URL of a fresh, empty database on a real PostgreSQL server. It is dropped when the test ends.
func Postgres(tb testing.TB) string {
	tb.Helper()
	s, err := started()
	switch {
	case errors.Is(err, errNotInstalled) && os.Getenv("CI") != "true":
		tb.Skip("skipped: " + err.Error())
	case err != nil:
		tb.Fatalf("start PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("test_%d", s.count.Add(1))
	s.execute(tb, `CREATE DATABASE `+name)
	tb.Cleanup(func() { s.execute(tb, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`) })
	return s.url(name)
}

func (s *server) url(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {s.folder}, "user": {superuser}}.Encode()
}

func (s *server) execute(tb testing.TB, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		tb.Fatalf("connect to the test server: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// leashed makes a data folder in $2 with the programs of $1 and runs the server on it. The shell waits for the end of its input,
// which comes when no process holds the leash any more, and then leaves nothing behind.
const leashed = `
	if "$1"/initdb --no-sync --auth=trust --username="$3" --encoding=UTF8 --locale=C.UTF-8 --pgdata="$2"/data >"$2"/log 2>&1; then
		"$1"/postgres -D "$2"/data -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
			-c shared_buffers=16MB -c max_connections=200 -c logging_collector=off >"$2"/log 2>&1 &
		server=$!
	else
		touch "$2"/failed
	fi
	read -r _
	if [ -n "$server" ]; then kill -INT $server; wait $server; fi
	rm -rf "$2"`

// start runs a server in a new folder, below a shell that stops it when the leash is let go.
func start() (*server, error) {
	programs, err := installed()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(base(), "pg")
	if err != nil {
		return nil, err
	}
	held, leash, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if err := own(folder); err != nil {
		return nil, err
	}
	shell := exec.CommandContext(context.Background(), "/bin/sh", "-c", leashed, "sh", programs, folder, superuser) //nolint:gosec // our own arguments
	shell.Stdin = held
	if err := apart(shell); err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, err
	}
	_ = held.Close() // the shell has its own
	s := &server{folder: folder, leash: leash}
	return s, s.await()
}

// base is where the folder goes: where temporary files belong, unless the server's user could not get there or the path is too
// long for a socket (a little more than 100 bytes).
func base() string {
	const usual = "/tmp"
	folder, err := filepath.Abs(os.TempDir())
	if err != nil || len(folder) > 80 {
		return usual
	}
	for parent := folder; parent != "/" && parent != "."; parent = filepath.Dir(parent) {
		if info, err := os.Stat(parent); err != nil || info.Mode().Perm()&0o001 == 0 {
			return usual
		}
	}
	return folder
}

// await returns when the server answers.
func (s *server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		if _, noFile := os.Stat(filepath.Join(s.folder, "failed")); noFile != nil {
			select {
			case <-tick.C:
				continue
			case <-ctx.Done():
			}
		}
		log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
		return fmt.Errorf("the server does not answer: %w\n%s", err, log)
	}
}

// installed finds the newest server's programs.
func installed() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errors.Join(errNotInstalled, err)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) < version(found[j]) })
	return filepath.Dir(found[len(found)-1]), nil
}
