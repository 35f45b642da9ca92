// Package landing keeps the checks of open pull requests true.
//
// It answers: which pull requests are open, what stands on each of them, and what has to be said anew? It keeps what a forge told of a
// pull request, so that judging it again when time passes, a freeze begins or an incident opens asks nobody. Again and again it judges
// all of them by what is known at that moment and compares with what was said last; only what differs goes over the wire, the most
// urgent first and at the pace that the forge allows. After a merge it watches a risky change for a while and tells the pull request how
// it went. It also answers deployments that wait for a protection rule.
//
// It decides nothing: package risk weighs, package check says what that means. It knows no forge, no store and no calendar but by the
// ports below. It is blind to what it was not told; the sweep of the forge's integration finds what webhooks lost.
package landing
