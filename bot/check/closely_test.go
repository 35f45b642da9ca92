package check_test

import (
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestInformationIsATicketWhileARiskyChangeBakes(t *testing.T) {
	watched := []check.Watch{{Change: "github:acme/assistants#482", Services: []string{"support"}, Level: bot.High, Until: now().Add(time.Hour)}}
	info := detectors.Finding{Service: "support", Verdict: detectors.Firing, Severity: detectors.Info}
	with := func(change func(*detectors.Finding)) detectors.Finding {
		f := info
		change(&f)
		return f
	}
	for _, test := range []struct {
		name    string
		at      time.Time
		finding detectors.Finding
		want    detectors.Severity
	}{
		{"information of its service", now(), info, detectors.Ticket},
		{"of another service", now(), with(func(f *detectors.Finding) { f.Service = "sales" }), detectors.Info},
		{"that went quiet", now(), with(func(f *detectors.Finding) { f.Verdict = detectors.Quiet }), detectors.Info},
		{"a page stays a page", now(), with(func(f *detectors.Finding) { f.Severity = detectors.Page }), detectors.Page},
		{"after the watch", now().Add(time.Hour), info, detectors.Info},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := check.Closely(test.at, test.finding, watched)
			if got.Severity != test.want || (test.want == detectors.Ticket) != (len(got.Evidence) == 1) {
				t.Errorf("%s with %d words of evidence, want %s", got.Severity, len(got.Evidence), test.want)
			}
		})
	}
}
