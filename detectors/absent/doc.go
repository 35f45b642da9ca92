// Package absent tells when something that used to be seen is seen no more.
//
// The question: is a signal gone that was there, and does a thing that should happen with every request still happen? Three
// ways of falling silent look healthy to everybody else: an exporter that died or renamed its metric (no errors are reported
// any more), a guardrail that stopped being called (it blocks nothing, and all goes through), and a metrics store that does not
// answer.
//
//	gone     a signal had samples within the last day and has none for longer than After. What the others of the service say does
//	         not matter: silence is a finding, never health.
//	share    calls for each request fell below half of the day before, and so few are no chance: below one in a million, as
//	         counts go (Poisson). At least fifty calls are expected, else it is not asked.
//	targets  some of the scrape targets have been down for longer than After: what they do is hidden in the sums of the others
//	silent   a source of webhooks has sent nothing for longer than the same hours of the weeks before ever did (Deliveries)
//
// It never guesses why. It is blind, with the source's reason, where the source did not answer: then nobody knows whether the
// signal is gone; and where a signal has never been seen. A signal that is missing for more than a day is no news any more and
// becomes blind too. It costs one look at a day of points, in steps of five minutes, of each series that is silent, and four
// sums.
//
//	detectors:
//	  absent:
//	    - service: support-assistant
//	      signals: [refusal_ratio, latency_p95]
//	      after: 5m
//	      calls: guardrail_calls
//	      requests: requests
package absent
