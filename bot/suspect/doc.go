// Package suspect tells which change probably caused an incident, and when to say "none of these".
//
// It answers: given the incident, the changes of the hours before and which service depends on which, how probable is it that each
// change did it, and that none did? Every probability comes with its sum: named reasons in natural log-odds against "none of these",
// each with a sentence. Adding the reasons of a suspect up gives the logarithm of its probability over that of none, exactly.
//
// The method is Bayes' rule over one question with len(changes)+1 answers:
//
//	prior      how often an incident has a change behind it at all, spread over the candidates by their standing: environment,
//	           exposure, reverts and replacements before, flags from when it landed (weak, together bounded)
//	lag        density of (onset - effective) for its kind, over the even density of innocent changes; the onset's interval and
//	           an unknown effective time are integrated over, not guessed
//	scope      how often a guilty change lies there (own, dependency, upstream, unrelated), over how often an ordinary one does
//	kind       how often its kind is behind what moved, over how common the kind is
//	aftermath  whether the signals came back after it was undone
//
// What innocent changes look like is learnt from the candidates themselves, held to a broad prior while they are few; so the
// rule asks for no training and carries over to teams with other habits. The numbers stand in one table (Weights), each with where
// it comes from.
//
// It never asks a ledger, a clock or a network, never looks at a title or a diff, and never blames a person: authors play no part.
// A change that took effect after the latest moment at which the trouble can have begun is never a suspect; it is listed as excluded,
// with the sentence.
//
// It is blind to changes that nobody told it of, which is what "none of these" is for, to two changes that only together do harm, and
// to a wrong service map.
package suspect
