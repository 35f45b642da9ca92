package bot

import (
	"slices"
	"time"
)

// EntryReference is the kind of a timeline entry that tells of an address that somebody hung on the incident; its data is a Reference.
const EntryReference EntryKind = "reference"

// Reference is an address that belongs to an incident: a dashboard, a ticket, the vendor's status page. Both texts are data.
type Reference struct {
	URL string `json:"url"`
	// Title is what people call it; the address itself where nobody said.
	Title string    `json:"title"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
}

// refer adds an address. One that is known gets the newer title.
func (in *Incident) refer(r Reference) {
	if r.URL == "" {
		return
	}
	in.References = slices.DeleteFunc(slices.Clone(in.References), func(have Reference) bool { return have.URL == r.URL })
	in.References = append(in.References, r)
}
