// Package playbooks is the language of YAML playbooks: the tree as written, the catalogue of actions, the check at load, and
// the compiled Plan that runs.
//
// It answers: what does this playbook say, and is every part of it something that can be carried out? A Compiler refuses
// unknown actions and fields, wrong types, cycles, steps that can never begin, references to results that are not there yet
// and expressions that cannot be evaluated, all at once, each where it stands. A Set answers which playbooks a trigger starts
// and why the others do not; an Evaluator gives the conditions and parameters of a plan their values.
//
// It never runs anything and holds no clock: package run decides what is next. Text from outside (titles, log lines, model
// output) is data here, never parsed as an expression.
//
// It is blind to what only running shows: whether a vendor will accept a call, whether a suspect has a rollback path on the
// day. What a playbook assumes of the day belongs into its `when`.
package playbooks
