// Package events hears of changes from whoever can send JSON.
//
// It answers: which change, deployment or incident does a CloudEvent (structured or binary) or CDEvent tell of; and, by mappings
// that a team writes in CEL or takes ready-made (presets for Langfuse and MLflow), which change does any other JSON tell of?
// Senders are known by Standard Webhooks signatures, by their vendor's own, or by a token; everything is proven over the raw bytes
// before it is parsed, and a delivery is known by its ID however often it comes.
//
// It never keeps the content of a prompt or document: of an event it keeps names, versions, titles, times and links. It never
// judges what a change means. An event of a type that nobody knows, and one of which a mapping makes nothing, are counted and kept
// as they came, with the reason.
//
// It is blind to what nobody sends.
package events
