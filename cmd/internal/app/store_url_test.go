package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheStoresAddressTakesItsPasswordFromTheEnvironment guards what the store's own fault texts tell people to write.
func TestTheStoresAddressTakesItsPasswordFromTheEnvironment(t *testing.T) {
	t.Setenv("FIREBREAK_TEST_PASSWORD", "hunter22")
	file := filepath.Join(t.TempDir(), "firebreak.yaml")
	text := "services: [{name: a, match: {a: b}}]\nstore: {url: \"postgres://firebreak:${env:FIREBREAK_TEST_PASSWORD}@db/firebreak\"}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, faults := LoadConfig(file)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if want := "postgres://firebreak:hunter22@db/firebreak"; config.Store.URL != want {
		t.Errorf("the address is %s, want %s", config.Store.URL, want)
	}
	if shown := config.Store.String(); strings.Contains(shown, "hunter22") {
		t.Errorf("%s shows the password", shown)
	}
}
