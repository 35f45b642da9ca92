package peers_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// emulated is a vendor as npm's emulate stands in for it.
type emulated struct {
	t       *testing.T
	url     string
	secrets []struct{ Kind, ID, Value string }
	token   string
}

// emulate starts a stand-in of another house. Where it differs from its vendor, the vendor's documentation is right, and the test says so.
func emulate(t *testing.T, service, token string, seed map[string]any) *emulated {
	t.Helper()
	p := start(t, "emulate.mjs", map[string]any{"service": service, "seed": seed})
	var at struct {
		URL     string
		Secrets []struct{ Kind, ID, Value string }
	}
	p.event(t, "listening", &at)
	return &emulated{t, at.URL, at.Secrets, token}
}

// call makes a call as somebody with the token and reads the answer.
func (e *emulated) call(method, path string, body, into any) {
	e.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		e.t.Fatal(err)
	}
	if body == nil {
		text = nil
	}
	status, said := request(e.t, method, e.url+path, string(text), http.Header{
		"Authorization": {"Bearer " + e.token}, "Content-Type": {"application/json"},
	})
	if status >= 300 {
		e.t.Fatalf("%s %s: %d %s", method, path, status, said)
	}
	read(e.t, []byte(said), into)
}
