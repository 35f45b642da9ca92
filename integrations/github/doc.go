// Package github hears of changes from GitHub and undoes them there.
//
// It answers: what was merged or pushed, by whom, touching what, and when did it begin to serve (from webhooks, completed by
// the API where credentials are configured)? And it carries out two actions: github.revert (a pull request that undoes one,
// merged where that is allowed) and github.dispatch (a workflow).
//
// It keeps nothing of the contents of a change but the versions that its files pin (Options.Pins finds them): paths, titles, links
// and these are all. It never judges what a change means
// (package classify does) nor whether to revert it (playbooks do). Unsigned deliveries, and those signed with SHA-1 only, are
// refused before a byte of them is parsed; a signed delivery is read leniently, for GitHub's own bodies vary.
//
// It is blind to changes in repositories that send it no webhooks. Without credentials it does not know a pull request's
// paths and reviewers, and sees a rebase-merged pull request twice: as the pull request and as a push of the same revision.
package github
