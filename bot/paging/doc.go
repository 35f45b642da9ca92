// Package paging is whose word counts: ours, or that of the pager that wakes people.
//
// It answers: what does something that the pager told of a page do to our incident (Hear), and what of ours does the pager have to be
// told (Owed)? The pager owns acknowledging and resolving: what a person does there happens here. What was done here goes there only
// when it is newer than the last word from there. So neither answers the other's echo, and both end alike whatever was lost, doubled
// or told in the wrong order, once everything was told or the pager was asked.
//
// That a page is taken or dropped is settled by time: the newest counts. That it is over counts more than that somebody is on it, and
// only opening again, here or there, undoes it. A page that was merged into another one is that other one from then on.
//
// It never sends and never asks. It is blind to clocks that are wrong: of two words that contradict each other within that error, the
// pager's stays in the end, for it is asked again; but what fired again within that error stays open here.
package paging
