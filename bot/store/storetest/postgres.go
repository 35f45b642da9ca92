// Package storetest gives tests a store to work on: SQLite in a temporary folder, and a real PostgreSQL.
//
// It answers: does this hold on both? Each runs a test on a fresh store of each kind. Postgres starts the server that is
// installed on this machine (Debian's, below /usr/lib/postgresql) in a temporary folder, once per test binary, reachable by a
// socket in that folder and by nothing else. Where no server is installed the test skips and says so; with CI=true it fails.
//
// It is for tests only and never touches a server that it did not start.
package storetest

import (
	"bytes"
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
func Postgres(t testing.TB) string {
	t.Helper()
	s, err := started()
	switch {
	case errors.Is(err, errNotInstalled) && os.Getenv("CI") != "true":
		t.Skip("skipped: " + err.Error())
	case err != nil:
		t.Fatalf("start PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("test_%d", s.count.Add(1))
	s.execute(t, `CREATE DATABASE `+name)
	t.Cleanup(func() { s.execute(t, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`) })
	return s.url(name)
}

func (s *server) url(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {s.folder}, "user": {superuser}}.Encode()
}

func (s *server) execute(t testing.TB, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// start makes a data folder and runs the server in it, below a shell that stops it when the leash is let go.
func start() (*server, error) {
	programs, err := installed()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	if len(folder) > 80 { // a socket's path has a little more than 100 bytes
		_ = os.Remove(folder)
		if folder, err = os.MkdirTemp("/tmp", "pg"); err != nil {
			return nil, err
		}
	}
	held, leash, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	var output bytes.Buffer
	if err := initialise(programs, folder, &output); err != nil {
		_ = os.RemoveAll(folder)
		return nil, fmt.Errorf("initdb: %w\n%s", err, output.Bytes())
	}
	// The shell waits for the end of its input, which comes when no process holds the leash any more.
	shell := exec.Command("/bin/sh", "-c", `
		"$1"/postgres -D "$2"/data -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off \
			-c synchronous_commit=off -c shared_buffers=16MB -c max_connections=200 -c logging_collector=off >"$2"/log 2>&1 &
		server=$!
		read -r _
		kill -INT $server; wait $server; rm -rf "$2"`, "sh", programs, folder) //nolint:gosec // our own arguments
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

func initialise(programs, folder string, output *bytes.Buffer) error {
	initdb := exec.Command(filepath.Join(programs, "initdb"), "--no-sync", "--auth=trust", "--username="+superuser,
		"--encoding=UTF8", "--locale=C.UTF-8", "--pgdata="+filepath.Join(folder, "data")) //nolint:gosec // our own arguments
	initdb.Stdout, initdb.Stderr = output, output
	if err := apart(initdb); err != nil {
		return err
	}
	if err := own(folder); err != nil {
		return err
	}
	return initdb.Run()
}

// await returns when the server answers.
func (s *server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
			return fmt.Errorf("the server does not answer: %w\n%s", err, log)
		}
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
