// Package digest makes what a team is told at a time without anybody having asked, and when that is due.
//
// It answers: what has somebody to know who begins the day (morning), what is about to land late in the week (forecast), how was the week,
// which detectors made noise and who was woken at night (weekly), and what must the next one know who goes on call (handover)? Make takes
// everything that is known at a moment and gives sections of rows; where there is nothing that anybody has to know, it says so. Text puts
// them in lines; whoever shows them elsewhere renders the same rows.
//
// It never asks a store, a clock or a vendor, never sends anything, and decides nothing: it words what others decided. Text from outside is
// data.
//
// When a digest is due is said by a schedule on the wall clock of a zone: once for each time that the wall shows, also on the days on
// which the clock is put over it or shows it twice.
//
// It is blind to what nobody told Firebreak: who is on call after the present shift, pages that others raised, pull requests of
// repositories that it does not watch. A detector's noise is counted from incidents and what people said of them; where nobody said
// anything, it is counted as not said, and not as noise.
package digest
