// Package run decides what is next in a run and carries it out.
//
// Next is pure: it takes the compiled plan, the journal's events and now, and says which steps begin, which are asked again,
// what the run waits for, and how it ends, each with its reason. The Runner around it writes an intent before every call to
// the outside and the outcome after it, so that after a crash a step in flight is looked up or asked about, never repeated
// blindly. All that a run did or waits for follows from its journal: retries and questions survive a restart, and a clock
// that goes back undoes nothing.
//
// What a step goes through:
//
//	waiting ─ needs over, when true ─▶ in_flight ─ done | denied | expired | failed
//	   └─ when false ─▶ skipped         │    ▲
//	                                    ├─ pending ── its time, or a bell ── asked again
//	                                    ├─ retrying ─ backoff, or the vendor's hint ─ next attempt, same key
//	                                    └─ unknown ── on_unknown: retry | verify | ask ─ done, next attempt, or failed
//
// The safety envelope stands in front of every action: a kill switch that lets only pages through, one rollback at a time per
// service until its run is over, a rehearsal (DryRun) in place of an action, a bound on attempts, on time, on what is stored,
// and on what people can be made to repeat.
//
// It never knows which engine keeps it alive (package durable does), which vendor it calls or how the journal is stored. It is
// blind to effects that a vendor neither confirms nor lets be looked up: it says so in the run's last sentence and asks people.
package run
