// Package compare tells whether one side behaves worse than another: a new version beside an old one, staging beside production.
//
// The question: given the counts or the samples of two sides, do they differ by more than chance, and by enough to matter?
// There are three answers. Pass; fail; and inconclusive where too little was seen, or where something looks wrong that so few
// samples cannot prove.
//
//	ratio     the exact conditional test over strata (Fisher's, stratified), and its score form (Mantel-Haenszel) where counts
//	          are large, divided by the dispersion between steps
//	value     Mann-Whitney's rank test of the samples, with ties, for the level; the same of the distances from each
//	          side's own median for the spread; samples that depend on each other count for less
//
// A side fails at 1 in 100, over both of a value's tests, and only when the difference is one of 5 % or more. A side of zeros
// has no ratio and needs none: ranks and counts are compared, never quotients. NaN is no sample; a side that mostly has none is
// inconclusive.
//
// Matches pairs series of two sides that agree in all labels that both sides share, and Strata and Samples read them. It knows
// nothing of what the sides are. It costs one look at the points of each series, a sort of the samples, and one product for each
// stratum.
//
// Sources: Mann and Whitney 1947; Fisher 1934; Mantel and Haenszel 1959.
package compare
