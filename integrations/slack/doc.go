// Package slack shows incidents in Slack and hears what people do there: buttons, commands, forms, marks on messages.
//
// It answers: where is the incident's one card, and what does it say now? A card is posted once per incident and edited in
// place ever after, at most about once a second and channel, the newest state winning. Every message carries the key of the
// step that posted it, so that after a crash it is found again instead of posted twice. What people do comes back signed; it is
// checked over the raw body, acknowledged at once, and handed to whoever decides. Everything is held to Slack's limits before it
// is sent.
//
// It never decides who may approve (the Decider does), never asks Slack who somebody is, and never lets text from outside be
// mark-up: it stands in plain and rich text as data, or escaped. Colour and emoji carry nothing that words do not say.
//
// It is blind to messages that people delete, until it tries to edit them. To find a message again it needs the scope
// channels:history (groups:history in private channels).
package slack
