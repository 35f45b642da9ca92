// Package report tells people of an incident: in one card, at three in the morning, and in one document, on the day after.
//
// It answers: what is wrong, since when, how bad, which change probably did it and why, what is being done, who is on it, and what
// the reader has to decide. CardOf gives that free of any vendor's mark-up; ReportOf gives the whole story as data, which Markdown and
// HTML render. All of them are made from the incident and its timeline alone, so they can be made again at any time and say the same.
//
// It never asks a store or a clock, never sends anything, and adds no fact that is not on the timeline. Text from outside (titles,
// names, answers) is data: Escape makes it harmless in Markdown, html/template in HTML, and whoever shows a card does it there.
//
// It is blind to what nobody wrote on the timeline; a number that is not known is left out, not guessed.
package report
