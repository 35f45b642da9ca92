// Package pagerduty pages people through PagerDuty's Events API v2, and takes the page back.
//
// It answers: who is woken, and what do they read at three in the morning? One alert per incident (the dedup key is made
// from the incident, so paging twice is one page), with a summary of one line, five details in words, and one link. An
// escalation is an alert of its own that says what failed or that nobody decided, for an alert that was already
// acknowledged wakes nobody again.
//
// It never decides who is on call (PagerDuty does), never reads PagerDuty's incidents, and never sends what a prompt or an
// answer said. It is blind to what becomes of an accepted event: "accepted" is not "somebody woke up".
package pagerduty
