// Package assistant simulates model-backed services and the OpenTelemetry GenAI metrics that a Prometheus would have scraped
// from them.
//
// It answers: what would the counters of these services read at this moment, given which prompt version each pod serves? Every
// pod counts operations by finish reason, tokens and latencies as OpenTelemetry's Prometheus translation names them; pods follow
// the hours of the day, pick up a new prompt one after another, are renamed by rollouts and restart from zero. A scrape is
// decided by the seed, the pod and its time alone, so two worlds with the same seed and the same deployments are equal to the
// last digit, however fast they ran.
//
// It never stores a series (a Store does), never opens a connection and never looks at a clock: Advance is told the time. It is
// blind to single requests: it draws how many of them ended how in each scrape interval.
package assistant
