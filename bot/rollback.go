package bot

import "strings"

// Rollback is a change of an incident that a playbook in use can take back, and what would come of it.
type Rollback struct {
	Change      string  `json:"change"`
	Kind        Kind    `json:"kind"`
	Title       string  `json:"title"`
	URL         string  `json:"url,omitempty"`
	Author      string  `json:"author,omitempty"`
	Probability float64 `json:"probability"`
	// Playbook is the one that takes it back, by Action.
	Playbook string `json:"playbook"`
	Action   string `json:"action"`
	// Steps are what the playbook would do, in order, as long as everybody says yes and nothing fails.
	Steps []string `json:"steps"`
	// Asks are the questions that stand before the change is taken back, with who may answer.
	Asks []string `json:"asks"`
	// Consequences are what else would come of it, in words.
	Consequences []string `json:"consequences"`
}

// NoRollback is a change of an incident that cannot be taken back, and why.
type NoRollback struct {
	Change string `json:"change"`
	Title  string `json:"title"`
	Why    string `json:"why"`
}

// Rollbacks are the changes of an incident that could be taken back, the likeliest first.
type Rollbacks struct {
	Incident string `json:"incident"`
	Service  string `json:"service"`
	Title    string `json:"title"`
	// Held says in words why none can begin now.
	Held     []string     `json:"held"`
	Possible []Rollback   `json:"possible"`
	Refused  []NoRollback `json:"refused"`
}

// Of finds what is meant by a change's ID, by the end of one as "#482" or "482", or, without any, the likeliest.
func (r Rollbacks) Of(change string) (Rollback, error) {
	for _, n := range r.Refused {
		if named(n.Change, change) {
			return Rollback{}, Errorf(Conflict, "%s cannot be taken back: %s", change, n.Why)
		}
	}
	if len(r.Possible) == 0 {
		why := "no change of it can be taken back"
		if len(r.Refused) > 0 {
			why = r.Refused[0].Title + ": " + r.Refused[0].Why
		}
		return Rollback{}, Errorf(Conflict, "nothing of %s can be taken back: %s", r.Incident, why)
	}
	if change == "" {
		return r.Possible[0], nil
	}
	for _, p := range r.Possible {
		if named(p.Change, change) {
			return p, nil
		}
	}
	ids := make([]string, 0, len(r.Possible))
	for _, p := range r.Possible {
		ids = append(ids, p.Change)
	}
	return Rollback{}, Errorf(NotFound, "%s has no change %q that could be taken back; those that could: %s", r.Incident, change, strings.Join(ids, ", "))
}

// named tells whether a change is meant by its ID or by the end of it behind the "#".
func named(id, meant string) bool {
	return id == meant || len(meant) > 1 && strings.HasSuffix(id, "#"+strings.TrimPrefix(meant, "#"))
}
