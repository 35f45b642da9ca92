package slack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
)

// maxChart bounds the picture, in bytes; chartTime bounds how long the card waits for it.
const (
	maxChart  = 4 << 20
	chartTime = 5 * time.Second
)

// chart brings the place's picture up to date where it may: a new one, a changed one after a while, or one of another state, since
// every upload is three requests and a file that stays, but recovery must be seen. A picture that cannot be uploaded is left out or stays as it was; the card goes on
// without it.
func (c *Client) chart(ctx context.Context, incident string, place *Place, card bot.Card) {
	if len(card.Chart) == 0 || len(card.Chart) > maxChart {
		return
	}
	sum := sha256.Sum256(card.Chart)
	name := hex.EncodeToString(sum[:8])
	now := c.options.Now()
	early := place.Chart != "" && place.ChartState == card.State && now.Sub(place.ChartAt) < c.config.ChartEvery
	if place.ChartSum == name || early {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, chartTime)
	defer cancel()
	call := c.rest.Call()
	file, err := c.api(call).UploadFileContext(ctx, api.UploadFileParameters{
		Reader:   bytes.NewReader(card.Chart),
		FileSize: len(card.Chart),
		Filename: "incident-" + name + ".png",
		Title:    line("Chart of "+incident, maxHeader),
		AltTxt:   line(orElse(card.Alt, "chart of the incident's signals"), maxFileAlt),
	})
	if err != nil || file.ID == "" {
		c.options.Logger.WarnContext(ctx, "slack: the chart could not be uploaded", "incident", incident, "error", failure(call, err))
		return
	}
	place.Chart, place.Alt, place.ChartSum = file.ID, line(card.Alt, maxAlt), name
	place.ChartAt, place.ChartState = now, card.State
}
