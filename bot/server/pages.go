package server

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

//go:embed static
var static embed.FS

//go:embed pages
var pageFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"percent": func(p float64) string { return fmt.Sprintf("%.0f %%", 100*p) },
	"stamp":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"weight":  func(w float64) string { return fmt.Sprintf("%+.2f", w) },
}).ParseFS(pageFiles, "pages/*.html"))

// refreshSeconds is how often a page of something unfinished loads itself again.
const refreshSeconds = 5

type homeView struct {
	Refresh   int
	Version   string
	Now       time.Time
	Incidents []bot.Incident
	Changes   []bot.Change
	Checks    []Check
}

func (s *Server) homePage(w http.ResponseWriter, r *http.Request) {
	incidents, err := s.parts.Reader.Incidents(r.Context(), bot.IncidentQuery{Limit: 50})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	changes, err := s.parts.Reader.Changes(r.Context(), bot.ChangeQuery{Limit: 20})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, "home.html", homeView{
		Refresh: refreshSeconds, Version: s.parts.Version, Now: s.parts.Now(),
		Incidents: incidents, Changes: changes, Checks: s.parts.Health.Ready(r.Context()),
	})
}

type incidentView struct {
	Refresh  int
	Version  string
	Incident bot.Incident
	Card     bot.Card
	Chart    template.HTML
	Entries  []bot.Entry
	Runs     []run.Run
}

func (s *Server) incidentPage(w http.ResponseWriter, r *http.Request) {
	view, err := s.viewIncident(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, "incident.html", view)
}

func (s *Server) viewIncident(r *http.Request) (incidentView, error) {
	ctx, id := r.Context(), r.PathValue("id")
	incident, err := s.parts.Reader.Incident(ctx, id)
	if err != nil {
		return incidentView{}, err
	}
	view := incidentView{Version: s.parts.Version, Incident: incident}
	if incident.State != bot.Resolved {
		view.Refresh = refreshSeconds
	}
	if view.Card, err = s.parts.Viewer.Card(ctx, id); err != nil {
		return incidentView{}, err
	}
	chart, err := s.parts.Viewer.ChartSVG(ctx, id)
	if err != nil {
		return incidentView{}, err
	}
	view.Chart = template.HTML(chart) //nolint:gosec // drawn by bot/chart, which escapes every text that it draws
	if view.Entries, err = s.parts.Reader.Entries(ctx, id); err != nil {
		return incidentView{}, err
	}
	view.Runs, err = s.parts.Reader.Runs(ctx, run.Query{Incident: id})
	return view, err
}

func (s *Server) reportPage(w http.ResponseWriter, r *http.Request) {
	text, err := s.parts.Viewer.Report(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
	_, _ = w.Write([]byte(text))
}

// render writes a page whole or an error, never half a page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, name string, view any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, view); err != nil {
		s.fail(w, r, bot.Errorf(bot.Internal, "the page could not be rendered").Because(err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w)
}
