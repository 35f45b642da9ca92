// Package undo tells what it would mean to take a change back.
//
// It answers: what else comes with it, was it tried before, and does anything speak against it? All of it is in sentences, made from the
// incident, the change, and the other changes that the ledger knows.
//
// It never takes anything back, and never says which playbook would. It is blind to changes that the ledger was not told of, and to
// what a deployment really puts out: that merged changes which are not live go out with the next one is what is to be expected.
package undo
