// Package githubfake is a GitHub Enterprise Server on loopback: REST below /api/v3/, GraphQL at /api/graphql, webhooks out.
//
// It answers the pull requests, files, contents, reviews, merges, deployments, check runs, statuses, comments and dispatches that a bot of
// this trade asks for, and the mutation revertPullRequest, over repositories that live in memory and move: a merge makes a commit
// and a push, a revert makes a branch and a pull request. What happens is also told by deliveries that are signed as GitHub
// signs them, in the order in which it happened; sending them is the caller's work.
//
// It never clones, diffs or runs anything: a pull request is the list of its paths, with texts
// where a story gives some. It knows one branch that counts, "main".
// Times are those of its clock.
package githubfake
