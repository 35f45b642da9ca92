package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
)

// newPager is PagerDuty with one service of two levels, whose webhooks are brought to the bot.
func (w *world) newPager() *pagerdutyfake.Pager {
	return pagerdutyfake.New(pagerdutyfake.Config{
		RoutingKeys: []string{w.secrets["PAGERDUTY_KEY"]}, Now: w.now, Token: w.secrets["PAGERDUTY_TOKEN"],
		WebhookSecret: w.secrets["PAGERDUTY_HOOK"], Deliver: func(h pagerdutyfake.Webhook) { w.hooks <- h },
		Services: map[string]pagerdutyfake.Service{
			w.secrets["PAGERDUTY_KEY"]: {ID: "PSUPPORT", Name: "Support", Policy: "Support people", OnCall: []string{"Mara", "Jo"}},
		},
	})
}

// bringHooks brings what PagerDuty's webhooks tell, in their order.
func (w *world) bringHooks(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case h := <-w.hooks:
			for {
				status, _, err := w.post(ctx, "/webhooks/pagerduty", h.Body, h.Header)
				if (err == nil && status < http.StatusInternalServerError) || pause(ctx, 50*time.Millisecond) != nil {
					break
				}
			}
		}
	}
}

// cmdPager is what people and other tools do at PagerDuty.
func cmdPager(_ *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	switch {
	case len(args) == 3 && args[0] == "raise":
		w.pager.Raise(w.secrets["PAGERDUTY_KEY"], args[1], args[2])
		return "", nil
	case len(args) >= 2 && len(args) <= 4:
		var rest [2]string
		copy(rest[:], args[2:])
		return "", w.pager.Do(args[1], args[0], rest[0], rest[1])
	default:
		return "", errors.New("takes raise TITLE KEY or ACT KEY [WHO [OBJECT]]")
	}
}

// pagerNotes prints PagerDuty's incidents with their notes and the change events.
func (w *world) pagerNotes(b *strings.Builder) {
	for _, in := range w.pager.Incidents() {
		fmt.Fprintf(b, "#%d (%s) %s\n", in.Number, in.State, in.Title)
		for _, n := range in.Notes {
			for line := range strings.Lines(n.Content) {
				fmt.Fprintf(b, "  %s\n", strings.TrimRight(line, "\n"))
			}
		}
	}
	for _, c := range w.pager.Changes() {
		fmt.Fprintf(b, "change %s\n", c.Summary)
	}
}
