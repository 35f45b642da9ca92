package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// TestHistoryTeaches has a server with incidents whose cause was confirmed: every time the configuration, an hour before.
func TestHistoryTeaches(t *testing.T) {
	monday := time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)
	confirmed := 24
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var incidents []bot.Incident
		var changes []bot.Change
		from, _ := time.Parse(time.RFC3339, r.FormValue("from"))
		to, _ := time.Parse(time.RFC3339, r.FormValue("to"))
		for i := range confirmed {
			onset := monday.AddDate(0, 0, 9*i)
			in := bot.Incident{
				ID: fmt.Sprintf("inc-%d", i), Service: "support", Signal: "refusal_ratio", OpenedAt: onset.Add(5 * time.Minute), State: bot.Resolved,
				Onset:    detectors.Onset{At: onset, Earliest: onset.Add(-time.Minute), Latest: onset.Add(time.Minute)},
				Verdicts: []bot.Verdict{{Change: fmt.Sprintf("config-%d", i), Word: bot.Confirmed, By: "ana", Via: "slack"}},
			}
			incidents = append(incidents, in)
			for j, kind := range []bot.Kind{bot.Config, bot.Prompt, bot.Code, bot.Code} {
				at := onset.Add(-time.Duration(1+j*20) * time.Hour)
				if at.After(from) && at.Before(to) {
					changes = append(changes, bot.Change{ID: fmt.Sprintf("%s-%d", kind, i), Kind: kind, Services: []string{"support"}, EffectiveAt: at})
				}
			}
		}
		if strings.HasSuffix(r.URL.Path, "/incidents") && r.FormValue("confirmed") != "true" {
			t.Error("all incidents were asked for")
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"incidents": incidents, "changes": changes})
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	told := 0.0
	learnt, err := Config{}.LearnFromHistory(t.Context(), NewClient(server.URL, ""), func(done float64) {
		if done < told {
			t.Errorf("the progress falls from %f to %f", told, done)
		}
		told = done
	})
	if err != nil {
		t.Fatal(err)
	}
	if learnt.Cases != confirmed || !learnt.Better || !strings.Contains(learnt.YAML, "config:") || told != 1 {
		t.Errorf("%+v, told %f", learnt, told)
	}
	confirmed = 3
	if _, err := (Config{}).LearnFromHistory(t.Context(), NewClient(server.URL, ""), func(float64) {}); bot.CodeOf(err) != bot.Conflict {
		t.Error(err)
	}
}
