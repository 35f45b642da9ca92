// Package peers holds what we and our stand-ins say against software that others have written: Slack's own Bolt and Web API client,
// PagerDuty's own client, the stand-ins of another house (npm's emulate), and a real Alertmanager.
//
// It is tests only. They need Node.js and what package-lock.json beside the scripts names, so they run by `make test-peers` and never
// with the other tests. A stand-in that its vendor's own client understands speaks the vendor's protocol; a client that gets along with
// somebody else's stand-in has not learned ours by heart. They are blind to what the vendor itself does otherwise than its clients and
// its documentation say.
package peers
