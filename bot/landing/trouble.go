package landing

import (
	"context"
	"errors"
	"time"
)

// Trouble is what a Forge says of a request that failed, beside the error itself.
type Trouble struct {
	Err error
	// Gone tells that there is no such thing any more, or that we may not see it.
	Gone bool
	// Limited tells that the forge wants to hear nothing for After; of other failures After is how long to wait with this one.
	Limited bool
	// Down tells that the forge may be out of reach altogether: it did not answer, or with an error of its own.
	Down  bool
	After time.Duration
}

func (t *Trouble) Error() string { return t.Err.Error() }

// Unwrap gives the error itself.
func (t *Trouble) Unwrap() error { return t.Err }

// outage is what is postponed while the forge is out of reach: everything.
const outage = "the forge"

// failed has what failed wait, each time longer. Where the forge itself is out of reach or wants to hear nothing, everything waits, so that what
// has waited longest goes first afterwards: one that fails alone is in nobody's way.
func (l *Landing) failed(ctx context.Context, now time.Time, kind, what string, err error) {
	l.metrics.failed.WithLabelValues(kind).Inc()
	l.parts.Logger.WarnContext(ctx, "a request about pull requests failed; it is tried again", "what", what, "error", err)
	t := troubleOf(err)
	switch {
	case t.Limited:
		l.hold(now.Add(max(t.After, betweenWrites)))
	case t.Down && l.parts.Forge.Ping(ctx) != nil:
		l.postpone(now, outage, t.After)
	default:
		l.postpone(now, what, t.After)
	}
}

// worked notes that something went through: what it was is not late any more, and the forge can be reached.
func (l *Landing) worked(what string) {
	delete(l.later, what)
	delete(l.later, outage)
}

// hold has everything wait until a time.
func (l *Landing) hold(until time.Time) {
	if d := l.later[outage]; until.After(d.until) {
		l.later[outage] = delay{until: until, times: d.times}
	}
}

// troubleOf is what an error says.
func troubleOf(err error) Trouble {
	var t *Trouble
	if errors.As(err, &t) {
		return *t
	}
	return Trouble{Err: err}
}
