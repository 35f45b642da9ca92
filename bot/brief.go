package bot

import "time"

// Brief is what is known of a service for somebody who was just woken, whoever woke them. All texts are data.
type Brief struct {
	Service string
	At      time.Time
	// Incident is the service's open incident, Headline what is wrong; both empty where none is open.
	Incident string
	Headline string
	// Ranking is that incident's, or what would be suspected of something that began now.
	Ranking Ranking
	// Risky are the changes of the last day that had something against them when they landed, newest first.
	Risky []Change
	// Objectives say how they stand, the worst first.
	Objectives []Standing
	// Playbooks are those that would start, or have.
	Playbooks []string
	// URL is where more is to be seen: the incident's page with its chart, or the first page.
	URL string
}

// Standing is how an objective stands.
type Standing struct {
	Objective string
	// State is quiet, firing or blind.
	State string
	// Sentence says it in words.
	Sentence string
}
