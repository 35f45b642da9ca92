// Package risk tells how risky it is to land a change now.
//
// It answers: which level, and what would lower it? Each thing that speaks against landing now is a reason with points and a
// sentence; the level follows from their sum. Flags are the reasons that stay with a change once it has landed, so that the
// ledger and the ranking of suspects can read them.
//
// It never forbids: whoever asks decides what a level means. It never asks a clock, a network or the incident store; what it
// weighs is handed in, the past as a History that NewPast counts from the ledger. It is blind to what a diff says; it knows paths,
// pinned versions, people and circumstances only.
package risk
