// Package sandbox is a small world to try the bot in: loopback stand-ins of Slack, PagerDuty, GitHub and Prometheus, simulated
// assistants whose metrics they serve, people who merge and press buttons, and a story that is told while it happens.
//
// It answers: does the whole bot do what it promises, as seen by everybody else? The bot under it is the real one; it gets a
// configuration that points at the stand-ins and a clock that runs faster. What is counted (pages, cards, edits, approvals,
// reverts, doubled effects) is counted here, on the vendors' side, never taken from the bot's word; only the incident and its
// suspects are read from the bot's own API.
//
// It never imports the bot, and nothing of it is part of the product's way: the demo, drills and crash tests start it, in the
// bot's process or in another one. It listens on loopback only. It is blind to what Slack would look like and to who could be
// woken: it knows requests and answers.
package sandbox
