package configs

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

func (r *reader) string(n *node, v reflect.Value, path string, opt options) {
	if n.kind != text {
		f := r.wrongType(n, path, v.Type(), opt)
		if n.scalar() {
			f.Suggest("write %q in quotes", n.text)
		}
		return
	}
	if opt.env {
		if expanded, ok := r.expand(n, path); ok {
			v.SetString(expanded)
		}
		return
	}
	v.SetString(n.text)
}

func (r *reader) bool(n *node, v reflect.Value, path string) {
	if n.kind == boolean {
		v.SetBool(strings.EqualFold(n.text, "true"))
		return
	}
	f := r.wrongType(n, path, v.Type(), options{}).Allow("true", "false")
	switch strings.ToLower(n.text) {
	case "yes", "on", "y", "1":
		f.Suggest("write true")
	case "no", "off", "n", "0":
		f.Suggest("write false")
	}
}

func (r *reader) int(n *node, v reflect.Value, path string) {
	if n.kind != integer {
		r.wrongType(n, path, v.Type(), options{})
		return
	}
	i, err := parseInt(n.text, v.Type().Bits())
	if err != nil {
		bits := v.Type().Bits()
		r.outOfRange(n, path, fmt.Sprintf("%d to %d", int64(-1)<<(bits-1), int64(math.MaxInt64)>>(64-bits)))
		return
	}
	v.SetInt(i)
}

func (r *reader) uint(n *node, v reflect.Value, path string) {
	if n.kind != integer {
		r.wrongType(n, path, v.Type(), options{})
		return
	}
	u, err := parseUint(n.text, v.Type().Bits())
	if err != nil {
		r.outOfRange(n, path, fmt.Sprintf("0 to %d", uint64(math.MaxUint64)>>(64-v.Type().Bits())))
		return
	}
	v.SetUint(u)
}

func (r *reader) float(n *node, v reflect.Value, path string) {
	if n.kind != integer && n.kind != float {
		r.wrongType(n, path, v.Type(), options{})
		return
	}
	f, err := parseFloat(n.text)
	if err != nil || v.OverflowFloat(f) {
		r.outOfRange(n, path, "finite numbers")
		return
	}
	v.SetFloat(f)
}

func (r *reader) outOfRange(n *node, path, allowed string) {
	r.fault(path, n.pos, "out-of-range", fmt.Sprintf("%s cannot be %s", last(path), n.text)).Allow(allowed)
}

// percent reads "99.9%" as 0.999, and 0.999 as itself. A plain number above one is refused, for it is always a forgotten sign.
func (r *reader) percent(n *node, v reflect.Value, path string) {
	opt := options{percent: true}
	switch n.kind {
	case integer, float:
		f, err := parseFloat(n.text)
		switch {
		case err != nil || f < 0:
			r.fault(path, n.pos, "bad-percentage", fmt.Sprintf("%s cannot be %s", last(path), n.text)).
				Suggest("write a percentage such as 99.9%%")
		case f > 1:
			r.fault(path, n.pos, "bad-percentage", fmt.Sprintf("%s is %s without a percent sign", last(path), n.text)).
				Suggest("write %s%%", n.text)
		default:
			v.SetFloat(f)
		}
	case text:
		f, err := ParsePercent(n.text)
		if err != nil {
			r.fault(path, n.pos, "bad-percentage", fmt.Sprintf("%s: %v", last(path), err)).
				Suggest("write a percentage such as 99.9%%")
			return
		}
		v.SetFloat(f)
	default:
		r.wrongType(n, path, v.Type(), opt)
	}
}

// ParsePercent reads "99.9%" as the nearest float64 to 0.999.
func ParsePercent(s string) (float64, error) {
	number, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	number = strings.TrimSpace(number)
	if !ok || number == "" || strings.Trim(number, "0123456789.") != "" {
		return 0, fmt.Errorf("%s is not a percentage", quote(s))
	}
	f, err := strconv.ParseFloat(number+"e-2", 64) // by the exponent, so that 99.9% is exactly the literal 0.999
	if err != nil || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%s is not a percentage", quote(s))
	}
	return f, nil
}

func (r *reader) duration(n *node, v reflect.Value, path string) {
	switch n.kind {
	case text:
		d, err := ParseDuration(n.text)
		if err != nil {
			r.fault(path, n.pos, "bad-duration", fmt.Sprintf("%s: %v", last(path), err)).
				Suggest("write a number and a unit, such as 30s, 5m, 1h30m, 7d or 2w")
			return
		}
		v.SetInt(int64(d))
	case integer, float:
		r.fault(path, n.pos, "bad-duration", fmt.Sprintf("%s: %s has no unit", last(path), n.text)).
			Suggest("write %ss for seconds or %sm for minutes", n.text, n.text)
	default:
		r.wrongType(n, path, v.Type(), options{})
	}
}

// unit returns how long a unit of a duration is; a day has 24 hours.
func unit(word string) (time.Duration, bool) {
	switch word {
	case "ns":
		return time.Nanosecond, true
	case "us", "µs", "μs":
		return time.Microsecond, true
	case "ms":
		return time.Millisecond, true
	case "s":
		return time.Second, true
	case "m":
		return time.Minute, true
	case "h":
		return time.Hour, true
	case "d":
		return 24 * time.Hour, true
	case "w":
		return 7 * 24 * time.Hour, true
	default:
		return 0, false
	}
}

// ParseDuration reads what time.ParseDuration reads, and days and weeks ("30d", "2w", "1d12h"). Negative durations, numbers
// without a unit and more than 292 years are errors.
func ParseDuration(s string) (time.Duration, error) {
	bad := func(why string) (time.Duration, error) { return 0, fmt.Errorf("%s %s", quote(s), why) }
	rest := strings.TrimSpace(s)
	if rest == "" {
		return bad("is no duration")
	}
	if rest[0] == '-' {
		return bad("is negative")
	}
	var total time.Duration
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
		if digits == 0 {
			return bad("is no duration")
		}
		number := rest[:digits]
		rest = rest[digits:]
		letters := strings.IndexAny(rest, "0123456789. ")
		if letters < 0 {
			letters = len(rest)
		}
		word := rest[:letters]
		rest = rest[letters:]
		if word == "" {
			return bad("has no unit")
		}
		size, ok := unit(word)
		if !ok {
			return bad("has the unknown unit " + quote(word) + " (known: ns, us, ms, s, m, h, d, w)")
		}
		part, err := times(number, size)
		if err != nil || total > math.MaxInt64-part {
			return bad("is no duration or too long")
		}
		total += part
	}
	return total, nil
}

// times multiplies a decimal number, which is not negative, with a unit.
func times(number string, size time.Duration) (time.Duration, error) {
	whole, fraction, _ := strings.Cut(number, ".")
	if whole == "" && fraction == "" || strings.Contains(fraction, ".") {
		return 0, errors.New("not a number")
	}
	var n int64
	if whole != "" {
		var err error
		if n, err = strconv.ParseInt(whole, 10, 64); err != nil {
			return 0, err
		}
	}
	if n > int64(math.MaxInt64/size) {
		return 0, errors.New("too long")
	}
	out := time.Duration(n) * size
	if fraction != "" {
		f, err := strconv.ParseFloat("0."+fraction, 64)
		if err != nil {
			return 0, err
		}
		part := time.Duration(math.Round(f * float64(size)))
		if out > math.MaxInt64-part {
			return 0, errors.New("too long")
		}
		out += part
	}
	return out, nil
}

func (r *reader) unmarshalText(n *node, v reflect.Value, path string) {
	fresh := reflect.New(v.Type())
	u, ok := fresh.Interface().(encoding.TextUnmarshaler)
	if !ok {
		panic("configs: " + v.Type().String() + " cannot be read from text")
	}
	if err := u.UnmarshalText([]byte(n.text)); err != nil {
		r.fault(path, n.pos, "bad-value", fmt.Sprintf("%s: %v", last(path), err))
		return
	}
	v.Set(fresh.Elem())
}

// parseInt reads a YAML 1.2 integer: decimal with or without underscores, 0x, 0o. A leading zero does not make it octal.
func parseInt(s string, bits int) (int64, error) {
	s, base := numeral(s)
	return strconv.ParseInt(s, base, bits)
}

func parseUint(s string, bits int) (uint64, error) {
	s, base := numeral(s)
	return strconv.ParseUint(strings.TrimPrefix(s, "+"), base, bits)
}

func numeral(s string) (string, int) {
	s = strings.ReplaceAll(s, "_", "")
	if strings.Trim(s, "+-0123456789") == "" {
		return s, 10
	}
	return s, 0
}

// parseFloat reads a finite number.
func parseFloat(s string) (float64, error) {
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if err != nil {
		if i, ierr := parseInt(s, 64); ierr == nil {
			return float64(i), nil
		}
		return 0, err
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, errors.New("not finite")
	}
	return f, nil
}
