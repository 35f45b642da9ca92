package shift

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Name is the detector's one name.
const Name = "shift"

// Config is one signal of one service.
type Config struct {
	Signal  detectors.Signal
	Service string
	// Environment narrows it to one environment of the service; empty means each that the service has, apart.
	Environment string
	// Severity is that of a shift for the worse. Empty means page. A shift for the better is always info.
	Severity detectors.Severity
	// Series is how many series are watched alike: the more there are, the surer each must be, so that their number does not make
	// false alarms. Zero means no more than five.
	Series int
}

// WithDefaults fills what was left zero.
func (c Config) WithDefaults() Config {
	c.Severity = cmp.Or(c.Severity, detectors.Page)
	c.Series = max(c.Series, 5)
	return c
}

func (c Config) check() error {
	var errs []error
	if c.Service == "" || c.Signal.Name == "" {
		errs = append(errs, errors.New("a service and a signal are needed"))
	}
	switch c.Signal.Shape {
	case detectors.Ratio, detectors.Count, detectors.Value:
	default:
		errs = append(errs, fmt.Errorf("a signal of shape %q is not known; ratio, count and value are", c.Signal.Shape))
	}
	if c.Severity.Rank() == 0 {
		errs = append(errs, fmt.Errorf("a severity %q is not known; info, ticket and page are", c.Severity))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("shift: %w", err)
	}
	return nil
}

// What is read of the windows when nothing is remembered: hours for the season, five minutes for the shapes, minutes for the
// level.
const (
	hoursBack   = keptHours * time.Hour
	rowsBack    = 74 * time.Hour
	minutesBack = 30 * time.Hour
	// recent is the stretch that findings speak of.
	recent = 10 * time.Minute
	// reread is how many of the newest minutes are compared with what was remembered: samples may come late.
	reread = 15
)
