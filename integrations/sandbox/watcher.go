package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// watcher remembers what was seen of the stand-ins, so that each thing is told once.
type watcher struct {
	alerts    map[int]string    // place → state
	posts     map[string]bool   // channel/ts
	pulls     map[string]string // id → state
	checks    map[int64]string  // id → what it says
	incidents map[string]string // id → state
	strange   map[string]int    // stand-in → lines told
	sick      bool
}

func newWatcher() watcher {
	return watcher{
		alerts: map[int]string{}, posts: map[string]bool{}, pulls: map[string]string{}, checks: map[int64]string{}, incidents: map[string]string{},
		strange: map[string]int{},
	}
}

// look sees what is new at the stand-ins, tells it, and lets people do what they would do.
func (d *director) look() {
	d.lookAtPager()
	d.lookAtSlack()
	d.lookAtGitHub()
	d.lookAtIncidents()
	d.lookAtService()
	d.react()
	for _, v := range d.sandbox.vendors() {
		all := v.gate.Unexpected()
		for _, line := range all[min(d.told.strange[v.name], len(all)):] {
			d.say("Unexpected: %s", line)
		}
		d.told.strange[v.name] = len(all)
	}
}

func (d *director) lookAtPager() {
	for i, a := range d.sandbox.pager.Alerts() {
		state := string(a.State)
		before, seen := d.told.alerts[i]
		d.told.alerts[i] = state
		switch {
		case !seen:
			d.say("PagerDuty rings (%s): %s", a.Severity, a.Summary)
		case before != state:
			d.say("PagerDuty: %s.", state)
		}
	}
}

func (d *director) lookAtSlack() {
	for _, m := range d.sandbox.slack.Messages() {
		switch key := m.Channel + "/" + m.TS; {
		case d.told.posts[key]:
		case m.Ephemeral != "":
			d.told.posts[key] = true
			d.say("Slack, to %s only: %s", onCallName, headline(m))
		case m.Thread == "" && len(m.Files) == 0:
			d.told.posts[key] = true
			d.say("Slack %s: %s", d.channel(m.Channel), headline(m))
		}
		if d.scenario.approves && m.Ephemeral == "" {
			d.considerButtons(m)
		}
	}
}

func (d *director) channel(id string) string {
	if c, ok := d.sandbox.slack.Channel(id); ok {
		return "#" + c.Name
	}
	return id
}

// considerButtons lets the person on call read a new question, and answer it after a while.
func (d *director) considerButtons(m slackfake.Message) {
	for _, b := range slackfake.Buttons(m) {
		if !approves(b) {
			continue
		}
		d.mu.Lock()
		_, known := d.presses[b.Value]
		if !known {
			d.presses[b.Value] = 0
		}
		d.mu.Unlock()
		if !known {
			d.say("%s, who is on call, reads the card.", onCallName)
			d.in(thinks, func() { d.press(m.Channel, m.TS, b.Value) })
		}
	}
}

// approves tells whether a button says yes to something.
func approves(b slackfake.Button) bool {
	words := strings.ToLower(b.Text + " " + b.ActionID)
	return b.URL == "" && strings.Contains(words, "approve") && !strings.Contains(words, "deny") && !strings.Contains(words, "not")
}

// press presses the button of that value on the message as it stands then. A press that the bot did not take is tried again by
// the courier; one that it took is never repeated.
func (d *director) press(channel, ts, value string) {
	m, ok := d.sandbox.slack.Message(channel, ts)
	if !ok {
		return
	}
	for _, b := range slackfake.Buttons(m) {
		if b.Value != value || !approves(b) {
			continue
		}
		d.say("%s presses “%s”.", onCallName, b.Text)
		body, err := d.sandbox.slack.Press(m, b, onCall())
		if err != nil {
			d.say("%v", err)
			return
		}
		d.sandbox.press(body, b.Text, func(status int) {
			if status >= 200 && status < 300 {
				d.mu.Lock()
				d.presses[value]++
				d.mu.Unlock()
				return
			}
			d.say("The bot did not take the press (status %d).", status)
		})
		return
	}
}

func onCall() slackfake.User {
	return slackfake.User{ID: onCallID, Name: onCallName, RealName: "Omar Azizi", Email: "omar@acme.example"}
}

func (d *director) lookAtGitHub() {
	d.lookAtChecks()
	for _, p := range d.sandbox.hub.Pulls() {
		if p.Reverts == 0 {
			continue
		}
		state := p.State
		if p.Merged() {
			state = "merged"
		}
		before, seen := d.told.pulls[p.ID()]
		d.told.pulls[p.ID()] = state
		if !seen {
			d.say("The bot opens %s: “%s”.", shortID(p), p.Title)
		}
		if state == "merged" && before != state {
			d.say("%s is merged. It goes to production.", shortID(p))
		}
	}
}

// lookAtChecks tells what the bot says of pull requests that people open in the story; not of its own.
func (d *director) lookAtChecks() {
	pulls := map[string]githubfake.Pull{}
	for _, p := range d.sandbox.hub.Pulls() {
		if p.State == "open" && p.Reverts == 0 && !p.CreatedAt.Before(d.sandbox.clock.Origin) {
			pulls[p.HeadSHA] = p
		}
	}
	for _, c := range d.sandbox.hub.Checks() {
		title, _ := c.Output["title"].(string)
		p, open := pulls[c.HeadSHA]
		if open && title != "" && c.State == "completed" && d.told.checks[c.ID] != title {
			d.told.checks[c.ID] = title
			d.say("The check on %s says: %s", shortID(p), title)
		}
	}
}

func (d *director) lookAtIncidents() {
	for _, in := range d.known() {
		before, seen := d.told.incidents[in.ID]
		if seen && before == in.State {
			continue
		}
		d.told.incidents[in.ID] = in.State
		if !seen {
			d.say("Incident %s is opened (%s): %s", in.ID, in.Severity, in.Title)
			d.say("Its page: %s/incidents/%s", d.sandbox.hooks.where(), in.ID)
		} else {
			d.say("Incident %s is %s.", in.ID, in.State)
		}
	}
}

// lookAtService tells when the service falls ill and when it is well again.
func (d *director) lookAtService() {
	now := d.now()
	if now.Sub(d.sandbox.clock.Origin) < cmp.Or(d.scenario.vital.over, looksBack) {
		return
	}
	switch well := d.answersAsBefore(); {
	case !well && !d.told.sick:
		d.told.sick = true
		d.say("Something is wrong: %s %s.", d.scenario.service, d.scenario.vital.sick)
	case well && d.told.sick:
		d.told.sick = false
		share, _ := d.vital()
		d.say("%s answers as before: %s %s.", d.scenario.service, percent(share), d.scenario.vital.what)
	}
}

// headline is the first text of a message that people read.
func headline(m slackfake.Message) string {
	var blocks []struct {
		Text struct {
			Text string `json:"text"`
		} `json:"text"`
	}
	if json.Unmarshal(m.Blocks, &blocks) == nil {
		for _, b := range blocks {
			if b.Text.Text != "" {
				return b.Text.Text
			}
		}
	}
	return m.Text
}

// say tells a line of the story. Text from outside may stand in it: control characters are taken out and it is cut.
func (d *director) say(format string, args ...any) {
	line := d.now().In(d.zone).Format("15:04") + "  " + plain(fmt.Sprintf(format, args...))
	d.mu.Lock()
	if len(d.lines) < maxSaid {
		d.lines = append(d.lines, line)
	}
	d.mu.Unlock()
	d.sandbox.narrate(line)
}

// maxLine bounds a line of the story in characters.
const maxLine = 240

func plain(text string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, text))
	if len(runes) > maxLine {
		runes = append(runes[:maxLine-1], '…')
	}
	return string(runes)
}
