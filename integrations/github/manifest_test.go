package github

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
)

// TestTheManifestAsksForWhatIsHeard holds the shipped manifest against what the code reads: every event of it is understood, and no event that
// is understood is missing.
func TestTheManifestAsksForWhatIsHeard(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "configs", "github", "app-manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	slices.Sort(manifest.Events)
	if want := slices.Sorted(slices.Values(heard())); !slices.Equal(manifest.Events, want) {
		t.Errorf("asks for %v, heard are %v", manifest.Events, want)
	}
	for _, needed := range []string{"metadata", "contents", "pull_requests", "checks", "deployments", "actions", "merge_queues", "members"} {
		if manifest.Permissions[needed] == "" {
			t.Errorf("does not ask for %s", needed)
		}
	}
	if len(manifest.Permissions) != 8 {
		t.Errorf("asks for more than is used: %v", manifest.Permissions)
	}
	c := newClient(t, nil, noCredentials)
	for _, event := range []string{"star", "installation", "ping"} {
		news, protected := c.News(bot.Delivery{Event: event, Body: []byte(`{"action": "created", "repository": {"full_name": "acme/assistants"}}`), ReceivedAt: today})
		if len(news)+len(protected) > 0 || slices.Contains(heard(), event) {
			t.Errorf("%s tells %v", event, news)
		}
	}
}
