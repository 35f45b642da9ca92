package ical

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rule is an RRULE.
type rule struct {
	freq      string
	interval  int
	count     int
	until     *stamp
	days      []weekday
	monthDays []int
	months    []int
	positions []int
	weekStart time.Weekday
}

// weekday is a day of BYDAY: the nth of its month or year, counted from the end where n is negative, all where it is 0.
type weekday struct {
	n   int
	day time.Weekday
}

func dayOf(name string) (time.Weekday, bool) {
	i := slices.Index([]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}, name)
	return time.Weekday(i), i >= 0
}

// readRule reads an RRULE. What is not understood is an error: an appointment at the wrong times is worse than one that is told.
func readRule(text, tzid string) (r rule, err error) {
	r = rule{interval: 1, weekStart: time.Monday}
	for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "FREQ":
			r.freq = value
		case "INTERVAL":
			r.interval, err = number(name, value, 1, 1000)
		case "COUNT":
			r.count, err = number(name, value, 1, 100_000)
		case "UNTIL":
			var s stamp
			s, err = readStamp(value, tzid)
			r.until = &s
		case "BYDAY":
			r.days, err = readDays(value)
		case "BYMONTHDAY":
			r.monthDays, err = numbers(name, value, 31, true)
		case "BYMONTH":
			r.months, err = numbers(name, value, 12, false)
		case "BYSETPOS":
			r.positions, err = numbers(name, value, 366, true)
		case "WKST":
			var ok bool
			if r.weekStart, ok = dayOf(value); !ok {
				err = fmt.Errorf("WKST=%s is no day", plain(value))
			}
		case "":
		default:
			err = fmt.Errorf("its rule has %s, which is not understood", plain(name))
		}
		if err != nil {
			return r, err
		}
	}
	return r, r.check()
}

func (r rule) check() error {
	ordinal := slices.ContainsFunc(r.days, func(d weekday) bool { return d.n != 0 })
	switch {
	case !slices.Contains([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, r.freq):
		return fmt.Errorf("it repeats %s, which is not understood: DAILY, WEEKLY, MONTHLY and YEARLY are", plain(strings.ToUpper(r.freq)))
	case r.count > 0 && r.until != nil:
		return fmt.Errorf("its rule has both COUNT and UNTIL")
	case ordinal && (r.freq == "DAILY" || r.freq == "WEEKLY"):
		return fmt.Errorf("its rule counts days of a month and repeats %s", r.freq)
	case r.freq == "WEEKLY" && len(r.monthDays) > 0:
		return fmt.Errorf("its rule has BYMONTHDAY and repeats WEEKLY")
	}
	return nil
}

func number(name, value string, least, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s=%s is not a number between %d and %d", name, plain(value), least, most)
	}
	return n, nil
}

func numbers(name, value string, most int, negative bool) (out []int, err error) {
	least := 1
	if negative {
		least = -most
	}
	for part := range strings.SplitSeq(value, ",") {
		n, err := number(name, strings.TrimPrefix(part, "+"), least, most)
		if err != nil {
			return nil, err
		}
		if n == 0 || len(out) > 2*most {
			return nil, fmt.Errorf("%s=%s is not understood", name, plain(value))
		}
		out = append(out, n)
	}
	return out, nil
}

func readDays(value string) (out []weekday, err error) {
	for part := range strings.SplitSeq(value, ",") {
		if len(part) < 2 || len(out) > 400 {
			return nil, fmt.Errorf("BYDAY=%s is not understood", plain(value))
		}
		count, name := part[:len(part)-2], part[len(part)-2:]
		day, ok := dayOf(name)
		if !ok {
			return nil, fmt.Errorf("BYDAY=%s is not understood", plain(value))
		}
		n := 0
		if count != "" {
			if n, err = number("BYDAY", strings.TrimPrefix(count, "+"), -53, 53); err != nil || n == 0 {
				return nil, fmt.Errorf("BYDAY=%s is not understood", plain(value))
			}
		}
		out = append(out, weekday{n, day})
	}
	return out, nil
}

// walls lists the times on the wall from start on that the rule gives before a last one; those before from may be left out. budget
// bounds the days that are looked at, over all rules of a calendar.
func (r rule) walls(start, from, last time.Time, budget *int) ([]time.Time, error) {
	var out []time.Time
	given := 0
	for i := r.skip(start, from); ; i++ {
		if *budget -= r.periodDays(); *budget < 0 {
			return nil, errTooMuch
		}
		begin, days := r.period(start, i)
		if begin.After(last) || begin.Year() > 2300 {
			return out, nil
		}
		for _, day := range days {
			t := time.Date(day.Year(), day.Month(), day.Day(), start.Hour(), start.Minute(), start.Second(), 0, time.UTC)
			if t.Before(start) {
				continue
			}
			if given++; t.After(last) || (r.count > 0 && given > r.count) {
				return out, nil
			}
			if !t.Before(from) {
				out = append(out, t)
			}
		}
	}
}

// skip is the first period that has to be looked at.
func (r rule) skip(start, from time.Time) int {
	if r.count > 0 || !from.After(start) {
		return 0
	}
	days := int(from.Sub(start) / (24 * time.Hour))
	return max(days/(r.periodDays()*r.interval)-1, 0)
}

// periodDays is how many days a period has, at most.
func (r rule) periodDays() int {
	return map[string]int{"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}[r.freq]
}

// period gives the beginning of the i-th period and its days that the rule gives, in order.
func (r rule) period(start time.Time, i int) (time.Time, []time.Time) {
	date := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, time.UTC)
	i *= r.interval
	var begin time.Time
	var days []time.Time
	switch r.freq {
	case "DAILY":
		begin = date.AddDate(0, 0, i)
		days = r.only([]time.Time{begin})
	case "WEEKLY":
		begin = date.AddDate(0, 0, -int(date.Weekday()-r.weekStart+7)%7+7*i)
		days = r.ofWeek(begin, date.Weekday())
	case "MONTHLY":
		begin = time.Date(date.Year(), date.Month()+time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		if r.inMonths(begin) {
			days = r.ofMonth(begin, date.Day())
		}
	default:
		begin = time.Date(date.Year()+i, time.January, 1, 0, 0, 0, 0, time.UTC)
		days = r.ofYear(begin, date)
	}
	slices.SortFunc(days, time.Time.Compare)
	return begin, r.placed(slices.CompactFunc(days, time.Time.Equal))
}

// placed picks the positions of BYSETPOS.
func (r rule) placed(days []time.Time) []time.Time {
	if len(r.positions) == 0 {
		return days
	}
	var out []time.Time
	for i, day := range days {
		if slices.Contains(r.positions, i+1) || slices.Contains(r.positions, i-len(days)) {
			out = append(out, day)
		}
	}
	return out
}

func (r rule) inMonths(day time.Time) bool {
	return len(r.months) == 0 || slices.Contains(r.months, int(day.Month()))
}

// only keeps the days that no BY part excludes.
func (r rule) only(days []time.Time) (out []time.Time) {
	for _, day := range days {
		if r.inMonths(day) && r.isMonthDay(day) && r.isWeekday(day) {
			out = append(out, day)
		}
	}
	return out
}

func (r rule) isWeekday(day time.Time) bool {
	return len(r.days) == 0 || slices.ContainsFunc(r.days, func(d weekday) bool { return d.day == day.Weekday() })
}

func (r rule) isMonthDay(day time.Time) bool {
	last := day.AddDate(0, 1, -day.Day()).Day()
	return len(r.monthDays) == 0 || slices.Contains(r.monthDays, day.Day()) || slices.Contains(r.monthDays, day.Day()-last-1)
}

func (r rule) ofWeek(begin time.Time, usual time.Weekday) (out []time.Time) {
	for i := range 7 {
		day := begin.AddDate(0, 0, i)
		if r.inMonths(day) && (len(r.days) > 0 && r.isWeekday(day) || len(r.days) == 0 && day.Weekday() == usual) {
			out = append(out, day)
		}
	}
	return out
}

func (r rule) ofMonth(begin time.Time, usual int) []time.Time {
	return r.among(begin, begin.AddDate(0, 1, 0), func(day time.Time) bool { return day.Day() == usual })
}

func (r rule) ofYear(begin, start time.Time) (out []time.Time) {
	usual := func(day time.Time) bool { return day.Month() == start.Month() && day.Day() == start.Day() }
	switch {
	case len(r.months) > 0:
		for m := range 12 {
			if month := begin.AddDate(0, m, 0); r.inMonths(month) {
				out = append(out, r.ofMonth(month, start.Day())...)
			}
		}
		return out
	default:
		return r.among(begin, begin.AddDate(1, 0, 0), usual)
	}
}

// among lists the days of a month or a year that the rule gives; usual are those without any BY part.
func (r rule) among(begin, end time.Time, usual func(time.Time) bool) (out []time.Time) {
	plainRule := len(r.days) == 0 && len(r.monthDays) == 0
	for day := begin; day.Before(end); day = day.AddDate(0, 0, 1) {
		if plainRule && usual(day) || !plainRule && r.isMonthDay(day) && r.isNth(day, begin, end) {
			out = append(out, day)
		}
	}
	return out
}

// isNth tells whether a day is one of BYDAY, counted from the begin or the end.
func (r rule) isNth(day, begin, end time.Time) bool {
	if len(r.days) == 0 {
		return true
	}
	const oneDay = 24 * time.Hour
	nth := int(day.Sub(begin)/oneDay)/7 + 1
	fromEnd := -(int((end.Sub(day)-oneDay)/oneDay)/7 + 1)
	return slices.ContainsFunc(r.days, func(d weekday) bool {
		return d.day == day.Weekday() && (d.n == 0 || d.n == nth || d.n == fromEnd)
	})
}
