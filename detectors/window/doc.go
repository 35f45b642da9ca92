// Package window keeps what was seen of every series in memory and answers sums over any span of it.
//
// The question: how many bad events out of how many, in the last five minutes, six hours, three days, thirty days, without
// asking the metrics store again? A series is a row of tiles. A tile holds what happened in one stretch of time: bad and total
// events, or the sum and the number of samples of a value. Young tiles are as wide as the evaluation interval (the base);
// with age they are folded into tiles of a minute, five minutes and an hour, and after the retention they are dropped.
//
// Three states of a stretch are kept apart. Seen: the source answered with numbers (zero counts as a number: no traffic is
// sight). Empty: the source was asked and had no such series. Unasked: nobody asked, or the question failed, with the reason.
// A sum over a span with unasked stretches is covered in part and says so; a span that was empty throughout, or whose newest
// sight is too old, is blind.
//
// It never asks a source, a clock or a disk. Snapshot and Load turn tiles into chunks and back; where chunks are kept is
// somebody else's affair. Putting the same tile twice changes nothing.
//
// What it costs: a series with 35 days of history at a base of 15 s keeps about 2,200 tiles. Counts take as few bytes as they need to be
// exact: 4 bytes a tile for bad and total while both are below 65,536, 8 up to 16 million, else 16; and one more in rows that have gaps.
// So it is 10 to 20 kB for a counted series, and 40 kB for one of values.
package window
