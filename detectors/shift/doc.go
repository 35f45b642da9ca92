// Package shift tells when a series is not what it used to be.
//
// The question: without a threshold that somebody chose, has a signal changed? There are two answers, for there are two things
// to go by. The level: has the share of refusals, the cost of a request, the time to a first token, the number of tokens moved up
// or down, given how it moves by itself? The shape: does the series move as it has not in the last days?
//
// # Level
//
// What is normal is learnt from three things: the time of day and of the week (the median of earlier days around that time; whether
// the day, the week or neither is believed is settled by which of them guessed the last days best), the height of the last hours
// (never the very last, so that what has just begun is not learnt), and how much the series scatters around both.
// The evidence of a minute, by its numbers (bad of total events, never a bare ratio), is the likelihood ratio of a shift of each of
// nine sizes: binomial for ratios, Poisson for counts, Student's t on the logarithm for values. A value's echo from minute to
// minute is taken off first. The evidence is divided by how much more than independent events the series scatters over the time
// that a shift of that size takes to be found; a size that the series reaches by itself is not looked for at all. So
// autocorrelation and drift make a series harder to judge, and not a source of alarms.
// The evidence is summed by Shiryaev and Roberts: over all minutes in which a shift may have begun. Their statistic grows by one
// a minute while nothing happens, so its bar is a time: one false alarm in 14 days over all series that are watched alike.
// A shift is one alarm, from when it is found until the level goes back, or was held for eight hours and is the normal one. When
// it began is the posterior over the last four hours, sudden and slow beginnings weighed together: its median, and its 5th and
// 95th percentile. It is read when the shift is found and once more ten minutes later, and then stands.
// A shift for the worse has the severity that was configured; one for the better is info: it is news.
//
// # Shape
//
// The distance of the newest stretch of rows (five minutes each; 40, 80 and 160 minutes together) to the nearest stretch of the
// last three and a half days, over what such distances usually are. After an alarm it is silent for half a day, and each alarm
// raises the bar for the next. Scorer is the same for any series, as an export: firebreak backtest csv. Its constants are those
// of the product, one set for all series; they mean time and not rows where samples are closer than five minutes.
//
// # Limits
//
// It never asks a source, a clock or a disk, and never says why something changed. It keeps no state that the windows do not hold:
// what it remembers between judgements is a cache, compared with the windows at each judgement and made again from them (15 days
// of hours, 74 hours of five minutes, 30 hours of minutes) after a start or when samples came late.
// It is blind where the windows are; to the level for the first six hours of a series, to its shape for the first day; to a
// shift that is smaller than what the series does by itself within hours; and to a repetition of a shape in the last days.
// No traffic is sight, and quiet. At ten requests a minute an onset is uncertain by an hour, and says so.
//
// A row of a Scorer and a minute of a Level together cost some 13 µs and no allocation, and a series keeps less than 64 KB.
//
// Sources: Page and Shiryaev–Roberts procedures (Tartakovsky, Nikiforov, Basseville, Sequential Analysis, 2014); the matrix
// profile (Yeh et al., ICDM 2016) by lag, for streams; measured on the Numenta benchmark and on the series of package seeded.
package shift
