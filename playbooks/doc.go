// Package playbooks is the language of YAML playbooks: the tree with positions, the catalogue of actions, and the check at load.
//
// It answers: what does this playbook say, and is every part of it something that can be carried out? It refuses unknown
// actions and fields, wrong types, cycles, unreachable steps and expressions that cannot be true or false, all at once, each
// where it stands. It never runs anything: package run decides what is next, and text from outside (titles, log lines, model
// output) is data here, never parsed as an expression.
package playbooks
