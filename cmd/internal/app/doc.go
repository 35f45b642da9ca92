// Package app composes the bot: the configuration of its owners, explicit lists of detectors, actions and integrations, and the
// order in which the parts start and stop.
//
// It answers: which parts are there, and what is plugged into what? New builds, Run runs until its context ends, and tests embed
// both. It holds no rules: what it decides is only wiring. Everything long-lived starts here and is stopped here, in the reverse
// order, within ten seconds.
package app
