// Package pagerdutyfake is PagerDuty's Events API v2 on loopback.
//
// It answers /v2/enqueue and /v2/change/enqueue and keeps the life of every alert by its dedup key: a trigger opens one, a
// second trigger joins it, acknowledge and resolve close the circle, and a trigger after the resolve opens a new one. What
// PagerDuty refuses (a missing summary, an unknown severity, a wrong key, a body that is too large) is refused with its own
// 400 body, and remembered as unexpected.
//
// It never calls anybody, and it does not know the REST API or webhooks.
package pagerdutyfake
