// Package outlier tells when signals of a service leave their normal range, several together or one of them far.
//
// The question: of the many signals that describe a service (latency of each call, processor time, traffic, errors), do some of
// them now look like nothing in the last three quarters of an hour? It is for signals that nobody set an objective for, and
// for the first minutes of a failure: two samples are enough. Package shift watches one signal for long; this one watches many
// for a short time and lets them confirm each other.
//
// Each series is judged on a logarithmic scale against its last 45 normal samples: how many spreads is it from the median? The
// spread is the largest of three: the median absolute deviation, the distance to the decile on the sample's side (a quantile
// of latency that flips between two values has no deviation and is no outlier when it flips), and .2, which is about a fifth
// of the value. A sample beyond 5 spreads is set aside and never becomes normal, unless eight in a row are: then they are the
// new normal. What counts is the lesser of the last two samples. A signal fires when that is
//
//	6 spreads or more, alone
//	3 spreads or more, together with another series of the service
//	6 spreads or more in the newest sample alone, together with two more
//
// Its onset is the first sample of the stretch, in any series that takes part, that is 3 spreads out. A sample at t stands for
// the step that ends at t, and a change shows in it when at least a quarter of the step lies behind: so a change that shows in
// this sample and not in the one before began between 1.25 and .25 steps before t, most likely .75.
//
// It never learns a season: the last three quarters of an hour are all that it knows, so slow courses of a day pass and sudden
// habits (a nightly job) fire. It never says how bad it is: that is for objectives. It is blind to a series of fewer than
// twelve samples and to one whose newest sample is two steps old. A failure that began before its history looks normal.
// It costs one look at 120 points of each series and some 20 µs for each.
//
// Sources: Iglewicz and Hoaglin 1993 (the modified z-score); Rousseeuw and Croux 1993 (scales for skewed samples).
package outlier
