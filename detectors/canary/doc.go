// Package canary tells whether a new version behaves like the one beside it, and whether it gets the share of the traffic that
// was declared.
//
// The questions: is the exposure what somebody said it would be, and does any signal get worse where the new version answers?
// Both versions serve at the same time, so what happens to all (a slow vendor, the hour of the day) happens to both. Which
// series belong to the canary is told by a label: version, prompt_version, rollouts-pod-template-hash or one's own. Series of
// both that agree in the other labels are compared with each other. Where no version is named, the newest is the canary; what was
// before it came does not count.
//
// There are three answers. Pass; fail; and inconclusive where too little was seen, or where something looks wrong that so few
// samples cannot prove. Inconclusive is not a pass: its finding is blind, with the reason, and a gate holds.
//
//	exposure          a mixture of likelihood ratios over every request so far; it may be looked at after each request, for its
//	                  chance of ever being wrong is 1 % in all (Ville's inequality). Below a tenth off, nobody is told.
//	ratio and value   the tests of package compare
//
// A signal fails at 1 in 100, over both of a value's tests, and only when the difference is one of 5 % or more. A baseline of
// zeros has no ratio and needs none: ranks and counts are compared, never quotients. NaN is no sample; a side that mostly has
// none is inconclusive.
//
// A failure ends when the canary gets no requests any more, or, of a wrong share, when it gets the declared one: beyond chance, and
// for five minutes.
//
// It never promotes and never rolls back. It is blind without a series of either side, and to what both versions do alike.
// It costs one look at the points of each series since the canary began.
//
// Source: Robbins 1970 (mixtures of likelihood ratios).
//
//	detectors:
//	  canary:
//	    - service: support-assistant
//	      environment: production
//	      label: prompt_version
//	      canary: "482"
//	      exposure: 5%
//	      requests: requests
//	      signals: [refusal_ratio, latency_p95]
package canary
