// Package group tells to which incident a finding belongs, and what that does to the incident.
//
// It answers: does this finding open an incident, join one, make it worse, take its sight, let it come back, or mean nothing?
// And, with time: has the incident recovered, is it resolved? Findings belong together when they are about the same service in
// the same environment. An incident is its timeline, so every answer is a list of entries to add; the incident that is handed in
// is never changed.
//
// The life of an incident:
//
//	opened ──▶ (joined, worsened, refreshed, blind, quiet)* ──▶ recovered ──▶ resolved
//	   ▲                                                            │
//	   └───────────────────────── reopened ◀────────────────────────┘
//
// It never reads a clock, never stores, never notifies and never decides who hears of it. It is deterministic: the same finding
// placed twice gives the same incident, the same entries and the same keys, so doing it again after a crash adds nothing.
//
// It is blind when its findings are: a finding that cannot be judged any more is told at once, and while there is one the incident
// neither recovers nor resolves. Silence that nobody looked at proves nothing either; Tick counts quiet time only up to the last
// judgement.
package group
