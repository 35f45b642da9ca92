// Package pagerduty pages people through PagerDuty's Events API v2, and takes the page back.
//
// It answers: who is woken, and what do they read at three in the morning? One alert per incident (the dedup key is made
// from the incident, so paging twice is one page), with a summary of one line, five details in words, and one link. An
// escalation is an alert of its own that says what failed or that nobody decided, for an alert that was already
// acknowledged wakes nobody again.
//
// It also answers: what became of the page (webhooks, and asking), does the other side know what we do (Mirror), what is known of any
// incident there (Briefer), and what was changed (Herald). What could not be sent while PagerDuty took nothing is kept as a wish, and sent
// when it is still needed.
//
// It never decides who is on call (PagerDuty does), nor whose word counts (bot/paging does), and never sends what a prompt or an answer
// said. It is blind to what becomes of an accepted event on its way to people: "accepted" is not "somebody woke up"; and, while every answer
// is lost, to what people do at PagerDuty meanwhile.
package pagerduty
