package slack

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

// scopeOf are the scopes of the methods that we call. Slack's own description of the Web API names them; where it knows a method, it is
// asked, and what it does not know is written here.
var scopeOf = map[string][]string{
	"chat.postMessage": {"chat:write"}, "chat.update": {"chat:write"},
	"conversations.history": {"channels:history", "groups:history"}, "conversations.list": {"channels:read", "groups:read"},
	"files.getUploadURLExternal": {"files:write"}, "files.completeUploadExternal": {"files:write"},
	"usergroups.users.list": {"usergroups:read"},
	"users.info":            {"users:read", "users:read.email"}, "users.lookupByEmail": {"users:read.email"}, // without the second, users have no address
	"auth.test":             nil, // none is needed
	"conversations.replies": {"channels:history", "groups:history"}, "chat.postEphemeral": {"chat:write"},
	"chat.getPermalink": nil, "views.open": nil, "views.update": nil, "views.publish": nil, // none is needed
	"apps.connections.open": nil, // the app-level token's
}

// TestTheManifestAsksForWhatTheCodeUses compares the scopes of the manifest with those of the methods that this folder calls.
func TestTheManifestAsksForWhatTheCodeUses(t *testing.T) {
	data, err := os.ReadFile("../../configs/slack-manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	var m api.Manifest
	decoder := json.NewDecoder(strings.NewReader(string(asJSON)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		t.Fatalf("no manifest of Slack's: %v", err)
	}
	want := []string{"commands"}
	for call, scopes := range map[string][]string{
		`\.GetUserGroupMembersContext\(`: scopeOf["usergroups.users.list"], `\.PostMessageContext\(`: scopeOf["chat.postMessage"], `\.UpdateMessageContext\(`: scopeOf["chat.update"],
		`\.GetConversationHistoryContext\(|conversations\.history`: scopeOf["conversations.history"],
		`\.GetConversationsContext\(`:                              scopeOf["conversations.list"], `\.UploadFileContext\(`: scopeOf["files.completeUploadExternal"],
		`"conversations\.replies"`: scopeOf["conversations.replies"], `\.PostEphemeralContext\(`: scopeOf["chat.postEphemeral"],
		`\.GetUserInfoContext\(`: scopeOf["users.info"], `\.GetUserByEmailContext\(`: scopeOf["users.lookupByEmail"],
		`case "reaction_added"`: {"reactions:read"}, // the scope of an event that is heard
	} {
		if !uses(t, call) {
			t.Errorf("nothing here calls %s: does the manifest ask for too much?", call)
		}
		want = append(want, scopes...)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	got := slices.Clone(m.OAuthConfig.Scopes.Bot)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scopes (-used +asked for):\n%s", diff)
	}
	var heard []string
	for _, e := range m.Settings.EventSubscriptions.BotEvents {
		heard = append(heard, e)
		if !uses(t, `case "`+e+`"`) {
			t.Errorf("nothing here hears %s", e)
		}
	}
	if diff := cmp.Diff([]string{"app_home_opened", "reaction_added"}, heard); diff != "" {
		t.Error(diff)
	}
	if s := m.Features.Shortcuts; len(s) != 1 || s[0].CallbackID != shortcutNote || s[0].Type != "message" || !m.Features.AppHome.HomeTabEnabled ||
		!strings.HasSuffix(m.Settings.EventSubscriptions.RequestUrl, "/slack/events") {
		t.Errorf("the shortcut, the page or the address of events is another than the code's: %+v", m.Features)
	}
	if m.Features.SlashCommands[0].Command != "/firebreak" || !strings.HasSuffix(m.Features.SlashCommands[0].Url, "/slack/commands") ||
		!strings.HasSuffix(m.Settings.Interactivity.RequestUrl, "/slack/interactions") {
		t.Errorf("the addresses are others than those that are served: %+v", m)
	}
	for name, text := range map[string][2]any{
		"name": {m.Display.Name, 35}, "description": {m.Display.Description, 140},
	} {
		if len(text[0].(string)) > text[1].(int) {
			t.Errorf("%s is too long", name)
		}
	}
}

// TestWeCallNoMethodWhoseScopeIsNotKnown finds calls of slack-go that the list above has no scope for.
func TestWeCallNoMethodWhoseScopeIsNotKnown(t *testing.T) {
	known := []string{
		"PostMessageContext", "UpdateMessageContext", "GetConversationHistoryContext", "GetConversationsContext", "UploadFileContext", "GetUserGroupMembersContext", "StartSocketModeContext",
		"PublishViewContext", "OpenViewContext", "UpdateViewContext", "PostEphemeralContext", "GetPermalinkContext", "GetUserInfoContext", "GetUserByEmailContext", "AuthTestContext",
	}
	known = append(known, // those of channels of incidents, which nobody has unless they want them: docs/slack.md tells the scopes
		"CreateConversationContext", "SetTopicOfConversationContext", "ListBookmarksContext", "AddBookmarkContext", "InviteUsersToConversationContext",
		"ArchiveConversationContext")
	others := []string{"DialContext", "NewRequestWithContext", "WarnContext", "InfoContext", "ErrorContext"} // none of slack-go's
	for _, m := range regexp.MustCompile(`\.(\w+Context)\(ctx`).FindAllStringSubmatch(sources(t), -1) {
		if !slices.Contains(known, m[1]) && !slices.Contains(others, m[1]) {
			t.Errorf("%s: which scope does it need? Add it here and to the manifest", m[1])
		}
	}
	for name := range scopeOf {
		if !strings.Contains(string(integrationstest.Read(t, "contracts", "slack", "web-api-swagger2.trimmed.json")), name) &&
			!strings.HasPrefix(name, "files.") && !strings.HasPrefix(name, "apps.") {
			t.Errorf("Slack describes no method %s", name)
		}
	}
}

func uses(t *testing.T, pattern string) bool {
	t.Helper()
	return regexp.MustCompile(pattern).MatchString(sources(t))
}

// sources is the code of this folder without its tests.
func sources(t *testing.T) string {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".go") && !strings.HasSuffix(f.Name(), "_test.go") {
			data, err := os.ReadFile(f.Name())
			if err != nil {
				t.Fatal(err)
			}
			all.Write(data)
		}
	}
	return all.String()
}
