package slack

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
)

// Forms serves people who fill in forms. Users are Slack's IDs.
type Forms interface {
	// May tells whether the user may use a form; the refusal says who could.
	May(ctx context.Context, form bot.FormName, user string) error
	// Unresolved are the incidents to choose from, Services the services.
	Unresolved(ctx context.Context) ([]bot.Incident, error)
	Services() []string
	// Rollbacks tells what could be taken back; that the user may not begin it is one of the reasons why none can begin.
	Rollbacks(ctx context.Context, incident, user string) (bot.Rollbacks, error)
	// Fill carries a form out.
	Fill(ctx context.Context, f bot.Filled, user string) (bot.Answer, error)
	// Home is what the user finds on the app's page.
	Home(ctx context.Context, user string) (bot.Home, error)
	// Room is the incident that a channel was made for, empty where it was made for none.
	Room(ctx context.Context, channel string) string
	// Name is what others call the user.
	Name(ctx context.Context, user string) string
}

// readyTime is how long a form is filled before it is opened without its content: a trigger of Slack's is good for three seconds.
const readyTime = 1200 * time.Millisecond

// open shows a form to whoever holds the trigger. Where it takes long to fill it, a place-holder is opened in time, which becomes the
// form. What goes wrong stands in the form too; an error is that nothing could be opened.
func (h *Handler) open(ctx context.Context, trigger, title string, fill func(context.Context) (view, error)) error {
	if trigger == "" {
		return bot.Errorf(bot.Invalid, "Slack sent nothing that a form could be opened with; write the command out instead")
	}
	filled := make(chan view, 1)
	h.working.Go(func() { // the caller counts among those who work, so nobody waits for us already
		v, err := fill(ctx)
		if err != nil {
			v = answerView(title, bot.Answer{Title: bot.MessageOf(err), Refused: true})
		}
		filled <- v
	})
	ready := time.NewTimer(readyTime)
	defer ready.Stop()
	select {
	case v := <-filled:
		_, err := h.client.openView(ctx, trigger, v)
		return err
	case <-ready.C:
	}
	id, err := h.client.openView(ctx, trigger, waitingView(title))
	if err != nil {
		return err
	}
	select {
	case v := <-filled:
		return h.client.updateView(ctx, id, "", v)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// form fills a form for a user.
func (h *Handler) form(f bot.Form, user string) func(context.Context) (view, error) {
	return func(ctx context.Context) (view, error) {
		if err := h.options.Forms.May(ctx, f.Name, user); err != nil {
			return view{}, err
		}
		var open []bot.Incident
		var err error
		if f.Name == bot.MuteForm || f.Name == bot.NoteForm {
			open, err = h.options.Forms.Unresolved(ctx)
		}
		if err != nil {
			return view{}, err
		}
		switch f.Name {
		case bot.MuteForm:
			return muteView(f.Incident, open), nil
		case bot.NoteForm:
			return noteView(f.Incident, open, bot.Quote{}), nil
		case bot.DeclareForm:
			return declareView(f.Service, h.options.Forms.Services()), nil
		case bot.RollbackForm:
			all, err := h.options.Forms.Rollbacks(ctx, f.Incident, user)
			return rollbackView(all, 0), err
		default:
			return view{}, bot.Errorf(bot.Invalid, "there is no form %q", f.Name)
		}
	}
}

// choose shows the plan of another choice in a form that stands.
func (h *Handler) choose(ctx context.Context, i interaction, choice string) error {
	m := i.View.meta()
	if i.View.ID == "" || m.Form != bot.RollbackForm {
		return bot.Errorf(bot.Invalid, "this choice is of no form")
	}
	all, err := h.options.Forms.Rollbacks(ctx, m.Incident, i.User.ID)
	if err != nil {
		return err
	}
	n := 0
	if at := pathIndex(choice); at >= 0 && at < len(m.Paths) {
		for j, p := range all.Possible { // they may be in another order now
			if p.Change == m.Paths[at][0] && p.Playbook == m.Paths[at][1] {
				n = j
			}
		}
	}
	return h.client.updateView(ctx, i.View.ID, i.View.Hash, rollbackView(all, n))
}

// pathValue is the value of the way back at a place of the list.
func pathValue(i int) string { return "path-" + strconv.Itoa(i) }

func pathIndex(value string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(value, "path-"))
	if err != nil {
		return -1
	}
	return n
}

// openView opens a modal and gives its ID.
func (c *Client) openView(ctx context.Context, trigger string, v view) (string, error) {
	call := c.rest.Call()
	r, err := c.api(call).OpenViewContext(ctx, trigger, c.modal(v))
	if err != nil {
		err = failure(call, err)
		if strings.Contains(wordOf(err), "trigger") {
			return "", bot.Errorf(bot.Unavailable, "the form could not be opened in time; try again, or write the command out").Because(err)
		}
		return "", bot.Errorf(bot.Unavailable, "Slack could not open the form; write the command out").Because(err)
	}
	return r.ID, nil
}

// updateView replaces what a modal shows. With a hash it does so only as long as nobody else did.
func (c *Client) updateView(ctx context.Context, id, hash string, v view) error {
	call := c.rest.Repeatable()
	_, err := c.api(call).UpdateViewContext(ctx, c.modal(v), "", hash, id)
	if err == nil {
		return nil
	}
	var refused api.SlackErrorResponse
	if errors.As(err, &refused) && refused.Err == "hash_conflict" {
		return nil // something newer stands there
	}
	return failure(call, err)
}
