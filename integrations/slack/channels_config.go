package slack

import (
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// ChannelsConfig says which incidents get a channel of their own. The zero value means none.
type ChannelsConfig struct {
	// From is the mildest severity that gets one: page or ticket; none when left out.
	From detectors.Severity `yaml:"from" doc:"the mildest severity that gets a channel of its own: page or ticket; never when left out" enum:"page,ticket"`
	// Private makes them private, so that only those who are invited see them.
	Private bool `yaml:"private" doc:"whether only those who are invited see it"`
	// ArchiveAfter is how long after its incident was resolved a channel is archived; default seven days.
	ArchiveAfter time.Duration `yaml:"archive_after" doc:"how long after its incident was resolved it is archived, 7d when left out"`
	// Invite are Slack's IDs of users and user groups who are invited beside on-call and owners.
	Invite []string `yaml:"invite" doc:"users (U…) and user groups (S…) who are invited beside on-call and owners"`
}

const (
	defaultArchiveAfter = 7 * 24 * time.Hour
	mostArchiveAfter    = 90 * 24 * time.Hour
	mostInvited         = 30
)

// Wanted tells whether any incident gets one.
func (c ChannelsConfig) Wanted() bool { return c.From != detectors.None }

// WithDefaults archives after seven days.
func (c ChannelsConfig) WithDefaults() ChannelsConfig {
	if c.ArchiveAfter == 0 {
		c.ArchiveAfter = defaultArchiveAfter
	}
	return c
}

// Check reports every fault.
func (c ChannelsConfig) Check(r *diag.Report) {
	if c.From != detectors.None {
		r.OneOf("from", "unknown-severity", "severity", string(c.From), []string{string(detectors.Page), string(detectors.Ticket)})
	} else if c.Private || c.ArchiveAfter != 0 || len(c.Invite) > 0 {
		r.Faultf("from", "missing", "it is not said which incidents get a channel").Suggest("write from: page")
	}
	if c.ArchiveAfter < 0 || c.ArchiveAfter > mostArchiveAfter {
		r.Faultf("archive_after", "bad-duration", "a channel is archived within 90 days").Suggest("leave it out for 7d")
	}
	if len(c.Invite) > mostInvited {
		r.Faultf("invite", "too-many", "at most %d are invited", mostInvited)
	}
	for i, id := range c.Invite {
		if !userID.MatchString(id) && !groupID.MatchString(id) {
			r.At("invite").Index(i).Faultf("", "bad-id", "%q is neither a user's ID nor a user group's", id).
				Suggest("copy the member ID from the profile, as U0123456789, or that of the group, as S0123456789")
		}
	}
}
