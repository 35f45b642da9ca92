package app

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/desk"
	"github.com/firebreak-dev/firebreak/bot/server"
)

// undoer tells what could be taken back with what the objectives have left, and has it done.
type undoer struct{ a *App }

var (
	_ desk.Rollbacks   = undoer{}
	_ server.Rollbacks = hands{}
)

// Rollbacks tells what could be taken back.
func (u undoer) Rollbacks(ctx context.Context, incident string) (bot.Rollbacks, error) {
	all, err := u.a.engine.Rollbacks(ctx, incident)
	if err != nil || len(all.Possible) == 0 {
		return all, err
	}
	for _, b := range u.a.promised() {
		if b.Service != all.Service {
			continue
		}
		left := fmt.Sprintf("%.0f %% of the budget is left", 100*b.Left)
		switch {
		case b.Blind != "":
			left = "what is left of the budget cannot be told: " + b.Blind
		case b.Left < 0:
			left = fmt.Sprintf("the budget is overspent by %.0f %%", -100*b.Left)
		}
		for i := range all.Possible {
			all.Possible[i].Consequences = append(all.Possible[i].Consequences, fmt.Sprintf("Of %s: %s", b.Objective, left))
		}
	}
	return all, nil
}

// Rollback has a playbook take a change back.
func (u undoer) Rollback(ctx context.Context, incident, change, playbook, by, via string) (bot.Rollback, error) {
	return u.a.engine.Rollback(ctx, incident, change, playbook, by, via)
}

// Rollbacks tells what could be taken back.
func (h hands) Rollbacks(ctx context.Context, incident string) (bot.Rollbacks, error) {
	return undoer{h.a}.Rollbacks(ctx, incident)
}

// Rollback has a playbook take a change back.
func (h hands) Rollback(ctx context.Context, incident, change, playbook, by, via string) (bot.Rollback, error) {
	r, err := h.a.engine.Rollback(ctx, incident, change, playbook, by, via)
	h.note(ctx, by, via, "rollback.start", incident, r.Change+" "+r.Playbook, err)
	return r, err
}

// Rollbacks are the changes of an incident that could be taken back.
type Rollbacks = bot.Rollbacks

// Rollbacks asks what could be taken back.
func (c *Client) Rollbacks(ctx context.Context, incident string) (Rollbacks, error) {
	var answer struct {
		Rollbacks Rollbacks `json:"rollbacks"`
	}
	err := c.call(ctx, http.MethodGet, "/api/v1/incidents/"+url.PathEscape(incident)+"/rollbacks", nil, &answer)
	return answer.Rollbacks, err
}

// Rollback has a playbook take a change back: the likeliest where none is named.
func (c *Client) Rollback(ctx context.Context, incident, change, playbook, by string) (bot.Rollback, error) {
	var answer struct {
		Rollback bot.Rollback `json:"rollback"`
	}
	body := map[string]string{"change": change, "playbook": playbook, "by": by, "via": "cli"}
	err := c.call(ctx, http.MethodPost, "/api/v1/incidents/"+url.PathEscape(incident)+"/rollbacks", body, &answer)
	return answer.Rollback, err
}
