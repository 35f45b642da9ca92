package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Clock is simulated time: it was Origin when the wall clock showed Started, and it runs Speed times as fast. Two processes that
// hold equal clocks agree on the time.
type Clock struct {
	Origin  time.Time `json:"origin"`
	Started time.Time `json:"started"`
	Speed   float64   `json:"speed"`
}

// NewClock starts a clock now. A speed of zero or less is 1.
func NewClock(origin time.Time, speed float64) Clock {
	if speed <= 0 {
		speed = 1
	}
	return Clock{Origin: origin.UTC(), Started: time.Now().Round(0).UTC(), Speed: speed}
}

// Now is the simulated time.
func (c Clock) Now() time.Time {
	passed := time.Now().Round(0).Sub(c.Started)
	return c.Origin.Add(time.Duration(float64(passed) * c.Speed))
}

// Real is how long a simulated duration takes on the wall clock.
func (c Clock) Real(d time.Duration) time.Duration { return time.Duration(float64(d) / c.Speed) }

// Wait waits a simulated duration, or until the context ends; then it returns the context's cause.
func (c Clock) Wait(ctx context.Context, d time.Duration) error { return pause(ctx, c.Real(d)) }

// pause waits on the wall clock.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// FetchClock reads the clock that another process serves, so that both share it.
func FetchClock(ctx context.Context, url string) (Clock, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Clock{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Clock{}, fmt.Errorf("read the sandbox's clock: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Clock{}, fmt.Errorf("read the sandbox's clock: %s", resp.Status)
	}
	var c Clock
	if err := json.NewDecoder(io.LimitReader(resp.Body, 4<<10)).Decode(&c); err != nil {
		return Clock{}, fmt.Errorf("read the sandbox's clock: %w", err)
	}
	if c.Speed <= 0 || c.Started.IsZero() {
		return Clock{}, fmt.Errorf("read the sandbox's clock: %q is none", url)
	}
	return c, nil
}
