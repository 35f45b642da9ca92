// Package slo reads the objectives that a team has already: OpenSLO v1, Sloth and Pyrra documents.
//
// The question: which objectives do these files promise, as Firebreak judges them; and where does a file say what Firebreak cannot
// do? Each document of a file is told apart by its version. What cannot be taken over (a ratio that was computed before, time slices,
// calendar windows, other sources than Prometheus) is a fault with file, line, column and what to do about it. What is left out
// without harm (alerting rules, labels, owners) is a note.
//
//	version        documents
//	openslo/v1     SLO, and the SLI and DataSource that it refers to, in any of the files
//	prometheus/v1  Sloth; also its Kubernetes form, sloth.slok.dev/v1 PrometheusServiceLevel
//	pyrra.dev/v1alpha1  ServiceLevelObjective
//
// Their queries hold rates over windows; Firebreak's hold counters, since it takes the increases itself. Package slo knows no PromQL:
// who imports hands in what translates a query.
//
// It reads no file, asks nobody and keeps nothing. It is bounded: by the size of a file and by the documents in it.
package slo
