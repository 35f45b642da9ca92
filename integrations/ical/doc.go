// Package ical reads calendars that others keep: files and addresses in the format of iCalendar (RFC 5545).
//
// It answers: when is somebody busy, according to a calendar? Read is pure: text in, appointments out, with a sentence for each
// appointment that could not be understood. Reader stands around it: it fetches, with a bound on size and time, and keeps the last
// copy that could be read, so that a server that fails does not open what its calendar closes.
//
// Of rules that repeat, DAILY, WEEKLY, MONTHLY and YEARLY are understood, with INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH,
// BYSETPOS, WKST, RDATE, EXDATE and changed occurrences. What else there is, is told and left out. Appointments that are cancelled
// or shown as free are none.
//
// An address of a calendar is often its own key, so it is a secret and never told.
package ical
