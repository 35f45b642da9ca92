package landing

import (
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
	After   time.Duration
}

func (t *Trouble) Error() string { return t.Err.Error() }

// Unwrap gives the error itself.
func (t *Trouble) Unwrap() error { return t.Err }

// troubleOf is what an error says.
func troubleOf(err error) Trouble {
	var t *Trouble
	if errors.As(err, &t) {
		return *t
	}
	return Trouble{Err: err}
}
