package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	botToken      = secret.New("xoxb-1234-5678-averysecrettoken")
	signingSecret = secret.New("8f742231b10e8888abcd99yyyzzz85a5")
)

// vendor is a Slack in memory. It checks every request against Slack's own description, and its answers use only field names
// that Slack has been seen to send.
type vendor struct {
	t      *testing.T
	strict bool
	api    map[string]map[string]bool // method → parameter → required
	limits limits

	mu       sync.Mutex
	asked    []string
	messages []*post
	files    map[string]string // ID → alt text
	answers  map[string][]reply
	// lose makes an answer get lost after the request took effect.
	lose map[string]int
	when func(method string)
}

type post struct {
	channel, ts, text string
	metadata          map[string]any
	blocks            []any
	edits             int
}

type reply struct {
	status int
	header map[string]string
	body   string
}

func word(w string) reply { return reply{status: 200, body: fmt.Sprintf(`{"ok":false,"error":%q}`, w)} }

// newer are parameters and methods that came after the description was frozen in 2021.
var newer = map[string][]string{
	"chat.postMessage":             {"metadata", "unfurl_links", "unfurl_media"},
	"chat.update":                  {"metadata", "file_ids"},
	"conversations.history":        {"include_all_metadata"},
	"files.getUploadURLExternal":   {"filename", "length", "alt_txt", "snippet_type"},
	"files.completeUploadExternal": {"files", "channel_id", "initial_comment", "thread_ts", "blocks"},
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	v := &vendor{
		t: t, strict: true, limits: readLimits(t), files: map[string]string{}, answers: map[string][]reply{}, lose: map[string]int{},
		api: map[string]map[string]bool{},
	}
	var described struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name     string
				In       string
				Required bool
			}
		}
	}
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "slack", "web-api-swagger2.trimmed.json"), &described); err != nil {
		t.Fatal(err)
	}
	for path, verbs := range described.Paths {
		params := map[string]bool{}
		for _, verb := range verbs {
			for _, p := range verb.Parameters {
				params[p.Name] = p.Required && p.In != "header"
			}
		}
		v.api[strings.TrimPrefix(path, "/")] = params
	}
	for method, names := range newer {
		if v.api[method] == nil {
			v.api[method] = map[string]bool{"token": false}
		}
		for _, n := range names {
			v.api[method][n] = n == "filename" || n == "length" || n == "files"
		}
	}
	t.Cleanup(func() {
		for method, left := range v.answers {
			if len(left) > 0 {
				t.Errorf("%d answers of %s were not asked for", len(left), method)
			}
		}
	})
	return v
}

// RoundTrip answers without a network, so that tests may run on a fake clock.
func (v *vendor) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() { _ = r.Body.Close() }()
	v.ServeHTTP(w, r)
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.lose[method] > 0 {
		v.lose[method]--
		return nil, io.ErrUnexpectedEOF
	}
	return w.Result(), nil
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/upload/") {
		v.upload(w, r)
		return
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	if v.when != nil {
		v.when(method)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked = append(v.asked, method)
	form := v.check(method, r)
	if queued := v.answers[method]; len(queued) > 0 {
		v.answers[method] = queued[1:]
		for name, value := range queued[0].header {
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(queued[0].status)
		_, _ = io.WriteString(w, queued[0].body)
		return
	}
	var answer map[string]any
	switch method {
	case "chat.postMessage":
		answer = v.postMessage(form)
	case "chat.update":
		answer = v.update(form)
	case "conversations.history":
		answer = v.history(form)
	case "conversations.list":
		answer = map[string]any{
			"ok": true, "channels": []any{map[string]any{"id": "C0SUPPORT1", "name": "support-ai"}},
			"response_metadata": map[string]any{"next_cursor": ""},
		}
	case "files.getUploadURLExternal":
		id := fmt.Sprintf("F%07d", len(v.files)+1)
		v.files[id] = form.Get("alt_txt")
		if utf8.RuneCountInString(v.files[id]) > 1000 {
			v.t.Error("Slack answers alt_txt_too_large to more than 1000 characters")
		}
		answer = map[string]any{"ok": true, "upload_url": "https://slack.example/upload/" + id, "file_id": id}
	case "files.completeUploadExternal":
		answer = v.complete(form)
	default:
		v.t.Errorf("unexpected method %s", method)
	}
	v.sampled(method, answer)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// check compares a request with Slack's description of the method.
func (v *vendor) check(method string, r *http.Request) url.Values {
	if r.Header.Get("Authorization") != "Bearer "+botToken.Reveal() {
		v.t.Errorf("%s: no token in the header", method)
	}
	if r.URL.RawQuery != "" {
		v.t.Errorf("%s: a query: %s", method, r.URL.RawQuery)
	}
	body, _ := io.ReadAll(r.Body)
	form, err := url.ParseQuery(string(body))
	if err != nil {
		v.t.Errorf("%s: %v", method, err)
	}
	params, known := v.api[method]
	if !known {
		v.t.Errorf("Slack's description has no method %s", method)
	}
	for name := range form {
		if _, ok := params[name]; !ok {
			v.t.Errorf("%s has no parameter %q", method, name)
		}
	}
	for name, required := range params {
		if required && form.Get(name) == "" && name != "token" {
			v.t.Errorf("%s lacks %q", method, name)
		}
	}
	if raw := form.Get("blocks"); raw != "" {
		var blocks []any
		if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
			v.t.Errorf("blocks: %v", err)
		}
		k := &kit{limits: v.limits}
		k.message(blocks)
		k.unique(blocks)
		for _, f := range k.faults {
			v.t.Errorf("%s: %s", method, f)
		}
	}
	return form
}

// sampled makes sure that the fake invents no field.
func (v *vendor) sampled(method string, answer map[string]any) {
	var sample map[string]any
	if err := json.Unmarshal(integrationstest.Read(v.t, "contracts", "slack", "api-samples", method+".json"), &sample); err != nil {
		v.t.Errorf("%s: %v", method, err)
	}
	for name := range answer {
		if _, ok := sample[name]; !ok {
			v.t.Errorf("the fake invents %s in its answer to %s", name, method)
		}
	}
}

var channels = map[string]string{"#support-ai": "C0SUPPORT1", "#incidents": "C0INCIDENT"}

func channelOf(name string) string {
	if id, ok := channels[name]; ok {
		return id
	}
	return name
}

func decodePost(form url.Values) post {
	p := post{channel: channelOf(form.Get("channel")), text: form.Get("text")}
	_ = json.Unmarshal([]byte(form.Get("blocks")), &p.blocks)
	_ = json.Unmarshal([]byte(form.Get("metadata")), &p.metadata)
	return p
}

func (v *vendor) postMessage(form url.Values) map[string]any {
	p := decodePost(form)
	p.ts = fmt.Sprintf("1700000000.%06d", len(v.messages)+1)
	v.messages = append(v.messages, &p)
	return map[string]any{"ok": true, "channel": p.channel, "ts": p.ts, "message": map[string]any{"text": p.text}}
}

func (v *vendor) update(form url.Values) map[string]any {
	for _, m := range v.messages {
		if m.channel == form.Get("channel") && m.ts == form.Get("ts") {
			p := decodePost(form)
			m.text, m.blocks, m.metadata, m.edits = p.text, p.blocks, p.metadata, m.edits+1
			return map[string]any{"ok": true, "channel": m.channel, "ts": m.ts, "text": m.text}
		}
	}
	return map[string]any{"ok": false, "error": "message_not_found"}
}

func (v *vendor) history(form url.Values) map[string]any {
	if !channelID.MatchString(form.Get("channel")) {
		return map[string]any{"ok": false, "error": "channel_not_found"}
	}
	all := []any{map[string]any{"type": "message", "ts": "1.0", "blocks": []any{map[string]any{"type": 7}}, "metadata": "odd"}}
	for _, m := range v.messages {
		if m.channel == form.Get("channel") {
			all = append(all, map[string]any{"type": "message", "ts": m.ts, "text": m.text, "metadata": m.metadata})
		}
	}
	return map[string]any{"ok": true, "messages": all, "has_more": false}
}

func (v *vendor) complete(form url.Values) map[string]any {
	var files []struct{ ID, Title string }
	_ = json.Unmarshal([]byte(form.Get("files")), &files)
	out := []any{}
	for _, f := range files {
		if _, ok := v.files[f.ID]; !ok {
			v.t.Errorf("no file %s was begun", f.ID)
		}
		out = append(out, map[string]any{"id": f.ID, "title": f.Title})
	}
	return map[string]any{"ok": true, "files": out}
}

func (v *vendor) upload(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(8 << 20); err != nil {
		v.t.Errorf("upload: %v", err)
		return
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		v.t.Errorf("upload: %v", err)
		return
	}
	content, _ := io.ReadAll(file)
	if !bytes.HasPrefix(content, []byte("\x89PNG")) {
		v.t.Errorf("uploaded %q", content)
	}
	_, _ = io.WriteString(w, "OK - 4")
}

func (v *vendor) count(method string) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range v.asked {
		if m == method {
			n++
		}
	}
	return n
}
