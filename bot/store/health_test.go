package store_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
)

func itoa(n int) string { return fmt.Sprint(n) }

func statement(t *testing.T, db *store.DB, text string) {
	t.Helper()
	if _, err := db.SQL().ExecContext(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestAFullDiskMakesTheStoreReadOnlyUntilThereIsSpace(t *testing.T) {
	for name, c := range map[string]struct {
		url        func(testing.TB) string
		fill, free func(*testing.T, *store.DB)
	}{
		"sqlite": {
			storetest.SQLite,
			func(t *testing.T, db *store.DB) {
				// The bound is one of a connection, so there may be only one.
				db.SQL().SetMaxOpenConns(1)
				statement(t, db, `PRAGMA max_page_count = 1`) // SQLite takes no less than what there is
			},
			func(t *testing.T, db *store.DB) { statement(t, db, `PRAGMA max_page_count = 1000000`) },
		},
		"postgres": {
			storetest.Postgres,
			func(t *testing.T, db *store.DB) {
				statement(t, db, `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
					$$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END$$`)
				statement(t, db, `CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON documents EXECUTE FUNCTION full_disk()`)
				statement(t, db, `CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON memory EXECUTE FUNCTION full_disk()`)
			},
			func(t *testing.T, db *store.DB) {
				statement(t, db, `DROP TRIGGER full_disk ON documents`)
				statement(t, db, `DROP TRIGGER full_disk ON memory`)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			db := must[*store.DB](t)(store.Open(t.Context(), store.Config{URL: c.url(t)},
				store.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))}))
			defer func() { _ = db.Close() }()
			ctx := t.Context()
			must[[]bot.Entry](t)(db.Append(ctx, note("i", "before")))
			c.fill(t, db)

			large := store.Document{Name: "large", Body: make([]byte, 1<<20)}
			for range 2 {
				said := wantCode(t, db.PutDocument(ctx, large), bot.Unavailable).Message
				if said != "the disk is full: read-only until there is space" {
					t.Errorf("people read %q", said)
				}
			}
			if !db.ReadOnly() {
				t.Error("the store does not say that it is read-only")
			}
			if got := must[[]bot.Entry](t)(db.Entries(ctx, "i")); len(got) != 1 {
				t.Errorf("reading gives %v", got)
			}
			if name == "postgres" {
				wantCode(t, db.Health(ctx), bot.Unavailable)
			}

			c.free(t, db)
			if err := db.Health(ctx); err != nil || db.ReadOnly() {
				t.Errorf("there is space again, and health says %v, read-only %v", err, db.ReadOnly())
			}
			if err := db.PutDocument(ctx, large); err != nil {
				t.Error(err)
			}
			if n := strings.Count(log.String(), "the disk is full"); n != 1 || !strings.Contains(log.String(), "writes succeed again") {
				t.Errorf("the log tells of it %d times, want once, and of its end:\n%s", n, log.String())
			}
		})
	}
}

func TestHealthOfAServerThatIsGone(t *testing.T) {
	db := must[*store.DB](t)(store.Open(t.Context(), store.Config{URL: storetest.Postgres(t)}, store.Options{}))
	if err := db.Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Health(t.Context()); err == nil {
		t.Error("a closed store is healthy")
	}
	_, err := store.Open(t.Context(), store.Config{URL: "postgres://firebreak:hunter22@127.0.0.1:1/x?connect_timeout=1"}, store.Options{})
	e := wantCode(t, err, bot.Unavailable)
	if !strings.Contains(e.Message, "127.0.0.1:1") || strings.Contains(e.Error(), "hunter22") {
		t.Errorf("the error says %q", e.Error())
	}
}

func TestAWriterStopsWaitingWhenItsContextEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := db.Append(ctx, note("i", "late")); err == nil {
			t.Error("a context that has ended appended")
		}
		if db.ReadOnly() {
			t.Error("that is not a full disk")
		}
		must[[]bot.Entry](t)(db.Append(t.Context(), note("i", "in time")))
	})
}
