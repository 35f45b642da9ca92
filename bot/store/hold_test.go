package store_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
)

// other is another process that holds the store.
type other struct {
	command *exec.Cmd
	said    string
	leash   io.Closer
}

func startOther(t *testing.T, url string) *other {
	t.Helper()
	c := exec.Command(os.Args[0]) // this very test binary
	c.Env = append(os.Environ(), "STORE_TEST_HOLD="+url)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the other process said %q: %v", line, err)
	}
	return &other{c, strings.TrimSpace(line), in}
}

// kill ends the other process as a crash does: it cannot tidy up.
func (o *other) kill(t *testing.T) {
	t.Helper()
	if err := o.command.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = o.command.Wait() // "signal: killed"
}

func TestASecondProcessOnTheSameFileIsRefused(t *testing.T) {
	url := storetest.SQLite(t)
	holder := startOther(t, url)
	if holder.said != "open" {
		t.Fatalf("the first process said %q", holder.said)
	}
	_, err := store.Open(t.Context(), store.Config{URL: url}, store.Options{})
	said := wantCode(t, err, bot.Conflict).Message
	host := must[string](t)(os.Hostname())
	for _, word := range []string{"firebreak.db", "in use by process " + itoa(holder.command.Process.Pid), host, "since 20", "PostgreSQL"} {
		if !strings.Contains(said, word) {
			t.Errorf("the refusal %q does not say %q", said, word)
		}
	}
	if third := startOther(t, url); !strings.HasPrefix(third.said, "refused: ") {
		t.Errorf("a third process said %q", third.said)
	} else {
		_ = third.command.Wait()
	}

	holder.kill(t)
	db := storetest.Open(t, url)
	if got := must[[]bot.Entry](t)(db.Entries(t.Context(), "held")); len(got) != 1 {
		t.Errorf("%d entries of the killed process are there, want 1", len(got))
	}
}

func TestAStoreThatWasClosedCanBeOpenedAgain(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		for i := range 3 {
			db := must[*store.DB](t)(store.Open(ctx, store.Config{URL: url}, store.Options{}))
			if n := len(must[[]bot.Entry](t)(db.Entries(ctx, "i"))); n != i {
				t.Errorf("%d entries after %d restarts", n, i)
			}
			must[[]bot.Entry](t)(db.Append(ctx, note("i", "again")))
			for range 2 {
				if err := db.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
			if _, err := db.Append(ctx, note("i", "too late")); err == nil {
				t.Error("a closed store took an entry")
			}
		}
	})
}

func TestANewerStoreIsRefused(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		db := must[*store.DB](t)(store.Open(ctx, store.Config{URL: url}, store.Options{}))
		if _, err := db.SQL().ExecContext(ctx, `INSERT INTO firebreak_version (version_id, is_applied) VALUES (9999, `+
			map[bool]string{true: "1", false: "true"}[db.Pool() == nil]+`)`); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := store.Open(ctx, store.Config{URL: url}, store.Options{})
		if said := wantCode(t, err, bot.Conflict).Message; !strings.Contains(said, "newer") || !strings.Contains(said, "9999") {
			t.Errorf("the refusal says %q", said)
		}
	})
}

func TestPostgresOpensForManyAtOnce(t *testing.T) {
	url := storetest.Postgres(t)
	race(t, 4, func(int) (int, error) {
		db, err := store.Open(context.Background(), store.Config{URL: url}, store.Options{})
		if err != nil {
			return 0, err
		}
		return 0, db.Close()
	})
}

func TestTheFileIsForItsOwnerAlone(t *testing.T) {
	url := storetest.SQLite(t)
	db := storetest.Open(t, url)
	must[[]bot.Entry](t)(db.Append(t.Context(), note("i", "secret")))
	path := strings.TrimPrefix(url, "sqlite:")
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info := must[os.FileInfo](t)(os.Stat(path + suffix))
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(path+suffix), mode)
		}
	}
}

func TestAFileWithAnAwkwardName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder", "100% ünïcode & more.db")
	db := storetest.Open(t, "sqlite:"+path)
	must[[]bot.Entry](t)(db.Append(t.Context(), note("i", "here")))
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestLead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		lost, release, err := db.Lead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// A second one waits as long as it may.
		reason := errors.New("the test has waited enough")
		waiting, stop := context.WithCancelCause(t.Context())
		refused := make(chan error)
		go func() {
			_, _, err := db.Lead(waiting)
			refused <- err
		}()
		stop(reason)
		if err := <-refused; !errors.Is(err, reason) && !errors.Is(err, context.Canceled) {
			t.Errorf("the second who wants to lead gave up with %v", err)
		}
		select {
		case <-lost:
			t.Error("leadership was lost without a reason")
		default:
		}
		// It gets its turn when the first one lets go.
		next := make(chan func())
		go func() {
			_, release, err := db.Lead(t.Context())
			if err != nil {
				t.Error(err)
				release = func() {}
			}
			next <- release
		}()
		release()
		release()
		(<-next)()
		select {
		case <-lost:
			t.Error("leadership that was given back counts as lost")
		default:
		}
	})
}

func TestClosingTheStoreEndsLeadership(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := must[*store.DB](t)(store.Open(t.Context(), store.Config{URL: url}, store.Options{}))
		lost, release, err := db.Lead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		<-lost
		release()
		if _, _, err := db.Lead(t.Context()); err == nil {
			t.Error("a closed store leads")
		}
	})
}

func TestAReplicaTakesOverWhenTheLeadersConnectionIsLost(t *testing.T) {
	url := storetest.Postgres(t)
	first, second := storetest.Open(t, url), storetest.Open(t, url)
	lost, release, err := first.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	leads := make(chan func())
	go func() {
		_, release, err := second.Lead(t.Context())
		if err != nil {
			t.Error(err)
			release = func() {}
		}
		leads <- release
	}()
	// The server ends the session that holds the lock, as it does when it restarts.
	admin := must[*pgxpool.Pool](t)(pgxpool.New(t.Context(), url))
	defer admin.Close()
	if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks
		WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); err != nil {
		t.Fatal(err)
	}
	<-lost
	(<-leads)()
}

func TestBackup(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t))
	must[[]bot.Entry](t)(db.Append(t.Context(), note("i", "kept")))
	path := filepath.Join(t.TempDir(), "backup.db")
	if err := db.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a backup over an existing file: %v", err)
	}
	if mode := must[os.FileInfo](t)(os.Stat(path)).Mode().Perm(); mode != 0o600 {
		t.Errorf("the backup has mode %o, want 600", mode)
	}
	copied := storetest.Open(t, "sqlite:"+path)
	if got := must[[]bot.Entry](t)(copied.Entries(t.Context(), "i")); len(got) != 1 || got[0].Sentence != "kept" {
		t.Errorf("the backup holds %+v", got)
	}
	names := must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(path)))
	for _, n := range names {
		if strings.Contains(n.Name(), ".part-") {
			t.Errorf("%s was left behind", n.Name())
		}
	}
	wantCode(t, db.Backup(t.Context(), ""), bot.Invalid)
}

func TestPostgresHasItsOwnBackup(t *testing.T) {
	db := storetest.Open(t, storetest.Postgres(t))
	if said := wantCode(t, db.Backup(t.Context(), "x.db"), bot.Invalid).Message; !strings.Contains(said, "pg_dump") {
		t.Errorf("the refusal says %q", said)
	}
}

// What the durable engine asks of the handle that it shares.
func TestSQLiteHandleSuitsTheDurableEngine(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
		var got string
		if err := db.SQL().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", pragma, got, err, want)
		}
	}
	// It reads by the pool while it holds a transaction, and begins transactions that write: neither may wait for the other.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tx, err := db.SQL().BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	must[[]bot.Entry](t)(db.Entries(ctx, "i"))
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if db.Pool() != nil {
		t.Error("a SQLite store has a PostgreSQL pool")
	}
}
