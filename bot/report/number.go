package report

import (
	"math"
	"strconv"
	"strings"
)

// Number tells a value of a unit with at most three digits that count: "9.8 %", "420 ms", "$0.12", "1.4".
func Number(v float64, unit string) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "unknown"
	case unit == "ratio":
		return digits(100*v) + " %"
	case unit == "seconds" && math.Abs(v) < 1 && v != 0:
		return digits(1000*v) + " ms"
	case unit == "seconds":
		return digits(v) + " s"
	case unit == "usd" && v < 0:
		return "-$" + digits(-v)
	case unit == "usd":
		return "$" + digits(v)
	default:
		return digits(v)
	}
}

// digits rounds to three digits that count, and writes no zeros behind them.
func digits(v float64) string {
	if v == 0 {
		return "0"
	}
	places := min(max(2-int(math.Floor(math.Log10(math.Abs(v)))), 0), 9)
	s := strconv.FormatFloat(v, 'f', places, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
