package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
)

// Decider decides approvals, and refuses those who may not.
type Decider interface {
	Decide(ctx context.Context, approval string, decision bot.Decision, by string) (bot.Approval, error)
}

// Acknowledger marks an incident as seen by somebody.
type Acknowledger interface {
	Acknowledge(ctx context.Context, incident, by string) error
}

// Judge keeps what somebody says of a change of an incident.
type Judge interface {
	Judge(ctx context.Context, incident string, v bot.Verdict) (bot.Incident, error)
}

// Updater brings an incident's card up to date; an Announcer is one.
type Updater interface {
	Update(ctx context.Context, incident string) error
}

var _ Updater = (*Announcer)(nil)

// HandlerOptions are what a Handler is given. Decider, Acknowledger, Judge, Commander and Updater are required. Without Forms nothing is
// filled in, and without Homes the app has no page.
type HandlerOptions struct {
	Forms        Forms
	Homes        *Homes
	Commander    Commander
	Decider      Decider
	Acknowledger Acknowledger
	Judge        Judge
	Updater      Updater
	Registerer   prometheus.Registerer
	// Now tells the time that signatures are compared with; nil means the client's.
	Now func() time.Time
}

// Bounds of the Handler.
const (
	maxInteraction = 1 << 20
	maxPressed     = 5
	maxWorking     = 32
	workTime       = 30 * time.Second
)

// Handler receives the buttons that people press (POST /slack/interactions). It proves the signature over the raw body before
// it parses anything, refuses replays, and acknowledges at once; the decision is made after that, and a refusal is told to
// the one who pressed, and to nobody else.
type Handler struct {
	proof        proof
	options      HandlerOptions
	client       *Client
	logger       *slog.Logger
	rest         *rest.Client
	responseHost []string
	presses      *prometheus.CounterVec
	commands     *prometheus.CounterVec
	events       *prometheus.CounterVec
	happenings   seen
	answered     prometheus.Histogram

	base    context.Context
	stop    context.CancelFunc
	working sync.WaitGroup
	slots   chan struct{}

	mu     sync.Mutex
	closed bool
}

// Handler makes the receiver of this client's buttons. Close it when the server is down.
func (c *Client) Handler(o HandlerOptions) *Handler {
	if o.Now == nil {
		o.Now = c.options.Now
	}
	base, stop := context.WithCancel(context.Background())
	return &Handler{
		proof:        proof{secret: c.config.SigningSecret, seen: map[string]time.Time{}},
		options:      o,
		client:       c,
		logger:       c.options.Logger,
		rest:         c.rest,
		responseHost: responseHosts(c.config.APIURL),
		presses:      pressCounter(o.Registerer),
		commands:     commandCounter(o.Registerer),
		events:       eventCounter(o.Registerer),
		answered:     commandTimer(o.Registerer),
		base:         base,
		stop:         stop,
		slots:        make(chan struct{}, maxWorking),
	}
}

// ServeHTTP answers one interaction.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := h.proven(w, r, h.presses)
	if !ok {
		return
	}
	pressed, err := parseInteraction(body)
	if err != nil {
		h.answer(w, h.presses, http.StatusBadRequest, "bad_request", err.Error())
		return
	}
	answer, heard := h.begin(pressed)
	switch {
	case !heard:
		h.answer(w, h.presses, http.StatusServiceUnavailable, "busy", "too busy; press again in a moment")
	case answer != nil:
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			h.logger.WarnContext(r.Context(), "slack: what came of a form could not be answered", "error", err)
		}
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// proven reads a request and proves that Slack sent it, now and for the first time. False means that it is answered.
func (h *Handler) proven(w http.ResponseWriter, r *http.Request, count *prometheus.CounterVec) ([]byte, bool) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		h.answer(w, count, http.StatusMethodNotAllowed, "bad_request", "only POST")
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInteraction))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		h.answer(w, count, http.StatusRequestEntityTooLarge, "bad_request", "the body is too large")
		return nil, false
	case err != nil:
		h.answer(w, count, http.StatusBadRequest, "bad_request", "the body could not be read")
		return nil, false
	}
	switch err := h.proof.check(r.Header, body, h.options.Now()); {
	case errors.Is(err, errReplay):
		h.answer(w, count, http.StatusConflict, "replayed", err.Error())
		return nil, false
	case err != nil:
		h.answer(w, count, http.StatusUnauthorized, "unauthorized", err.Error())
		return nil, false
	}
	return body, true
}

func (h *Handler) answer(w http.ResponseWriter, count *prometheus.CounterVec, status int, result, text string) {
	count.WithLabelValues(result).Inc()
	http.Error(w, text, status)
}

// begin does the work of an interaction beside the answer; only a form is answered with what came of it. Heard is false when there is no
// hand free.
func (h *Handler) begin(i interaction) (answer *api.ViewSubmissionResponse, heard bool) {
	switch {
	case i.User.ID == "":
		return nil, true
	case i.Type == submittedType:
		return h.submit(i)
	case i.Type == shortcutType && i.CallbackID == shortcutNote:
		return nil, h.work(func(ctx context.Context) {
			err := h.shortcut(ctx, i)
			h.counted(ctx, i, shortcutNote, "", err)
			if err != nil {
				h.tell(ctx, i.ResponseURL, bot.MessageOf(err))
			}
		})
	case len(i.Actions) > 0:
		return nil, h.work(func(ctx context.Context) {
			for _, a := range i.Actions {
				h.press(ctx, i, a)
			}
		})
	default:
		return nil, true // a form that was closed, and what is of no concern
	}
}

// work does something beside the answer; false when there is no hand free, or when we are closing.
func (h *Handler) work(do func(ctx context.Context)) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	select {
	case h.slots <- struct{}{}:
	default:
		return false
	}
	h.working.Go(func() {
		defer func() { <-h.slots }()
		ctx, cancel := context.WithTimeout(h.base, workTime)
		defer cancel()
		do(ctx)
	})
	return true
}

// press carries out one button.
func (h *Handler) press(ctx context.Context, i interaction, a pressedAction) {
	var incident string
	var err error
	switch a.ActionID {
	case actionApprove, actionDeny:
		decision := bot.Approved
		if a.ActionID == actionDeny {
			decision = bot.Denied
		}
		var decided bot.Approval
		decided, err = h.options.Decider.Decide(ctx, a.Value, decision, i.User.ID)
		incident = decided.Incident
	case actionAcknowledge:
		incident = a.Value
		err = h.options.Acknowledger.Acknowledge(ctx, a.Value, i.User.ID)
	case actionConfirm, actionClear:
		verdict := bot.Verdict{Word: bot.Confirmed, By: i.User.ID, Via: "slack"}
		if a.ActionID == actionClear {
			verdict.Word = bot.Cleared
		}
		incident, verdict.Change, _ = strings.Cut(a.Value, " ")
		_, err = h.options.Judge.Judge(ctx, incident, verdict)
	case actionPlan, actionMute, actionDeclare, actionNote, fieldPath:
		err = h.pressForm(ctx, i, a)
	case actionOpen:
		h.presses.WithLabelValues("ignored").Inc() // Slack opens the address
		return
	default:
		h.presses.WithLabelValues("ignored").Inc()
		h.tell(ctx, i.ResponseURL, "This button is of another version of Firebreak and does nothing any more. /firebreak help lists what you can ask for.")
		return
	}
	if err != nil {
		h.presses.WithLabelValues("refused").Inc()
		h.logger.WarnContext(ctx, "slack: a button was refused", "action", a.ActionID, "user", i.User.ID, "error", err)
		h.tell(ctx, i.ResponseURL, bot.MessageOf(err))
	} else {
		h.presses.WithLabelValues("accepted").Inc()
	}
	if h.options.Homes != nil {
		h.options.Homes.Update()
	}
	h.renew(ctx, incident)
}

// pressForm opens the form of a button, or shows another choice in one.
func (h *Handler) pressForm(ctx context.Context, i interaction, a pressedAction) error {
	if h.options.Forms == nil {
		return bot.Errorf(bot.Unavailable, "there are no forms here; write the command out")
	}
	f := bot.Form{Incident: a.Value}
	switch a.ActionID {
	case fieldPath:
		return h.choose(ctx, i, a.Selected.Value)
	case actionPlan:
		f.Name = bot.RollbackForm
	case actionMute:
		f.Name = bot.MuteForm
	case actionDeclare:
		f = bot.Form{Name: bot.DeclareForm}
	case actionNote:
		f = bot.Form{Name: bot.NoteForm}
	}
	return h.open(ctx, i.TriggerID, titleOf(f.Name), h.form(f, i.User.ID))
}

// tell shows a sentence to the one who pressed, through the address that came with the press.
func (h *Handler) tell(ctx context.Context, to, sentence string) {
	if to == "" {
		return
	}
	if err := h.respond(ctx, to, message{text: escape(sentence, maxText)}); err != nil {
		h.logger.WarnContext(ctx, "slack: an answer to a press could not be sent", "error", err)
	}
}

// responseHosts are the origins that answers to presses may go to: the host of the API and its hooks.
func responseHosts(apiURL string) []string {
	u, err := url.Parse(apiURL)
	if err != nil {
		return nil
	}
	origins := []string{u.Scheme + "://" + u.Host}
	if u.Scheme == "https" {
		origins = append(origins, "https://hooks."+u.Host)
	}
	return origins
}

func (h *Handler) mayAnswer(to string) bool {
	u, err := url.Parse(to)
	if err != nil || u.User != nil {
		return false
	}
	for _, origin := range h.responseHost {
		if strings.EqualFold(u.Scheme+"://"+u.Host, origin) {
			return true
		}
	}
	return false
}

// Close refuses further presses and waits for those under way; when ctx ends first, they are broken off.
func (h *Handler) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	finished := make(chan struct{})
	go func() {
		h.working.Wait()
		close(finished)
	}()
	defer h.stop()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		h.stop()
		<-finished
		return context.Cause(ctx)
	}
}

// pressCounter counts what came of presses.
func pressCounter(reg prometheus.Registerer) *prometheus.CounterVec {
	presses := rest.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firebreak_slack_interactions_total",
		Help: "Buttons pressed, forms sent off and shortcuts used in Slack, by what came of them.",
	}, []string{"result"}))
	for _, r := range []string{"accepted", "refused", "ignored", "unauthorized", "replayed", "bad_request", "busy"} {
		presses.WithLabelValues(r)
	}
	return presses
}
