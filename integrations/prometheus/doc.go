// Package prometheus asks Prometheus, or anything that speaks its HTTP API (Thanos, Mimir, VictoriaMetrics), for signals.
//
// The question: what did each signal do in each tile of time, for all services at once? Source implements watch.Source.
// A counted signal is given by counters, without rate or increase: Firebreak takes the increases itself, because tiles of
// increase() do not add up (it extrapolates) and long windows of it are read again and again. Each selector s becomes, for
// tiles of width w,
//
//	sum by (…) (((s - s offset w) >= 0) or s)
//
// which adds up exactly over tiles, and takes what a counter shows after a reset as new. The second half also takes a series
// that was not there a tile ago; where the same answer says that there was one, a second question with a longer look back
// finds out what it is: a series that returned after failed scrapes counts only what it grew by since; a new one of a service
// that was seen before counts whole (a new pod, a first error); and when nothing of the service was seen before, its first
// scrape is a level and not an increase.
//
// Services share a question: their match labels narrow each selector and tell the answers apart.
//
// It never writes to Prometheus, never follows a redirect to another host with credentials, and never shows a secret. When it
// cannot see it says why: partial (warnings), too_expensive (limits of the server), timeout, unreachable, garbage.
package prometheus
