// Package figures measures the detectors.
//
// The question: how good is each detector, in the figures that are promised of it? Recorded data sets (the Numenta Anomaly Benchmark,
// the Turing Change Point Dataset, Nezha, PetShop) are found by their layout and never by the names of their files; what is seeded
// (traces of errors, shifts, pairs of equals) is drawn anew, the same on every machine. Nothing is tuned here: what is measured are
// the detectors with the constants that they ship with. Beside each figure stands what simple methods reach on the same data, computed
// here as well, and what others have published on the development splits, marked as such.
//
// The scores of the data sets are those that they publish rules for; they are written anew here, since scorers need not be there
// where this runs. Tests hold them against the scorers where those are.
//
// It is for tests and for `make bench-detectors`.
package figures
