package store_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// A process that writes is killed at random instants. What it was told to be written is there, and what belongs together is
// there together.
func TestKilledWhileWriting(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		for round := range 6 {
			last := killWhileWriting(t, url)
			db := must[*store.DB](t)(store.Open(t.Context(), store.Config{URL: url}, store.Options{}))
			events := must[[]run.Event](t)(db.RunEvents(t.Context(), "r"))
			entries := must[[]bot.Entry](t)(db.Entries(t.Context(), "i"))
			lines := 0
			if err := db.SQL().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM audit`).Scan(&lines); err != nil {
				t.Error(err)
			}
			if len(events) <= last {
				t.Errorf("round %d: event %d was told to be written, and %d are there", round, last, len(events))
			}
			if len(entries) != len(events) || lines != len(events)+1 {
				t.Errorf("round %d: %d events, %d entries, %d audit lines", round, len(events), len(entries), lines)
			}
			for i, e := range events {
				if e.ID != strconv.Itoa(i) || entries[i].Key != e.ID {
					t.Fatalf("round %d: event %d is %q, entry %q", round, i, e.ID, entries[i].Key)
				}
			}
			in := must[bot.Incident](t)(db.Incident(t.Context(), "i"))
			if d := cmp.Diff(bot.FoldIncident(entries), in, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("round %d: incident (-fold +row):\n%s", round, d)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// killWhileWriting returns the number of the last write that the process saw done.
func killWhileWriting(t *testing.T, url string) (last int) {
	t.Helper()
	c := exec.Command(os.Args[0]) // this very test binary
	c.Env = append(os.Environ(), "STORE_TEST_WRITE="+url)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range 1 + rand.IntN(12) {
		if !lines.Scan() {
			t.Fatal("the writer ended by itself")
		}
	}
	// Somewhere within the next write.
	kill := time.AfterFunc(rand.N(3*time.Millisecond), func() { _ = c.Process.Kill() })
	defer kill.Stop()
	for {
		if n, err := strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the writer said %q", lines.Text())
		} else {
			last = n
		}
		if !lines.Scan() {
			_ = c.Wait() // "signal: killed"
			return last
		}
	}
}

func TestTheServerEndsAllConnectionsAndTheStoreComesBack(t *testing.T) {
	url := storetest.Postgres(t)
	db, admin := storetest.Open(t, url), storetest.Open(t, url)
	must[[]bot.Entry](t)(db.Append(t.Context(), note("i", "before")))
	statement(t, admin, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()`)
	for attempt := range 20 {
		_, err := db.Append(t.Context(), note("i", fmt.Sprint("after ", attempt)))
		if err == nil {
			return
		}
		wantCode(t, err, bot.Unavailable)
	}
	t.Error("the store did not come back")
}
