// Package engine is the order of things: what happens after a finding, a change, an answer or the passing of time.
//
// A finding: keep it, place it (group), rank the suspects (suspect), choose playbooks, start runs, announce. A change: classify
// it (classify), flag it (risk), keep it, rank again. An answer: write the decision, wake the run. Every step is a pure rule
// from a package below; the engine gives it what it needs to know, writes what it said, and hands on what follows.
//
// What it writes first is the truth, and what follows from it is done again after a crash until it is done: a timeline entry
// that triggers playbooks is marked as handled only when their runs have begun. It knows no vendor and no database, only the
// small ports in ports.go. It is blind when its ports fail; then it says so and tries again with the next tick.
package engine
