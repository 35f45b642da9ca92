// Package check tells what stands on a pull request: what an assessment means there, and the words that people read.
//
// It answers: given how risky it is to land this now, may it land, by the policy of its repository, and what is its author told? A
// policy says which level lets a change land, who may override that and for how long, and how long a risky change is watched after it
// has landed.
//
// It never weighs a change, which package risk does, and never asks a forge, a clock or a store. It is blind to what a diff says. The
// same values give the same words, so that whoever publishes them can tell whether there is anything new to say: nothing in them
// is relative to now.
package check
