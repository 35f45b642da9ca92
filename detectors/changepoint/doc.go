// Package changepoint tells at which samples a recorded stretch changed its course.
//
// The question: given the whole of a stretch, past and future of every sample, into which parts does it fall? It is for looking
// back (a backtest, a report), where all samples are there; package onset answers for one change that has just been detected,
// with an interval.
//
// The method is binary segmentation. A part costs what is left of it after its least-squares line: a line, because a level
// that drifts is one course and not many levels. The stretch is split where that lowers the cost most, and again, up to
// eight times. Of these nine nested answers the one with the lowest information criterion is given,
//
//	n' ln(cost/n + floor) + 4 changes ln n        n' = n (1 - r)/(1 + r)
//
// where r is the lag-1 autocorrelation of what the deepest answer leaves. Autocorrelated samples tell less than their number,
// and a criterion that believes their number splits every wave. A change costs four parameters: its place, a level, a slope,
// and one for having been searched for. Extremes are drawn in first, so that a single spike is no course of its own; several
// series that are split together are standardised and their costs added.
//
// It never looks at single samples: parts are at least ten samples long. It is blind to changes that a line explains, to those
// that leave the level and change the spread, and to what explains less than a tenth of the whole spread. It over-splits
// smooth curves and levels that wander: noise with an autocorrelation of .9 gets two changes in five series of 400 samples,
// white noise none in two hundred. It costs eight passes over the samples, and four running sums of each series.
//
// Sources: Scott and Knott 1974 (binary segmentation); Schwarz 1978 (the criterion); Bartlett 1946 (the number of samples that
// autocorrelated ones are worth); van den Burg and Williams, arXiv 2003.06222 (the data set that it is measured on).
package changepoint
