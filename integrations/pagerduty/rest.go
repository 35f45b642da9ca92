package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	pd "github.com/PagerDuty/go-pagerduty"

	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// PagerDuty takes 960 requests a minute of one token of its REST API; others may use it too.
const (
	asksPerSecond = 8
	asksAtOnce    = 40
)

// read asks the REST API for something.
func (c *Client) read(ctx context.Context, path string, query url.Values, into any) error {
	return c.ask(ctx, c.api.Repeatable(), http.MethodGet, path, query, nil, into)
}

// write changes something there, in the name of pagerduty.from.
func (c *Client) write(ctx context.Context, call *rest.Call, method, path string, body any) error {
	return c.ask(ctx, call, method, path, nil, body, nil)
}

// ask goes through the library's Do, for it lacks half of the endpoints that are used here, and drops PagerDuty's own words in others.
func (c *Client) ask(ctx context.Context, call *rest.Call, method, path string, query url.Values, body, into any) error {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return call.Refused(playbooks.Permanent, 0, "the request cannot be encoded: %v", err)
		}
	}
	address := c.config.APIURL + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(payload))
	if err != nil {
		return call.Refused(playbooks.Permanent, 0, "the address cannot be asked: %v", err)
	}
	if method != http.MethodGet {
		request.Header.Set("From", c.config.From)
	}
	client := pd.NewClient(c.config.APIToken.Reveal(), pd.WithAPIEndpoint(c.config.APIURL))
	client.HTTPClient = call.HTTP(nil)
	response, err := client.Do(request, true)
	if err != nil {
		return call.Failure(err, vendorText(call.Answer().Body))
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		return call.Failure(fmt.Errorf("status %d", response.StatusCode), vendorText(call.Answer().Body))
	}
	if into == nil {
		into = &struct{}{} // that it is an answer is wanted all the same: a gateway's page of HTML is none
	}
	return call.Failure(json.NewDecoder(response.Body).Decode(into), "")
}

// extra is something that not every account has. The first refusal turns it off until the next start, and is told once.
type extra struct {
	mu  sync.Mutex
	off string
}

func (x *extra) isOff() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.off != ""
}

// refused tells whether an error means that the account does not have it, and whether that is new.
func (x *extra) refused(status int, err error) (off, fresh bool) {
	if err == nil || status < http.StatusBadRequest || status >= http.StatusInternalServerError ||
		status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusConflict {
		return false, false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	fresh = x.off == ""
	x.off = err.Error()
	return true, fresh
}
