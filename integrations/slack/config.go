package slack

import (
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

const defaultAPI = "https://slack.com/api/"

// Config is the slack section of the configuration. Without a token there is no Slack.
type Config struct {
	// Token is the bot token (xoxb-...), with the scopes chat:write, files:write, channels:history and channels:read.
	Token secret.Value `yaml:"token"`
	// SigningSecret signs the buttons that people press; without it no button is shown.
	SigningSecret secret.Value `yaml:"signing_secret"`
	// AppToken is the app-level token (xapp-...) with the scope connections:write; with it commands and presses come over Socket Mode, and
	// Slack needs no way in.
	AppToken secret.Value `yaml:"app_token"`
	// Channel is where incidents of services without a channel of their own go: an ID (C...) or "#name".
	Channel string `yaml:"channel"`
	// TimelineEmoji is the name of the emoji that puts a message on an incident's timeline; default pushpin, "off" for none.
	TimelineEmoji string `yaml:"timeline_emoji"`
	// IncidentChannels says which incidents get a channel of their own.
	IncidentChannels ChannelsConfig `yaml:"incident_channels"`
	// APIURL is "https://slack.com/api/" unless said otherwise; GovSlack has "https://slack-gov.com/api/".
	APIURL string `yaml:"api_url"`
	// EditEvery is the shortest time between two edits in one channel; default 1s.
	EditEvery time.Duration `yaml:"edit_every"`
	// ChartEvery is the shortest time between two uploads of an incident's changed chart; default 2m.
	ChartEvery time.Duration `yaml:"chart_every"`
	// Timeout bounds one request; default 10s.
	Timeout time.Duration `yaml:"timeout"`
}

// Enabled tells whether anything can be posted.
func (c Config) Enabled() bool { return c.Token.IsSet() }

// Hears tells whether commands and presses can reach us: signed over HTTP, or over a socket.
func (c Config) Hears() bool { return c.SigningSecret.IsSet() || c.AppToken.IsSet() }

// WithDefaults fills in Slack's own address, edits every second, charts every two minutes and a timeout of 10s.
func (c Config) WithDefaults() Config {
	if c.APIURL == "" {
		c.APIURL = defaultAPI
	}
	if !strings.HasSuffix(c.APIURL, "/") {
		c.APIURL += "/"
	}
	if c.TimelineEmoji == "" {
		c.TimelineEmoji = "pushpin"
	}
	if c.EditEvery <= 0 {
		c.EditEvery = time.Second
	}
	if c.ChartEvery <= 0 {
		c.ChartEvery = 2 * time.Minute
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	return c
}

// emojiOff turns the notes by emoji off.
const emojiOff = "off"

var emojiShape = regexp.MustCompile(`^[a-z0-9_+'-]{1,100}$`)

var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{5,20}$`)

// maxChannel is how many characters the name of a channel may have.
const maxChannel = 80

// channelShape tells whether a text can be a channel's ID or its name. As a regular expression this would take five milliseconds to
// compile at every start and three megabytes for good: it would spell out all letters of the world eighty times.
func channelShape(s string) bool {
	name := strings.TrimPrefix(s, "#")
	return name != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxChannel && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("_.-", r)
	})
}

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	if !c.Token.IsSet() && (c.SigningSecret.IsSet() || c.AppToken.IsSet() || c.Channel != "") {
		r.Faultf("token", "missing-secret", "posting to Slack needs a bot token").Suggest("write ${env:SLACK_TOKEN}")
	}
	if c.Token.IsSet() && !c.Hears() {
		r.Faultf("signing_secret", "missing-secret", "without the signing secret anybody could press buttons").
			Suggest("copy it from the app's Basic Information page, as ${env:NAME} or ${file:PATH}; or set app_token for Socket Mode")
	}
	if c.Channel != "" && !channelShape(c.Channel) {
		r.Faultf("channel", "bad-channel", "%q is neither a channel's ID nor its name", c.Channel).
			Suggest(`write the ID as "C0123456789", or the name as "#incidents"`)
	}
	if c.TimelineEmoji != "" && !emojiShape.MatchString(c.TimelineEmoji) {
		r.Faultf("timeline_emoji", "bad-emoji", "%q is no name of an emoji", c.TimelineEmoji).
			Suggest(`write it as Slack shows it, without the colons, as pushpin; or "off"`)
	}
	if c.APIURL != "" {
		u, err := url.Parse(c.APIURL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" {
			r.Faultf("api_url", "bad-url", "not an http(s) address").Suggest("leave it out for %s", defaultAPI)
		}
	}
	c.IncidentChannels.Check(r.At("incident_channels"))
	for field, d := range map[string]time.Duration{
		"edit_every": c.EditEvery, "chart_every": c.ChartEvery, "timeout": c.Timeout,
	} {
		if d < 0 {
			r.Faultf(field, "bad-duration", "it cannot be negative").Suggest("leave it out for the default")
		}
	}
}
