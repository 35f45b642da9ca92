//go:build unix

package figures

import (
	"syscall"
	"time"
)

// processor is the processor's time that this process has used, which others on the machine do not change.
func processor() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
