package slack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// The buttons' action IDs. The value beside them is the approval's or the incident's ID, or that of an incident and of a change.
const (
	actionApprove     = "firebreak_approve"
	actionDeny        = "firebreak_deny"
	actionAcknowledge = "firebreak_acknowledge"
	actionConfirm     = "firebreak_confirm"
	actionClear       = "firebreak_clear"
	actionOpen        = "firebreak_open"
	actionPlan        = "firebreak_plan"
	actionMute        = "firebreak_mute"
	actionDeclare     = "firebreak_declare"
	actionNote        = "firebreak_note_form"
)

// How much of a card is shown. All of it together stays below what Slack takes of one message (about 13,000 characters).
const (
	shownFacts     = 10
	shownSuspects  = 5
	shownReasons   = 2
	shownDoing     = 6
	shownApprovals = 5
)

// message is what is sent: blocks, and the text that notifications and screen readers get.
type message struct {
	text   string
	blocks []api.Block
}

// picture is an uploaded chart. The zero value is none.
type picture struct{ file, alt string }

// render makes a card's message. Buttons are left out where nobody could receive them.
func render(card bot.Card, chart picture, buttons bool) message {
	headline := orElse(line(card.Headline, maxText), "Incident "+card.Incident)
	blocks := []api.Block{
		api.NewHeaderBlock(plain(headline, maxHeader)),
		api.NewContextBlock("status", plain(status(card), maxSection)),
	}
	if len([]rune(headline)) > maxHeader {
		blocks = append(blocks, api.NewSectionBlock(plain(headline, 600), nil, nil))
	}
	if fields := facts(card.Facts); len(fields) > 0 {
		blocks = append(blocks, api.NewSectionBlock(nil, fields, nil))
	}
	if chart.file != "" {
		blocks = append(blocks, api.NewImageBlockSlackFile(&api.SlackFileObject{ID: chart.file},
			orElse(line(chart.alt, maxAlt), "chart of the incident's signals"), "chart", nil))
	}
	blocks = append(blocks, suspects(card))
	if asked := verdicts(card, buttons); asked != nil {
		blocks = append(blocks, asked)
	}
	if doing := doings(card.Doing); doing != nil {
		blocks = append(blocks, doing)
	}
	blocks = append(blocks, approvals(card.Approvals, buttons)...)
	if actions := controls(card, buttons); actions != nil {
		blocks = append(blocks, actions)
	}
	return message{text: escape(status(card)+": "+headline, maxText), blocks: blocks}
}

// status says in words how bad it is and where it stands.
func status(card bot.Card) string {
	severity := map[detectors.Severity]string{
		detectors.Page: "Page", detectors.Ticket: "Ticket", detectors.Info: "Info",
	}[card.Severity]
	words := []string{orElse(severity, "No severity"), string(card.State), line(card.Service, 100), line(card.Incident, 100)}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	return strings.Join(words, " · ")
}

func facts(all []bot.Fact) []*api.TextBlockObject {
	var fields []*api.TextBlockObject
	for _, f := range all {
		label, value := escape(f.Label, 60), escape(f.Value, 200)
		if len(fields) == shownFacts || label == "" {
			continue
		}
		fields = append(fields, api.NewTextBlockObject(api.MarkdownType, "*"+label+"*\n"+orElse(value, "—"), false, true))
	}
	return fields
}

// certain is the probability of "none of these" from which on no change is held to be possible.
const certain = .9999

// suspects are rich text: there a title is data and nothing else, whatever stands in it.
func suspects(card bot.Card) api.Block {
	if len(card.Suspects) == 0 {
		words := "No known change could have done it."
		switch {
		case card.None == 0:
			words = "Suspects: none looked at yet."
		case card.None < certain:
			words = "No known change stands out: each of them is unlikely."
		}
		return api.NewRichTextBlock("suspects", api.NewRichTextSection(said(words)))
	}
	parts := []api.RichTextElement{api.NewRichTextSection(bold("Suspects"))}
	for i, s := range card.Suspects[:min(shownSuspects, len(card.Suspects))] {
		first := []api.RichTextSectionElement{bold(fmt.Sprintf("%d. %s ", i+1, percent(s.Probability)))}
		title := orElse(line(s.Title, 150), orElse(line(s.Change, 150), "a change"))
		if link(s.URL) {
			first = append(first, api.NewRichTextSectionLinkElement(s.URL, title, nil))
		} else {
			first = append(first, said(title))
		}
		about := " (" + orElse(string(s.Kind), "change")
		if author := line(s.Author, 60); author != "" {
			about += ", " + author
		}
		parts = append(parts, api.NewRichTextSection(append(first, said(about+")"))...))
		if reasons := best(s.Reasons); len(reasons) > 0 {
			parts = append(parts, bullets(reasons, 1))
		}
	}
	parts = append(parts, api.NewRichTextSection(bold(percent(card.None)+" "), said("none of these")))
	return api.NewRichTextBlock("suspects", parts...)
}

// verdicts ask whether the first suspect was it.
func verdicts(card bot.Card, buttons bool) api.Block {
	value := judged(card.Incident, card.Asked)
	if !buttons || card.Asked == "" || len(value) > maxValue {
		return nil
	}
	return api.NewActionBlock("verdict", button(actionConfirm, value, "This was it"), button(actionClear, value, "Not this"))
}

// judged is the value of a button that judges a change of an incident; IDs of incidents have no space.
func judged(incident, change string) string { return incident + " " + change }

// best are the sentences of the heaviest reasons.
func best(reasons []bot.Reason) []string {
	ordered := slices.SortedStableFunc(slices.Values(reasons), func(a, b bot.Reason) int { return cmp.Compare(b.Weight, a.Weight) })
	var out []string
	for _, r := range ordered[:min(shownReasons, len(ordered))] {
		if s := line(r.Sentence, 200); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func doings(all []string) api.Block {
	var lines []string
	for _, d := range all[max(0, len(all)-shownDoing):] {
		if s := line(d, 200); s != "" {
			lines = append(lines, s)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return api.NewRichTextBlock("doing", api.NewRichTextSection(bold("What Firebreak does")), bullets(lines, 0))
}

// approvals show the open questions. Only the first few get buttons; the page has them all.
func approvals(all []bot.Approval, buttons bool) []api.Block {
	var blocks []api.Block
	shown := 0
	for _, a := range all {
		if a.Decision != "" || a.ID == "" || len(a.ID) > 200 || shown == shownApprovals {
			continue
		}
		shown++
		question := line(a.Question, 400)
		until := ""
		if !a.Expires.IsZero() {
			until = " (until " + a.Expires.Format("15:04 MST") + ")"
		}
		blocks = append(blocks, api.NewSectionBlock(plain("Waiting for a decision: "+question+until, maxSection), nil, nil))
		if !buttons {
			continue
		}
		yes := button(actionApprove, a.ID, "Approve").WithStyle(api.StylePrimary)
		yes.Confirm = api.NewConfirmationBlockObject(plain("Approve this?", 100), plain(orElse(question, "Approve"), 300),
			plain("Approve", 30), plain("Not now", 30))
		no := button(actionDeny, a.ID, "Deny").WithStyle(api.StyleDanger)
		blocks = append(blocks, api.NewActionBlock(cut("approval:"+a.ID, maxBlockID), yes, no))
	}
	return blocks
}

func controls(card bot.Card, buttons bool) api.Block {
	var elements []api.BlockElement
	if buttons && card.State == bot.Open && len(card.Incident) <= 200 {
		elements = append(elements, button(actionAcknowledge, card.Incident, "Acknowledge"))
	}
	if buttons && card.State != bot.Resolved && card.State != "" && len(card.Incident) <= 200 {
		if slices.ContainsFunc(card.Suspects, func(s bot.Suspect) bool { return s.Rollback != "" }) {
			elements = append(elements, button(actionPlan, card.Incident, "Plan rollback"))
		}
		elements = append(elements, button(actionMute, card.Incident, "Mute"))
	}
	if link(card.URL) {
		open := button(actionOpen, card.Incident, "Open incident page")
		open.URL = card.URL
		elements = append(elements, open)
	}
	if len(elements) == 0 {
		return nil
	}
	return api.NewActionBlock("controls", elements...)
}

func button(id, value, label string) *api.ButtonBlockElement {
	return api.NewButtonBlockElement(id, cut(value, maxValue), plain(label, maxButton))
}

func plain(s string, limit int) *api.TextBlockObject {
	return api.NewTextBlockObject(api.PlainTextType, orElse(line(s, limit), "—"), false, false)
}

func bold(s string) api.RichTextSectionElement {
	return api.NewRichTextSectionTextElement(s, &api.RichTextSectionTextStyle{Bold: true})
}

// said is text without style.
func said(s string) api.RichTextSectionElement { return api.NewRichTextSectionTextElement(s, nil) }

func bullets(lines []string, indent int) api.RichTextElement {
	items := make([]api.RichTextElement, 0, len(lines))
	for _, l := range lines {
		items = append(items, api.NewRichTextSection(said(l)))
	}
	return api.NewRichTextList(api.RTEListBullet, indent, items...)
}

func percent(p float64) string {
	switch {
	case p > 0 && p < 0.01:
		return "<1 %"
	case p < 1 && p > 0.99:
		return ">99 %"
	default:
		return fmt.Sprintf("%.0f %%", min(max(p, 0), 1)*100)
	}
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
