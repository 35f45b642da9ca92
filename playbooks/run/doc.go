// Package run decides what is next in a run and carries it out.
//
// Next is pure: it takes the compiled plan, the journal's events and now, and says which steps begin, which are asked again,
// what the run waits for, and how it ends, each with its reason. The runner around it writes an intent before every call to
// the outside and the outcome after it, so that after a crash a step in flight is looked up or asked about, never repeated
// blindly. It never knows which engine keeps it alive (package durable does) nor which vendor it calls.
package run
