package store_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

func TestMain(m *testing.M) {
	if url := os.Getenv("STORE_TEST_HOLD"); url != "" {
		os.Exit(holdStore(url))
	}
	if url := os.Getenv("STORE_TEST_WRITE"); url != "" {
		os.Exit(writeStore(url))
	}
	goleak.VerifyTestMain(m)
}

// holdStore is the other process of the tests: it opens the store, says so, and holds it until its input ends.
func holdStore(url string) int {
	db, err := store.Open(context.Background(), store.Config{URL: url}, store.Options{})
	if err != nil {
		_, _ = os.Stdout.WriteString("refused: " + bot.MessageOf(err) + "\n")
		return 1
	}
	if _, err := db.Append(context.Background(), note("held", "the other process was here")); err != nil {
		_, _ = os.Stdout.WriteString(err.Error() + "\n")
		return 1
	}
	_, _ = os.Stdout.WriteString("open\n")
	_, _ = os.Stdin.Read(make([]byte, 1))
	if err := db.Close(); err != nil {
		return 1
	}
	return 0
}

// writeStore is the process that is killed while it writes: it says the number of each write that was told to be done.
func writeStore(url string) int {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{URL: url}, store.Options{})
	if err != nil {
		_, _ = os.Stdout.WriteString(err.Error() + "\n")
		return 1
	}
	first := len(must1(db.RunEvents(ctx, "r")))
	must1(db.BeginRun(ctx, run.Run{ID: "r", Incident: "i"}))
	for n := first; ; n++ {
		e := note("i", "told")
		e.Key = strconv.Itoa(n)
		must1(db.AppendRun(ctx, run.Event{Run: "r", ID: strconv.Itoa(n), Kind: run.Intent, Step: "s", At: t0}, e))
		_, _ = os.Stdout.WriteString(strconv.Itoa(n) + "\n")
	}
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// t0 is when the tests begin. It has microseconds, as stored times have.
var t0 = time.Date(2026, 3, 6, 15, 4, 5, 678901000, time.UTC)

func minute(n int) time.Time { return t0.Add(time.Duration(n) * time.Minute) }

func note(incident, sentence string) bot.Entry {
	return bot.Entry{Incident: incident, At: t0, Kind: bot.EntryNote, Actor: "ana", Sentence: sentence}
}

func must[T any](tb testing.TB) func(v T, err error) T {
	tb.Helper()
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func wantCode(tb testing.TB, err error, code bot.ErrorCode) *bot.Error {
	tb.Helper()
	var e *bot.Error
	if !errors.As(err, &e) || e.Code != code {
		tb.Fatalf("error %v (code %q), want code %q", err, bot.CodeOf(err), code)
	}
	return e
}
