//go:build !unix || solaris || illumos || aix

package store

import (
	"runtime"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// lockFile refuses: without a lock that ends with the process, two processes could share a file and page twice.
func lockFile(_, path string, _ func() time.Time) (release func() error, err error) {
	return nil, bot.Errorf(bot.Invalid, "%s cannot be locked on %s: use PostgreSQL there", path, runtime.GOOS)
}
