package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheSandboxMakesItsFolder runs the first command of the sandbox's own example.
func TestTheSandboxMakesItsFolder(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	dir := filepath.Join(t.TempDir(), "deep", "sandbox")
	err := RunSandbox(ctx, SandboxOptions{
		Dir: dir, Bot: "127.0.0.1:0", Listen: "127.0.0.1:0", Done: func(Summary) error { return nil },
		Narrate: func(line string) {
			if strings.HasPrefix(line, "Wrote ") {
				stop()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"firebreak.yaml", "env"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}
