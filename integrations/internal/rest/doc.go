// Package rest is the one way out: the HTTP client that every integration talks through.
//
// It answers: what became of a request, and may it be sent again? A Client bounds every exchange (time, size, rate, a breaker
// per target) and counts it. A Call watches the requests of one action through a vendor's own client library, and turns
// whatever that library made of the answer into a playbooks.Failure: refused for good, safe to repeat (after the vendor's own
// hint), or unknown.
//
// It never repeats a request by itself: a request may page a human or revert a change, so only the runner, which knows the
// idempotency key, repeats. It never follows a redirect to another host, for the secrets of one vendor are no business of
// another, and never lets a secret into an error, a metric or a trace.
//
// It is blind to what a vendor did with a request whose answer got lost. It says so (fate Unknown) and never guesses.
package rest
