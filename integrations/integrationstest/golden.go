package integrationstest

import (
	"bytes"
	"os"
	"testing"
)

// Golden compares with what a file has, or writes it where UPDATE is set: what people read is looked at when it changes.
func Golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // a test names its own file
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s has something else (UPDATE=1 writes it anew):\n%s", path, got)
	}
}
