package suspect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
)

// part is a slice of the signal: events a minute and the share of bad ones before and after the onset.
type part struct {
	slice          string
	events         float64
	before, after  float64
	beginsAtTheOns bool
}

// filled has three hours before the onset and twenty minutes since.
func filled(onset time.Time, parts ...part) *detectorstest.Windows {
	w := &detectorstest.Windows{}
	for m := -180; m < 20; m++ {
		at := onset.Add(time.Duration(m+1) * time.Minute)
		var bad, total float64
		for _, p := range parts {
			if p.beginsAtTheOns && m < 0 {
				continue
			}
			share := p.before
			if m >= 0 {
				share = p.after
			}
			id := detectors.SeriesID{Signal: "refusal_ratio", Service: "support", Slice: p.slice}
			w.Add(id, at, share*p.events, p.events)
			bad, total = bad+share*p.events, total+p.events
		}
		w.Add(detectors.SeriesID{Signal: "refusal_ratio", Service: "support"}, at, bad, total)
	}
	return w
}

func TestSlicesThatMovedNameTheChangeThatBroughtThem(t *testing.T) {
	onset := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	now := onset.Add(20 * time.Minute)
	in := bot.Incident{
		ID: "inc-1", Service: "support", Signal: "refusal_ratio", OpenedAt: now, Onset: detectors.Onset{At: onset, Earliest: onset, Latest: onset},
	}
	prompt := bot.Change{
		ID: "prompt", Kind: bot.Prompt, Kinds: []bot.Kind{bot.Prompt}, Title: "tone", Services: []string{"support"}, Number: 482,
		MergedAt: onset.Add(-40 * time.Minute), EffectiveAt: onset.Add(-30 * time.Minute),
		Inputs: []bot.Input{{Kind: bot.Prompt, Name: "support", Old: "17", New: "18"}},
	}
	model := bot.Change{
		ID: "model", Kind: bot.Model, Kinds: []bot.Kind{bot.Model}, Title: "model", Services: []string{"support"}, Number: 480,
		MergedAt: onset.Add(-12 * time.Minute), EffectiveAt: onset.Add(-5 * time.Minute),
		Inputs: []bot.Input{{Kind: bot.Model, Name: "chat", Old: "gpt-4o-2024-05-13", New: "gpt-4o-2024-11-20"}},
	}
	for _, test := range []struct {
		name  string
		parts []part
		moved string
		// first is the first suspect, says what its reason about slices says; reason may belong to another change.
		first, of, says string
	}{
		{
			"only the sessions on the new prompt moved",
			[]part{{`prompt_version="17"`, 100, .02, .02, false}, {`prompt_version="18"`, 100, .02, .2, true}},
			"17:false 18:true", "prompt", "prompt", "only prompt_version 18, which it brought, moved (0.02 to 0.2); 17 did not",
		},
		{
			"the old prompt moved as much",
			[]part{{`prompt_version="17"`, 100, .02, .2, false}, {`prompt_version="18"`, 100, .02, .2, true}},
			"17:true 18:true", "model", "prompt", "prompt_version 17 moved as 18 did, which it brought",
		},
		{
			"the new prompt alone did not move",
			[]part{{`prompt_version="17"`, 100, .02, .2, false}, {`prompt_version="18"`, 100, .02, .02, true}},
			"17:true 18:false", "model", "prompt", "prompt_version 18, which it brought, did not move",
		},
		{
			"only one model moved",
			[]part{{`model="gpt-4o-2024-05-13"`, 100, .02, .02, false}, {`model="gpt-4o-2024-11-20"`, 100, .02, .2, true}},
			"gpt-4o-2024-05-13:false gpt-4o-2024-11-20:true", "model", "model", "only model gpt-4o-2024-11-20, which it brought, moved",
		},
		{"there are no slices", []part{{`a="1",b="2"`, 100, .02, .2, false}}, "", "model", "", ""},
		{"there is too little to say", []part{{`prompt_version="17"`, 100, .02, .2, false}, {`prompt_version="18"`, 1, .02, .2, true}}, "17:true", "model", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := in
			in.Slices = suspect.Slices(now, in, filled(onset, test.parts...))
			var moved []string
			for _, s := range in.Slices {
				if s.Label == "" {
					continue // the whole
				}
				moved = append(moved, fmt.Sprintf("%s:%v", s.Value, s.Moved))
			}
			if d := cmp.Diff(test.moved, strings.Join(moved, " ")); d != "" {
				t.Error(d)
			}
			ranking := suspect.Rank(now, in, []bot.Change{prompt, model}, map[string]bot.Service{"support": {Name: "support"}}, suspect.Weights{})
			if got := ranking.Suspects[0].Change; got != test.first {
				t.Errorf("%s is first with %.2f, want %s", got, ranking.Suspects[0].Probability, test.first)
			}
			said := false
			for _, s := range ranking.Suspects {
				for _, r := range s.Reasons {
					if r.Code == "slice" {
						said = said || (s.Change == test.of && strings.HasPrefix(r.Sentence, test.says))
						if test.says == "" {
							t.Errorf("%s: %s", s.Change, r.Sentence)
						}
					}
				}
			}
			if !said && test.says != "" {
				t.Errorf("nobody says %q of %s: %+v", test.says, test.of, ranking.Suspects)
			}
		})
	}
}

func TestAShareOfTheTrafficCannotMoveTheWholeFurtherThanItself(t *testing.T) {
	onset := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	now := onset.Add(20 * time.Minute)
	for _, test := range []struct {
		name     string
		exposure float64
		after    float64
		want     string
	}{
		{"a twentieth, and the whole moved by forty points", .05, .42, "reached 5 % of the traffic, too little to move the whole from 2 % to 42 %"},
		{"a twentieth, and the whole moved by four", .05, .06, ""},
		{"a half, and the whole moved by forty", .5, .42, ""},
		{"all of it", 1, .42, ""},
		{"nobody declared how much", 0, .42, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := bot.Incident{
				ID: "inc-1", Service: "support", Signal: "refusal_ratio", OpenedAt: now, Onset: detectors.Onset{At: onset, Earliest: onset, Latest: onset},
			}
			in.Slices = suspect.Slices(now, in, filled(onset, part{`a="1",b="2"`, 100, .02, test.after, false}))
			c := bot.Change{ID: "c", Kind: bot.Prompt, Services: []string{"support"}, Exposure: test.exposure, EffectiveAt: onset.Add(-5 * time.Minute)}
			got := ""
			for _, r := range suspect.Rank(now, in, []bot.Change{c}, nil, suspect.Weights{}).Suspects[0].Reasons {
				if r.Code == "dose" {
					got = r.Sentence
				}
			}
			if got != test.want {
				t.Errorf("says %q, want %q", got, test.want)
			}
		})
	}
}

func TestSlicesOfAnIncidentWithoutAnOnsetOrWindowsAreUnknown(t *testing.T) {
	if got := suspect.Slices(time.Now(), bot.Incident{Service: "support", Signal: "x"}, nil); got != nil {
		t.Errorf("got %v", got)
	}
}
