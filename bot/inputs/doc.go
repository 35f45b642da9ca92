// Package inputs tells which versions of a service's operational inputs are pinned in files, and which were in force at a time.
//
// It answers: which prompts, policies, models, corpora, embeddings, guardrails, evaluation sets and prices does this file pin, and
// from what to what did a change move them (Read, Compare)? And: which of them served in an environment at a time, since when, by
// which change, and in what do two environments differ (At, Diff)?
//
// It keeps nothing of a file beyond a pinned version's value, which is one short word: a text with a blank in it is never one. It
// reads leniently, by keys and not by a schema, for every tool has its own; what it does not understand it leaves out. Templates are
// read as far as they look like the format that their name says. It never resolves references, variables, anchors or includes.
//
// It is blind to versions that are set in code, to keys that are not in its table (docs/inputs.md), and to inputs of which no change
// and no deployment ever told.
package inputs
