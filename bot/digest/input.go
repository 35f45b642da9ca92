package digest

import (
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Input is everything that is known at a moment. What is empty is not known, or there is none of it; Unread says which.
type Input struct {
	Kind string
	// Now is the moment, From since when it is told.
	Now, From time.Time
	// Zone is the one in which times are told.
	Zone *time.Location
	// Services are those that it is about, by name; all when empty.
	Services []string
	// Incidents are those that are not over, and those that were opened, ended or changed since From, newest first.
	Incidents []bot.Incident
	// Entries are the timelines of the incidents, by ID.
	Entries map[string][]bot.Entry
	// Changes are those since From, newest first.
	Changes   []bot.Change
	Approvals []bot.Approval
	Freezes   []bot.Freeze
	// Windows tell of each service how it is now, and each time that this changes until the end of the week.
	Windows map[string][]bot.Opening
	Budgets []bot.Budget
	Blind   []string
	Stop    bot.Stop
	Duties  []bot.Duty
	// Pulls are pull requests that may land, and those that landed and are watched.
	Pulls []bot.Waiting
	// Paging are the actions that page people.
	Paging []string
	Night  Night
	// Homes are the zones of people by the names that the pager and the configuration have for them, ServiceZones those of services.
	Homes        map[string]*time.Location
	ServiceZones map[string]*time.Location
	// URL is the address of the pages; empty where there are none.
	URL string
	// Unread says in words what could not be looked at.
	Unread []string
}

// Make makes a digest.
func Make(in Input) (bot.Digest, error) {
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	in = in.narrowed()
	m := maker{in}
	d := bot.Digest{Kind: in.Kind, At: in.Now.UTC(), From: in.From.UTC(), Zone: in.Zone.String(), Link: in.URL}
	switch in.Kind {
	case Morning:
		m.morning(&d)
	case Forecast:
		m.forecast(&d)
	case Weekly:
		m.weekly(&d)
	case Handover:
		m.handover(&d)
	default:
		return d, bot.Errorf(bot.Invalid, "there is no digest %q; there are morning, forecast, weekly and handover", short(in.Kind))
	}
	if rows := m.unread(); len(rows) > 0 {
		d.Empty = false // that it could not be looked at is worth knowing
		d.Sections = append(d.Sections, bot.Section{Title: "Not looked at", Rows: rows})
	}
	if d.Sections == nil {
		d.Sections = []bot.Section{}
	}
	return d, nil
}

// maker makes sections of what is known.
type maker struct{ Input }

// add appends a section that has something to say, and tells whether it had.
func add(d *bot.Digest, title string, rows []bot.Row) bool {
	if len(rows) == 0 {
		return false
	}
	d.Sections = append(d.Sections, bot.Section{Title: title, Rows: rows})
	return true
}

func (m maker) unread() []bot.Row {
	rows := make([]bot.Row, 0, len(m.Unread))
	for _, what := range m.Unread {
		rows = append(rows, bot.Row{Text: what})
	}
	return rows
}
