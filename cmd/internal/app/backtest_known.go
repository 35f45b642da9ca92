package app

import (
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot/backtest"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// knownConfig is a file of incidents that people confirmed.
type knownConfig struct {
	Incidents []knownIncident `yaml:"incidents,required"`
}

type knownIncident struct {
	Service     string `yaml:"service,required"`
	Environment string `yaml:"environment"`
	From        moment `yaml:"from,required"`
	To          moment `yaml:"to,required"`
	Change      string `yaml:"change"`
	Note        string `yaml:"note"`
}

// moment is a time in YAML.
type moment struct{ time.Time }

// UnmarshalText reads a time.
func (m *moment) UnmarshalText(text []byte) error {
	at, err := ParseMoment(string(text))
	m.Time = at
	return err
}

// ParseMoment reads a time as people write it: 2026-11-20T15:53:00Z, 2026-11-20 15:53 (UTC) or 2026-11-20.
func ParseMoment(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02 15:04Z", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errors.New("this is no time; write it as 2026-11-20T15:53:00Z")
}

// LoadKnown reads a file of confirmed incidents, and tells every fault of it.
func LoadKnown(file string, c Config) ([]backtest.Known, []Fault) {
	data, err := readBounded(file)
	if err != nil {
		return nil, []Fault{{File: file, Line: 1, Col: 1, Code: "unreadable", Message: err.Error()}}
	}
	var known knownConfig
	doc, faults := configs.Load(file, data, &known, configs.Env{})
	report := diag.New()
	at := report.At("incidents")
	out := make([]backtest.Known, 0, len(known.Incidents))
	for i, k := range known.Incidents {
		if k.Service != "" {
			at.Index(i).OneOf("service", "unknown-service", "service", k.Service, c.names())
		}
		switch {
		case k.From.IsZero(), k.To.IsZero():
		case !k.From.Before(k.To.Time):
			at.Index(i).Faultf("to", "bad-span", "it ends at %s, which is not after %s, when it begins", clockOf(k.To.Time), clockOf(k.From.Time))
		case k.To.Sub(k.From.Time) > longestKnown:
			at.Index(i).Faultf("to", "bad-span", "it lasts %s; an incident of more than 30 days would confirm everything", k.To.Sub(k.From.Time))
		}
		for j, other := range known.Incidents[:i] {
			if other.Service == k.Service && other.Environment == k.Environment && k.From.Before(other.To.Time) && other.From.Before(k.To.Time) {
				at.Index(i).Faultf("from", "overlaps", "it overlaps incidents[%d] of the same service", j).Suggest("make one of both")
			}
		}
		out = append(out, backtest.Known{
			Service: k.Service, Environment: k.Environment, From: k.From.Time, To: k.To.Time, Change: k.Change, Note: k.Note,
		})
	}
	faults = append(faults, doc.Resolve(report.Faults())...)
	configs.Sort(faults)
	return out, faults
}

const longestKnown = 30 * 24 * time.Hour

// within are the known incidents of what was judged, and a word about each other one.
func within(known []backtest.Known, from, to time.Time) (in []backtest.Known, notes []string) {
	for _, k := range known {
		if k.To.Before(from) || k.From.After(to) {
			notes = append(notes, fmt.Sprintf("the known incident of %s at %s is outside of what was judged", k.Service, clockOf(k.From)))
			continue
		}
		in = append(in, k)
	}
	if known != nil && in == nil {
		in = []backtest.Known{}
	}
	return in, notes
}
