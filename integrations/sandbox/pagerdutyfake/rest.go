package pagerdutyfake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// rest adds the REST API.
func (p *Pager) rest(mux *http.ServeMux) {
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if p.cfg.Token == "" || r.Header.Get("Authorization") != "Token token="+p.cfg.Token {
				p.Strange(r, "no valid token")
				refuseREST(w, http.StatusUnauthorized, 2006, "You do not have permission to use this API", "Invalid token")
				return
			}
			if p.tooMany(w, "rest", asksAMinute) {
				return
			}
			if r.Method != http.MethodGet && !strings.Contains(r.Header.Get("From"), "@") {
				p.Strange(r, "no From header")
				refuseREST(w, http.StatusBadRequest, 1008, "Requester User Not Found", "The From header must be the email address of a valid user")
				return
			}
			h(w, r)
		})
	}
	handle("GET /incidents", p.listIncidents)
	handle("GET /incidents/{id}", p.ofIncident(func(in *Incident, w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]any{"incident": in.rest()})
	}))
	handle("PUT /incidents/{id}", p.ofIncident(p.escalate))
	handle("GET /incidents/{id}/alerts", p.ofIncident(listAlerts))
	handle("GET /incidents/{id}/notes", p.ofIncident(func(in *Incident, w http.ResponseWriter, _ *http.Request) {
		notes := make([]any, 0, len(in.Notes))
		for _, n := range in.Notes {
			notes = append(notes, n.rest())
		}
		write(w, http.StatusOK, map[string]any{"notes": notes})
	}))
	handle("POST /incidents/{id}/notes", p.ofIncident(p.addNote))
	handle("PUT /incidents/{id}/custom_fields/values", p.ofIncident(p.setFields))
	handle("POST /incidents/{id}/status_updates", p.ofIncident(p.addUpdate))
	handle("POST /incidents/{id}/responder_requests", p.ofIncident(p.askForHelp))
	handle("GET /incidents/{id}/past_incidents", p.ofIncident(p.alike("past_incidents")))
	handle("GET /incidents/{id}/related_incidents", p.ofIncident(p.alike("related_incidents")))
	handle("GET /services", p.listServices)
	handle("GET /services/{id}", p.getService)
	handle("GET /oncalls", p.listOnCalls)
	handle("GET /users/{id}", p.getUser)
	handle("GET /users", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query().Get("query")
		write(w, http.StatusOK, map[string]any{"users": []any{map[string]any{
			"id": "PUFIREBREAK", "type": "user", "summary": "Firebreak", "name": "Firebreak", "email": query,
		}}, "limit": 25, "offset": 0, "more": false, "total": nil})
	})
}

func refuseREST(w http.ResponseWriter, status, code int, message string, faults ...string) {
	write(w, status, map[string]any{"error": map[string]any{"code": code, "message": message, "errors": faults}})
}

// ofIncident finds the incident of a path and holds the lock.
func (p *Pager) ofIncident(h func(*Incident, http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		i := slices.IndexFunc(p.incidents, func(in *Incident) bool { return in.ID == r.PathValue("id") })
		if i < 0 {
			refuseREST(w, http.StatusNotFound, 2100, "Not Found")
			return
		}
		h(p.incidents[i], w, r)
	}
}

// body reads a request strictly.
func (p *Pager) body(w http.ResponseWriter, r *http.Request, into any) bool {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxEvent))
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(into)
	}
	if err != nil {
		p.Strange(r, "body: %v", err)
		refuseREST(w, http.StatusBadRequest, 2001, "Invalid Input Provided", err.Error())
	}
	return err == nil
}

func (p *Pager) lacks(w http.ResponseWriter, what string) bool {
	if slices.Contains(p.cfg.Lacks, what) {
		refuseREST(w, http.StatusPaymentRequired, 2012, "The account does not have the abilities to perform the action", "Account does not have the "+what+" ability")
		return true
	}
	return false
}

// rest is the incident as the REST API tells it.
func (in *Incident) rest() map[string]any {
	assignments, acknowledgements := []any{}, []any{}
	if in.State != Resolved {
		for _, who := range refs(in.Assigned) {
			assignments = append(assignments, map[string]any{"at": stamp(in.Created), "assignee": who})
		}
	}
	if in.State == Acknowledged && in.By != "" {
		acknowledgements = append(acknowledgements, map[string]any{"at": stamp(in.Changed), "acknowledger": ref("user_reference", "PU"+in.By, in.By)})
	}
	changer := ref("service_reference", in.Service.ID, in.Service.Name)
	if in.By != "" {
		changer = ref("user_reference", "PU"+in.By, in.By)
	}
	out := map[string]any{
		"id": in.ID, "type": "incident", "summary": fmt.Sprintf("[#%d] %s", in.Number, in.Title), "self": "https://api.pagerduty.com/incidents/" + in.ID,
		"html_url": "https://acme.pagerduty.com/incidents/" + in.ID, "incident_number": in.Number, "title": in.Title, "created_at": stamp(in.Created),
		"updated_at": stamp(in.Changed), "status": in.State, "incident_key": in.Key, "service": ref("service_reference", in.Service.ID, in.Service.Name),
		"assignments": assignments, "acknowledgements": acknowledgements, "last_status_change_at": stamp(in.Changed), "last_status_change_by": changer,
		"escalation_policy": ref("escalation_policy_reference", in.Service.Policy, in.Service.Policy), "urgency": "high",
	}
	if priority := in.priority(); priority != nil {
		out["priority"] = priority
	}
	if reason := in.resolveReason(); reason != nil {
		out["resolve_reason"] = reason
	}
	return out
}

func (n Note) rest() map[string]any {
	return map[string]any{
		"id": n.ID, "user": ref("user_reference", "PU"+n.From, n.From), "channel": map[string]any{"summary": "The PagerDuty website or APIs"},
		"content": n.Content, "created_at": stamp(n.At),
	}
}

func (p *Pager) listIncidents(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []any{}
	for _, in := range slices.Backward(p.incidents) {
		if key := r.URL.Query().Get("incident_key"); key == "" || key == in.Key {
			out = append(out, in.rest())
		}
	}
	write(w, http.StatusOK, map[string]any{"incidents": out, "limit": 25, "offset": 0, "more": false, "total": nil})
}

func listAlerts(in *Incident, w http.ResponseWriter, _ *http.Request) {
	out := make([]any, 0, len(in.Alerts))
	for i, a := range in.Alerts {
		status := Triggered
		if a.State == Resolved {
			status = Resolved
		}
		out = append(out, map[string]any{
			"id": fmt.Sprintf("%sALERT%d", in.ID, i), "type": "alert", "summary": a.Summary, "created_at": stamp(a.OpenedAt), "status": status,
			"alert_key": a.DedupKey, "severity": a.Severity, "service": ref("service_reference", in.Service.ID, in.Service.Name),
			"incident": ref("incident_reference", in.ID, in.Title), "suppressed": false,
		})
	}
	write(w, http.StatusOK, map[string]any{"alerts": out, "limit": 25, "offset": 0, "more": false, "total": nil})
}

func (p *Pager) addNote(in *Incident, w http.ResponseWriter, r *http.Request) {
	var body struct {
		Note struct {
			Content string `json:"content"`
		} `json:"note"`
	}
	if !p.body(w, r, &body) {
		return
	}
	if body.Note.Content == "" {
		p.Strange(r, "an empty note")
		refuseREST(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "Content cannot be empty.")
		return
	}
	n := Note{ID: fmt.Sprintf("%sNOTE%d", in.ID, len(in.Notes)), From: r.Header.Get("From"), Content: body.Note.Content, At: p.cfg.Now()}
	in.Notes = append(in.Notes, n)
	write(w, http.StatusOK, map[string]any{"note": n.rest()})
}

func (p *Pager) setFields(in *Incident, w http.ResponseWriter, r *http.Request) {
	var body struct {
		Fields []struct {
			ID    string `json:"id"`
			Name  string `json:"name"`
			Value any    `json:"value"`
		} `json:"custom_fields"`
	}
	if p.lacks(w, "custom_fields") || !p.body(w, r, &body) {
		return
	}
	out := []any{}
	for _, f := range body.Fields {
		in.Fields[f.Name] = fmt.Sprint(f.Value)
		out = append(out, map[string]any{"id": "PF" + f.Name, "type": "field_value", "name": f.Name, "display_name": f.Name, "description": nil, "data_type": "string", "field_type": "single_value", "value": f.Value})
	}
	write(w, http.StatusCreated, map[string]any{"custom_fields": out})
}

func (p *Pager) addUpdate(in *Incident, w http.ResponseWriter, r *http.Request) {
	var body struct {
		Message string `json:"message"`
	}
	if p.lacks(w, "status_updates") || !p.body(w, r, &body) {
		return
	}
	in.Updates = append(in.Updates, body.Message)
	write(w, http.StatusOK, map[string]any{"status_update": map[string]any{
		"id": fmt.Sprintf("%sUPDATE%d", in.ID, len(in.Updates)), "message": body.Message, "sender": ref("user_reference", "PUFIREBREAK", "Firebreak"),
		"created_at": stamp(p.cfg.Now()),
	}})
}

func (p *Pager) askForHelp(in *Incident, w http.ResponseWriter, r *http.Request) {
	var body struct {
		Requester string `json:"requester_id"`
		Message   string `json:"message"`
		Targets   []struct {
			Target struct {
				ID   string `json:"id"`
				Type string `json:"type"`
			} `json:"responder_request_target"`
		} `json:"responder_request_targets"`
	}
	if !p.body(w, r, &body) {
		return
	}
	if body.Requester == "" || len(body.Targets) == 0 {
		p.Strange(r, "a request for help without a requester or targets")
		refuseREST(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "Requester cannot be empty.")
		return
	}
	for _, t := range body.Targets {
		in.Asked = append(in.Asked, t.Target.ID)
	}
	write(w, http.StatusOK, map[string]any{"responder_request": map[string]any{
		"incident": ref("incident_reference", in.ID, in.Title), "requester": ref("user_reference", body.Requester, "Firebreak"),
		"requested_at": stamp(p.cfg.Now()), "message": body.Message, "responder_request_targets": []any{},
	}})
}

func (p *Pager) escalate(in *Incident, w http.ResponseWriter, r *http.Request) {
	var body struct {
		Incident struct {
			Type  string `json:"type"`
			Level int    `json:"escalation_level"`
		} `json:"incident"`
	}
	if !p.body(w, r, &body) {
		return
	}
	if level := body.Incident.Level; level < 1 || level > max(len(in.Service.OnCall), 1) {
		refuseREST(w, http.StatusBadRequest, 2001, "Invalid Input Provided", "Escalation level is invalid.")
		return
	}
	in.Level = body.Incident.Level
	if len(in.Service.OnCall) > 0 {
		in.Assigned = in.Service.OnCall[in.Level-1 : in.Level]
	}
	p.tell(in, "incident.escalated", "")
	write(w, http.StatusOK, map[string]any{"incident": in.rest()})
}

// alike is what PagerDuty finds by itself: here, every other incident of the same title.
func (p *Pager) alike(what string) func(*Incident, http.ResponseWriter, *http.Request) {
	return func(in *Incident, w http.ResponseWriter, _ *http.Request) {
		if p.lacks(w, what) {
			return
		}
		out := []any{}
		for _, other := range p.incidents {
			if other != in && other.Title == in.Title {
				one := map[string]any{"incident": map[string]any{
					"id": other.ID, "created_at": stamp(other.Created), "self": "https://api.pagerduty.com/incidents/" + other.ID, "title": other.Title,
				}}
				if what == "past_incidents" {
					one["score"] = 46.8
				}
				out = append(out, one)
			}
		}
		write(w, http.StatusOK, map[string]any{what: out})
	}
}

func (p *Pager) getUser(w http.ResponseWriter, r *http.Request) {
	name, ours := strings.CutPrefix(r.PathValue("id"), "PU")
	if !ours || p.cfg.Emails[name] == "" {
		refuseREST(w, http.StatusNotFound, 2100, "Not Found")
		return
	}
	write(w, http.StatusOK, map[string]any{"user": p.user(name)})
}

// user is a person as a whole, who has some address in any case.
func (p *Pager) user(name string) map[string]any {
	email, invited := strings.CutPrefix(p.cfg.Emails[name], "?")
	if email == "" {
		email = strings.ToLower(name) + "@pager.example"
	}
	out := ref("user", "PU"+name, name)
	out["name"], out["email"], out["role"], out["invitation_sent"] = name, email, "user", invited
	return out
}

// services are the known services, each once, sorted by ID.
func (p *Pager) services() []Service {
	var out []Service
	for _, s := range p.cfg.Services {
		if !slices.ContainsFunc(out, func(have Service) bool { return have.ID == s.ID }) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Service) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (s Service) rest() map[string]any {
	out := ref("service", s.ID, s.Name)
	out["name"], out["status"] = s.Name, "active"
	if s.Maintenance {
		out["status"] = "maintenance"
	}
	out["escalation_policy"] = ref("escalation_policy_reference", s.Policy, s.Policy)
	out["incident_urgency_rule"] = map[string]any{"type": "constant", "urgency": cmp.Or(s.Urgency, "high")}
	return out
}

func (p *Pager) listServices(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []any{}
	for _, s := range p.services() {
		if strings.Contains(strings.ToLower(s.Name), strings.ToLower(r.URL.Query().Get("query"))) {
			out = append(out, s.rest())
		}
	}
	write(w, http.StatusOK, map[string]any{"services": out, "limit": 25, "offset": 0, "more": false, "total": nil})
}

func (p *Pager) getService(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.services() {
		if s.ID == r.PathValue("id") {
			write(w, http.StatusOK, map[string]any{"service": s.rest()})
			return
		}
	}
	refuseREST(w, http.StatusNotFound, 2100, "Not Found")
}

func (p *Pager) listOnCalls(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := r.URL.Query()["escalation_policy_ids[]"]
	until, _ := time.Parse(time.RFC3339, r.URL.Query().Get("until"))
	whole := slices.Contains(r.URL.Query()["include[]"], "users")
	out := []any{}
	for _, s := range p.services() {
		if len(asked) > 0 && !slices.Contains(asked, s.Policy) {
			continue
		}
		var handover any
		if !s.Handover.IsZero() {
			handover = s.Handover.UTC().Format(time.RFC3339)
		}
		for i, who := range s.OnCall {
			out = append(out, p.onCall(s, i+1, who, nil, handover, whole))
		}
		if handover == nil || !until.After(s.Handover) {
			continue
		}
		for i, who := range s.Next {
			out = append(out, p.onCall(s, i+1, who, handover, nil, whole))
		}
	}
	write(w, http.StatusOK, map[string]any{"oncalls": out, "limit": 100, "offset": 0, "more": false, "total": nil})
}

// onCall is an on-call of a service's policy; whole has the user be there as a whole. The lock is held.
func (p *Pager) onCall(s Service, level int, who string, start, end any, whole bool) map[string]any {
	person := ref("user_reference", "PU"+who, who)
	if whole {
		person = p.user(who)
	}
	return map[string]any{
		"user": person, "schedule": nil, "escalation_policy": ref("escalation_policy_reference", s.Policy, s.Policy),
		"escalation_level": level, "start": start, "end": end,
	}
}

// Serve changes how a service stands, as starting its maintenance does.
func (p *Pager) Serve(routing string, s Service) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cfg.Services[routing] = s
}
