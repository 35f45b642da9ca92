// Package backtest holds what would have been against what was.
//
// The question: of the incidents that would have been opened over a past, which are those that people confirmed, which are false, and
// which confirmed ones would have been missed; how long after the beginning would somebody have been paged, and would the right change
// have been named? It counts; it judges no signal and asks nobody. Who replays the past hands in the incidents with their timelines.
//
// An incident and a known one belong together when they are of the same service (and environment, where the known one names it) and
// their times overlap: the incident's from its onset to its recovery, the known one's from From to To. Several incidents may belong to
// one known one; it is the first page among them that counts, else the first ticket. Incidents of Firebreak itself, which tell that it
// could not see, are neither confirmed nor false.
package backtest
