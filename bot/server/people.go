package server

import (
	"context"
	"net/http"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// People carries out what people do to incidents, and to Firebreak itself.
type People interface {
	Declare(ctx context.Context, d bot.Declared) (bot.Incident, error)
	Resolve(ctx context.Context, incident, by, via, reason string) (bot.Incident, error)
	Note(ctx context.Context, incident, by, via, text string) (bot.Incident, error)
	// Mute of zero ends a mute.
	Mute(ctx context.Context, incident string, lasts time.Duration, by, via, reason string) (bot.Incident, error)
	// Outline tells in words what a playbook would do, Run starts one.
	Outline(ctx context.Context, name, incident string) ([]string, error)
	Run(ctx context.Context, name, incident, by, via string) error
	Stopped(ctx context.Context) (bot.Stop, error)
	Stop(ctx context.Context, s bot.Stop) (bot.Stop, error)
	// Budgets are the objectives of a service, or of all.
	Budgets(service string) ([]bot.Budget, error)
}

// said is what a person sends: who, how, and in words of their own.
type said struct {
	By     string `json:"by"`
	Via    string `json:"via"`
	Reason string `json:"reason"`
}

func (s *Server) declare(w http.ResponseWriter, r *http.Request) {
	var body struct {
		said
		Service     string             `json:"service"`
		Environment string             `json:"environment"`
		Title       string             `json:"title"`
		Severity    detectors.Severity `json:"severity"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	in, err := s.parts.People.Declare(r.Context(), bot.Declared{
		Service: body.Service, Environment: body.Environment, Title: body.Title, Severity: body.Severity, By: body.By, Via: viaOf(body.Via),
	})
	answer(s, w, r, map[string]bot.Incident{"incident": in}, err)
}

func (s *Server) resolve(w http.ResponseWriter, r *http.Request) {
	var body said
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	in, err := s.parts.People.Resolve(r.Context(), r.PathValue("id"), body.By, viaOf(body.Via), body.Reason)
	answer(s, w, r, map[string]bot.Incident{"incident": in}, err)
}

func (s *Server) addNote(w http.ResponseWriter, r *http.Request) {
	var body struct {
		By   string `json:"by"`
		Via  string `json:"via"`
		Text string `json:"text"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	in, err := s.parts.People.Note(r.Context(), r.PathValue("id"), body.By, viaOf(body.Via), body.Text)
	answer(s, w, r, map[string]bot.Incident{"incident": in}, err)
}

func (s *Server) mute(w http.ResponseWriter, r *http.Request) {
	var body struct {
		said
		Seconds int64 `json:"seconds"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	const year = 366 * 24 * 60 * 60
	if body.Seconds < 0 || body.Seconds > year {
		s.fail(w, r, bot.Errorf(bot.Invalid, "seconds is how long, 0 to end a mute"))
		return
	}
	in, err := s.parts.People.Mute(r.Context(), r.PathValue("id"), time.Duration(body.Seconds)*time.Second, body.By, viaOf(body.Via), body.Reason)
	answer(s, w, r, map[string]bot.Incident{"incident": in}, err)
}

func (s *Server) runPlaybook(w http.ResponseWriter, r *http.Request) {
	var body struct {
		By       string `json:"by"`
		Via      string `json:"via"`
		Playbook string `json:"playbook"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	err := s.parts.People.Run(r.Context(), body.Playbook, r.PathValue("id"), body.By, viaOf(body.Via))
	answer(s, w, r, map[string]string{"playbook": body.Playbook, "incident": r.PathValue("id")}, err)
}

func (s *Server) outline(w http.ResponseWriter, r *http.Request) {
	lines, err := s.parts.People.Outline(r.Context(), r.PathValue("name"), r.FormValue("incident"))
	answer(s, w, r, map[string]any{"playbook": r.PathValue("name"), "steps": notNil(lines)}, err)
}

func (s *Server) killSwitch(w http.ResponseWriter, r *http.Request) {
	stop, err := s.parts.People.Stopped(r.Context())
	answer(s, w, r, map[string]bot.Stop{"stop": stop}, err)
}

func (s *Server) stopActions(w http.ResponseWriter, r *http.Request) {
	var body struct {
		said
		On *bool `json:"on"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if body.On == nil {
		s.fail(w, r, bot.Errorf(bot.Invalid, `say which: {"on": true or false, "by": "name", "reason": "why"}`))
		return
	}
	stop, err := s.parts.People.Stop(r.Context(), bot.Stop{On: *body.On, By: body.By, Via: viaOf(body.Via), Reason: body.Reason})
	answer(s, w, r, map[string]bot.Stop{"stop": stop}, err)
}

func (s *Server) objectives(w http.ResponseWriter, r *http.Request) {
	budgets, err := s.parts.People.Budgets(r.FormValue("service"))
	answer(s, w, r, map[string][]bot.Budget{"objectives": notNil(budgets)}, err)
}
