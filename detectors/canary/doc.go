// Package canary tells whether a new version behaves like the one beside it, and whether it gets the share of the traffic that
// was declared.
//
// The questions: is the exposure what somebody said it would be, and does any signal get worse where the new version answers?
// Both versions serve at the same time, so what happens to all (a slow vendor, the hour of the day) happens to both. Which
// series belong to the canary is told by a label: version, prompt_version, rollouts-pod-template-hash or one's own. Series of
// both that agree in all other labels are compared with each other.
//
// There are three answers. Pass; fail; and inconclusive where too little was seen, or where something looks wrong that so few
// samples cannot prove. Inconclusive is not a pass: its finding is blind, with the reason, and a gate holds.
//
//	exposure  a mixture of likelihood ratios over every request so far; it may be looked at after each request, for its
//	          chance of ever being wrong is 1 % in all (Ville's inequality). Below a tenth off, nobody is told.
//	ratio     the exact conditional test over slices and steps (Fisher's, stratified), and its score form (Mantel-Haenszel)
//	          where counts are large, divided by the dispersion between steps
//	value     Mann-Whitney's rank test of the samples, with ties, for the level; the same of the distances from each
//	          side's own median for the spread; samples that depend on each other count for less
//
// A signal fails at 1 in 100, over both of a value's tests, and only when the difference is one of 5 % or more. A baseline of
// zeros has no ratio and needs none: ranks and counts are compared, never quotients. NaN is no sample; a side that mostly has
// none is inconclusive.
//
// It never promotes and never rolls back. It is blind without a series of either side, and to what both versions do alike.
// It costs one look at the points of each series since the canary began.
//
// Sources: Mann and Whitney 1947; Fisher 1934; Mantel and Haenszel 1959; Robbins 1970 (mixtures of likelihood ratios).
//
//	canaries:
//	  - service: support-assistant
//	    environment: production
//	    label: prompt_version
//	    canary: "482"
//	    exposure: 5%
//	    requests: requests
//	    signals: [refusal_ratio, latency_p95]
package canary
