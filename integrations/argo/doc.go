// Package argo hears of what Argo CD and Argo Rollouts do, by their notifications.
//
// It answers: which revision did a sync of Argo CD bring into which environment, and when; and which rollout began, how much traffic
// does it serve, and was it aborted? Both send what a team's template makes; the templates are in docs/sources/argo.md, and this
// package reads what they send.
//
// It never acts on a rollout or an application. Notifications are not signed: who sends is known by a token.
//
// It is blind to a sync that no trigger tells of, and to the paths and people of what was synced.
package argo
