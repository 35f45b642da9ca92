// Package store keeps what Firebreak must not forget: the inbox of webhooks, the ledger of changes, findings, incidents with
// their timelines, runs with their journals, approvals, documents, windows and the audit log.
//
// It answers: what was told, what was done and by whom, in which order, and was it the first time? Everything that can arrive
// twice (a delivery, an entry, an event, an approval, a decision) has a key, and the second one changes nothing. What belongs
// together (a run's event, the run's state, the incident's timeline, the audit line) is written in one transaction. The row of
// an incident is a copy of what its timeline folds to, made anew in the transaction that adds an entry, so it is never older
// than the timeline.
//
// One set of SQL serves SQLite (one process per file, held by a lock on FILE.lock) and PostgreSQL (several replicas, one of
// which leads by a session advisory lock). A row's own times are integer microseconds in UTC, 0 for unknown; a document inside
// a row (a finding, an outcome, the copy of an incident) is the JSON of its noun. Text is stored as valid UTF-8 without NUL
// bytes, since PostgreSQL takes nothing else: what is cut away is cut away on both.
//
// It never calls out, never decides (whether an approval came too late, whether a run may go on), and never keeps the body of
// a delivery that was understood. It is blind when the disk is full or the server is gone: then every method gives a
// *bot.Error with code unavailable, and ReadOnly tells that it is for want of space.
package store
