package sandbox

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// State is everything that the stand-ins know, for tests in another process and for looking around.
type State struct {
	Now     time.Time `json:"now"`
	Over    bool      `json:"over"`
	Summary Summary   `json:"summary"`
	Lines   []string  `json:"lines"`
	// Unexpected are requests that no stand-in knows or that a vendor would have called wrong.
	Unexpected  []string                `json:"unexpected"`
	Alerts      []pagerdutyfake.Alert   `json:"alerts"`
	Messages    []slackfake.Message     `json:"messages"`
	Files       []slackfake.File        `json:"files"`
	Pulls       []githubfake.Pull       `json:"pulls"`
	Deployments []githubfake.Deployment `json:"deployments"`
	Dispatches  []githubfake.Dispatch   `json:"dispatches"`
	Checks      []githubfake.Check      `json:"checks"`
	// Deliveries are GitHub's, Presses Slack's, with how the bot answered at last.
	Deliveries []Post `json:"deliveries"`
	Presses    []Post `json:"presses"`
	// Retriggers counts triggers that PagerDuty joined to an open alert; Calls counts calls by stand-in.
	Retriggers int            `json:"retriggers"`
	Calls      map[string]int `json:"calls"`
	// Pods are the prompt versions that the story's service serves, pod by pod.
	Pods []string `json:"pods"`
}

// State tells everything that the stand-ins know.
func (s *Sandbox) State() State {
	out := State{
		Now: s.clock.Now(), Summary: s.Summary(), Lines: s.story.said(), Unexpected: s.Unexpected(), Alerts: s.pager.Alerts(),
		Messages: s.slack.Messages(), Files: s.slack.Files(), Pulls: s.hub.Pulls(), Deployments: s.hub.Deployments(),
		Dispatches: s.hub.Dispatches(), Checks: s.hub.Checks(), Deliveries: s.hooks.delivered(), Presses: s.presses.delivered(),
		Calls: map[string]int{}, Pods: s.world.Versions(s.scenario.service),
	}
	select {
	case <-s.over:
		out.Over = true
	default:
	}
	for _, a := range out.Alerts {
		out.Retriggers += a.Triggers - 1
	}
	for _, v := range s.vendors() {
		out.Calls[v.name], _ = v.gate.Calls()
	}
	return out
}

// routes is everything that the sandbox serves: the stand-ins below their names, and the control side.
func (s *Sandbox) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/slack/", http.StripPrefix("/slack", s.slack))
	mux.Handle("/pagerduty/", http.StripPrefix("/pagerduty", s.pager))
	mux.Handle("/github/", http.StripPrefix("/github", s.hub))
	mux.Handle("/prometheus/", http.StripPrefix("/prometheus", s.prom))
	for path, value := range map[string]func() any{
		"/clock":   func() any { return s.clock },
		"/summary": func() any { return s.Summary() },
		"/state":   func() any { return s.State() },
		"/urls":    func() any { return s.urls },
		"/config":  func() any { return s.Config() },
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(value())
		})
	}
	mux.HandleFunc("POST /fault/{vendor}", func(w http.ResponseWriter, r *http.Request) {
		gate := s.gate(r.PathValue("vendor"))
		if gate == nil {
			http.Error(w, errNoVendor.Error(), http.StatusNotFound)
			return
		}
		gate.ServeFault(w, r)
	})
	mux.HandleFunc("POST /bot", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			URL string `json:"url"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&body); err != nil || body.URL == "" {
			http.Error(w, `POST {"url":"http://127.0.0.1:8010"}`, http.StatusBadRequest)
			return
		}
		s.SetBotURL(body.URL)
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}
