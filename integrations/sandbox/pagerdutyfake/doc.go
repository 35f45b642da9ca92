// Package pagerdutyfake is PagerDuty on loopback: its Events API v2, as much of its REST API as is used, and its V3 webhooks.
//
// It answers /v2/enqueue and /v2/change/enqueue and keeps the life of every alert by its dedup key: a trigger opens one, a
// second trigger joins it, acknowledge and resolve close the circle, and a trigger after the resolve opens a new one. What
// PagerDuty refuses (a missing summary, an unknown severity, a wrong key, a body that is too large) is refused with its own
// 400 body, and remembered as unexpected.
//
// Every alert has an incident, which people take, drop, resolve, reopen and merge (Do); the REST API tells of incidents, their alerts and
// notes, of services and of who is on call, and takes notes, custom fields, status updates, requests for help and escalations. Answers
// have only fields that PagerDuty's own description knows. What happens to an incident is told by a signed webhook.
//
// It never calls anybody: webhooks are handed to Config.Deliver. It knows no schedules, no alert grouping, and no paging of lists.
package pagerdutyfake
