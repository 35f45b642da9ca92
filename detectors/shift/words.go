package shift

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// level is the evidence of the recent minutes beside what is usual.
func (d *Detector) level(f *family, seen tally, usual float64, a Alarm, on bool) detectors.Evidence {
	e := detectors.Evidence{Name: ruleLevel, Limit: usual, Unit: d.config.Signal.Unit, Window: recent}
	minutes := strconv.Itoa(int(recent.Minutes()))
	switch f.shape {
	case detectors.Ratio:
		e.Value = seen.bad / seen.total
		e.Sentence = fmt.Sprintf("%s of %s in %s min, usually %s", d.words(e.Value), thousands(seen.total), minutes, d.words(usual))
	case detectors.Count:
		e.Value = seen.total / seen.minutes
		e.Sentence = fmt.Sprintf("%s a minute in %s min, usually %s", d.words(e.Value), minutes, d.words(usual))
	default:
		e.Value = seen.bad / seen.total
		e.Sentence = fmt.Sprintf("%s over %s in %s min, usually %s", d.words(e.Value), thousands(seen.total), minutes, d.words(usual))
	}
	if on {
		e.Sentence += "; " + direction(a.Up)
	}
	return e
}

func direction(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

func clock(t time.Time) string { return t.Format("15:04") }

// words are a number of the signal for people.
func (d *Detector) words(v float64) string {
	switch d.config.Signal.Unit {
	case "ratio":
		return significant(100*v) + " %"
	case "usd":
		return significant(v) + " USD"
	case "seconds":
		return significant(v) + " s"
	case "":
		if d.config.Signal.Shape == detectors.Ratio {
			return significant(100*v) + " %"
		}
		return significant(v)
	}
	return significant(v) + " " + d.config.Signal.Unit
}

// significant writes two digits of a small number, or all whole ones of a large one.
func significant(v float64) string {
	if math.Abs(v) >= 100 {
		return thousands(v)
	}
	if v == 0 {
		return "0"
	}
	digits := max(0, 1-int(math.Floor(math.Log10(math.Abs(v)))))
	s := strconv.FormatFloat(v, 'f', min(digits, 12), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// thousands writes a whole number with its thousands apart.
func thousands(v float64) string {
	if math.Abs(v) >= 1e15 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if v <= -.5 {
		return "-" + s
	}
	return s
}
