// Package wiretest holds what the stand-ins' tests share: a transport that holds every request to the vendor's own OpenAPI
// description before it goes on; and, where asked to, what a stand-in answers.
//
// It is for tests only. What a vendor really sent is never judged: vendors' own examples contradict their descriptions.
package wiretest

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Judge is a transport. A request that the description does not allow fails the test and goes on.
type Judge struct {
	t      testing.TB
	router routers.Router
	next   http.RoundTripper
	// fields has the fields judged that a stand-in answers with, whole that none is missing.
	fields, whole bool
}

// Answers has the judge judge a stand-in's answers as well: they satisfy the description, and they invent no field.
func (j *Judge) Answers() *Judge {
	j.fields, j.whole = true, true
	return j
}

// Fields has the judge judge that a stand-in's answers invent no field; they may leave out what nobody here reads.
func (j *Judge) Fields() *Judge {
	j.fields = true
	return j
}

var _ http.RoundTripper = (*Judge)(nil)

// slashed are path parameters whose values hold slashes.
var slashed = regexp.MustCompile(`\{(path|ref|branch)\}$`)

// NewJudge reads a description whose paths stand below base.
func NewJudge(t testing.TB, description []byte, base string, next http.RoundTripper) *Judge {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: base}}
	for path, item := range doc.Paths.Map() {
		if wide := slashed.ReplaceAllString(path, "{$1:.+}"); wide != path {
			doc.Paths.Delete(path)
			doc.Paths.Set(wide, item)
		}
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &Judge{t: t, router: router, next: next}
}

// RoundTrip judges and hands on.
func (j *Judge) RoundTrip(r *http.Request) (*http.Response, error) {
	j.t.Helper()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	judged := r.Clone(r.Context())
	judged.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := j.router.FindRoute(judged)
	if err == nil {
		err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
			Request: judged, PathParams: params, Route: route,
			Options: &openapi3filter.Options{
				ExcludeReadOnlyValidations: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
			},
		})
	}
	if err != nil {
		j.t.Errorf("%s %s is not what the vendor describes: %v", r.Method, r.URL.Path, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	resp, failed := j.next.RoundTrip(r)
	if failed == nil && err == nil && j.fields {
		if err := j.answer(r.Context(), judged, route, params, resp); err != nil {
			j.t.Errorf("the answer %d to %s %s is not what the vendor describes: %v", resp.StatusCode, r.Method, r.URL.Path, err)
		}
	}
	return resp, failed
}
