// Package classify tells what kind of change a change is and which services it touches.
//
// It answers: given the paths of a merge, was that a prompt, a policy, a model pin, a retrieval corpus, …, and whose? Each path
// gets the kind of the first rule that matches it, own rules before the shipped ones; the change gets all kinds of its
// paths and is named after the most telling. A service is touched when it claims the repository and one of the paths, when
// a rule names it, or when the source of the change already did.
//
// It never reads contents: a prompt that lives inside a source file is code until a rule says otherwise. It never asks a
// network or a clock. It is blind where no paths are known; then every service of the repository counts as touched, since to
// overlook the guilty one is worse.
package classify
