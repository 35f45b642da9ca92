package bot

import (
	"cmp"
	"time"
)

// Page is an incident at whoever pages people, as that told of it last.
type Page struct {
	// ID is the pager's own, Number and URL are what people know it by.
	ID     string     `json:"id"`
	Number int        `json:"number,omitempty"`
	URL    string     `json:"url,omitempty"`
	Status PageStatus `json:"status,omitempty"`
	// At is the time, by the pager's clock, of which its word is.
	At       time.Time `json:"at,omitzero"`
	Urgency  string    `json:"urgency,omitempty"`
	Priority string    `json:"priority,omitempty"`
	Assigned []string  `json:"assigned,omitempty"`
	// Former are the IDs of pages that were this one before: merged into it, or resolved and opened anew.
	Former []string `json:"former,omitempty"`
}

// PageStatus is where a page stands.
type PageStatus string

// The statuses of a page.
const (
	PageTriggered    PageStatus = "triggered"
	PageAcknowledged PageStatus = "acknowledged"
	PageResolved     PageStatus = "resolved"
)

// Rank orders statuses of the same instant, so that the order in which they are told does not matter.
func (s PageStatus) Rank() int {
	switch s {
	case PageTriggered:
		return 1
	case PageAcknowledged:
		return 2
	case PageResolved:
		return 3
	default:
		return 0
	}
}

// PageWord is the data of a timeline entry that tells what a pager said.
type PageWord struct {
	Kind PageKind `json:"page_event"`
	Page Page     `json:"page"`
}

// PageKind is what happened to a page.
type PageKind string

// The kinds of what happens to a page. Seen is what asking found, and Changed what alters nothing here but is worth telling.
const (
	PageOpened   PageKind = "triggered"
	PageTaken    PageKind = "acknowledged"
	PageDropped  PageKind = "unacknowledged"
	PageClosed   PageKind = "resolved"
	PageReopened PageKind = "reopened"
	PageMerged   PageKind = "merged"
	PageSeen     PageKind = "seen"
	PageChanged  PageKind = "changed"
)

// PageNews is what a pager told of one of its incidents.
type PageNews struct {
	// ID is that of the telling: the same one twice is the same news.
	ID   string
	Kind PageKind
	// Pager is the vendor as people write it, as "PagerDuty".
	Pager string
	// By is the person who did it, as the pager names them; empty for what a program did.
	By   string
	Page Page
	// Title is what the pager calls its incident.
	Title string
	// Said is what happened in words, for kinds that say too little, as "reassigned to Mara".
	Said string
	// Incident is ours, where the page was opened for one; Second tells that it is that incident's escalation and not its page.
	Incident string
	Second   bool
	// Service is ours, empty where the page is of a service that is not known here.
	Service string
	// Into is the page that it was merged into.
	Into Page
}

// heard changes the incident by what a pager said, and gives the time of which that is; the entry's own where nobody said anything.
func (in *Incident) heard(e Entry) time.Time {
	var w PageWord
	if !decodeInto(e.Data, &w) || w.Page.At.IsZero() && w.Kind != PageMerged {
		return e.At
	}
	switch {
	case w.Kind == PageChanged:
		in.redescribe(w.Page)
	case w.Page.ID != "":
		in.Page = w.Page
	}
	switch w.Kind {
	case PageReopened:
		in.State, in.ReopenedAt = Open, w.Page.At
		in.MitigatedAt, in.ResolvedAt, in.ResolvedBy = zero, zero, ""
		if !in.QuietSince.IsZero() {
			in.QuietSince = e.At // whoever opens it again knows more than the signals: they have to be quiet anew
		}
		in.drop(w.Page.At)
		in.doubt()
		if w.Page.Status == PageAcknowledged { // it was asked after it had been taken again
			in.State, in.AcknowledgedAt, in.AcknowledgedBy = Acknowledged, w.Page.At, e.Actor
		}
	case PageDropped:
		in.drop(w.Page.At)
	default:
	}
	if w.Page.At.IsZero() {
		return e.At
	}
	return w.Page.At
}

// redescribe takes over what a page is like, but not where it stands: that is told by other words, which may come later.
func (in *Incident) redescribe(p Page) {
	if p.ID == "" || in.Page.ID != "" && in.Page.ID != p.ID {
		return
	}
	in.Page.ID, in.Page.Number, in.Page.URL = p.ID, max(p.Number, in.Page.Number), cmp.Or(p.URL, in.Page.URL)
	in.Page.Urgency, in.Page.Priority, in.Page.Assigned = cmp.Or(p.Urgency, in.Page.Urgency), p.Priority, p.Assigned
}

// drop takes back that somebody is on it, unless that was said later.
func (in *Incident) drop(at time.Time) {
	if in.AcknowledgedAt.After(at) {
		if in.State == Open && !in.AcknowledgedAt.IsZero() {
			in.State = Acknowledged
		}
		return
	}
	in.AcknowledgedAt, in.AcknowledgedBy = zero, ""
	if in.State == Acknowledged {
		in.State = Open
	}
}
