// Package recorded finds recorded data sets and scores predictions about them with the data sets' own scorer.
//
// The question: where do the recordings lie on this machine, and how good is what a detector said of them? The recordings are
// large and have terms of their own, so they are no part of this repository: a test that needs them is skipped, with a word,
// where they are absent. They are looked for beside the repository, or where the environment variable FIREBREAK_SHARED says:
// a folder with data/NAME and tools/NAME.
//
// It is for tests only.
package recorded

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Dir is the folder of a data set. The test is skipped where it is absent.
func Dir(tb testing.TB, name string) string {
	tb.Helper()
	dir := filepath.Join(shared(tb), "data", name)
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("the recordings %q are not here: %v", name, err)
	}
	return dir
}

// JSON reads a file into a value.
func JSON(tb testing.TB, path string, into any) {
	tb.Helper()
	data, err := os.ReadFile(path) //nolint:gosec // a test reads what it is told to
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
}

// Score writes predictions down, runs a scorer over them and gives what it prints. The scorer is built from where it lies.
func Score(tb testing.TB, scorer string, predictions any, args ...string) string {
	tb.Helper()
	dir := filepath.Join(shared(tb), "tools", scorer)
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("the scorer %q is not here: %v", scorer, err)
	}
	data, err := json.Marshal(predictions)
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "predictions.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	args = append([]string{"run", "-C", dir, "."}, args...)
	out, err := exec.CommandContext(tb.Context(), "go", append(args, "-predictions", path)...).CombinedOutput() //nolint:gosec // a test runs the scorer that it names
	if err != nil {
		tb.Fatalf("%s: %v\n%s", scorer, err, out)
	}
	return string(out)
}

// shared is where recordings and scorers lie: beside the repository unless the environment says otherwise.
func shared(tb testing.TB) string {
	tb.Helper()
	if dir := os.Getenv("FIREBREAK_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared")
		}
		if dir == filepath.Dir(dir) {
			tb.Skip("the test does not run inside of the repository, so recordings cannot be found")
		}
		dir = filepath.Dir(dir)
	}
}
