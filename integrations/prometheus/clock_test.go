package prometheus

import (
	"net/http"
	"testing"
	"time"
)

func TestTheServersClockIsKnownByItsDates(t *testing.T) {
	sent := time.Date(2026, 11, 20, 14, 0, 0, 400e6, time.UTC)
	heard := sent.Add(300 * time.Millisecond)
	for _, test := range []struct {
		name   string
		date   string
		age    string
		before time.Duration
		want   time.Duration
	}{
		{"the same second", "Fri, 20 Nov 2026 14:00:00 GMT", "", time.Hour, 0},
		{"a second that had just ended", "Fri, 20 Nov 2026 14:00:00 GMT", "", 0, 0},
		{"three minutes ahead", "Fri, 20 Nov 2026 14:03:00 GMT", "", 0, 3*time.Minute - 700*time.Millisecond},
		{"three minutes behind", "Fri, 20 Nov 2026 13:57:00 GMT", "", 0, -(3*time.Minute - 600*time.Millisecond)},
		{"no date", "", "", time.Minute, time.Minute},
		{"a date from a cache", "Fri, 20 Nov 2026 13:00:00 GMT", "3600", 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c clock
			c.ahead.Store(int64(test.before))
			header := http.Header{}
			for name, value := range map[string]string{"Date": test.date, "Age": test.age} {
				if value != "" {
					header.Set(name, value)
				}
			}
			c.compare(header, sent, heard)
			if got := time.Duration(c.ahead.Load()); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
