// Package slackfake is a Slack workspace on loopback.
//
// It answers the Web API methods that a bot of this trade uses, as Slack answers them: tokens are checked, channels must be
// named by ID where Slack wants an ID, history leaves threads and metadata out unless asked, files go through the external upload
// flow, and what Slack would refuse is refused with Slack's own error word. It also makes what Slack sends by itself: the signed
// block_actions payload of somebody who presses a button.
//
// It keeps messages in memory and never forgets an edit, so that a story can count cards and edits from this side. Commands and presses go
// over HTTP or, in Socket Mode, over the connections that the bot opened: unacknowledged envelopes come again over the next one. Modals are
// opened by triggers that are good for three seconds and once; views, forms that are sent off and what is answered to them keep to Slack's
// rules. It knows nothing of scopes. Times of messages are those of its clock; signatures and triggers go by the wall clock.
package slackfake
