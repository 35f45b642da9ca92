package ical_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/ical"
)

type memory map[string][]byte

func (m memory) Remember(_ context.Context, space, key string, value []byte) error {
	m[space+key] = value
	return nil
}

func (m memory) Recall(_ context.Context, space, key string) ([]byte, bool, error) {
	value, found := m[space+key]
	return value, found, nil
}

func TestACalendarThatFailsIsToldAndItsLastCopyIsUsed(t *testing.T) {
	var broken atomic.Bool
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if broken.Load() {
			http.Error(w, "no", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(wrap("DTSTART;VALUE=DATE:20261224")))
	}))
	defer server.Close()
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	kept := memory{}
	config := ical.Config{{Name: "company", URL: secret.New(server.URL + "/private-key/basic.ics")}}
	r := ical.NewReader(config, ical.Options{Memory: kept, Now: func() time.Time { return now }})
	defer r.Close()
	if f := r.Feeds()[0]; f.Problem != "it was not read yet; there is no copy of it" {
		t.Errorf("before it was read: %q", f.Problem)
	}
	if !r.Refresh(t.Context()) || r.Refresh(t.Context()) {
		t.Error("it is read once an hour")
	}
	if f := r.Feeds()[0]; f.Problem != "" || len(f.Busy) != 1 || f.Means != "closed" {
		t.Errorf("read: %+v", f)
	}
	broken.Store(true)
	now = now.Add(time.Hour)
	r.Refresh(t.Context())
	f := r.Feeds()[0]
	if f.Problem != "it answered 503 Service Unavailable; the copy of 2026-12-01 12:00 UTC is used" || len(f.Busy) != 1 {
		t.Errorf("failing: %+v", f)
	}
	if now = now.Add(time.Minute); !r.Refresh(t.Context()) {
		t.Error("one that fails is tried again after a minute")
	}

	again := ical.NewReader(config, ical.Options{Memory: kept, Now: func() time.Time { return now }})
	defer again.Close()
	if err := again.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f := again.Feeds()[0]; len(f.Busy) != 1 || f.Problem != "" {
		t.Errorf("after a restart: %+v", f)
	}
	if asked.Load() != 3 {
		t.Errorf("it was asked %d times", asked.Load())
	}
	server.Close()
	now = now.Add(2 * time.Hour)
	again.Refresh(t.Context())
	if f := again.Feeds()[0]; f.Problem == "" || strings.Contains(f.Problem, "private-key") || len(f.Busy) != 1 {
		t.Errorf("an address is never told: %+v", f)
	}
}

func TestAFileIsReadAndWhatIsNotUnderstoodIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.ics")
	text := "BEGIN:VCALENDAR\n"
	for range 5 {
		text += "BEGIN:VEVENT\nSUMMARY:odd\nDTSTART:20261224T100000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY\nEND:VEVENT\n"
	}
	if err := os.WriteFile(file, []byte(text+"END:VCALENDAR\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }
	r := ical.NewReader(ical.Config{{Name: "f", File: file, Means: "away"}}, ical.Options{Now: now})
	defer r.Close()
	r.Refresh(t.Context())
	if f := r.Feeds()[0]; !strings.HasSuffix(f.Problem, "; and 2 more") || !strings.Contains(f.Problem, `line 2, "odd": it repeats HOURLY`) {
		t.Errorf("told %q", f.Problem)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}
