package app

import (
	"context"
	"net/http"
	"net/url"

	"github.com/firebreak-dev/firebreak/bot"
)

// Verdict is what somebody says of a change of an incident.
type Verdict = bot.Verdict

// Ranking is how probable it is that each change caused an incident, Exclusion a change that cannot have.
type (
	Ranking   = bot.Ranking
	Exclusion = bot.Exclusion
)

// The words of a verdict, and what stands in it for none of the known changes.
const (
	Confirmed   = bot.Confirmed
	Cleared     = bot.Cleared
	NoneOfThese = bot.NoneOfThese
)

// Judged is how an incident's suspects stand after a verdict.
type Judged struct {
	Incident string        `json:"incident"`
	Ranking  bot.Ranking   `json:"ranking"`
	Verdicts []bot.Verdict `json:"verdicts"`
}

// Judge tells what somebody says of a change of an incident.
func (c *Client) Judge(ctx context.Context, incident string, v Verdict) (Judged, error) {
	var answer Judged
	body := map[string]any{"change": v.Change, "verdict": v.Word, "by": v.By, "reason": v.Reason, "via": "cli"}
	err := c.call(ctx, http.MethodPost, "/api/v1/incidents/"+url.PathEscape(incident)+"/suspects", body, &answer)
	return answer, err
}
