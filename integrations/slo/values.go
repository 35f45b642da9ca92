package slo

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// percent reads a target in percent, written as a number or as text, and gives the share.
func (d *document) percent(path string, value any) float64 {
	v, ok := number(value)
	switch {
	case value == nil:
		d.faults.Faultf(path, "missing-target", "the target is missing").Suggest("write it in percent, as 99.9")
		return 0
	case !ok:
		d.faults.Faultf(path, "bad-target", "%.40q is no percentage", fmt.Sprint(value)).Suggest("write it as 99.9")
		return 0
	case v > 0 && v < 1:
		d.faults.Faultf(path, "bad-target", "a target of %g is meant in percent here, so it is less than one", v).
			Suggest("write %s", strconv.FormatFloat(math.Round(v*1e8)/1e6, 'f', -1, 64))
		return 0
	}
	return math.Round(v*1e8) / 1e10
}

func number(value any) (float64, bool) {
	switch v := value.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}

var (
	spans   = regexp.MustCompile(`^([0-9]{1,6}[mhdw])+$`)
	oneSpan = regexp.MustCompile(`([0-9]+)([mhdw])`)
)

// span reads a period such as 30d, 4w or 1w2d.
func (d *document) span(path, text string) time.Duration {
	if m := regexp.MustCompile(`^([0-9]{1,4})([MQYy])$`).FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		days := map[string]int{"M": 30, "Q": 90, "Y": 365, "y": 365}[m[2]]
		d.faults.Faultf(path, "calendar-window", "%s has no fixed length, and Firebreak's periods roll", text).Suggest("write %dd", n*days)
		return 0
	}
	if !spans.MatchString(text) {
		d.faults.Faultf(path, "bad-duration", "%.40q is no duration", text).Suggest("write it as 30d or 4w")
		return 0
	}
	var out time.Duration
	for _, m := range oneSpan.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		out += time.Duration(n) * map[string]time.Duration{
			"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
		}[m[2]]
	}
	return out
}

// name makes a name of words: lower-case, and a dash for everything that a name cannot hold. It gives the original too where it
// had to change it.
func name(words ...string) (made, original string) {
	original = strings.Join(words, "-")
	var b strings.Builder
	for _, c := range strings.ToLower(original) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '-':
			b.WriteRune(c)
		default:
			b.WriteByte('-')
		}
	}
	made = strings.Trim(b.String(), "-_")
	if made == original {
		return made, ""
	}
	return made, original
}
