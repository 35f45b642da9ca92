//go:build !unix

package figures

import "time"

var began = time.Now()

// processor is the time by the clock where the processor's is not told.
func processor() time.Duration { return time.Since(began) }
