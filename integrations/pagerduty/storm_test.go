package pagerduty_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// TestAStormReachesEverybody has two hundred services fail at once. PagerDuty takes 120 events a minute of one routing key: those
// that are too many wait, none runs out of attempts, and people with another key are woken at once.
func TestAStormReachesEverybody(t *testing.T) {
	const storm, attempts = 200, 5
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var mu sync.Mutex
		var shared []time.Duration
		own := -time.Second
		c := pagerduty.New(pagerduty.Config{
			RoutingKey: routingKey, RoutingKeys: map[string]secret.Value{"lucky": supportKey}, EventsURL: "http://events.example",
		}, pagerduty.Options{Cards: anyCard{}, Transport: transport(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(string(body), supportKey.Reveal()) {
				own = time.Since(begun)
			} else {
				shared = append(shared, time.Since(begun))
			}
			return &http.Response{
				StatusCode: http.StatusAccepted, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(`{"status":"success","dedup_key":"x"}`)), Request: r,
			}, nil
		})})
		defer c.Close()
		page := byName(c.Actions())["pagerduty.page"].Handler

		var all sync.WaitGroup
		wake := func(service string) {
			defer all.Done()
			for range attempts {
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // what a step has
				_, err := page.Act(ctx, playbooks.Call{Action: "pagerduty.page", Incident: service, Service: service})
				cancel()
				if err == nil {
					return
				}
				fate, after := playbooks.FateOf(err)
				if fate != playbooks.Transient || after <= 0 {
					t.Errorf("%s: %v (%s, again after %s)", service, err, fate, after)
					return
				}
				<-time.After(after)
			}
			t.Errorf("nobody was woken for %s", service)
		}
		for i := range storm {
			all.Add(1)
			go wake(fmt.Sprintf("service-%d", i))
		}
		synctest.Wait()
		all.Add(1)
		go wake("lucky")
		all.Wait()

		if own != 0 {
			t.Errorf("the service with its own key was told after %s", own)
		}
		for i, at := range shared {
			if i >= 120 && at-shared[i-120] < time.Minute-time.Millisecond {
				t.Errorf("event %d was sent after %s: more than 120 in a minute", i+1, at)
			}
		}
		if last := time.Since(begun); last > 145*time.Second {
			t.Errorf("the last one was told after %s", last)
		}
	})
}

// anyCard knows every incident.
type anyCard struct{}

func (anyCard) Card(_ context.Context, incident string) (bot.Card, error) {
	card := refusals()
	card.Incident, card.Service = incident, incident
	return card, nil
}
