package prometheus

import (
	"net/http"
	"sync/atomic"
	"time"
)

// clock knows how far the server's clock is from ours, by the dates of its answers.
type clock struct{ ahead atomic.Int64 }

// compare takes in an answer. Its date has whole seconds and was written at some moment between asking and hearing; only what
// these cannot explain counts. A date that a cache kept says nothing.
func (c *clock) compare(header http.Header, sent, heard time.Time) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("Age") != "" {
		return
	}
	var ahead time.Duration
	switch latest := date.Add(time.Second); {
	case date.After(heard):
		ahead = date.Sub(heard)
	case latest.Before(sent):
		ahead = latest.Sub(sent)
	}
	c.ahead.Store(int64(ahead))
}

// Ahead is how far Prometheus' clock was ahead of ours at the newest answer, negative while it is behind. Zero also means that
// nothing was answered yet.
func (s *Source) Ahead() time.Duration { return time.Duration(s.client.clock.ahead.Load()) }
