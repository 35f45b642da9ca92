// Package calendar tells whether changes are welcome now.
//
// It answers: is this a good moment to land a change to this service, why (not), and when will that next be different? Moments
// are judged on the wall clock of the service's zone: open windows (allow), closed windows (deny), freezes, public holidays.
// Friday, the eve of a holiday and people who are away do not close anything; they are reasons that others may weigh.
//
// It never reads a clock and never decides what follows from a closed window. A window from 22:00 to 06:00 belongs to the day
// on which it begins. Where the clock is put back, a window that ends in the doubled hour is open twice, as the clock on the
// wall says; where it is put forward, the hour that does not exist is neither.
//
// It is blind to holidays that a state or a town has on its own, unless its code ("de-by") is named.
package calendar
