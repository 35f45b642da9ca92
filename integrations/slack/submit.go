package slack

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// submitTime is how long Slack waits for what came of a form; it hangs up after three seconds.
const submitTime = 2 * time.Second

// came is what came of a form.
type came struct {
	answer bot.Answer
	err    error
}

// submit carries out a form that was sent off, and gives what Slack is answered: faults at the fields that have them, or what came of it.
// Where that takes long, the form says so, and shows it when it is there. Heard is false when there is no hand free.
func (h *Handler) submit(i interaction) (answer *api.ViewSubmissionResponse, heard bool) {
	m := i.View.meta()
	if m.Form == "" {
		h.presses.WithLabelValues("ignored").Inc()
		return h.update(answerView(titleOf(""), bot.Answer{Title: "This form is of another version of Firebreak; nothing was done. Open it anew.", Refused: true})), true
	}
	filled, faults := filledOf(m, i.View.fields())
	if len(faults) > 0 {
		h.presses.WithLabelValues("refused").Inc()
		return api.NewErrorsViewSubmissionResponse(faults), true
	}
	if h.options.Forms == nil {
		return nil, true
	}
	title := titleOf(m.Form)
	done := make(chan came, 1)
	var taken atomic.Bool // by whoever is first: the one who waits, by giving up, or the one who works, by being done
	begun := h.work(func(ctx context.Context) {
		a, err := h.options.Forms.Fill(ctx, filled, i.User.ID)
		h.counted(ctx, i, "form "+string(m.Form), a.Incident, err)
		if taken.CompareAndSwap(false, true) {
			done <- came{a, err}
			return
		}
		if err != nil {
			a = bot.Answer{Title: bot.MessageOf(err), Refused: true}
		}
		if err := h.client.updateView(ctx, i.View.ID, "", answerView(title, a)); err != nil {
			h.logger.WarnContext(ctx, "slack: what came of a form could not be shown", "user", i.User.ID, "error", err)
		}
	})
	if !begun {
		h.presses.WithLabelValues("busy").Inc()
		return h.update(answerView(title, bot.Answer{Title: "Firebreak is too busy or about to stop; nothing was done. Try again in a moment.", Refused: true})), true
	}
	patience := time.NewTimer(submitTime)
	defer patience.Stop()
	select {
	case c := <-done:
		return h.shown(m, title, c), true
	case <-patience.C:
	}
	if !taken.CompareAndSwap(false, true) {
		return h.shown(m, title, <-done), true
	}
	return h.update(waitingView(title)), true
}

// shown is what came of a form as Slack is answered. What can be mended in a field is told there.
func (h *Handler) shown(m meta, title string, c came) *api.ViewSubmissionResponse {
	if c.err == nil {
		return h.update(answerView(title, c.answer))
	}
	sentence := bot.MessageOf(c.err)
	field := map[bot.FormName]string{
		bot.MuteForm: fieldReason, bot.DeclareForm: fieldTitle, bot.NoteForm: fieldText,
	}[m.Form]
	if code := bot.CodeOf(c.err); field != "" && code == bot.Invalid {
		return api.NewErrorsViewSubmissionResponse(map[string]string{field: line(sentence, maxError)})
	}
	return h.update(answerView(title, bot.Answer{Title: sentence, Refused: true}))
}

// maxError bounds what is said at a field; Slack tells no limit, and nobody reads more there.
const maxError = 300

func (h *Handler) update(v view) *api.ViewSubmissionResponse {
	modal := h.client.modal(v)
	return api.NewUpdateViewSubmissionResponse(&modal)
}

// filledOf reads what a form holds, and says what is wrong with it, by field.
func filledOf(m meta, fields map[string]string) (bot.Filled, map[string]string) {
	f := bot.Filled{Form: bot.Form{Name: m.Form, Incident: m.Incident}}
	faults := map[string]string{}
	must := func(field, complaint string, most int) string {
		text := strings.TrimSpace(fields[field])
		switch n := utf8.RuneCountInString(text); {
		case clean(text) == "":
			faults[field] = complaint
		case n > most:
			faults[field] = "that is too long"
		}
		return text
	}
	if m.Incident == "" && (m.Form == bot.MuteForm || m.Form == bot.NoteForm) {
		f.Incident = must(fieldIncident, "say which incident", maxOptionValue)
	}
	switch m.Form {
	case bot.MuteForm:
		var err error
		if f.Lasts, err = time.ParseDuration(fields[fieldLasts]); err != nil || f.Lasts < 0 {
			faults[fieldLasts] = "say for how long"
		}
		f.Text = must(fieldReason, "say why, for those who look at it meanwhile", maxReason)
	case bot.DeclareForm:
		f.Service, f.Severity = must(fieldService, "say which service", maxOptionValue), detectors.Severity(fields[fieldSeverity])
		f.Text = must(fieldTitle, "say in a sentence what is wrong", maxTitle)
		if f.Severity != detectors.Page && f.Severity != detectors.Ticket {
			faults[fieldSeverity] = "say how bad it is"
		}
	case bot.NoteForm:
		f.Text = must(fieldText, "say what there is to note", maxInput)
		if m.Key != "" {
			f.Quote = bot.Quote{Key: m.Key, Text: f.Text, Author: m.Author, Link: m.Link}
		}
	case bot.RollbackForm:
		at := pathIndex(fields[fieldPath])
		if at < 0 || at >= len(m.Paths) {
			faults[fieldPath] = "say what shall be taken back"
			break
		}
		f.Change, f.Playbook = m.Paths[at][0], m.Paths[at][1]
	}
	return f, faults
}
