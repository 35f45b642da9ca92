package wiretest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
)

// Direct is a transport that asks a handler without any network, so that a test can have hours pass in a bubble of testing/synctest.
type Direct struct{ Handler http.Handler }

var _ http.RoundTripper = Direct{}

var errCut = errors.New("the connection was cut")

// RoundTrip asks. A handler that aborts cuts the connection; one that holds it does so until the caller gives up.
func (d Direct) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	var body []byte
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	served := r.Clone(r.Context())
	served.Body, served.RequestURI = io.NopCloser(bytes.NewReader(body)), r.URL.RequestURI()
	defer func() {
		if cut := recover(); cut != nil {
			if cut != http.ErrAbortHandler { //nolint:errorlint // it is compared as net/http does
				panic(cut)
			}
			if resp, err = nil, r.Context().Err(); err == nil {
				err = errCut
			}
		}
	}()
	w := httptest.NewRecorder()
	d.Handler.ServeHTTP(w, served)
	resp = w.Result()
	resp.Request = r
	return resp, nil
}
