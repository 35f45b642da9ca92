package sandbox

import "encoding/json"

// Named is what the bot held of the cause at one moment.
type Named struct {
	// Change is the first suspect, empty where there is none.
	Change      string  `json:"change"`
	Probability float64 `json:"probability"`
	// None is the probability that no known change did it, and SaidNone tells that it is likelier than every change.
	None     float64 `json:"none"`
	SaidNone bool    `json:"said_none"`
	// TruthRank is the place of what really did it among the suspects and "none", from 1; 0 when it is not among them.
	TruthRank int `json:"truth_rank"`
}

// named reads a ranking by the light of what really happened.
func (s Scenario) named(r ranking) Named {
	out := Named{None: r.None}
	if len(r.Suspects) > 0 {
		out.Change, out.Probability = r.Suspects[0].Change, r.Suspects[0].Probability
	}
	out.SaidNone = out.None > out.Probability
	if s.innocent() {
		out.TruthRank = 1
		for _, suspect := range r.Suspects {
			if suspect.Probability >= r.None {
				out.TruthRank++
			}
		}
		return out
	}
	for i, suspect := range r.Suspects {
		if s.guilty(suspect.Change) {
			out.TruthRank = i + 1
			if r.None > suspect.Probability {
				out.TruthRank++
			}
			break
		}
	}
	return out
}

// rankings are what the timeline of the story's incident says of the cause, the oldest first.
func (d *director) rankings() []ranking {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []ranking
	for _, e := range d.entries {
		var r ranking
		if e.Kind == "suspects" && json.Unmarshal(e.Data, &r) == nil {
			out = append(out, r)
		}
	}
	return out
}
