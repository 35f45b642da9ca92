package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Query asks for the tiles of one signal that end in (From, To], each Step wide and aligned to Step, for all services together.
type Query struct {
	Signal   string
	From, To time.Time
	Step     time.Duration
}

// Reading is what one series did in the tile that ends at At.
type Reading struct {
	Series detectors.SeriesID
	At     time.Time
	// Bad and Total are events for counted shapes; for values Bad is the sum of the samples and Total their number.
	Bad, Total float64
}

// Answer is what a source knows. A series or a tile that is not in Readings does not exist at the source.
type Answer struct {
	Readings []Reading
	// Samples is how many samples the source read for it, zero when the source does not say.
	Samples int64
	// Notes are remarks for the operator that leave the answer whole, as a model without a price. Each is logged once.
	Notes []string
}

// Source answers queries about signals. An error that wraps Sightless says why it cannot.
type Source interface {
	Ask(ctx context.Context, q Query) (Answer, error)
}

// Clocked is what a source may tell beside its answers: how far its clock is ahead of ours, negative while it is behind. What
// has not happened there yet cannot be asked for: it would look like silence.
type Clocked interface{ Ahead() time.Duration }

// Renamer is what a source may know beside its answers: under which other name something that is gone seems to have come back.
// The answer is a sentence for people, empty when nothing looks like it.
type Renamer interface {
	Renamed(ctx context.Context, signal string, now time.Time) (string, error)
}

// Sink hears of findings. After an error the same findings are handed on again with the next tick.
type Sink interface {
	Observe(ctx context.Context, findings []detectors.Finding) error
}

// Tiles keeps chunks of windows over a restart.
type Tiles interface {
	SaveChunks(ctx context.Context, chunks []detectors.Chunk) error
	// LoadChunks calls back for each chunk that starts at since or later, the oldest first.
	LoadChunks(ctx context.Context, since time.Time, each func(detectors.Chunk) error) error
}

// Sightless is the error of a source that could not answer, with the reason that findings and metrics carry.
type Sightless struct {
	Reason detectors.Blindness
	// Err is the detail for the operator; secrets are removed from it.
	Err error
}

func (e *Sightless) Error() string { return fmt.Sprintf("%s: %v", e.Reason, e.Err) }

func (e *Sightless) Unwrap() error { return e.Err }

// ReasonOf classifies an error of a source: what Sightless says, else timeout for a deadline, else unreachable.
func ReasonOf(err error) detectors.Blindness {
	var sightless *Sightless
	switch {
	case err == nil:
		return detectors.Sighted
	case errors.As(err, &sightless):
		return sightless.Reason
	case errors.Is(err, context.DeadlineExceeded):
		return detectors.Timeout
	default:
		return detectors.Unreachable
	}
}

// Watched is a signal with the series that are expected of it. A series that is expected and not answered is known to be empty.
type Watched struct {
	Signal detectors.Signal
	Series []detectors.SeriesID
}

// Severe is what a detector may tell beside its judgements: the worst severity that it can give. It decides how loudly its
// blindness is reported; a detector that does not tell counts as Ticket.
type Severe interface{ Severity() detectors.Severity }

// Comparing is what a detector may tell beside its judgements: that it compares, and that too little to compare is one of its
// answers. Its blindness is no loss of Firebreak's sight; a signal that cannot be asked for is told all the same.
type Comparing interface{ Comparing() }
