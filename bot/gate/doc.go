// Package gate tells whether what was evaluated is good enough to go on.
//
// The question: do the measures of an evaluation (quality, safety, latency, cost) meet a policy's bounds, and are they no worse
// than those of the last evaluation that passed? There are three answers. Fail: a bound is missed, or a measure is worse by more
// than is allowed, and neither is chance. Pass: every bound is met, with as many samples as the policy asks for, and nothing is
// worse by more than is allowed. Inconclusive: everything between, and whatever cannot be seen. Inconclusive is never a pass.
//
//	bound     fails when the whole 90 % interval of the measure lies beyond it; passes when the measure itself meets it
//	relative  fails when the measure is worse by more than the margin, and worse at all beyond chance (one-sided, 1 in 20); passes
//	          when the 90 % interval of the difference stays within the margin, or the measure is no worse
//
// A share (passed of all) has Wilson's interval, and differences of shares Newcombe's; a mean with its spread has the normal one.
// A measure of which nobody knows the number of samples has no interval: its bound is compared as it is and says so, and a
// difference within the margin passes.
//
// It never runs an evaluation, reads a file or asks a clock. It is blind to what the evaluation does not ask; and to a baseline
// of another evaluation set, whose names it cannot tell from the same.
//
// Sources: Wilson 1927; Newcombe 1998 (method 10).
package gate
