package prometheus

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/packs"
)

// SignalsConfig says which signals there are: those of shipped packs, and a user's own.
type SignalsConfig struct {
	// Use names shipped packs, as otel-genai.
	Use []string `yaml:"use"`
	// Names overrides names of metrics and labels that the packs define.
	Names map[string]string `yaml:"names"`
	// Prices come before those of the packs.
	Prices []Price `yaml:"prices"`
	// Custom are signals of the user's own. One with the name of a pack's signal replaces it.
	Custom []SignalConfig `yaml:"custom"`
}

// pack is the content of a shipped file.
type pack struct {
	Title   string            `yaml:"title"`
	Names   map[string]string `yaml:"names"`
	Signals []SignalConfig    `yaml:"signals"`
	Prices  []Price           `yaml:"prices"`
}

func readPack(name string) (pack, error) {
	var p pack
	data, err := packs.Read(name)
	if err != nil {
		return p, err
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&p); err != nil {
		return p, fmt.Errorf("pack %s: %w", name, err)
	}
	return p, nil
}

// Check reports every fault: unknown packs and names, bad queries, doubled signals, bad prices.
func (c SignalsConfig) Check(r *diag.Report) {
	known := map[string]bool{}
	for i, name := range c.Use {
		at := r.At("use").Index(i)
		if !at.OneOf("", "unknown-pack", "signal pack", name, packs.Names()) {
			continue
		}
		if slices.Index(c.Use, name) < i {
			at.Faultf("", "duplicate", "the pack %s is used twice", name)
		}
		if p, err := readPack(name); err == nil {
			for n := range p.Names {
				known[n] = true
			}
		}
	}
	allowed := slices.Sorted(maps.Keys(known))
	for _, name := range slices.Sorted(maps.Keys(c.Names)) {
		if !known[name] {
			f := r.At("names").Keyf(name, "unknown-name", "no pack in use has a name %q", name).Allow(allowed...)
			if near := diag.Nearest(name, allowed); near != "" {
				f.Suggest("did you mean %q?", near)
			}
		}
	}
	checkPrices(r.At("prices"), c.Prices)
	for i, s := range c.Custom {
		at := r.At("custom").Index(i)
		s.Check(at)
		if slices.IndexFunc(c.Custom, func(o SignalConfig) bool { return o.Name == s.Name }) < i {
			at.Faultf("name", "duplicate", "a signal %q exists already", s.Name)
		}
	}
	if r.Len() == 0 && len(c.Names) > 0 {
		c.checkNamed(r)
	}
}

// checkNamed parses the packs' queries again with the names that the user gave, which may not fit into a query.
func (c SignalsConfig) checkNamed(r *diag.Report) {
	signals, err := c.Signals()
	if err != nil {
		r.Faultf("names", "bad-name", "%v", err)
		return
	}
	for _, s := range signals {
		inner := diag.New()
		s.Check(inner)
		for _, f := range inner.Faults() {
			r.Faultf("names", "bad-name", "with these names the signal %s cannot be asked: %s", s.Name, f.Message)
			return
		}
	}
}

// Signals gives all signals, those of packs with names and prices filled in first.
func (c SignalsConfig) Signals() ([]SignalConfig, error) {
	var out []SignalConfig
	for _, name := range c.Use {
		p, err := readPack(name)
		if err != nil {
			return nil, err
		}
		maps.Copy(p.Names, c.Names)
		prices := slices.Concat(c.Prices, p.Prices)
		for _, s := range p.Signals {
			s, err := s.named(p.Names, prices)
			if err != nil {
				return nil, fmt.Errorf("pack %s: signal %s: %w", name, s.Name, err)
			}
			out = replace(out, s)
		}
	}
	for _, s := range c.Custom {
		if s.Prices != nil {
			with := *s.Prices
			with.Table = slices.Concat(with.Table, c.Prices)
			s.Prices = &with
		}
		out = replace(out, s)
	}
	return out, nil
}

func replace(signals []SignalConfig, s SignalConfig) []SignalConfig {
	if i := slices.IndexFunc(signals, func(o SignalConfig) bool { return o.Name == s.Name }); i >= 0 {
		signals[i] = s
		return signals
	}
	return append(signals, s)
}

// named fills names into the queries of a signal.
func (s SignalConfig) named(names map[string]string, prices []Price) (SignalConfig, error) {
	var unknown []string
	fill := func(text string) string {
		return os.Expand(text, func(name string) string {
			if strings.Trim(name, "0123456789") == "" {
				return "$" + name // a group of label_replace
			}
			if _, ok := names[name]; !ok {
				unknown = append(unknown, name)
			}
			return names[name]
		})
	}
	s.Bad, s.Total, s.Value, s.Requires = fill(s.Bad), fill(s.Total), fill(s.Value), fill(s.Requires)
	s.Slices = slices.Clone(s.Slices)
	for i, l := range s.Slices {
		s.Slices[i] = fill(l)
	}
	if s.Prices != nil {
		with := *s.Prices
		with.ModelLabels = slices.Clone(with.ModelLabels)
		for i, l := range with.ModelLabels {
			with.ModelLabels[i] = fill(l)
		}
		with.TypeLabel = fill(with.TypeLabel)
		with.Table = slices.Concat(with.Table, prices)
		s.Prices = &with
	}
	if len(unknown) > 0 {
		return s, fmt.Errorf("unknown names %s", strings.Join(unknown, ", "))
	}
	return s, nil
}
