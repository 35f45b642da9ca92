// Package wire is what every stand-in shares: the gate in front of it.
//
// It answers: what was asked of this stand-in that it does not know, and how shall it misbehave now? A Gate caps bodies, counts
// calls by route, remembers requests that no route fits (a test ends by asking for them), and injects the faults that vendors
// really have: refused connections, slowness, garbage, 429 with a hint, 500, an answer that never comes, and the worst of them,
// an effect whose answer is lost.
//
// It never knows a vendor's words: how a refusal looks is told by the stand-in. It is blind to what a handler does; a handler
// that finds a request wrong reports it with Strange.
package wire
