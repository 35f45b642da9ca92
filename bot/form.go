package bot

import (
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// FormName is what a form is for.
type FormName string

// The forms.
const (
	RollbackForm FormName = "rollback"
	MuteForm     FormName = "mute"
	DeclareForm  FormName = "declare"
	NoteForm     FormName = "note"
)

// Form is what a person is given to fill in, by who can show one. The zero value is none.
type Form struct {
	Name FormName
	// Incident and Service are those that are meant, empty where that is not plain.
	Incident, Service string
}

// Filled is a form that a person filled in. What a form does not ask for is empty.
type Filled struct {
	Form
	// Change and Playbook are what is taken back, and by which.
	Change, Playbook string
	Severity         detectors.Severity
	// Lasts is how long a mute holds; zero ends one.
	Lasts time.Duration
	// Text is what the person says: a title, a reason, a note.
	Text string
	// Quote is what somebody else said, where that is noted.
	Quote Quote
}

// Quote is a message of somebody that is put on a timeline. The zero value is none.
type Quote struct {
	// Key names the message: the same one is noted once on a timeline.
	Key string
	// Text is what it says, Author who said it, Link where it stands.
	Text, Author, Link string
}

// Home is what a person finds on a page of their own.
type Home struct {
	Sections []HomeSection
	// Approvals are the open questions that the person may answer.
	Approvals []Approval
	// Forms are what the person may fill in.
	Forms []FormName
	// Link is where there is more.
	Link string
}

// HomeSection is a part of it. Without rows it says what Empty says.
type HomeSection struct {
	Title string
	Rows  []Row
	Empty string
}
