package shift

import (
	"math"
	"slices"
)

// rhythm is a way in which the level may depend on the time.
type rhythm int

const (
	flat   rhythm = iota // it does not
	daily                // as at this time on the last days
	weekly               // as at this time on this day of the last weeks
	rhythms
)

const (
	keptHours = 15*24 + 2
	// keptGuesses is how many hours back guesses are remembered; rows up to a day old are compared with them.
	keptGuesses = 32
	// errorMemory is in how many hours the memory of a guess's error halves.
	errorMemory = 72
	// behind is how many hours before an hour the level is known that guesses are corrected by.
	behind = 5
)

// season learns how the level depends on the time of day and week. Each rhythm guesses every hour before it comes; the one that
// was the least wrong lately is believed. What is guessed is the course of the level, not its height: that is corrected by the
// last hours anyway.
type season struct {
	family  *family
	newest  int64 // the newest whole hour, since 1970
	hours   [keptHours]packed
	guesses [rhythms][keptGuesses]float64
	wrong   [rhythms]float64
	judged  [rhythms]float64
	seen    int
}

func (s *season) hour(h int64) tally {
	if h > s.newest || h <= s.newest-keptHours {
		return tally{}
	}
	return s.hours[mod(h, keptHours)].tally()
}

// push takes in a whole hour. Hours between it and the one before it were not seen.
func (s *season) push(h int64, t tally) {
	if s.seen == 0 || h-s.newest > keptHours {
		s.hours, s.newest = [keptHours]packed{}, h-1
		for r := range s.guesses {
			for i := range s.guesses[r] {
				s.guesses[r][i] = math.NaN()
			}
		}
	}
	for s.newest < h {
		s.newest++
		s.hours[mod(s.newest, keptHours)] = packed{}
		for r := daily; r < rhythms; r++ {
			s.guesses[r][mod(s.newest+1, keptGuesses)] = math.NaN()
		}
	}
	s.hours[mod(h, keptHours)] = pack(t)
	s.seen++
	s.learn(h)
	for r := daily; r < rhythms; r++ {
		s.guesses[r][mod(h+1, keptGuesses)] = s.predict(r, h+1)
		if math.IsNaN(s.guess(r, h)) {
			s.guesses[r][mod(h, keptGuesses)] = s.predict(r, h)
		}
	}
}

func (s *season) guess(r rhythm, h int64) float64 {
	if r == flat {
		return 0
	}
	return s.guesses[r][mod(h, keptGuesses)]
}

// learn compares what each rhythm said of the way from some hours ago to this hour with the way that was gone.
func (s *season) learn(h int64) {
	now, then := s.hour(h), s.hour(h-behind)
	if s.family.weight(now) == 0 || s.family.weight(then) == 0 {
		return
	}
	forget := math.Exp2(-1. / errorMemory)
	height := s.family.level(s.pool(h-24, h), math.NaN())
	gone := s.family.level(now, height) - s.family.level(then, height)
	for r := range rhythms {
		said := s.guess(r, h) - s.guess(r, h-behind)
		if math.IsNaN(said) || math.IsNaN(gone) {
			continue
		}
		s.wrong[r] = s.wrong[r]*forget + min(math.Abs(gone-said), 2)
		s.judged[r] = s.judged[r]*forget + 1
	}
}

// believed is the rhythm that was the least wrong. One that could not prove itself for half a day is not believed.
func (s *season) believed() rhythm {
	best := flat
	for r := daily; r < rhythms; r++ {
		if s.judged[r] > 12 && s.wrong[r]/s.judged[r] < s.wrong[best]/max(s.judged[best], 1) {
			best = r
		}
	}
	return best
}

// predict guesses the course in an hour from the hours before it; not a number where it has nothing to go by.
func (s *season) predict(r rhythm, h int64) float64 {
	if r == weekly {
		return s.alike(h, 7*24, 2)
	}
	return s.alike(h, 24, 7)
}

// alike is how much higher the level was than around it at the same time of earlier days (or weeks). Around is a whole period
// with that time in its middle, so that a drift from day to day is not taken for a rhythm. From three days on it is the median
// day, so that one day's incident is not the next day's normal.
func (s *season) alike(h, period int64, most int) float64 {
	courses := make([]weighted, 0, 7)
	mean, weights := 0., 0.
	for n := int64(1); n <= int64(most); n++ {
		near := s.pool(h-n*period-1, h-n*period+1)
		around := s.pool(h-n*period-period/2, h-n*period+(period-1)/2)
		if s.family.weight(near) == 0 || around.minutes < float64(period)*60*3/4 {
			continue
		}
		height := s.family.level(around, math.NaN())
		w := weighted{value: s.family.level(near, height) - height, weight: s.family.weight(near)}
		mean, weights = mean+w.value*w.weight, weights+w.weight
		courses = append(courses, w)
	}
	switch len(courses) {
	case 0:
		return math.NaN()
	case 1, 2:
		return mean / weights
	}
	return median(courses)
}

// pool adds up the hours from one to another, both included.
func (s *season) pool(from, to int64) tally {
	var t tally
	for h := from; h <= to; h++ {
		t.add(s.hour(h))
	}
	return t
}

// at is the course of the level at a time in seconds, between the middles of the hours; not a number where it is not known.
func (s *season) at(r rhythm, second float64) float64 {
	middle := second/3600 - .5
	h := math.Floor(middle)
	a, b := s.guess(r, int64(h)), s.guess(r, int64(h)+1)
	switch {
	case math.IsNaN(a):
		return b
	case math.IsNaN(b):
		return a
	}
	return a + (middle-h)*(b-a)
}

// weighted is a value with its weight.
type weighted struct {
	value, weight float64
}

// median is the weighted one: half of the weight lies below it. It sorts its argument.
func median(values []weighted) float64 {
	slices.SortFunc(values, func(a, b weighted) int {
		switch {
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return 0
	})
	half := 0.
	for _, v := range values {
		half += v.weight / 2
	}
	for i, v := range values {
		if half -= v.weight; half < 0 || i == len(values)-1 {
			return v.value
		}
		if half == 0 {
			return (v.value + values[i+1].value) / 2
		}
	}
	return math.NaN()
}

func mod(a int64, n int64) int64 { return ((a % n) + n) % n }
