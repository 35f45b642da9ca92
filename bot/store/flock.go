//go:build unix && !solaris && !illumos && !aix

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// lockFile takes the file's lock for this process until release is called or the process ends, however it ends. The lock file
// says who holds it. It is never removed: a process could hold the removed one while another holds the new one.
func lockFile(lock, path string, now func() time.Time) (release func() error, err error) {
	f, err := os.OpenFile(lock, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // beside the operator's own path
	if err != nil {
		return nil, fmt.Errorf("store: open the lock of %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, heldBy(f, path)
	case err != nil:
		return nil, fmt.Errorf("store: lock %s: %w", path, err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	if err := f.Truncate(0); err != nil {
		return nil, fmt.Errorf("store: write the lock of %s: %w", path, err)
	}
	holder := fmt.Sprintf("process %d on %s since %s\n", os.Getpid(), host, now().UTC().Format(time.RFC3339))
	if _, err := f.WriteAt([]byte(holder), 0); err != nil {
		return nil, fmt.Errorf("store: write the lock of %s: %w", path, err)
	}
	return func() error {
		// Closing lets go of the lock; an empty file tells a curious operator that nobody holds it.
		return errors.Join(f.Truncate(0), f.Close())
	}, nil
}

func heldBy(f io.Reader, path string) error {
	text, err := io.ReadAll(io.LimitReader(f, 512))
	holder := strings.TrimSpace(strings.ToValidUTF8(string(text), ""))
	if err != nil || holder == "" {
		holder = "another process"
	}
	return bot.Errorf(bot.Conflict, "%s is in use by %s; a SQLite file serves one process: stop that one, "+
		"name another file, or use PostgreSQL for several replicas", path, holder)
}
