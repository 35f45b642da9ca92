package pagerduty

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	pd "github.com/PagerDuty/go-pagerduty"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Limits of the Events API v2, in characters.
const (
	maxSummary = 1024
	maxDedup   = 255
	maxSource  = 255
	maxDetail  = 2000
)

// dedupKey is the name of an incident's one alert.
func dedupKey(incident string) string { return bounded("firebreak/" + incident) }

// escalationKey is the name of the second alert: an acknowledged alert would swallow a repeated trigger in silence.
func escalationKey(incident string) string { return bounded("firebreak/" + incident + "/escalation") }

// bounded keeps a key within PagerDuty's limit without letting two keys become one.
func bounded(key string) string {
	if len(key) <= maxDedup {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return key[:maxDedup-len(sum)*2-1] + "/" + hex.EncodeToString(sum[:])
}

// details are what people read, in this order. The keys are words because PagerDuty shows them as they are.
type details struct {
	What     string `json:"What"`
	Since    string `json:"Since,omitempty"`
	Why      string `json:"Why you are woken again,omitempty"`
	Suspect  string `json:"Prime suspect"`
	Doing    string `json:"What Firebreak does"`
	Decision string `json:"Waiting for a decision,omitempty"`
	Page     string `json:"Incident page,omitempty"`
}

func (c *Client) pageEvent(card bot.Card, call playbooks.Call) pd.V2Event {
	severity := text(call.With, "severity")
	if severity == "" {
		severity = c.hoursOf(call.Service).loudness(c.now(), card.Severity)
	}
	summary := text(call.With, "summary")
	if line(summary, 1) == "" {
		summary = card.Headline
		if !strings.HasPrefix(summary, card.Service) { // a pager shows one line, and it must say whose trouble it is
			summary = card.Service + ": " + summary
		}
	}
	return trigger(card, call, dedupKey(call.Incident), severity, summary, explain(card))
}

func escalationEvent(card bot.Card, call playbooks.Call) pd.V2Event {
	why := line(text(call.With, "reason"), maxDetail)
	if why == "" {
		why = "nobody decided in time, or a step of the playbook " + call.Playbook + " failed"
	}
	d := explain(card)
	d.Why = why
	return trigger(card, call, escalationKey(call.Incident), "critical", "Escalated: "+card.Service+": "+why, d)
}

func trigger(card bot.Card, call playbooks.Call, key, severity, summary string, d details) pd.V2Event {
	event := pd.V2Event{
		Action:   "trigger",
		DedupKey: key,
		Client:   "Firebreak",
		Payload: &pd.V2Payload{
			Summary:   orElse(line(summary, maxSummary), "Firebreak incident "+call.Incident),
			Source:    orElse(line(call.Service, maxSource), "firebreak"),
			Severity:  severity,
			Component: line(call.Service, maxSource),
			Group:     "firebreak",
			Class:     orElse(string(card.Severity), "incident"),
			Details:   d,
		},
	}
	if !card.Updated.IsZero() {
		event.Payload.Timestamp = card.Updated.UTC().Format(time.RFC3339)
	}
	if card.URL != "" {
		event.ClientURL = card.URL
		event.Links = []any{map[string]string{"href": card.URL, "text": "Incident " + card.Incident}}
	}
	return event
}

// severityOf translates. An incident without a severity is paged as an error rather than hidden as information.
func severityOf(s detectors.Severity) string {
	switch s {
	case detectors.Page:
		return "critical"
	case detectors.Ticket:
		return "warning"
	case detectors.Info:
		return "info"
	default:
		return "error"
	}
}

func explain(card bot.Card) details {
	d := details{What: line(card.Headline, maxDetail), Page: card.URL}
	for _, f := range card.Facts {
		if strings.EqualFold(f.Label, "since") {
			d.Since = line(f.Value, maxDetail)
		}
	}
	d.Suspect = suspect(card)
	d.Doing = "nothing yet"
	if n := len(card.Doing); n > 0 {
		d.Doing = line(strings.Join(card.Doing[max(0, n-3):], "; "), maxDetail)
	}
	for _, a := range card.Approvals {
		if a.Decision == "" {
			d.Decision = line(a.Question, maxDetail)
			break
		}
	}
	return d
}

// suspect is the first suspect in words, with its best reasons.
func suspect(card bot.Card) string {
	if len(card.Suspects) == 0 {
		return "no known change"
	}
	s := card.Suspects[0]
	words := percent(s.Probability) + " " + line(s.Title, 300)
	if s.Author != "" {
		words += " by " + line(s.Author, 80)
	}
	best := slices.SortedStableFunc(slices.Values(s.Reasons), func(a, b bot.Reason) int { return cmp.Compare(b.Weight, a.Weight) })
	var why []string
	for _, r := range best[:min(2, len(best))] {
		why = append(why, line(r.Sentence, 300))
	}
	if len(why) > 0 {
		words += " (" + strings.Join(why, "; ") + ")"
	}
	return line(words, maxDetail)
}

func percent(p float64) string { return fmt.Sprintf("%.0f %%", p*100) }

// line makes one line of at most limit characters of a text, without control characters.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	cut := []rune(s)[:limit]
	if limit > 1 {
		cut[limit-1] = '…'
	}
	return string(cut)
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
