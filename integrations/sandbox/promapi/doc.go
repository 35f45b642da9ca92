// Package promapi is a Prometheus without a disk: the real PromQL engine over an in-memory store, behind the real HTTP API.
//
// It answers /api/v1/query, query_range, series, labels, label/NAME/values, status/buildinfo and /-/healthy as Prometheus does,
// statistics, warnings and error types included, at the time that its clock tells. The store keeps scrapes in columns: all
// series share one list of times, young scrapes are fine and old ones are thinned, so days of history cost a few megabytes.
//
// It never scrapes, records rules or alerts, and it knows floats only, no native histograms. Faults (down, slow, garbage,
// partial, expensive) are those of package wire.
package promapi
