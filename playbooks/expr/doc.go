// Package expr is the one expression language of playbooks: CEL over a typed scope.
//
// It answers: is this text an expression over what a playbook may see, of the type that its place wants; is it cheap; is it
// true now, and which part of it is not? Env compiles a Condition (must be a bool) or a Template (text with ${ CEL } holes),
// and tells every fault with a byte offset into the text as the author wrote it.
//
// What an expression sees is Scope: incident, service, suspects, none, steps, now, and the functions burn(window),
// ratio(signal, window) and value(signal) over the incident's service, answered by Readings. All of it is typed, so
// `incident.sevrity` is a fault at load and not an error at night. Outside of strings 1h, 5m and 30d are durations.
//
// Values that came from outside (titles, authors, outputs of steps) are data: a rendered value is never parsed again, neither
// as an expression nor as a template. Evaluation is bounded by a cost limit, estimated at compile time and enforced at run
// time; there are no side effects, no clock (now is part of the scope) and no I/O but what Readings does.
//
// It is blind to what it cannot read: a Readings that cannot see answers with an error, and a condition that rests on it is
// then neither true nor false but that error.
package expr
