// Package hook is the one way in for what is sent to us.
//
// It answers: is a request from one who knows the secret, of this hour, of a bearable size and a kind that can be read; and what
// of its texts, links and times may be kept? Every proof is made over the raw bytes, in constant time, before a byte of the body
// is parsed. Integrations add their vendor's words: which header carries what.
//
// It never parses a body and never keeps anything: whether a delivery was seen before is the inbox's to know, by the ID that is
// made here. It is blind to a secret that was stolen.
package hook
