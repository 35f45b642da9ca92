package slack

import (
	"context"
	"unicode/utf8"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
)

// IsChannel tells whether a text can be a channel's ID or its name.
func IsChannel(s string) bool { return channelShape(s) }

// Tell posts a digest under a key. It does not look whether it was told before.
func (c *Client) Tell(ctx context.Context, channel, key string, d bot.Digest) error {
	channel, err := c.channelFor("", channel)
	if err != nil {
		return err
	}
	_, err = c.post(ctx, channel, key, "", renderDigest(d))
	return err
}

// Told looks whether what was posted under a key stands in the channel.
func (c *Client) Told(ctx context.Context, channel, key string) (bool, error) {
	channel, err := c.channelFor("", channel)
	if err != nil {
		return false, err
	}
	_, found, err := c.lookup(ctx, channel, key)
	return found, err
}

// renderDigest makes the message of a digest: a heading for each section, and a list of its rows. As in answers, a text is data there.
func renderDigest(d bot.Digest) message {
	title := orElse(line(d.Title, 600), "A digest")
	parts := []api.RichTextElement{api.NewRichTextSection(bold(title))}
	used, rows := utf8.RuneCountInString(title), 0
	for _, s := range d.Sections {
		var list []api.RichTextElement
		full := false
		for _, r := range s.Rows {
			label, text := line(r.Label, 100), line(r.Text, 400)
			used += utf8.RuneCountInString(label) + utf8.RuneCountInString(text) + len(r.Link)
			if rows++; rows > 2*shownRows || used > shownLetter {
				list = append(list, api.NewRichTextSection(said("… there is more on the page")))
				full = true
				break
			}
			if one := row(label, text, r.Link); one != nil {
				list = append(list, one)
			}
		}
		if len(list) > 0 {
			parts = append(parts, api.NewRichTextSection(bold("\n"+line(s.Title, 100)+"\n")), api.NewRichTextList(api.RTEListBullet, 0, list...))
		}
		if full {
			break
		}
	}
	blocks := []api.Block{api.NewRichTextBlock("digest", parts...)}
	if link(d.Link) {
		open := button(actionOpen, "page", "Open page")
		open.URL = d.Link
		blocks = append(blocks, api.NewActionBlock("more", open))
	}
	return message{text: escape(title, maxText), blocks: blocks}
}
