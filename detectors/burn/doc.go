// Package burn tells when a service spends its error budget too fast.
//
// The question: at this rate, does the objective survive its period? Burn is the share of bad events divided by the share that
// the objective allows (1 - target). A rule fires when the burn exceeds its factor in a long and in a short window: the long
// one makes it significant, the short one ends the alarm soon after recovery. The factor follows from the share of the period's
// budget that may be spent within the long window: factor = share x period / long.
//
//	severity  long / short  share of the budget  factor at 30d
//	page      1h / 5m        2 %                  14.4
//	page      6h / 30m       5 %                   6
//	ticket    1d / 2h       10 %                   3
//	ticket    3d / 6h       10 %                   1
//
// The pairs are those of the SRE workbook, chapter 5. For other periods the factor is scaled; where it would fall below 1 (an
// alarm for a burn that the period survives) the window is shortened instead. A factor that the target can never reach
// (factor x (1 - target) >= 1) is refused by Check, with the largest that works.
//
// Few events: a page needs MinEvents events in the long window and several bad ones, a ticket only several bad ones. So one
// error in ten requests pages nobody, and a service of 37 requests a day that fails is ticketed within the day.
//
// While the long window is not yet known in full (after a start, before the past was read), what is missing is taken as
// healthy traffic of the same rate: a rule can fire early for good reason and never for lack of a denominator.
//
// It never asks a source and keeps no state. It is blind where its windows are, and says why; no traffic is sight, and quiet.
// It costs eight window sums for each objective and one more for the budget of the period.
//
//	objectives:
//	  - name: useful-answers
//	    service: support-assistant
//	    signal: refusal_ratio
//	    target: 99%
//	    period: 30d
package burn
