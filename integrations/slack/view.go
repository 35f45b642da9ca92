package slack

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// callback is the callback_id of our modals.
const callback = "firebreak_form"

// The blocks of forms that people fill in; an error is shown at the block of its field.
const (
	fieldIncident = "incident"
	fieldLasts    = "lasts"
	fieldReason   = "reason"
	fieldService  = "service"
	fieldTitle    = "title"
	fieldSeverity = "severity"
	fieldText     = "text"
	fieldPath     = "path"
)

// What people may write at most; the engine refuses more.
const (
	maxReason = 300
	maxTitle  = 200
)

// meta is what a form remembers of what it was opened for. It is shown to nobody.
type meta struct {
	Form     bot.FormName `json:"form"`
	Incident string       `json:"incident,omitempty"`
	// Paths are the changes and the playbooks that can be chosen, by their place in the list.
	Paths [][2]string `json:"paths,omitempty"`
	// Key, Author and Link are those of a message that is noted.
	Key    string `json:"key,omitempty"`
	Author string `json:"author,omitempty"`
	Link   string `json:"link,omitempty"`
}

// view is a modal before it is sent. Without a submit word nothing can be sent off.
type view struct {
	title, submit string
	meta          meta
	blocks        []api.Block
}

// modal is the view as Slack takes it: checked, and shortened where it is too much.
func (c *Client) modal(v view) api.ModalViewRequest {
	data, _ := json.Marshal(v.meta) // texts only
	if len(data) > maxMeta {
		v, data = view{title: v.title, blocks: sayBlocks("This does not fit into a form of Slack's; use the command or the page.")}, []byte("{}")
	}
	if faults := faultsOf(v.blocks, maxViewBlocks); len(faults) > 0 {
		c.misfit("view", faults)
		v = view{title: v.title, blocks: sayBlocks("This does not fit into a form of Slack's; use the command or the page.")}
	}
	out := api.ModalViewRequest{
		Type: api.VTModal, Title: plain(v.title, maxViewTitle), Close: plain("Close", maxViewTitle), CallbackID: callback,
		PrivateMetadata: string(data), Blocks: api.Blocks{BlockSet: v.blocks},
	}
	if v.submit != "" {
		out.Submit, out.Close = plain(v.submit, maxViewTitle), plain("Cancel", maxViewTitle)
	}
	return out
}

// sayBlocks are a sentence in a view.
func sayBlocks(sentence string) []api.Block {
	return []api.Block{api.NewSectionBlock(plain(sentence, maxSection), nil, nil)}
}

// waitingView is shown while what belongs there is looked up.
func waitingView(title string) view { return view{title: title, blocks: sayBlocks("One moment …")} }

// answerView shows what came of something.
func answerView(title string, a bot.Answer) view {
	return view{title: title, blocks: renderAnswer(a).blocks}
}

func titleOf(form bot.FormName) string {
	switch form {
	case bot.RollbackForm:
		return "Take a change back"
	case bot.MuteForm:
		return "Mute an incident"
	case bot.DeclareForm:
		return "Declare an incident"
	case bot.NoteForm:
		return "Add to the timeline"
	default:
		return "Firebreak"
	}
}

func muteView(incident string, open []bot.Incident) view {
	spans := []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour, 72 * time.Hour, 168 * time.Hour}
	lasts := make([]*api.OptionBlockObject, 0, len(spans)+1)
	for _, d := range spans {
		lasts = append(lasts, option(d.String(), spanWords(d)))
	}
	lasts = append(lasts, option("0s", "not any more: end the mute"))
	return view{title: titleOf(bot.MuteForm), submit: "Mute", meta: meta{Form: bot.MuteForm, Incident: incident}, blocks: append(whichIncident(incident, open),
		chosen(fieldLasts, "For how long?", "What has begun goes on, and pages that are out stay out.", lasts, 1),
		field(fieldReason, "Why?", "For those who look at the incident meanwhile.", "", maxReason, false))}
}

func spanWords(d time.Duration) string {
	switch {
	case d < time.Hour:
		return "30 minutes"
	case d == time.Hour:
		return "1 hour"
	case d < 24*time.Hour:
		return strings.TrimSuffix(d.String(), "h0m0s") + " hours"
	case d == 24*time.Hour:
		return "1 day"
	default:
		return strings.TrimSuffix((d/24).String(), "h0m0s") + " days"
	}
}

// declareView asks for a service by its name where there are more than a list of Slack's can hold.
func declareView(service string, services []string) view {
	which := field(fieldService, "Which service?", "Its name in the configuration.", service, maxOption, false)
	if len(services) > 0 && len(services) <= maxOptions && !slices.ContainsFunc(services, func(s string) bool { return len(s) > maxOptionValue }) {
		options := make([]*api.OptionBlockObject, 0, len(services))
		for _, s := range services {
			options = append(options, option(s, s))
		}
		which = chosen(fieldService, "Which service?", "", options, slices.Index(services, service))
	}
	return view{title: titleOf(bot.DeclareForm), submit: "Declare", meta: meta{Form: bot.DeclareForm}, blocks: []api.Block{
		which,
		field(fieldTitle, "What is wrong?", "One sentence, as you would say it.", "", maxTitle, false),
		chosen(fieldSeverity, "How bad is it?", "A page wakes somebody, a ticket does not.", []*api.OptionBlockObject{
			option(string(detectors.Page), "page: wake somebody"), option(string(detectors.Ticket), "ticket: it can wait for the day"),
		}, 0),
	}}
}

func noteView(incident string, open []bot.Incident, q bot.Quote) view {
	return view{
		title: titleOf(bot.NoteForm), submit: "Add", meta: meta{Form: bot.NoteForm, Incident: incident, Key: q.Key, Author: q.Author, Link: q.Link},
		blocks: append(whichIncident(incident, open), field(fieldText, "What is there to note?", "It stands on the incident's page and in its report.", q.Text, maxInput, true)),
	}
}

// whichIncident tells which incident is meant, or asks.
func whichIncident(incident string, open []bot.Incident) []api.Block {
	if incident != "" {
		name := incident
		for _, in := range open {
			if in.ID == incident {
				name = incidentName(in)
			}
		}
		return []api.Block{api.NewContextBlock("about", plain(name, maxSection))}
	}
	options := make([]*api.OptionBlockObject, 0, len(open))
	for _, in := range open[:min(len(open), maxOptions)] {
		if len(in.ID) <= maxOptionValue {
			options = append(options, option(in.ID, incidentName(in)))
		}
	}
	if len(options) == 0 {
		return []api.Block{field(fieldIncident, "Which incident?", "None is open; write the ID of one, as inc-1m7wv77ch0.", "", maxOption, false)}
	}
	return []api.Block{chosen(fieldIncident, "Which incident?", "", options, 0)}
}

func incidentName(in bot.Incident) string {
	return strings.TrimSpace(strings.ToUpper(string(in.Severity))+" "+in.Service) + ": " + orElse(in.Title, in.ID)
}

// The parts of a rollback's plan that are shown.
const (
	shownPaths   = 20
	shownSteps   = 20
	shownRefused = 5
)

// rollbackView shows the plan of one way back, and the others to choose from.
func rollbackView(all bot.Rollbacks, choice int) view {
	v := view{title: titleOf(bot.RollbackForm), meta: meta{Form: bot.RollbackForm, Incident: all.Incident}}
	v.blocks = append(v.blocks, api.NewContextBlock("about", plain(all.Service+": "+orElse(all.Title, all.Incident), maxSection)))
	for _, held := range all.Held {
		v.blocks = append(v.blocks, api.NewSectionBlock(plain("Not now: "+held, maxSection), nil, nil))
	}
	possible := all.Possible[:min(len(all.Possible), shownPaths)]
	var options []*api.OptionBlockObject
	for i, p := range possible {
		if v.meta.Paths = append(v.meta.Paths, [2]string{p.Change, p.Playbook}); tooLong(v.meta) {
			v.meta.Paths = v.meta.Paths[:i]
			break
		}
		options = append(options, option(pathValue(i), percent(p.Probability)+" "+orElse(line(p.Title, maxOption), p.Change)+" ("+p.Playbook+")"))
	}
	if len(options) == 0 {
		v.blocks = append(v.blocks, api.NewSectionBlock(plain("No change of it can be taken back.", maxSection), nil, nil))
	} else {
		choice = min(max(choice, 0), len(options)-1)
		which := chosen(fieldPath, "What shall be taken back?", "", options, choice)
		which.DispatchAction = true // another plan is shown for another choice
		if len(all.Held) == 0 {
			v.submit = "Begin"
			v.blocks = append(v.blocks, which)
		} else { // what cannot be sent off has no field either
			v.blocks = append(v.blocks, api.NewSectionBlock(plain("What could be taken back", maxSection), nil,
				api.NewAccessory(which.Element), api.SectionBlockOptionBlockID(fieldPath)))
		}
		v.blocks = append(v.blocks, plan(possible[choice]))
	}
	if refused := refusedBlock(all.Refused); refused != nil {
		v.blocks = append(v.blocks, refused)
	}
	return v
}

func tooLong(m meta) bool {
	data, _ := json.Marshal(m) // texts only
	return len(data) > maxMeta
}

// plan is what one way back would do.
func plan(p bot.Rollback) api.Block {
	title := orElse(line(p.Title, 150), orElse(line(p.Change, 150), "the change"))
	first := api.NewRichTextSection(bold(title), said(" "+line(p.Change, 200)))
	if link(p.URL) {
		first = api.NewRichTextSection(api.NewRichTextSectionLinkElement(p.URL, title, &api.RichTextSectionTextStyle{Bold: true}), said(" "+line(p.Change, 200)))
	}
	parts := []api.RichTextElement{first}
	part := func(head string, lines []string) {
		shown := make([]string, 0, len(lines))
		for _, l := range lines[:min(len(lines), shownSteps)] {
			if l = line(l, 400); l != "" {
				shown = append(shown, l)
			}
		}
		if len(shown) > 0 {
			parts = append(parts, api.NewRichTextSection(bold(head)), bullets(shown, 0))
		}
	}
	part("What comes of it", p.Consequences)
	part("Who is asked first", p.Asks)
	part("What playbook "+line(p.Playbook, 100)+" does", p.Steps)
	return api.NewRichTextBlock("plan", parts...)
}

func refusedBlock(refused []bot.NoRollback) api.Block {
	lines := make([]string, 0, shownRefused)
	for _, r := range refused[:min(len(refused), shownRefused)] {
		lines = append(lines, orElse(line(r.Title, 100), line(r.Change, 100))+": "+line(r.Why, 250))
	}
	if len(lines) == 0 {
		return nil
	}
	return api.NewRichTextBlock("refused", api.NewRichTextSection(bold("What cannot be taken back")), bullets(lines, 0))
}

// option is an entry of a list. Its text is data.
func option(value, text string) *api.OptionBlockObject {
	return api.NewOptionBlockObject(cut(value, maxOptionValue), plain(text, maxOption), nil)
}

// chosen is a list to choose from; initial is the place of the entry that is chosen at first, none when it is not there.
func chosen(field, label, hint string, options []*api.OptionBlockObject, initial int) *api.InputBlock {
	e := api.NewOptionsSelectBlockElement(api.OptTypeStatic, nil, field, options...)
	if initial >= 0 && initial < len(options) {
		e.InitialOption = options[initial]
	}
	return input(field, label, hint, e)
}

// field is a field to write into.
func field(field, label, hint, initial string, most int, lines bool) *api.InputBlock {
	e := api.NewPlainTextInputBlockElement(nil, field)
	e.MaxLength, e.Multiline, e.InitialValue = most, lines, cut(initial, most)
	return input(field, label, hint, e)
}

func input(field, label, hint string, e api.BlockElement) *api.InputBlock {
	var below *api.TextBlockObject
	if hint != "" {
		below = plain(hint, maxLabel)
	}
	return api.NewInputBlock(field, plain(label, maxLabel), below, e)
}
