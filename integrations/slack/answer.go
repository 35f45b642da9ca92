package slack

import (
	"unicode/utf8"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
)

// How much of an answer is shown. All of it together stays below what Slack takes of one message.
const (
	shownRows   = 40
	shownLetter = 9000
)

// renderAnswer makes the message of an answer. Its rows are rich text: there a text is data and nothing else, whatever stands in it.
func renderAnswer(a bot.Answer) message {
	title := orElse(line(a.Title, 600), "Done.")
	parts := []api.RichTextElement{api.NewRichTextSection(bold(title))}
	used := utf8.RuneCountInString(title)
	var rows []api.RichTextElement
	for i, r := range a.Rows {
		label, text := line(r.Label, 100), line(r.Text, 400)
		used += utf8.RuneCountInString(label) + utf8.RuneCountInString(text) + len(r.Link)
		if i == shownRows || used > shownLetter {
			rows = append(rows, api.NewRichTextSection(said("… there is more on the page")))
			break
		}
		if s := row(label, text, r.Link); s != nil {
			rows = append(rows, s)
		}
	}
	if len(rows) > 0 {
		parts = append(parts, api.NewRichTextList(api.RTEListBullet, 0, rows...))
	}
	blocks := []api.Block{api.NewRichTextBlock("answer", parts...)}
	if link(a.Link) {
		open := button(actionOpen, "page", "Open page")
		open.URL = a.Link
		blocks = append(blocks, api.NewActionBlock("more", open))
	}
	return message{text: escape(title, maxText), blocks: blocks}
}

// row is one line; nil where there is nothing to say.
func row(label, text, to string) api.RichTextElement {
	var parts []api.RichTextSectionElement
	if label != "" {
		parts = append(parts, bold(label+" "))
	}
	switch {
	case text == "":
	case link(to):
		parts = append(parts, api.NewRichTextSectionLinkElement(to, text, nil))
	default:
		parts = append(parts, said(text))
	}
	if len(parts) == 0 {
		return nil
	}
	return api.NewRichTextSection(parts...)
}
