package github

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v62/github"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
)

// Inbox is where deliveries go that were lost on their way.
type Inbox interface {
	Accept(ctx context.Context, d bot.Delivery) (fresh bool, err error)
	KnownDeliveries(ctx context.Context, source string, ids []string) (map[string]bool, error)
}

const (
	// kept is how long GitHub remembers deliveries.
	kept = 3 * 24 * time.Hour
	// maxSweepPages bounds one sweep: 5,000 deliveries.
	maxSweepPages = 50
	// maxRecovered bounds how many lost deliveries one sweep fetches; the next goes on.
	maxRecovered = 500
)

// tells says whether something is made of an event; any other is not worth a request.
func tells(event, action string) bool {
	switch event {
	case "pull_request":
		return action == "closed"
	case "push", "deployment", "deployment_status", "workflow_run", "release":
		return true
	}
	return false
}

// Sweep finds deliveries of the App's webhook since a time that never arrived, for GitHub sends none twice by itself, and puts them
// into the inbox under their own GUIDs. Which arrived is what the inbox knows, not what GitHub believes. It returns how many were
// recovered; without an App there is no list to compare with, and nothing is done. What an error left is found by the next sweep.
func (c *Client) Sweep(ctx context.Context, in Inbox, since time.Time) (recovered int, err error) {
	if !c.config.App.isSet() {
		return 0, nil
	}
	if oldest := c.options.Now().Add(-kept); since.Before(oldest) {
		since = oldest
	}
	lost, err := c.lost(ctx, in, since)
	if err != nil {
		return 0, err
	}
	for _, d := range lost[:min(len(lost), maxRecovered)] {
		fresh, err := c.fetch(ctx, in, d)
		if err != nil {
			return recovered, err
		}
		if fresh {
			recovered++
			c.recovered.WithLabelValues("sweep").Inc()
		}
	}
	if len(lost) > maxRecovered {
		return recovered, fmt.Errorf("github: %d lost deliveries are left for the next sweep", len(lost)-maxRecovered)
	}
	return recovered, nil
}

// lost lists what GitHub sent and the inbox does not know, oldest first.
func (c *Client) lost(ctx context.Context, in Inbox, since time.Time) ([]*gh.HookDelivery, error) {
	var sent []*gh.HookDelivery
	options := &gh.ListCursorOptions{PerPage: 100}
	for range maxSweepPages {
		call := c.rest.Repeatable()
		client, err := c.asApp(call)
		if err != nil {
			return nil, err
		}
		page, resp, err := client.Apps.ListHookDeliveries(ctx, options)
		if err != nil {
			return nil, failure(call, err)
		}
		old := false
		for _, d := range page {
			if old = d.GetDeliveredAt().Before(since); old {
				break
			}
			if d.GetGUID() != "" && len(d.GetGUID()) <= 100 && tells(d.GetEvent(), d.GetAction()) {
				sent = append(sent, d)
			}
		}
		if old || resp.Cursor == "" {
			break
		}
		options.Cursor = resp.Cursor
	}
	ids := make([]string, 0, len(sent))
	for _, d := range sent {
		ids = append(ids, d.GetGUID())
	}
	known, err := in.KnownDeliveries(ctx, "github", ids)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	lost := slices.DeleteFunc(sent, func(d *gh.HookDelivery) bool { // a redelivery has the GUID of the first
		gone := known[d.GetGUID()] || seen[d.GetGUID()]
		seen[d.GetGUID()] = true
		return gone
	})
	slices.Reverse(lost)
	return lost, nil
}

// fetch asks GitHub for a delivery's payload and hands it in. It came by our own authenticated request, so no signature is needed.
func (c *Client) fetch(ctx context.Context, in Inbox, d *gh.HookDelivery) (fresh bool, err error) {
	call := c.rest.Repeatable()
	client, err := c.asApp(call)
	if err != nil {
		return false, err
	}
	full, _, err := client.Apps.GetHookDelivery(ctx, d.GetID())
	if err != nil {
		if call.Answer().Status == http.StatusNotFound {
			return false, nil // forgotten in between
		}
		return false, failure(call, err)
	}
	if full.Request == nil || full.Request.RawPayload == nil || !eventName.MatchString(full.GetEvent()) {
		return false, nil
	}
	at := d.GetDeliveredAt().Time
	c.options.Logger.InfoContext(ctx, "github: a lost delivery was found", "delivery", d.GetGUID(), "event", d.GetEvent(), "sent", at)
	return in.Accept(ctx, bot.Delivery{ID: d.GetGUID(), Source: "github", Event: full.GetEvent(), Body: *full.Request.RawPayload, ReceivedAt: at})
}

// asApp makes a client that speaks for the App itself, not for its installation.
func (c *Client) asApp(call *rest.Call) (*gh.Client, error) {
	app := c.config.App
	var failed error
	client := gh.NewClient(call.HTTP(func(next http.RoundTripper) http.RoundTripper {
		tr, err := ghinstallation.NewAppsTransport(next, app.ID, app.key())
		if err != nil {
			failed = bot.Errorf(bot.Invalid, "github: the app's private key is not an RSA key in PEM")
			return next
		}
		tr.BaseURL = strings.TrimRight(c.base.String(), "/")
		return tr
	}))
	client.BaseURL = c.base
	return client, failed
}

func newRecovered(reg prometheus.Registerer) *prometheus.CounterVec {
	counter := rest.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firebreak_github_recovered_total", Help: "Events of GitHub that no webhook told of and that were found by asking, by how.",
	}, []string{"by"}))
	for _, by := range []string{"sweep", "backfill"} {
		counter.WithLabelValues(by)
	}
	return counter
}
